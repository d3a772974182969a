import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { ObjectStore } from '../constructs/object-storage/client';
import { lastLine, run } from './process';
import { EnvironmentProblem, type Progress } from './progress';

export const ENGINES = ['terraform', 'kit'] as const;
export type Engine = (typeof ENGINES)[number];

export interface ChooseOptions {
  readonly environment: string;
  readonly incarnation: string;
  /** Remembers which engine this life of the environment is applied by. */
  readonly store: ObjectStore;
  readonly progress: Progress;
}

/**
 * `auto` is Terraform when its providers can be had here, else the kit; it says
 * which, and why. Within one incarnation it never changes by itself: objects that
 * the kit makes are unknown to Terraform's state.
 * @throws EnvironmentProblem when this life began with Terraform and it cannot be used now
 */
export async function chooseEngine(wish: Engine | 'auto', options: ChooseOptions): Promise<Engine> {
  const { environment, incarnation, progress, store } = options;
  const key = `records/${environment}/engines/${incarnation}`;
  const before = (await store.read(key))?.trim();
  if (wish !== 'auto') {
    if (before !== wish) await store.write(key, wish);
    return wish;
  }
  const reason = before === 'kit' ? 'as this life of the environment began' : await providersMissing();
  const engine = reason === undefined ? 'terraform' : 'kit';
  if (before === 'terraform' && engine === 'kit') {
    throw new EnvironmentProblem(
      `${incarnation} is applied by Terraform, which cannot be used now: ${reason} — FIX: try again when it can; if recovery must not wait, say --engine kit, and adopt its objects into Terraform later`,
    );
  }
  progress(`engine: ${engine}${reason === undefined ? '' : ` (${reason})`}`);
  if (before === undefined) await store.write(key, engine);
  return engine;
}

/** Why Terraform cannot be used here; `undefined` when it can. */
async function providersMissing(): Promise<string | undefined> {
  const directory = mkdtempSync(join(tmpdir(), 'providers-'));
  try {
    const providers = { kubernetes: { source: 'hashicorp/kubernetes', version: '2.38.0' } };
    writeFileSync(
      join(directory, 'main.tf.json'),
      // Write-only attributes, by which no secret is in the state, came with 1.11.
      JSON.stringify({ terraform: { required_version: '>= 1.11', required_providers: providers } }),
    );
    const { exitCode, stderr } = await run(
      'terraform',
      ['init', '-backend=false', '-input=false', '-no-color'],
      {
        cwd: directory,
        seconds: 120,
        env: { CHECKPOINT_DISABLE: '1' },
      },
    );
    if (exitCode === 0) return undefined;
    return stderr.includes('Unsupported Terraform Core version')
      ? 'Terraform is older than 1.11'
      : "Terraform's providers cannot be had here";
  } catch {
    return 'terraform is not installed';
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

export interface ApplyOptions {
  readonly environment: string;
  /** Context of the kubeconfig. */
  readonly context: string | undefined;
  /** Root of the project, where `cdktf.json` and `cdktf.out` are. */
  readonly directory: string;
  /** Variables of the deploy: `INCARNATION`, `KUBE_CONFIG_PATH`, … */
  readonly variables: Readonly<Record<string, string>>;
  readonly progress: Progress;
}

/**
 * What holds state, what Velero does for the rest, or what only watches; `cluster` is the first layer alone, in which the
 * namespace is.
 */
export type Part = 'cluster' | 'platform' | 'velero' | 'monitoring';

/** @throws EnvironmentProblem with the last words of the engine */
export async function apply(engine: Engine, part: Part, options: ApplyOptions): Promise<void> {
  const [program, args] = engine === 'terraform' ? terraform(part, options) : kit(part, options);
  const lines: string[] = [];
  const { exitCode } = await run(program, args, {
    cwd: options.directory,
    env: { ...options.variables, CHECKPOINT_DISABLE: '1' },
    withSecrets: true,
    onLine: (line) => {
      lines.push(line);
      options.progress(line);
    },
  });
  if (exitCode === 0) return;
  // Terraform colours its words also where nobody sees it.
  const said = stripVTControlCharacters(lines.join('\n'));
  const last = errorOfTerraform(said) ?? lastLine(said).replace(/^ERROR /, '');
  const what = part === 'platform' ? options.environment : `${options.environment}-${part}`;
  throw new EnvironmentProblem(`${engine} could not apply ${what}: ${last}`);
}

type CommandLine = readonly [program: string, args: readonly string[]];

function terraform(part: Part, { environment }: ApplyOptions): CommandLine {
  const stacks = {
    cluster: [`${environment}-cluster`],
    // Stacks that a team added are platform, too.
    platform: [`${environment}-!(monitoring|velero)`],
    // What these depend on was applied just now, from what was synthesised then.
    velero: [`${environment}-velero`, '--ignore-missing-stack-dependencies', '--skip-synth'],
    monitoring: [`${environment}-monitoring`, '--ignore-missing-stack-dependencies', '--skip-synth'],
  }[part];
  // The lock file would name providers of platforms that nobody here runs, and needs a registry.
  return ['npx', ['cdktf', 'deploy', ...stacks, '--auto-approve', '--skip-provider-lock']];
}

/** What Terraform names as the error, of which cdktf's own last words say nothing. */
function errorOfTerraform(said: string): string | undefined {
  return [...said.matchAll(/│ Error: (.+)$/gm)].at(-1)?.[1]?.trim();
}

function kit(part: Part, { context, directory, environment }: ApplyOptions): CommandLine {
  const program = join(directory, 'cdktf.out/recovery', environment, 'kit/apply');
  const of = {
    cluster: ['--layer', `${environment}-cluster`],
    platform: ['--without-monitoring'],
    velero: ['--velero'],
    monitoring: ['--monitoring'],
  }[part];
  return [program, context === undefined ? of : ['--context', context, ...of]];
}
