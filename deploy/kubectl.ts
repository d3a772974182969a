import { output } from './process';

/** The kubectl that commands use: `KUBECTL`, or the one on the path; every call names its context. */
export class Kubectl {
  constructor(
    private readonly options: {
      readonly binary?: string | undefined;
      /** @default - the current context */
      readonly context?: string | undefined;
      readonly environment?: Readonly<Record<string, string>>;
    } = {},
  ) {}

  /** Standard output of one call, which may take at most `seconds`. */
  run(args: readonly string[], options: { input?: string; seconds?: number } = {}): Promise<string> {
    const { binary = process.env['KUBECTL'] ?? 'kubectl', context, environment = {} } = this.options;
    const chosen = context === undefined ? args : [`--context=${context}`, ...args];
    return output(binary, chosen, { env: environment, seconds: 30, ...options });
  }

  async json<T>(args: readonly string[]): Promise<T> {
    return JSON.parse(await this.run([...args, '--output=json'])) as T;
  }
}
