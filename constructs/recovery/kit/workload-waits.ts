import { type Fields, isFields } from './map-block';
import { seconds, type Wait, type Waiting } from './wait';

const ROLLED_OUT: ReadonlySet<string> = new Set(['Deployment', 'DaemonSet', 'StatefulSet']);

/**
 * What Terraform would wait for after a workload or a job. The kit waits for
 * it at the end of the layer, so that a database restores while the rest of
 * its layer starts.
 */
export function workloadWaits(
  kind: string,
  namespace: string,
  name: string,
  body: Fields,
  content: Fields,
): readonly Waiting[] {
  const wait = workloadWait(kind, body, isFields(content['spec']) ? content['spec'] : {});
  if (wait === undefined) return [];
  return [{ when: 'layer', wait: { kind, namespace, name, timeout: timeoutOf(body['timeouts']), ...wait } }];
}

type Criterion = { for: 'rollout' | 'job' } | { for: 'ready'; replicas: number };

function workloadWait(kind: string, body: Fields, spec: Fields): Criterion | undefined {
  if (kind === 'Job') return body['wait_for_completion'] === false ? undefined : { for: 'job' };
  if (!ROLLED_OUT.has(kind) || body['wait_for_rollout'] === false) return undefined;
  const strategy = spec['updateStrategy'];
  const onDelete = isFields(strategy) && strategy['type'] === 'OnDelete';
  if (!onDelete) return { for: 'rollout' };
  // kubectl refuses to follow a rollout that waits for somebody to delete the pods.
  const replicas = spec['replicas'] ?? 1;
  return kind === 'StatefulSet' && typeof replicas === 'number' ? { for: 'ready', replicas } : undefined;
}

/** The longest of Terraform's own timeouts for making the object. */
export function timeoutOf(timeouts: unknown): Wait['timeout'] {
  if (!isFields(timeouts)) return 0;
  return Math.max(0, seconds(timeouts['create']) ?? 0, seconds(timeouts['update']) ?? 0);
}
