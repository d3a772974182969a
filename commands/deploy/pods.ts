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
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
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

/** How a pod is, in words for somebody who waits for it. */
export interface PodStory {
  readonly ready: boolean;
  readonly words: string;
  /** The last words of a container that failed, and how often it did. */
  readonly failure?: { readonly container: string; readonly message: string; readonly times: number };
}

export async function databasePods(kubectl: Kubectl, namespace: string): Promise<readonly Pod[]> {
  const list = await kubectl.json<{ items: Pod[] }>([
    'get',
    'pods',
    `--namespace=${namespace}`,
    '--selector=app.kubernetes.io/name=postgres,app.kubernetes.io/component=server',
  ]);
  return list.items;
}

export function tell(pod: Pod): PodStory {
  const init = pod.status.initContainerStatuses ?? [];
  const main = pod.status.containerStatuses ?? [];
  const failed = [...init, ...main].flatMap((status) => failureOf(status) ?? []);
  const failure = failed[0];
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
  const waiting = [...init, ...main].find(({ state }) => state.waiting?.reason && !state.running);
  const reason = waiting?.state.waiting?.reason;
  if (main.some(({ name, state }) => name === 'postgres' && state.running)) {
    const missing = main.filter((status) => !status.ready).map(({ name }) => name);
    return `server runs; not ready: ${missing.join(', ')}`;
  }
  if (reason !== undefined && reason !== 'PodInitializing') {
    return `${waiting?.name}: ${reason}${waiting?.state.waiting?.message ? `, ${waiting.state.waiting.message}` : ''}`;
  }
  const unscheduled = pod.status.conditions?.find(
    ({ type, status }) => type === 'PodScheduled' && status === 'False',
  );
  return unscheduled?.message ?? reason ?? pod.status.phase ?? 'unknown';
}

function failureOf(status: ContainerStatus): PodStory['failure'] | undefined {
  const ended = status.state.terminated ?? status.lastState?.terminated;
  if (ended === undefined || ended.exitCode === 0 || status.ready) return undefined;
  const message = ended.message?.trim() ?? `${ended.reason ?? 'failed'} with exit code ${ended.exitCode}`;
  return { container: status.name, message, times: Math.max(1, status.restartCount) };
}
