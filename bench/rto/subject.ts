import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { output, run } from '../../deploy/process';
import { local } from '../../environments/local';
import type { Progress } from '../../local/instance';
import { npmRun } from '../../local/rehearsal/command';
import { NAMESPACE, type Variables } from '../../local/rehearsal/subject';

export const DATABASE = local.databases[0]?.name ?? '';

/** What tells whether an answer is right: a row that was committed last, and archived, before the loss. */
export const MARKER = 'the last row before the loss';
export const QUERY = 'select text from marker';

/** The recovery kit of the environment `local`, as it is now. */
export class Subject {
  private readonly kit: string;

  private constructor(
    directory: string,
    readonly variables: Variables,
    private readonly progress: Progress,
  ) {
    this.kit = join(directory, 'recovery', local.name, 'kit');
  }

  static async synthesise(directory: string, variables: Variables, progress: Progress): Promise<Subject> {
    await npmRun('synth', [], { ...variables, ENVIRONMENT: local.name, CDKTF_OUTDIR: directory }, progress);
    return new Subject(directory, variables, progress);
  }

  async apply(more: Variables = {}): Promise<void> {
    const { exitCode, stderr } = await run(join(this.kit, 'apply'), [], {
      env: { ...this.variables, ...more },
    });
    if (exitCode !== 0) throw new Error(`the kit could not be applied:\n${stderr}`);
  }

  kubectl(args: readonly string[], seconds = 120): Promise<string> {
    return output(this.variables['KUBECTL'] ?? 'kubectl', args, { env: this.variables, seconds });
  }

  /** As the superuser, inside the pod. */
  sql(statement: string): Promise<string> {
    const psql = [
      'psql',
      '-X',
      '-A',
      '-t',
      '-q',
      '-h',
      '/var/run/postgresql',
      '-U',
      'postgres',
      '-d',
      'orders',
    ];
    return this.kubectl(
      [
        'exec',
        `--namespace=${NAMESPACE}`,
        `${DATABASE}-0`,
        '--container=postgres',
        '--',
        ...psql,
        '-c',
        statement,
      ],
      1800,
    );
  }

  /** Everything of the environment is lost but the vault: pods, claims and their volumes. */
  async lose(): Promise<void> {
    this.progress('losing the database …');
    await this.kubectl(['delete', 'namespace', NAMESPACE, '--wait=true'], 300);
    await this.kubectl(['wait', '--for=delete', 'persistentvolume', '--all', '--timeout=120s'], 130);
  }

  /** The content of one of its config maps. */
  config(suffix: string): Readonly<Record<string, string>> {
    const name = new RegExp(`-configmap-${NAMESPACE}-${DATABASE}-${suffix}\\.yaml$`);
    for (const layer of readdirSync(this.kit, { withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    )) {
      const file = readdirSync(join(this.kit, layer.name)).find((entry) => name.test(entry));
      if (file === undefined) continue;
      const manifest = parse(readFileSync(join(this.kit, layer.name, file), 'utf8')) as {
        data: Record<string, string>;
      };
      return manifest.data;
    }
    throw new Error(`the kit has no config map ${DATABASE}-${suffix}`);
  }
}
