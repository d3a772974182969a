import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lastLine, run } from './process';
import { EnvironmentProblem, type Progress } from './progress';

export const ENGINES = ['terraform', 'kit'] as const;
export type Engine = (typeof ENGINES)[number];

export interface ApplyOptions {
  readonly environment: string;
  /** Root of the project, where `cdktf.json` and `cdktf.out` are. */
  readonly directory: string;
  /** Variables of the deploy: `TF_VAR_*`, `KUBECONFIG`, … */
  readonly variables: Readonly<Record<string, string>>;
  readonly progress: Progress;
}

/** Terraform when its providers can be had here, else the kit; says which, and why. */
export async function chooseEngine(wish: Engine | 'auto', progress: Progress): Promise<Engine> {
  if (wish !== 'auto') return wish;
  const reason = await providersMissing();
  const engine = reason === undefined ? 'terraform' : 'kit';
  progress(`engine: ${engine}${reason === undefined ? '' : ` (${reason})`}`);
  return engine;
}

/** Why Terraform cannot be used here; `undefined` when it can. */
async function providersMissing(): Promise<string | undefined> {
  const directory = mkdtempSync(join(tmpdir(), 'providers-'));
  try {
    const providers = { kubernetes: { source: 'hashicorp/kubernetes', version: '2.38.0' } };
    writeFileSync(
      join(directory, 'main.tf.json'),
      JSON.stringify({ terraform: { required_providers: providers } }),
    );
    const { exitCode } = await run('terraform', ['init', '-backend=false', '-input=false'], {
      cwd: directory,
      seconds: 120,
      env: { CHECKPOINT_DISABLE: '1' },
    });
    return exitCode === 0 ? undefined : "Terraform's providers cannot be had here";
  } catch {
    return 'terraform is not installed';
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

export async function apply(engine: Engine, options: ApplyOptions): Promise<void> {
  const [command, args] =
    engine === 'terraform'
      ? // The lock file would name providers of platforms that nobody here runs, and needs a registry.
        ([
          'npx',
          ['cdktf', 'deploy', `${options.environment}-*`, '--auto-approve', '--skip-provider-lock'],
        ] as const)
      : ([join(options.directory, 'cdktf.out/recovery', options.environment, 'kit/apply'), []] as const);
  const lines: string[] = [];
  const { exitCode } = await run(command, args, {
    cwd: options.directory,
    env: { ...options.variables, CHECKPOINT_DISABLE: '1' },
    onLine: (line) => {
      lines.push(line);
      options.progress(line);
    },
  });
  if (exitCode === 0) return;
  throw new EnvironmentProblem(
    `${engine} could not apply ${options.environment}: ${lastLine(lines.join('\n'))}`,
  );
}
