import type { Finding } from '../core';
import { addressFaults, BUCKET_NAME_FIX, isBucketName, isWholeDays } from './address-faults';
import { isInsideCluster } from './inside-cluster';
import { KEY_MINTS } from './key-mints';
import type { ObjectLock, Vault } from './vault';

/** Everything that is wrong with a vault's declaration. */
export function vaultFaults(vault: Vault, property: string): Finding[] {
  const found = addressFaults('vault', vault.store, vault.account, property);
  return [
    ...found,
    // What is no address is in no place either.
    ...(found.some(({ rule }) => rule === 'vault/endpoint') ? [] : placeFaults(vault, property)),
    ...mintFaults(vault, property),
    ...bucketFaults(vault, property),
    ...lockFaults(vault.objectLock, `${property}.objectLock`),
  ];
}

function placeFaults({ store }: Vault, property: string): Finding[] {
  const { endpoint, host } = store;
  const found: Finding[] = [];
  if (endpoint.startsWith('http:'))
    found.push({
      rule: 'vault/plain-http',
      message: `${property}.endpoint is "${endpoint}": keys and data would travel readably, and pgBackRest before 2.58 refuses it`,
      fix: 'serve the store by TLS and write https://; give its authority as caPem if it is your own',
    });
  if (isInsideCluster(host))
    found.push({
      rule: 'vault/inside-cluster',
      message: `${property}.endpoint "${endpoint}" is in the cluster whose loss it must survive`,
      fix: 'put the vault on a machine, in an account or at a provider that the cluster cannot take along',
    });
  return found;
}

function mintFaults({ store: { mints } }: Vault, property: string): Finding[] {
  if (mints === undefined || KEY_MINTS.includes(mints)) return [];
  return [
    {
      rule: 'vault/mints',
      message: `${property}.mints is "${mints}", by which no keys can be made`,
      fix: `give one of ${KEY_MINTS.join(', ')}, or leave it out and make keys by hand`,
    },
  ];
}

function bucketFaults({ buckets }: Vault, property: string): Finding[] {
  const illegal = buckets.filter((bucket) => !isBucketName(bucket));
  const repeated = buckets.filter((bucket, index) => buckets.indexOf(bucket) !== index);
  return [
    ...illegal.map((bucket) => ({
      rule: 'vault/bucket',
      message: `${property} names the bucket "${bucket}", which S3 does not allow`,
      fix: BUCKET_NAME_FIX,
    })),
    ...repeated.map((bucket) => ({
      rule: 'vault/bucket',
      message: `${property} names the bucket "${bucket}" twice`,
      fix: 'name it once',
    })),
  ];
}

/** What is wrong with an object lock, for the property that holds it. */
export function lockFaults(objectLock: ObjectLock | undefined, property: string): Finding[] {
  if (objectLock === undefined) return [];
  if (isWholeDays(objectLock.retention.toSeconds())) return [];
  return [
    {
      rule: 'vault/object-lock',
      message: `${property}.retention is ${objectLock.retention.human()}, and stores count whole days`,
      fix: 'write it as Duration.days(n), n from 1 upwards',
    },
  ];
}
