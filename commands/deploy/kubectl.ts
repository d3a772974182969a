import { output } from './process';

/** The kubectl that commands use: `KUBECTL`, or the one on the path. */
export class Kubectl {
  constructor(
    private readonly binary: string = process.env['KUBECTL'] ?? 'kubectl',
    private readonly environment: Readonly<Record<string, string>> = {},
  ) {}

  /** Standard output of one call, which may take at most `seconds`. */
  run(args: readonly string[], options: { input?: string; seconds?: number } = {}): Promise<string> {
    return output(this.binary, args, { env: this.environment, seconds: 30, ...options });
  }

  async json<T>(args: readonly string[]): Promise<T> {
    return JSON.parse(await this.run([...args, '--output=json'])) as T;
  }
}
