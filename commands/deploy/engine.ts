import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
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
    await execa('terraform', ['init', '-backend=false', '-input=false'], {
      cwd: directory,
      timeout: 120_000,
      stdin: 'ignore',
      env: { CHECKPOINT_DISABLE: '1' },
    });
    return undefined;
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    return missing ? 'terraform is not installed' : "Terraform's providers cannot be had here";
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
  const child = execa(command, args, {
    cwd: options.directory,
    env: { ...options.variables, CHECKPOINT_DISABLE: '1' },
    stdin: 'ignore',
    all: true,
    reject: false,
  });
  for await (const line of child.iterable({ from: 'all' })) options.progress(line);
  const { exitCode, all } = await child;
  if (exitCode === 0) return;
  const last = all?.trim().split('\n').at(-1) ?? '';
  throw new EnvironmentProblem(`${engine} could not apply ${options.environment}: ${last}`);
}
