import { StoreProblem } from './problem';
import type { ObjectStore } from './store';

export interface ClaimProps {
  readonly store: ObjectStore;
  readonly environment: string;
  /** Where this life is lived; part of its name. */
  readonly region: string;
  /**
   * What tells this cluster from every other: the UID of its namespace kube-system.
   * @default - there is no cluster yet. Leave it out only when that is known, never because a
   * cluster did not answer: one that was claimed for another cluster is then taken for dead.
   */
  readonly clusterId?: string;
}

/** One life of an environment, from its first deploy until its complete loss. */
export interface Incarnation {
  /** 1 for the first life; one more after each complete loss. */
  readonly generation: number;
  readonly region: string;
  /** Part of state keys and identities: `eu-west-3-2`. */
  readonly name: string;
  /** True when this call began the life; of several at once, for one alone. */
  readonly created: boolean;
}

interface ClaimRecord {
  readonly generation: number;
  readonly region: string;
  readonly clusterId?: string;
  readonly claimedAt: string;
}

const ATTEMPTS = 10;

/**
 * Tells in which life an environment is, and begins a new one when the cluster is another than the
 * newest life's. The store decides between claimants: a generation is an object that is written only
 * if it does not exist, so no two begin the same one.
 *
 * A cluster of an earlier life is refused: it woke up after its successor was made, and a deploy to it
 * would write into the successor's backups.
 */
export async function claimIncarnation(props: ClaimProps): Promise<Incarnation> {
  const { store, clusterId } = props;
  if (clusterId?.trim() === '')
    throw new StoreProblem(
      'the id of the cluster is empty, so that it cannot be told from the one that was lost',
      'pass the UID of its namespace kube-system, or nothing if there is no cluster yet',
    );
  const folder = claimsFolder(props.environment);
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const claims = await readClaims(store, folder);
    const newest = claims.at(-1);
    if (newest !== undefined && (await isSameLife(store, folder, newest, clusterId)))
      return incarnation(newest, false);
    refuseFormer(claims, props);
    const next: ClaimRecord = {
      generation: (newest?.generation ?? 0) + 1,
      region: props.region,
      ...(clusterId === undefined ? {} : { clusterId }),
      claimedAt: new Date().toISOString(),
    };
    if (await store.writeNew(`${folder}${digits(next.generation)}.json`, JSON.stringify(next)))
      return incarnation(next, true);
    // Another claimant was faster: look again at who it was.
  }
  throw new StoreProblem(
    `no incarnation of ${props.environment} could be claimed in ${ATTEMPTS} attempts: others claim at the same time`,
    'see who else deploys this environment, and try again when they have finished',
  );
}

/** Generation of the newest life of an environment; 0 before the first. */
export async function newestGeneration(store: ObjectStore, environment: string): Promise<number> {
  const claims = await readClaims(store, claimsFolder(environment));
  return claims.at(-1)?.generation ?? 0;
}

/** The newest life of an environment, and what tells its cluster; undefined before the first. */
export async function newestIncarnation(
  store: ObjectStore,
  environment: string,
): Promise<{ readonly name: string; readonly clusterId: string | undefined } | undefined> {
  const newest = (await readClaims(store, claimsFolder(environment))).at(-1);
  return newest && { name: incarnation(newest, false).name, clusterId: newest.clusterId };
}

function incarnation({ generation, region }: ClaimRecord, created: boolean): Incarnation {
  return { generation, region, name: `${region}-${generation}`, created };
}

/**
 * A life that began before its cluster existed belongs to the first cluster that names itself, and to
 * whoever tries again before there is one: what an interrupted deploy has made is in that life's state.
 */
async function isSameLife(
  store: ObjectStore,
  folder: string,
  newest: ClaimRecord,
  clusterId: string | undefined,
): Promise<boolean> {
  if (newest.clusterId !== undefined || clusterId === undefined) return newest.clusterId === clusterId;
  const key = clusterKey(folder, newest.generation);
  if (await store.writeNew(key, JSON.stringify({ clusterId }))) return true;
  return (await clusterOf(store, key)) === clusterId;
}

/** Every claim, oldest first, each with the cluster that came to it. */
async function readClaims(store: ObjectStore, folder: string): Promise<ClaimRecord[]> {
  const keys = new Set(await store.keys(folder));
  const claims: ClaimRecord[] = [];
  for (const key of keys) {
    const generation = /\/(\d{6})\.json$/.exec(key)?.[1];
    if (generation === undefined) continue;
    const claim = parse<ClaimRecord>(await store.read(key), key);
    const bound = clusterKey(folder, claim.generation);
    const clusterId = claim.clusterId ?? (keys.has(bound) ? await clusterOf(store, bound) : undefined);
    claims.push({ ...claim, ...(clusterId === undefined ? {} : { clusterId }) });
  }
  return claims.sort((a, b) => a.generation - b.generation);
}

function refuseFormer(claims: readonly ClaimRecord[], { environment, clusterId }: ClaimProps): void {
  const former = claims.find((claim) => clusterId !== undefined && claim.clusterId === clusterId);
  const newest = claims.at(-1);
  if (former === undefined || newest === undefined) return;
  throw new StoreProblem(
    `this cluster was incarnation ${former.generation} of ${environment}, which incarnation ${newest.generation} has replaced since ${newest.claimedAt}`,
    "point KUBECONFIG at the current cluster; to go back to this one's machines, make a new cluster on them",
  );
}

async function clusterOf(store: ObjectStore, key: string): Promise<string | undefined> {
  return parse<{ clusterId?: string }>(await store.read(key), key).clusterId;
}

function claimsFolder(environment: string): string {
  return `records/${environment}/incarnations/`;
}

function clusterKey(folder: string, generation: number): string {
  return `${folder}${digits(generation)}.cluster.json`;
}

/** Fixed width, so that the order of names is the order of lives. */
function digits(generation: number): string {
  return String(generation).padStart(6, '0');
}

function parse<T>(text: string | undefined, key: string): T {
  try {
    return JSON.parse(text ?? '') as T;
  } catch {
    throw new StoreProblem(
      `the record ${key} in the vault cannot be read`,
      'restore its first version (the bucket is versioned), then try again',
    );
  }
}
