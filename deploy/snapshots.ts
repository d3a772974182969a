import type { ObjectStore } from '../constructs/object-storage/client';
import { claimOf } from '../constructs/postgres/existing-volume';
import { toldSnapshotName } from '../constructs/postgres/snapshots';
import type { SnapshotRecord } from '../constructs/snapshots';
import type { DatabaseDeclaration } from '../environments/environment';
import { findRecord, type RecordPlace } from '../snapshot/records';
import { restoreClaim } from '../snapshot/restore';
import type { Kubectl } from './kubectl';
import { lastLine } from './process';
import { EnvironmentProblem, type Progress } from './progress';
import { chooseForDatabase, type SnapshotFacts } from './snapshot-choice';

type Database = Pick<
  DatabaseDeclaration,
  'name' | 'storage' | 'storageClass' | 'snapshots' | 'recover' | 'existingVolume'
>;

export interface SnapshotsOptions {
  readonly kubectl: Kubectl;
  readonly namespace: string;
  readonly environment: string;
  readonly databases: readonly Database[];
  /** Of the first repository of each database, which holds its records, too. */
  readonly store: ObjectStore;
  /** Path of a database's repository in there, without the leading slash. */
  readonly repositoryOf: (database: string) => string;
  /** Makes the namespace, where there is none yet. */
  readonly makeNamespace: () => Promise<void>;
  readonly progress: Progress;
  /** How long a driver may take to find a snapshot, and then to make a volume of it. */
  readonly seconds: number;
}

/** A claim that was made of a snapshot by this deploy. */
export interface OfferedSnapshot {
  readonly database: string;
  readonly snapshot: string;
}

/**
 * Before an apply: for each database with snapshots that has no volume in this cluster, makes its claim from the newest
 * snapshot that fits; its StatefulSet takes it. Says which and why, or why none. Whatever goes wrong is told, and leaves
 * the database to the restore from its repository.
 */
export async function offerSnapshots(options: SnapshotsOptions): Promise<readonly OfferedSnapshot[]> {
  const offered: OfferedSnapshot[] = [];
  for (const database of options.databases) {
    if (database.snapshots === undefined || database.existingVolume !== undefined) continue;
    try {
      const snapshot = await offer(options, database);
      if (snapshot !== undefined) offered.push({ database: database.name, snapshot });
    } catch (error) {
      options.progress(
        `WARNING ${database.name}: no volume could be made from a snapshot, so it is restored from its repository: ${lastLine(words(error))}`,
      );
    }
  }
  return offered;
}

async function offer(options: SnapshotsOptions, database: Database): Promise<string | undefined> {
  const { kubectl, makeNamespace, namespace, progress, seconds } = options;
  const { name, storage } = database;
  const claim = claimOf(name);
  if ((await kubectl.find('pvc', claim, `--namespace=${namespace}`)) !== undefined) return undefined;
  const facts = await gather(options, database);
  const { snapshot, why } = chooseForDatabase(facts);
  if (snapshot === undefined || facts.record === undefined) {
    progress(`${name}: its volume is not made from a snapshot: ${why}`);
    return undefined;
  }
  progress(`${name}: its volume is made from a snapshot, and catches up with the archive: ${why}`);
  if ((await kubectl.find('namespace', namespace)) === undefined) await makeNamespace();
  // First, so that no volume of a snapshot is ever without: its pod must know that it is one.
  await tellPod(kubectl, namespace, name, snapshot.name);
  await restoreClaim(snapshot, {
    kubectl,
    record: facts.record,
    progress,
    seconds,
    to: claim,
    size: storage,
    ...(facts.cluster.storageClass === undefined ? {} : { storageClass: facts.cluster.storageClass.name }),
  });
  return snapshot.name;
}

async function tellPod(
  kubectl: Kubectl,
  namespace: string,
  database: string,
  snapshot: string,
): Promise<void> {
  const object = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: toldSnapshotName(database), namespace },
    data: { snapshot },
  };
  const how = ['--server-side', '--force-conflicts', '--field-manager=cdktf-disaster-recovery'];
  await kubectl.run(['apply', ...how, '--filename=-'], { input: JSON.stringify(object) });
}

async function gather(options: SnapshotsOptions, database: Database): Promise<SnapshotFacts> {
  const { environment, namespace, repositoryOf, store } = options;
  const { name } = database;
  const path = repositoryOf(name);
  const order = database.recover;
  // Whether its result was archived is for the pod to find out; one that was never recorded was not.
  const done = order !== undefined && (await store.read(`${path}/recoveries/${name}/${order.id}.json`));
  return {
    record: await recordOf({ store, path: environment }, namespace, claimOf(name)),
    life: await newestLife(store, `${path}/leases/${name}/`),
    archiveSince: oldestFull(await store.keys(`${path}/backup/${name}/2`)),
    order: typeof done === 'string' ? undefined : order,
    cluster: await lookAt(options, database),
    storage: database.storage,
  };
}

async function recordOf(
  place: RecordPlace,
  namespace: string,
  claim: string,
): Promise<SnapshotRecord | undefined> {
  const key = `${place.path}/snapshots/${namespace}/${claim}.json`;
  if ((await place.store.read(key)) === undefined) return undefined;
  return findRecord(place, namespace, claim);
}

