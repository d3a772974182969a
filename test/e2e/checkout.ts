import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../deploy/process';

/** A copy of this checkout, without its tests, that a test may change and deploy. */
export class Checkout {
  static async copy(): Promise<Checkout> {
    const directory = mkdtempSync(join(tmpdir(), 'checkout-'));
    const { stdout } = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard']);
    for (const file of stdout.split('\0').filter((name) => name !== '' && !name.startsWith('test/')))
      cpSync(file, join(directory, file), { recursive: true });
    symlinkSync(join(process.cwd(), 'node_modules'), join(directory, 'node_modules'));
    return new Checkout(directory);
  }

  private constructor(readonly directory: string) {}

  /** Writes a file as this checkout has it, with changes. */
  change(file: string, edit: (text: string) => string): void {
    writeFileSync(join(this.directory, file), edit(readFileSync(file, 'utf8')));
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
