import type { Size } from '../constructs/core';
import {
  chooseSnapshot,
  type KubernetesManifest,
  type RecordedSnapshot,
  reattachedContentName,
  reattachSnapshot,
  restoredClaim,
  type SnapshotRecord,
} from '../constructs/snapshots';
import type { Kubectl } from '../deploy/kubectl';
import { EnvironmentProblem } from '../deploy/progress';

type Progress = (message: string) => void;

interface VolumeSnapshot {
  readonly metadata: { readonly deletionTimestamp?: string };
  readonly status?: {
    readonly boundVolumeSnapshotContentName?: string;
    readonly readyToUse?: boolean;
    readonly error?: { readonly message?: string };
  };
}

interface VolumeSnapshotContent {
  readonly spec: { readonly source: { readonly snapshotHandle?: string } };
  readonly status?: { readonly snapshotHandle?: string; readonly error?: { readonly message?: string } };
}

export interface AttachProps {
  readonly kubectl: Kubectl;
  readonly record: SnapshotRecord;
  readonly progress: Progress;
  /** How long the driver may take to find it. */
  readonly seconds: number;
}

/** The one by its name, or the newest at an instant or before, or the newest. */
export function chosen(
  record: SnapshotRecord,
  { at, name }: { readonly at?: Date | undefined; readonly name?: string | undefined },
): RecordedSnapshot {
  const found =
    name === undefined
      ? chooseSnapshot(record, at)
      : record.snapshots.find((snapshot) => snapshot.name === name);
  if (found !== undefined) return found;
  const which =
    name === undefined ? (at === undefined ? '' : ` as old as ${at.toISOString()}`) : ` named ${name}`;
  throw new EnvironmentProblem(
    `the record of ${record.namespace}/${record.claim} has no snapshot${which} — FIX: choose one of \`list\``,
  );
}

/**
 * Sees to it that the cluster knows a snapshot and that it is ready to use: as it is, or by the handle in the record.
 * @throws EnvironmentProblem when the driver does not find it in time
 */
export async function attach(snapshot: RecordedSnapshot, props: AttachProps): Promise<void> {
  const { kubectl, progress, record, seconds } = props;
  const { namespace } = record;
  const there = await findHandle(kubectl, namespace, snapshot.name);
  if (there !== undefined && there !== snapshot.handle)
    throw new EnvironmentProblem(
      `VolumeSnapshot ${namespace}/${snapshot.name} is of ${there}, and the record's is ${snapshot.handle} — FIX: look whose it is; delete it, or choose another snapshot`,
    );
  if (there === undefined) {
    await apply(kubectl, reattachSnapshot(record, snapshot));
    progress(`${snapshot.name} is attached by its handle ${snapshot.handle}`);
  }
  const deadline = Date.now() + seconds * 1000;
  let said = '';
  for (;;) {
    const object = await kubectl.find<VolumeSnapshot>(
      'volumesnapshot',
      snapshot.name,
      `--namespace=${namespace}`,
    );
    if (object?.status?.readyToUse === true) return;
    const error = object?.status?.error?.message ?? (await contentError(kubectl, namespace, snapshot.name));
    if (error !== '' && error !== said) progress(`${snapshot.name} is not ready: ${error}`);
    said = error;
    if (Date.now() > deadline)
      throw new EnvironmentProblem(
        `snapshot ${snapshot.name} is not ready to use after ${seconds} s${said === '' ? '' : `: ${said}`} — FIX: see that the snapshot controller and the csi-snapshotter beside driver ${snapshot.driver} run, and that the store still has ${snapshot.handle}; then choose an older one of \`list\``,
      );
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

async function findHandle(kubectl: Kubectl, namespace: string, name: string): Promise<string | undefined> {
  const object = await kubectl.find<VolumeSnapshot>('volumesnapshot', name, `--namespace=${namespace}`);
  if (object === undefined) return undefined;
  if (object.metadata.deletionTimestamp !== undefined)
    throw new EnvironmentProblem(
      `VolumeSnapshot ${namespace}/${name} is being deleted — FIX: choose another one of \`list\``,
    );
  const content = await kubectl.find<VolumeSnapshotContent>(
    'volumesnapshotcontent',
    object.status?.boundVolumeSnapshotContentName ?? reattachedContentName(namespace, name),
  );
  return content?.status?.snapshotHandle ?? content?.spec.source.snapshotHandle;
}

async function contentError(kubectl: Kubectl, namespace: string, name: string): Promise<string> {
  const content = await kubectl.find<VolumeSnapshotContent>(
    'volumesnapshotcontent',
    reattachedContentName(namespace, name),
  );
  return content?.status?.error?.message ?? '';
}

export interface RestoreProps extends AttachProps {
  /** Name of the new claim. */
  readonly to: string;
  readonly size?: Size;
  readonly storageClass?: string;
}

/**
 * A claim of a snapshot. One that is there is never touched.
 * @throws EnvironmentProblem when there is one of that name, or the snapshot cannot be used
 */
export async function restoreClaim(snapshot: RecordedSnapshot, props: RestoreProps): Promise<void> {
  const { kubectl, record, size, storageClass, to } = props;
  const { namespace } = record;
  if ((await kubectl.find('persistentvolumeclaim', to, `--namespace=${namespace}`)) !== undefined)
    throw new EnvironmentProblem(
      `claim ${namespace}/${to} exists already, and nothing is restored over it — FIX: give another name by --to, or delete it when nobody needs it any more`,
    );
  if (snapshot.restoreSizeBytes === undefined && size === undefined)
    throw new EnvironmentProblem(
      `the record does not tell the size of snapshot ${snapshot.name} — FIX: give it by --size, as large as the claim was`,
    );
  await attach(snapshot, props);
  await apply(kubectl, [
    restoredClaim(record, snapshot, {
      name: to,
      ...(size === undefined ? {} : { size }),
      ...(storageClass === undefined ? {} : { storageClass }),
    }),
  ]);
}

/** One after the other: a snapshot that came before its content would be an error of its own. */
async function apply(kubectl: Kubectl, objects: readonly KubernetesManifest[]): Promise<void> {
  for (const object of objects)
    await kubectl.run(['apply', '--server-side', '--field-manager=cdktf-disaster-recovery', '--filename=-'], {
      input: JSON.stringify(object),
    });
}
