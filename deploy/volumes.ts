import { isDeepStrictEqual } from 'node:util';
import { latestRecords, type ObjectStore, putRecord } from '../constructs/object-storage/client';
import { claimOf, type ExistingVolume } from '../constructs/postgres/existing-volume';
import type { Kubectl } from './kubectl';
import { lastLine } from './process';
import type { Progress } from './progress';

export interface VolumesOptions {
  readonly kubectl: Kubectl;
  readonly namespace: string;
  readonly environment: string;
  readonly databases: readonly { readonly name: string; readonly existingVolume?: ExistingVolume }[];
  readonly store: ObjectStore;
  readonly progress: Progress;
}

/** What is recorded of a database's volume: enough to attach it elsewhere. */
type Recorded = ExistingVolume & { readonly storageClass?: string };

const KIND = 'volumes';

/** Keeps in the vault which volumes the databases are on, for the day on which the cluster is gone and they are not. */
export function recordVolumes(options: VolumesOptions): Promise<void> {
  return unlessInTheWay(options, 'which volumes the databases are on could not be recorded', () =>
    record(options),
  );
}

async function record(options: VolumesOptions): Promise<void> {
  const { databases, environment, kubectl, namespace, store } = options;
  const volumes: Record<string, Recorded> = {};
  for (const { name } of databases) {
    const claim = await kubectl.find<Claim>('pvc', claimOf(name), `--namespace=${namespace}`);
    const volume = await kubectl.find<Volume>('pv', claim?.spec.volumeName ?? '');
    const recorded = volume === undefined ? undefined : describe(volume);
    if (recorded !== undefined) volumes[name] = recorded;
  }
  const [latest] = await latestRecords(store, { environment, kind: KIND });
  if (isDeepStrictEqual((latest?.record as { volumes?: unknown })?.volumes, volumes)) return;
  await putRecord(store, { environment, kind: KIND, at: new Date(), record: { namespace, volumes } });
}

/** Before an apply into a cluster that has no volume of a database: which one it had, since that may still be there. */
export function tellOfFormerVolumes(options: VolumesOptions): Promise<void> {
  return unlessInTheWay(options, 'which volumes the databases had is not known', () => tell(options));
}

/** A help for the day of a loss: where it cannot be had, or nobody may look at volumes, a recovery goes on without. */
async function unlessInTheWay(
  { progress }: VolumesOptions,
  what: string,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    progress(`WARNING ${what}: ${lastLine(error instanceof Error ? error.message : String(error))}`);
  }
}

async function tell(options: VolumesOptions): Promise<void> {
  const { databases, environment, kubectl, namespace, progress, store } = options;
  const [latest] = await latestRecords(store, { environment, kind: KIND });
  const volumes = (latest?.record as { volumes?: Readonly<Record<string, Recorded>> })?.volumes ?? {};
  for (const { existingVolume, name } of databases) {
    const former = volumes[name];
    if (former === undefined || existingVolume !== undefined) continue;
    if ((await kubectl.find('pvc', claimOf(name), `--namespace=${namespace}`)) !== undefined) continue;
    const { storageClass, ...volume } = former;
    progress(
      `${name}: its volume was ${JSON.stringify(volume)}${storageClass === undefined ? '' : ` of class ${storageClass}`}; if it outlived the cluster, existingVolume attaches it instead of a restore`,
    );
  }
}

interface Claim {
  readonly spec: { readonly volumeName?: string };
}

interface Volume {
  readonly spec: {
    readonly storageClassName?: string;
    readonly csi?: {
      readonly driver: string;
      readonly volumeHandle: string;
      readonly fsType?: string;
      readonly volumeAttributes?: Readonly<Record<string, string>>;
    };
    readonly local?: { readonly path: string };
    readonly nodeAffinity?: {
      readonly required?: {
        readonly nodeSelectorTerms?: readonly {
          readonly matchExpressions?: readonly {
            readonly key: string;
            readonly values?: readonly string[];
          }[];
        }[];
      };
    };
  };
}

/** `undefined` for kinds of volumes that nothing can attach elsewhere. */
function describe({ spec }: Volume): Recorded | undefined {
  const { csi, local, storageClassName } = spec;
  if (csi === undefined && local === undefined) return undefined;
  const where = spec.nodeAffinity?.required?.nodeSelectorTerms?.[0]?.matchExpressions?.[0];
  const value = where?.values?.[0];
  return {
    ...(csi === undefined
      ? {}
      : {
          csi: {
            driver: csi.driver,
            volumeHandle: csi.volumeHandle,
            ...(csi.fsType === undefined ? {} : { fsType: csi.fsType }),
            ...(csi.volumeAttributes === undefined ? {} : { attributes: csi.volumeAttributes }),
          },
        }),
    ...(local === undefined ? {} : { local: { path: local.path } }),
    ...(where === undefined || value === undefined ? {} : { nodes: { label: where.key, value } }),
    ...(storageClassName === undefined ? {} : { storageClass: storageClassName }),
  };
}
