import type { Pod } from '../deploy/pods';
import { lastLine } from '../deploy/process';
import type { Subject } from './access';

export type CloneState = 'restoring' | 'ready' | 'failed' | 'ended';

/** A clone as its Job and its pod tell of it. */
export interface Clone {
  readonly name: string;
  readonly job: string;
  /** Instant or `latest`, as it was asked for. */
  readonly to: string;
  /** Empty: the one that the vault records. */
  readonly timeline: string;
  readonly since: Date;
  readonly state: CloneState;
  /** `undefined` while there is none. */
  readonly pod: string | undefined;
  /** What it waits for, or why it failed. */
  readonly words: string;
}

export interface Job {
  readonly metadata: {
    readonly name: string;
    readonly creationTimestamp: string;
    readonly deletionTimestamp?: string;
  };
  readonly spec: { readonly template: { readonly spec: { readonly containers: readonly Container[] } } };
  readonly status: {
    readonly ready?: number;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly message?: string;
    }[];
  };
}

interface Container {
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
}

/** Name of the Job that is a clone; its template is the CronJob of the first part. */
export function jobName(database: string, clone: string): string {
  return `${database}-clone-${clone}`;
}

/** Every clone of a database, in order of their names. */
export async function listClones({ kubectl, namespace, database }: Subject): Promise<readonly Clone[]> {
  const { items } = await kubectl.json<{ items: (Job & Pod & { kind: string })[] }>([
    'get',
    'jobs,pods',
    `--namespace=${namespace}`,
    `--selector=app.kubernetes.io/instance=${database},app.kubernetes.io/component=clone`,
  ]);
  const pods = items.filter(({ kind }) => kind === 'Pod');
  return items
    .filter(({ kind, metadata }) => kind === 'Job' && metadata.deletionTimestamp === undefined)
    .map((job) =>
      cloneOf(
        database,
        job,
        pods.find((pod) => isOf(pod, job)),
      ),
    )
    .sort((a, b) => a.name.localeCompare(b.name));
}

export async function findClone(subject: Subject, name: string): Promise<Clone | undefined> {
  return (await listClones(subject)).find((clone) => clone.name === name);
}

const isOf = (pod: Pod, job: Job): boolean =>
  pod.metadata.labels?.['batch.kubernetes.io/job-name'] === job.metadata.name;

/** Exported for tests. */
export function cloneOf(database: string, job: Job, pod: Pod | undefined): Clone {
  const said = (variable: string): string | undefined =>
    job.spec.template.spec.containers[0]?.env?.find(({ name }) => name === variable)?.value;
  return {
    name: job.metadata.name.slice(jobName(database, '').length),
    job: job.metadata.name,
    to: said('CLONE_TO') ?? 'latest',
    timeline: said('CLONE_TIMELINE') ?? '',
    since: new Date(job.metadata.creationTimestamp),
    state: stateOf(job),
    pod: pod?.metadata.name,
    words: wordsOf(job, pod),
  };
}

function stateOf({ status }: Job): CloneState {
  if (condition(status, 'Failed') !== undefined) return 'failed';
  if (condition(status, 'Complete') !== undefined) return 'ended';
  return (status.ready ?? 0) > 0 ? 'ready' : 'restoring';
}

function wordsOf({ status }: Job, pod: Pod | undefined): string {
  const [container] = pod?.status.containerStatuses ?? [];
  const last = lastLine(container?.state.terminated?.message ?? '');
  if (last !== '') return last;
  const failed = condition(status, 'Failed');
  if (failed !== undefined) return failed.message ?? 'it failed';
  const { waiting } = container?.state ?? {};
  if (waiting !== undefined) return [waiting.reason, waiting.message].filter(Boolean).join(': ');
  const unscheduled = pod?.status.conditions?.find(
    ({ type, status: is }) => type === 'PodScheduled' && is === 'False',
  );
  return unscheduled?.message ?? '';
}

function condition({ conditions = [] }: Job['status'], type: string) {
  return conditions.find((one) => one.type === type && one.status === 'True');
}
