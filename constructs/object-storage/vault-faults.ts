import type { Finding } from '../core';
import { isInsideCluster } from './inside-cluster';
import { KEY_MINTS } from './key-mints';
import type { ObjectLock, Vault } from './vault';

/** Everything that is wrong with a vault's declaration. */
export function vaultFaults(vault: Vault, property: string): Finding[] {
  return [
    ...endpointFaults(vault, property),
    ...storeFaults(vault, property),
    ...bucketFaults(vault, property),
    ...lockFaults(vault.objectLock, `${property}.objectLock`),
  ];
}

function endpointFaults({ store }: Vault, property: string): Finding[] {
  const { endpoint, host } = store;
  if (host === '' || !/^https?:\/\/[^/?#@]+$/.test(endpoint))
    return [
      {
        rule: 'vault/endpoint',
        // A key that somebody wrote into the address is not repeated.
        message: `${property}.endpoint is "${endpoint.replace(/\/\/[^/]*@/, '//…@')}", which is no address of a store`,
        fix: 'write https://host or https://host:port, without a path; the bucket goes into bucket',
      },
    ];
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

function storeFaults({ store, account }: Vault, property: string): Finding[] {
  const found: Finding[] = [];
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/i.test(store.region))
    found.push({
      rule: 'vault/region',
      message: `${property}.region is "${store.region}", which is no name of a region`,
      fix: 'write a region such as eu-west-3; stores without regions take us-east-1',
    });
  if (store.caPem !== undefined && !store.caPem.includes('-----BEGIN CERTIFICATE-----'))
    found.push({
      rule: 'vault/ca',
      message: `${property}.caPem holds no certificate`,
      fix: "give the authority's certificate in PEM form, beginning with -----BEGIN CERTIFICATE-----",
    });
  if (store.mints !== undefined && !KEY_MINTS.includes(store.mints))
    found.push({
      rule: 'vault/mints',
      message: `${property}.mints is "${store.mints}", by which no keys can be made`,
      fix: `give one of ${KEY_MINTS.join(', ')}, or leave it out and make keys by hand`,
    });
  if (account !== undefined && !/^\d{12}$/.test(account))
    found.push({
      rule: 'vault/account',
      message: `${property}.account is "${account}", and an account of Amazon has twelve digits`,
      fix: "write the number of the vault's own account",
    });
  return found;
}

function bucketFaults({ buckets }: Vault, property: string): Finding[] {
  const illegal = buckets.filter((bucket) => !/^(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket));
  const repeated = buckets.filter((bucket, index) => buckets.indexOf(bucket) !== index);
  return [
    ...illegal.map((bucket) => ({
      rule: 'vault/bucket',
      message: `${property} names the bucket "${bucket}", which S3 does not allow`,
      fix: "use 3 to 63 lower case letters, digits, '-' and '.', beginning and ending with a letter or digit",
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
  const days = objectLock.retention.toSeconds() / 86_400;
  if (Number.isInteger(days) && days >= 1) return [];
  return [
    {
      rule: 'vault/object-lock',
      message: `${property}.retention is ${objectLock.retention.human()}, and stores count whole days`,
      fix: 'write it as Duration.days(n), n from 1 upwards',
    },
  ];
}
