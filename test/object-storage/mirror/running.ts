import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Background, type Result } from '../../postgres/scripts/processes';

/** A script that runs, with its two outputs apart. */
export class Running {
  private readonly process: Background;

  constructor(
    command: readonly string[],
    env: Readonly<Record<string, string>>,
    cwd: string,
    private readonly file: string,
  ) {
    mkdirSync(dirname(file), { recursive: true });
    const redirected = ['bash', '-c', 'exec "$@" >"$0"', `${file}.out`, ...command];
    this.process = Background.direct(redirected, { cwd, env }, file);
  }

  get log(): string {
    return this.process.log;
  }
  kill(): void {
    this.process.kill();
  }
  signal(signal: NodeJS.Signals): void {
    this.process.signal(signal);
  }
  async finished(timeoutMs = 120_000): Promise<Result> {
    const status = await this.process.exit(timeoutMs);
    const stderr = this.log;
    const stdout = existsSync(`${this.file}.out`) ? readFileSync(`${this.file}.out`, 'utf8') : '';
    return { status, stdout, stderr, lastLine: stderr.trimEnd().split('\n').at(-1) ?? '' };
  }
}
