import { output } from './process';

export interface CommandLine {
  readonly program: string;
  readonly args: readonly string[];
  /** Added to this process's own. */
  readonly env: Readonly<Record<string, string>>;
}

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
    const { program, args: all, env } = this.commandLine(args);
    return output(program, all, { env, seconds: 30, ...options });
  }

  /** The same call, for who runs it by himself: a terminal, a stream. */
  commandLine(args: readonly string[]): CommandLine {
    const { binary = process.env['KUBECTL'] ?? 'kubectl', context, environment = {} } = this.options;
    const chosen = context === undefined ? [...args] : [`--context=${context}`, ...args];
    return { program: binary, args: chosen, env: environment };
  }

  /** An object, or `undefined` when there is none of that name. */
  async find<T>(kind: string, name: string, ...more: readonly string[]): Promise<T | undefined> {
    if (name === '') return undefined;
    const text = await this.run(['get', kind, name, ...more, '--ignore-not-found', '--output=json']);
    return text.trim() === '' ? undefined : (JSON.parse(text) as T);
  }

  async json<T>(args: readonly string[]): Promise<T> {
    return JSON.parse(await this.run([...args, '--output=json'])) as T;
  }
}
