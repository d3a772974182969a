import type { SecretRef } from '../constructs/core';
import {
  fingerprintOf,
  type Grant,
  type Incarnation,
  type KeyRecord,
  type Minter,
  newestGeneration,
  type ObjectStore,
  openMinter,
  readKeyRecords,
  recordKey,
  type StoreKeys,
} from '../constructs/object-storage/client';
import { locationPrefix } from '../constructs/velero/settings';
import type { Environment } from '../environments';
import { DeclarationFaulty, EnvironmentProblem, type Progress } from './progress';

export interface FenceOptions {
  readonly environment: Pick<Environment, 'name' | 'vault' | 'repositoryKeys' | 'fencing' | 'velero'>;
  readonly incarnation: Incarnation;
  readonly store: ObjectStore;
  readonly progress: Progress;
  /** @default - the vault's own, if it mints */
  readonly minter?: Minter | undefined;
}

type Variables = Readonly<Record<string, string>>;

/**
 * Sees to it that what earlier incarnations left running cannot write into the backups of this one. Where the store
 * mints keys, those of earlier incarnations end here and this one's are returned as `TF_VAR_*`; elsewhere an access
 * key that an earlier incarnation had is refused. A deploy that is repeated in one incarnation changes nothing.
 * @throws EnvironmentProblem when a key has to be changed by hand, or another incarnation has begun meanwhile
 */
export async function fence(options: FenceOptions): Promise<Variables> {
  const { environment, store } = options;
  const records = await readKeyRecords(store, environment.name);
  const { minter = openMinter(environment.vault) } = options;
  if (minter === undefined) return refuseFormerKeys(options, records);
  try {
    return await mintKeys(options, minter, records);
  } finally {
    minter.close();
  }
}

async function mintKeys(
  { environment, incarnation, progress, store }: FenceOptions,
  minter: Minter,
  records: readonly KeyRecord[],
): Promise<Variables> {
  const { accessKey, secretKey } = environment.repositoryKeys;
  if (accessKey.kind !== 'variable' || secretKey.kind !== 'variable') {
    throw new DeclarationFaulty(
      `environments/${environment.name}: repositoryKeys are ${accessKey.describe()} and ${secretKey.describe()}, and the keys that the vault mints are handed on as variables — FIX: make both SecretRef.variable, or drop mints of the vault`,
    );
  }
  const former = formerlyMinted(records, incarnation);
  const revoked = former.length === 0 ? [] : await minter.revoke(former);
  if (revoked.length > 0)
    progress(`keys of earlier incarnations are revoked: ${[...revoked].sort().join(', ')}`);

  const name = `${environment.name}.${incarnation.name}`;
  if (records.every(({ minted }) => minted !== name)) remindOf(records, progress);
  // Before it is there: one that an interrupted deploy has made must be found by the next incarnation.
  const readerName = environment.repositoryKeys.reader === undefined ? undefined : `${name}.reader`;
  const velero = veleroGrant(environment, name);
  const names = [name, readerName, velero?.name].filter((one) => one !== undefined);
  for (const accessKeyId of names)
    await recordKey(store, environment.name, incarnation, { accessKeyId, minted: true });
  const prefix = `${environment.name}/`;
  const keys = await minter.mint({ name, prefix });
  const reader =
    readerName === undefined ? undefined : await minter.mint({ name: readerName, prefix, readOnly: true });
  const veleroKeys = velero === undefined ? undefined : await minter.mint(velero);
  // Whoever claimed meanwhile has revoked what there was before this key, and will not come back for it.
  const newest = await newestGeneration(store, environment.name);
  if (newest > incarnation.generation) {
    await minter.revoke(names);
    throw new EnvironmentProblem(
      `incarnation ${newest} of ${environment.name} has begun during this deploy of ${incarnation.name} — FIX: see who else deploys this environment; deploy the cluster that is to stay`,
    );
  }
  progress(`keys of this incarnation: ${name}`);
  return {
    [accessKey.environmentVariable]: keys.accessKeyId,
    [secretKey.environmentVariable]: keys.secretAccessKey,
    ...(reader === undefined ? {} : readerVariables(environment, reader)),
    ...(veleroKeys === undefined ? {} : veleroVariables(environment, veleroKeys)),
  };
}

/** Velero's own pair, where it is given by variables and its backups are in the bucket for which keys are minted. */
function veleroGrant({ name, vault, velero }: FenceOptions['environment'], key: string): Grant | undefined {
  if (velero === undefined || !('accessKey' in velero.credentials)) return undefined;
  if ((velero.location?.bucket ?? vault.bucket) !== vault.bucket) return undefined;
  return { name: `${key}.velero`, prefix: `${locationPrefix(name, velero.location)}/` };
}

function veleroVariables(
  { velero }: FenceOptions['environment'],
  { accessKeyId, secretAccessKey }: StoreKeys,
): Variables {
  const credentials = velero?.credentials;
  if (credentials === undefined || !('accessKey' in credentials)) return {};
  const { accessKey, secretKey } = credentials;
  if (accessKey.kind !== 'variable' || secretKey.kind !== 'variable') return {};
  return {
    [accessKey.environmentVariable]: accessKeyId,
    [secretKey.environmentVariable]: secretAccessKey,
  };
}