async function newestLife(store: ObjectStore, prefix: string): Promise<SnapshotFacts['life']> {
  const newest = (await store.keys(prefix)).at(-1);
  const text = newest === undefined ? undefined : await store.read(newest);
  if (text === undefined) return undefined;
  const { at, lease } = JSON.parse(text) as { readonly at?: unknown; readonly lease?: unknown };
  const since = new Date(String(at));
  if (typeof lease !== 'number' || Number.isNaN(since.getTime()))
    throw new Error(`the lease ${newest} cannot be read — FIX: see what wrote it`);
  return { lease, since };
}

/** pgBackRest names a backup by when it ended, by the clock of its job, which is UTC. */
export function oldestFull(keys: readonly string[]): Date | undefined {
  const labels = keys.flatMap((key) => /\/(\d{8}-\d{6})F\//.exec(key)?.[1] ?? []).sort();
  const parts = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)$/.exec(labels[0] ?? '');
  if (parts === null) return undefined;
  const [, year, month, day, hour, minute, second] = parts;
  return new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

interface StorageClass {
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly provisioner: string;
}
interface Named {
  readonly metadata: { readonly name: string };
}

async function lookAt(
  { kubectl }: SnapshotsOptions,
  { storageClass: declared }: Database,
): Promise<SnapshotFacts['cluster']> {
  const list = async <T>(kind: string): Promise<readonly T[]> =>
    (await kubectl.json<{ readonly items: readonly T[] }>(['get', kind])).items;
  const classes = await list<StorageClass>('storageclasses');
  const found = classes.find(({ metadata }) =>
    declared === undefined
      ? metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true'
      : metadata.name === declared,
  );
  const kind = 'volumesnapshots.snapshot.storage.k8s.io';
  return {
    snapshots: (await kubectl.find('customresourcedefinition', kind)) !== undefined,
    drivers: (await list<Named>('csidrivers')).map(({ metadata }) => metadata.name),
    storageClass:
      found === undefined ? undefined : { name: found.metadata.name, provisioner: found.provisioner },
  };
}

/** A failed wait for a database on such a volume, which may be the reason: its message tells how to do without. */
export function withWayBack(
  error: unknown,
  offered: readonly OfferedSnapshot[],
  { environment, namespace }: Pick<SnapshotsOptions, 'environment' | 'namespace'>,
): unknown {
  const concerned = offered.filter(({ database }) => words(error).includes(database));
  if (!(error instanceof EnvironmentProblem) || concerned.length === 0) return error;
  const ways = concerned.map(
    ({ database, snapshot }) =>
      `the volume of ${database} was made from snapshot ${snapshot}; to have it restored from its repository instead: kubectl --namespace ${namespace} delete pod/${database}-0 pvc/${claimOf(database)}, and npm run deploy -- ${environment} --no-snapshots`,
  );
  return new EnvironmentProblem(`${error.message}; ${ways.join('; ')}`);
}

interface Claim {
  readonly metadata: { readonly deletionTimestamp?: string };
  readonly status?: { readonly phase?: string };
}

/**
 * Beside the wait for the databases: a claim of which the driver makes no volume in time is taken away, as long as it
 * has none, and so holds nothing; the pod's next one is empty, and restored. Ends when all have a volume, or `until` says so.
 */
export async function giveUpUnbound(
  { kubectl, namespace, progress, seconds }: SnapshotsOptions,
  offered: readonly OfferedSnapshot[],
  until: AbortSignal,
): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  let waiting = offered;
  while (waiting.length > 0 && !until.aborted) {
    const still: OfferedSnapshot[] = [];
    for (const one of waiting) {
      try {
        if (await isPending(kubectl, namespace, one.database)) still.push(one);
      } catch {
        still.push(one);
      }
    }
    waiting = still;
    if (Date.now() > deadline) break;
    if (waiting.length > 0) await pause(2, until);
  }
  if (until.aborted) return;
  for (const { database, snapshot } of waiting) {
    const where = `--namespace=${namespace}`;
    const [claim, pod] = [`pvc/${claimOf(database)}`, `pod/${database}-0`];
    const by = `kubectl ${where} delete ${claim} ${pod}`;
    progress(
      `${database}: the driver has made no volume of snapshot ${snapshot} within ${seconds} s; its claim is given up (${by}), and the database is restored from its repository`,
    );
    try {
      // Nobody has written to what is not bound. The claim goes when its pod does, which then gets another one.
      await kubectl.run(['delete', claim, where, '--wait=false', '--ignore-not-found']);
      await kubectl.run(['delete', pod, where, '--wait=false', '--ignore-not-found']);
    } catch (error) {
      progress(`WARNING ${database}: ${lastLine(words(error))} — FIX: ${by}`);
    }
  }
}

async function isPending(kubectl: Kubectl, namespace: string, database: string): Promise<boolean> {
  const claim = await kubectl.find<Claim>('pvc', claimOf(database), `--namespace=${namespace}`);
  return (
    claim !== undefined && claim.metadata.deletionTimestamp === undefined && claim.status?.phase !== 'Bound'
  );
}

function pause(seconds: number, until: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, seconds * 1000);
    until.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
