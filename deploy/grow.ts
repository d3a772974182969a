import { Size } from '../constructs/core';
import { claimOf } from '../constructs/postgres/existing-volume';
import type { Kubectl } from './kubectl';
import { EnvironmentProblem, type Progress } from './progress';

export interface GrowOptions {
  readonly kubectl: Kubectl;
  readonly namespace: string;
  readonly databases: readonly { readonly name: string; readonly storage: Size }[];
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
  readonly spec: { readonly volumeClaimTemplates?: readonly Claim[] };
}

interface Volume {
  readonly database: string;
  readonly declared: Size;
  readonly claim: Claim | undefined;
  readonly set: StatefulSet | undefined;
}

/**
 * Before an apply: grows the volumes whose databases are declared with more storage than they have. The claim
 * template of a StatefulSet cannot be changed, so the set is taken away, its pod and claim staying as they are; the
 * apply makes it anew, and it takes them over. Everything is looked at before anything is changed.
 * @throws EnvironmentProblem when a volume is declared smaller than it is, or its class cannot grow it
 */
export async function growVolumes(options: GrowOptions): Promise<void> {
  const { databases, kubectl, namespace, progress } = options;
  const volumes: Volume[] = [];
  for (const database of databases) volumes.push(await look(options, database));
  for (const volume of volumes) await check(options, volume);
  for (const { claim, database, declared, set } of volumes) {
    const size = declared.kubernetes();
    if (claim !== undefined && declared.isLargerThan(requested(claim))) {
      progress(`${database}: its volume grows from ${requested(claim).kubernetes()} to ${size}`);
      const patch = JSON.stringify({ spec: { resources: { requests: { storage: size } } } });
      const target = ['pvc', claim.metadata.name, `--namespace=${namespace}`];
      await kubectl.run(['patch', ...target, '--type=merge', `--patch=${patch}`]);
    }
    const template = set?.spec.volumeClaimTemplates?.[0];
    if (template !== undefined && !requested(template).equals(declared)) {
      progress(`${database}: its StatefulSet is made anew for ${size}; the pod runs on`);
      await kubectl.run(['delete', 'statefulset', database, `--namespace=${namespace}`, '--cascade=orphan']);
    }
  }
}

async function look(
  { kubectl, namespace }: GrowOptions,
  { name, storage }: GrowOptions['databases'][number],
): Promise<Volume> {
  return {
    database: name,
    declared: storage,
    claim: await kubectl.find<Claim>('pvc', claimOf(name), `--namespace=${namespace}`),
    set: await kubectl.find<StatefulSet>('statefulset', name, `--namespace=${namespace}`),
  };
}

async function check(
  { kubectl, namespace }: GrowOptions,
  { claim, database, declared }: Volume,
): Promise<void> {
  if (claim === undefined) return;
  const [now, wanted] = [requested(claim), declared];
  const sizes = `storage of ${database} is declared as ${wanted.kubernetes()}, and its volume has ${now.kubernetes()}`;
  const anew = `to have the database restored onto a new volume, which takes it away meanwhile: kubectl --namespace ${namespace} delete statefulset/${database} pod/${database}-0 pvc/${claim.metadata.name}, and deploy`;
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
