import { dnsName, Size } from '../core';
import { CLAIM_ANNOTATION, CREATED_ANNOTATION, SCHEDULE_LABEL } from './labels';
import type { RecordedSnapshot, SnapshotRecord } from './record';

const API_VERSION = 'snapshot.storage.k8s.io/v1';

/** An object as `kubectl apply` takes it. */
export interface KubernetesManifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: Readonly<Record<string, unknown>>;
}

/**
 * The newest snapshot of a record, or the newest that was made at an instant or before.
 * @returns undefined when there is none
 */
export function chooseSnapshot(record: SnapshotRecord, at?: Date): RecordedSnapshot | undefined {
  const [newest] = record.snapshots
    .filter(({ createdAt }) => at === undefined || Date.parse(createdAt) <= at.getTime())
    .sort((a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt));
  return newest;
}

export interface ReattachOptions {
  /**
   * The schedule that looks after it from now on: its retention counts it, and removes it when its time has come.
   * @default - that of the record; where it has none, it stays until somebody deletes it
   */
  readonly schedule?: string;
}

/**
 * The two objects by which a cluster that has never seen a snapshot knows it: a VolumeSnapshotContent by the driver's
 * handle, and the VolumeSnapshot that it is for. Their names follow from the record, so that applying them again changes
 * nothing. `Retain`: nobody loses the only copy by deleting an object.
 */
export function reattachSnapshot(
  record: Pick<SnapshotRecord, 'namespace' | 'claim'>,
  snapshot: RecordedSnapshot,
  { schedule = snapshot.schedule }: ReattachOptions = {},
): readonly [content: KubernetesManifest, snapshot: KubernetesManifest] {
  const { namespace } = record;
  const contentName = reattachedContentName(namespace, snapshot.name);
  const labels = schedule === undefined ? {} : { labels: { [SCHEDULE_LABEL]: schedule } };
  const className = snapshot.class === undefined ? {} : { volumeSnapshotClassName: snapshot.class };
  return [
    {
      apiVersion: API_VERSION,
      kind: 'VolumeSnapshotContent',
      metadata: { name: contentName, ...labels },
      spec: {
        deletionPolicy: 'Retain',
        driver: snapshot.driver,
        source: { snapshotHandle: snapshot.handle },
        sourceVolumeMode: snapshot.volumeMode ?? 'Filesystem',
        ...className,
        volumeSnapshotRef: {
          apiVersion: API_VERSION,
          kind: 'VolumeSnapshot',
          name: snapshot.name,
          namespace,
        },
      },
    },
    {
      apiVersion: API_VERSION,
      kind: 'VolumeSnapshot',
      metadata: {
        name: snapshot.name,
        namespace,
        ...labels,
        annotations: { [CLAIM_ANNOTATION]: record.claim, [CREATED_ANNOTATION]: snapshot.createdAt },
      },
      spec: { ...className, source: { volumeSnapshotContentName: contentName } },
    },
  ];
}

/** VolumeSnapshotContents have no namespace: two namespaces may have snapshots of one name. */
export function reattachedContentName(namespace: string, snapshot: string): string {
  return dnsName(['reattached', namespace, snapshot]);
}

export interface RestoredClaimOptions {
  /** @default - that of the record */
  readonly name?: string;
  /** At least that of the snapshot. @default - that of the snapshot */
  readonly size?: Size;
  /** Of the snapshot's driver. @default - that of the record, else the cluster's default */
  readonly storageClass?: string;
  /** @default none */
  readonly labels?: Readonly<Record<string, string>>;
}

/**
 * A claim whose volume the driver makes of a snapshot, which has to be in its namespace.
 * @throws when neither the record nor the options say a size
 */
export function restoredClaim(
  record: Pick<SnapshotRecord, 'namespace' | 'claim'>,
  snapshot: RecordedSnapshot,
  { labels, name, size, storageClass }: RestoredClaimOptions = {},
): KubernetesManifest {
  const least = snapshot.restoreSizeBytes === undefined ? undefined : Size.bytes(snapshot.restoreSizeBytes);
  const storage = (size ?? least)?.kubernetes();
  if (storage === undefined)
    throw new Error(`the size of snapshot ${snapshot.name} is not recorded; fix: say the size of its volume`);
  const className = storageClass ?? snapshot.storageClass;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: name ?? record.claim,
      namespace: record.namespace,
      ...(labels === undefined ? {} : { labels }),
    },
    spec: {
      accessModes: snapshot.accessModes ?? ['ReadWriteOnce'],
      volumeMode: snapshot.volumeMode ?? 'Filesystem',
      ...(className === undefined ? {} : { storageClassName: className }),
      resources: { requests: { storage } },
      dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: snapshot.name },
    },
  };
}
