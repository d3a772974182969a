import { ROLE_LABEL } from '../constructs/postgres/role-label';
import type { Kubectl } from './kubectl';

interface ContainerStatus {
  readonly name: string;
  readonly ready: boolean;
  readonly restartCount: number;
  readonly state: State;
  readonly lastState?: State;
}

interface State {
  readonly running?: object;
  readonly waiting?: { readonly reason?: string; readonly message?: string };
  readonly terminated?: { readonly exitCode: number; readonly message?: string; readonly reason?: string };
}

export interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly deletionTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly status: {
    readonly phase?: string;
    readonly initContainerStatuses?: readonly ContainerStatus[];
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly message?: string;
    }[];
  };
}

interface StatefulSet {
  readonly metadata: { readonly name: string; readonly generation: number };
  readonly spec?: { readonly replicas?: number };
  readonly status?: { readonly observedGeneration?: number; readonly updateRevision?: string };
}

/** A database's pod, and whether it is the one that was declared last. */
export interface DatabasePod {
  readonly database: string;
  /** `undefined` while there is none. */
  readonly pod: Pod | undefined;
  /** False for a pod of an earlier declaration, or one that is on its way out. */
  readonly current: boolean;
  /** What its server is, where a database has replicas: as its pod says by a label, `undefined` while it does not. */
  readonly role?: string | undefined;
  /** Where a database has replicas: the pod's name. */
  readonly name?: string;
}

/** Whether this is the pod that clients write to, as far as is known. */
export function isPrimary({ name, role }: DatabasePod): boolean {
  return name === undefined || role === 'primary';
}

/**
 * The pods of the databases, in the order of their names: one of each, or all of one that has replicas, in the order of
 * their ordinals.
 */
export async function databasePods(
  kubectl: Kubectl,
  namespace: string,
  databases: readonly string[],
): Promise<readonly DatabasePod[]> {
  const { items } = await kubectl.json<{ items: (Pod & StatefulSet & { kind: string })[] }>([
    'get',
    'statefulsets,pods',
    `--namespace=${namespace}`,
    '--selector=app.kubernetes.io/name=postgres,app.kubernetes.io/component=server',
  ]);
  return databases.flatMap((database) => {
    const set = items.find(({ kind, metadata }) => kind === 'StatefulSet' && metadata.name === database);
    const pods = items.filter(
      ({ kind, metadata }) => kind === 'Pod' && metadata.labels?.['app.kubernetes.io/instance'] === database,
    );
    const seen = set !== undefined && (set.status?.observedGeneration ?? 0) >= set.metadata.generation;
    const look = (pod: Pod | undefined): DatabasePod => {
      const revision = pod?.metadata.labels?.['controller-revision-hash'];
      const current =
        seen && revision === set.status?.updateRevision && pod?.metadata.deletionTimestamp === undefined;
      return { database, pod, current: pod !== undefined && current };
    };
    const declared = set?.spec?.replicas ?? 1;
    if (declared === 1)
      return [look(pods.find(({ metadata }) => metadata.name === `${database}-0`) ?? pods[0])];
    return Array.from({ length: declared }, (_, ordinal) => {
      const name = `${database}-${ordinal}`;
      const pod = pods.find(({ metadata }) => metadata.name === name);
      return { ...look(pod), name, role: pod?.metadata.labels?.[ROLE_LABEL] };
    });
  });
}

/** How a pod is, in words for somebody who waits for it. */
export interface PodStory {
  readonly ready: boolean;
  readonly words: string;
  /** The last words of a container that failed, and how often it was restarted. */
  readonly failure?: { readonly container: string; readonly message: string; readonly restarts: number };
}

/** What a container waits for that no waiting brings: it must be declared or provided otherwise. */
/** Reasons of waiting that no waiting cures: an image or a Secret that is not there. */
export const HOPELESS = [
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'CreateContainerConfigError',
];

export function tell({ pod, current }: DatabasePod): PodStory {
  if (pod === undefined) return { ready: false, words: 'no pod yet' };
  const init = pod.status.initContainerStatuses ?? [];
  const main = pod.status.containerStatuses ?? [];
  if (!current) return { ready: false, words: 'the pod of the earlier declaration is being replaced' };
  const failure = [...init, ...main].flatMap((status) => failureOf(status) ?? [])[0];
  const ready =
    pod.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
  return { ready, words: words(pod, init, main, ready), ...(failure === undefined ? {} : { failure }) };
}

function words(
  pod: Pod,
  init: readonly ContainerStatus[],
  main: readonly ContainerStatus[],
  ready: boolean,
): string {
  if (ready) return 'ready';
  if (init.some(({ state }) => state.running))
    return 'preparing its data (restoring, when there is a backup)';
  if (main.some(({ name, state }) => name === 'postgres' && state.running)) {
    const missing = main.filter((status) => !status.ready).map(({ name }) => name);
    return `server runs; not ready: ${missing.join(', ')}`;
  }
  const waiting = [...init, ...main].find(({ state }) => state.waiting?.reason);
  const reason = waiting?.state.waiting?.reason;
  if (reason !== undefined && reason !== 'PodInitializing') {
    return `${waiting?.name}: ${reason}${waiting?.state.waiting?.message ? `, ${waiting.state.waiting.message}` : ''}`;
  }
  const unscheduled = pod.status.conditions?.find(
    ({ type, status }) => type === 'PodScheduled' && status === 'False',
  );
  return unscheduled?.message ?? reason ?? pod.status.phase ?? 'unknown';
}

function failureOf(status: ContainerStatus): PodStory['failure'] | undefined {
  const { waiting } = status.state;
  if (waiting?.reason !== undefined && HOPELESS.includes(waiting.reason)) {
    const message = `${waiting.reason}: ${waiting.message ?? ''} — FIX: make the image or the Secret that it names available, then deploy again`;
    return { container: status.name, message, restarts: status.restartCount };
  }
  const ended = status.state.terminated ?? status.lastState?.terminated;
  if (ended === undefined || ended.exitCode === 0 || status.ready) return undefined;
  const message = ended.message?.trim() ?? `${ended.reason ?? 'failed'} with exit code ${ended.exitCode}`;
  return { container: status.name, message, restarts: status.restartCount };
}
