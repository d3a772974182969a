import { execa } from 'execa';

/** The kubectl that commands use: `KUBECTL`, or the one on the path. */
export class Kubectl {
  constructor(
    private readonly binary: string = process.env['KUBECTL'] ?? 'kubectl',
    private readonly environment: Readonly<Record<string, string>> = {},
  ) {}

  /** Standard output of one call, which may take at most `seconds`. */
  async run(args: readonly string[], options: { input?: string; seconds?: number } = {}): Promise<string> {
    const { stdout } = await execa(this.binary, args, {
      env: this.environment,
      timeout: (options.seconds ?? 30) * 1000,
      ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    });
    return stdout;
  }

  async json<T>(args: readonly string[]): Promise<T> {
    return JSON.parse(await this.run([...args, '--output=json'])) as T;
  }
}
