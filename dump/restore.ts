import type { Subject } from '../clone/access';
import type { Template } from '../clone/template';
import type { Progress } from '../deploy/progress';
import { readTemplate, runJob } from './jobs';

export interface RestoreOptions {
  readonly subject: Subject;
  /** Id of a dump, or `latest`. */
  readonly dump: string;
  /** Empty: all of the dump. */
  readonly databases: readonly string[];
  /** Name of the new database. @default - `<name>_restored_<id>` */
  readonly into?: string;
  readonly clean: boolean;
  readonly globals: boolean;
  readonly owners: boolean;
  readonly jobs: number;
  /** Another database of the environment, whose server takes it. @default - its own server */
  readonly server?: string;
  readonly seconds: number;
  readonly progress: Progress;
}

export interface Restored {
  readonly dump: string;
  readonly name: string;
  readonly into: string;
  readonly seconds: number;
}

/**
 * Restores a dump by a Job in the cluster.
 * @throws EnvironmentProblem with the Job's last words
 */
export async function restoreDump(options: RestoreOptions): Promise<readonly Restored[]> {
  const { subject, server, progress } = options;
  const target =
    server === undefined ? undefined : await readTemplate({ ...subject, database: server }, 'dump-load');
  const printed = await runJob({
    subject,
    template: 'dump-load',
    environment: {
      RESTORE_DUMP: options.dump,
      RESTORE_DATABASES: JSON.stringify(options.databases),
      RESTORE_INTO: options.into ?? '',
      RESTORE_CLEAN: String(options.clean),
      RESTORE_GLOBALS: String(options.globals),
      RESTORE_OWNERS: String(options.owners),
      RESTORE_JOBS: String(options.jobs),
    },
    ...(target === undefined ? {} : { change: (template: Template) => onServerOf(template, target) }),
    seconds: options.seconds,
    progress,
  });
  for (const line of printed.split('\n'))
    if (line.includes('to put it in the place')) progress(line.replace(/^.*?: /, ''));
  return printed
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Restored);
}

/** What of a template says which server it speaks to, and with which programs. */
const OF_SERVER = ['PG_HOST', 'PG_PORT', 'PG_MAJOR', 'DATABASE_NAME'];

interface PodSpec {
  readonly containers: readonly {
    readonly image?: string;
    readonly env?: readonly { readonly name: string; readonly value?: string }[];
  }[];
  readonly volumes?: readonly { readonly name: string }[];
}

/**
 * The Job of one database, which has the keys of its dumps, with the server, the programs and the password of
 * another. Exported for tests.
 */
export function onServerOf(template: Template, target: Template): Template {
  const theirs = target.spec.jobTemplate.spec.template.spec as unknown as PodSpec;
  const ours = template.spec.jobTemplate.spec.template.spec as unknown as PodSpec;
  const [their] = theirs.containers;
  const taken = (their?.env ?? []).filter(({ name }) => OF_SERVER.includes(name));
  const password = theirs.volumes?.find(({ name }) => name === 'roles');
  const containers = ours.containers.map((container) => ({
    ...container,
    image: their?.image ?? container.image,
    env: [...(container.env ?? []).filter(({ name }) => !OF_SERVER.includes(name)), ...taken],
  }));
  const volumes = (ours.volumes ?? []).map((volume) =>
    volume.name === 'roles' ? (password ?? volume) : volume,
  );
  const { jobTemplate } = template.spec;
  const { template: pod } = jobTemplate.spec;
  return {
    ...template,
    spec: {
      jobTemplate: {
        ...jobTemplate,
        spec: {
          ...jobTemplate.spec,
          // The target's network policy knows its own jobs.
          template: {
            ...pod,
            metadata: target.spec.jobTemplate.spec.template['metadata'],
            spec: { ...pod.spec, containers, volumes } as typeof pod.spec,
          },
        },
      },
    },
  };
}