/** Where the reader's pair is a variable of its own. */
function readerVariables(
  { repositoryKeys: { reader } }: FenceOptions['environment'],
  { accessKeyId, secretAccessKey }: StoreKeys,
): Variables {
  if (reader?.accessKey.kind !== 'variable' || reader.secretKey.kind !== 'variable') return {};
  return {
    [reader.accessKey.environmentVariable]: accessKeyId,
    [reader.secretKey.environmentVariable]: secretAccessKey,
  };
}

/** Nobody has to make a second pair by hand: without one, clones read with that of the databases. */
function ownPairForReaders(environment: FenceOptions['environment']): Variables {
  const { accessKey, reader, secretKey } = environment.repositoryKeys;
  const given = (secret: SecretRef | undefined): string =>
    secret?.kind === 'variable' ? (process.env[secret.environmentVariable]?.trim() ?? '') : '';
  const own = { accessKeyId: given(accessKey), secretAccessKey: given(secretKey) };
  if (given(reader?.accessKey) !== '' || own.accessKeyId === '' || own.secretAccessKey === '') return {};
  return readerVariables(environment, own);
}

/** A pair that somebody made by hand. */
interface GivenPair {
  readonly accessKey: SecretRef;
  readonly secretKey: SecretRef;
  /** What keeps an earlier cluster that has it as well from what it opens, where the pair is accepted all the same. */
  readonly without: string;
}

function givenPairs({ repositoryKeys, velero }: FenceOptions['environment']): readonly GivenPair[] {
  const credentials = velero?.credentials;
  return [
    { ...repositoryKeys, without: 'the lease alone keeps an earlier cluster from the backups' },
    ...(credentials !== undefined && 'accessKey' in credentials
      ? [{ ...credentials, without: 'nothing keeps an earlier cluster’s Velero from its backups' }]
      : []),
  ];
}

async function refuseFormerKeys(
  { environment, incarnation, progress, store }: FenceOptions,
  records: readonly KeyRecord[],
): Promise<Variables> {
  const minted = formerlyMinted(records, incarnation);
  if (minted.length > 0)
    progress(
      `WARNING the vault no longer mints: end ${minted.join(', ')} in the store by hand, if still there`,
    );
  const given = givenPairs(environment).flatMap((pair) => {
    if (pair.accessKey.kind === 'variable' && pair.secretKey.kind === 'variable') {
      const accessKeyId = process.env[pair.accessKey.environmentVariable]?.trim() ?? '';
      // What is missing is told by whoever needs it, all at once.
      if (accessKeyId === '') return [];
      const variables = [pair.accessKey.environmentVariable, pair.secretKey.environmentVariable] as const;
      return [{ ...pair, accessKeyId, variables, former: formerOwner(records, accessKeyId, incarnation) }];
    }
    progress(
      `WARNING the access key of the vault is in ${pair.accessKey.describe()}, unseen here: see to it that no earlier cluster has it`,
    );
    return [];
  });
  const refused = given.filter(({ former }) => former !== undefined);
  if (refused.length > 0 && environment.fencing !== 'lease')
    throw new EnvironmentProblem(
      `${refused.map(({ former, variables: [variable] }) => `the key in ${variable} was incarnation ${former}'s`).join(', ')}, whose cluster may come back and write to the backups with it — FIX: make a new key in the store and revoke the old one, set ${refused.flatMap(({ variables }) => variables).join(' and ')} to the new one, deploy again; where that is impossible, declare fencing: 'lease' for ${environment.name}`,
    );
  for (const { former, without } of refused)
    progress(`WARNING ${incarnation.name} has the access key of ${former}: ${without}`);
  if (given.length === 0) return {};
  if (refused.length === 0 && records.every(({ generation }) => generation !== incarnation.generation))
    remindOf(records, progress);
  for (const { accessKeyId } of given)
    await recordKey(store, environment.name, incarnation, { accessKeyId, minted: false });
  return ownPairForReaders(environment);
}

/** The newest earlier incarnation that had this key; `undefined` where none had, or this one has been accepted with it. */
function formerOwner(
  records: readonly KeyRecord[],
  accessKeyId: string,
  { generation }: Incarnation,
): string | undefined {
  const same = records.filter(({ fingerprint }) => fingerprint === fingerprintOf(accessKeyId));
  if (same.some((record) => record.generation === generation)) return undefined;
  const earlier = same.filter((record) => record.generation < generation);
  return earlier.sort((a, b) => b.generation - a.generation)[0]?.incarnation;
}

function formerlyMinted(records: readonly KeyRecord[], { generation }: Incarnation): string[] {
  return records.flatMap((record) => (record.generation < generation ? (record.minted ?? []) : []));
}

/** Said once, when an incarnation gets its first key: nobody but the operator knows whether these were revoked. */
function remindOf(records: readonly KeyRecord[], progress: Progress): void {
  const byHand = records.filter(({ minted }) => minted === undefined);
  const owners = [...new Set(byHand.map(({ incarnation }) => incarnation))].sort();
  if (owners.length === 0) return;
  progress(
    `WARNING keys made by hand for ${owners.join(', ')} are revoked by hand alone: see that none is left`,
  );
}
