import { Size } from '../constructs/core';
import { claimOf } from '../constructs/postgres/existing-volume';
import type { Kubectl } from './kubectl';
import { EnvironmentProblem, type Progress } from './progress';

export interface GrowOptions {
  readonly kubectl: Kubectl;
  readonly namespace: string;
  readonly databases: readonly {
    readonly name: string;
    readonly storage: Size;
    readonly replicas?: number;
  }[];
  readonly progress: Progress;
}

interface Claim {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly storageClassName?: string;
    readonly resources: { readonly requests: { readonly storage: string } };
  };
}

interface StatefulSet {
  readonly spec: {
    readonly volumeClaimTemplates?: readonly Claim[];
    /** @default 'OrderedReady', which the API fills in */
    readonly podManagementPolicy?: string;
  };
}

interface Volume {
  readonly database: string;
  readonly declared: Size;
  /** Of its pods, as far as there are any. */
  readonly claims: readonly Claim[];
  readonly replicas: number;
  readonly set: StatefulSet | undefined;
}

/**
 * Before an apply: grows the volumes whose databases are declared with more storage than they have. The claim
 * template of a StatefulSet cannot be changed, nor how it manages its pods, which replicas change; so the set is taken
 * away, its pods and claims staying as they are; the apply makes it anew, and it takes them over. Everything is looked at
 * before anything is changed.
 * @throws EnvironmentProblem when a volume is declared smaller than it is, or its class cannot grow it
 */
export async function growVolumes(options: GrowOptions): Promise<void> {
  const { databases, kubectl, namespace, progress } = options;
  const volumes: Volume[] = [];
  for (const database of databases) volumes.push(await look(options, database));
  for (const volume of volumes) await check(options, volume);
  for (const { claims, database, declared, replicas, set } of volumes) {
    const size = declared.kubernetes();
    for (const claim of claims) {
      if (!declared.isLargerThan(requested(claim))) continue;
      progress(`${database}: its volume grows from ${requested(claim).kubernetes()} to ${size}`);
      const patch = JSON.stringify({ spec: { resources: { requests: { storage: size } } } });
      const target = ['pvc', claim.metadata.name, `--namespace=${namespace}`];
      await kubectl.run(['patch', ...target, '--type=merge', `--patch=${patch}`]);
    }
    const template = set?.spec.volumeClaimTemplates?.[0];
    const parallel = set?.spec.podManagementPolicy === 'Parallel';
    if (template !== undefined && (!requested(template).equals(declared) || parallel !== replicas > 0)) {
      const why =
        parallel === replicas > 0 ? `for ${size}` : replicas > 0 ? 'for replicas' : 'without replicas';
      progress(`${database}: its StatefulSet is made anew ${why}; the pod runs on`);
      await kubectl.run(['delete', 'statefulset', database, `--namespace=${namespace}`, '--cascade=orphan']);
    }
  }
}

async function look(
  { kubectl, namespace }: GrowOptions,
  { name, storage, replicas = 0 }: GrowOptions['databases'][number],
): Promise<Volume> {
  const claims: Claim[] = [];
  for (let ordinal = 0; ordinal <= replicas; ordinal += 1) {
    const claim = await kubectl.find<Claim>('pvc', claimOf(name, ordinal), `--namespace=${namespace}`);
    if (claim !== undefined) claims.push(claim);
  }
  return {
    database: name,
    declared: storage,
    claims,
    replicas,
    set: await kubectl.find<StatefulSet>('statefulset', name, `--namespace=${namespace}`),
  };
}

async function check(options: GrowOptions, volume: Volume): Promise<void> {
  for (const claim of volume.claims) await checkClaim(options, volume, claim);
}

async function checkClaim(
  { kubectl, namespace }: GrowOptions,
  { database, declared }: Volume,
  claim: Claim,
): Promise<void> {
  const [now, wanted] = [requested(claim), declared];
  const sizes = `storage of ${database} is declared as ${wanted.kubernetes()}, and its volume has ${now.kubernetes()}`;
  const anew = `to have the database restored onto a new volume, which takes it away meanwhile: kubectl --namespace ${namespace} delete statefulset/${database} pod/${claim.metadata.name.replace(/^data-/, '')} pvc/${claim.metadata.name}, and deploy`;
  if (now.isLargerThan(wanted)) {
    throw new EnvironmentProblem(
      `${sizes}: a volume cannot shrink — FIX: declare at least ${now.kubernetes()}; or, ${anew}`,
    );
  }
  if (now.equals(wanted)) return;
  const className = claim.spec.storageClassName ?? '';
  const storageClass = await kubectl.find<{ allowVolumeExpansion?: boolean }>('storageclass', className);
  if (storageClass?.allowVolumeExpansion === true) return;
  throw new EnvironmentProblem(
    `${sizes}: its storage class ${className || '(none)'} does not let volumes grow — FIX: set allowVolumeExpansion: true in the class if its driver can do that; or, ${anew}`,
  );
}

function requested({ spec }: Claim): Size {
  return Size.parse(spec.resources.requests.storage);
}
