import type { Finding } from '../core';
import type { StoreAddress } from './store-address';

/** What is wrong with how a store is reached, whatever is in it. @param concern first part of the rules' names */
export function addressFaults(
  concern: 'vault' | 'bucket',
  { caPem, endpoint, host, region }: StoreAddress,
  account: string | undefined,
  property: string,
): Finding[] {
  const found: Finding[] = [];
  const wrong = (rule: string, message: string, fix: string): void => {
    found.push({ rule: `${concern}/${rule}`, message: `${property}.${message}`, fix });
  };
  if (host === '' || !/^https?:\/\/[^/?#@]+$/.test(endpoint))
    wrong(
      'endpoint',
      // A key that somebody wrote into the address is not repeated.
      `endpoint is "${endpoint.replace(/\/\/[^/]*@/, '//…@')}", which is no address of a store`,
      `write https://host or https://host:port, without a path; the bucket goes into ${concern === 'vault' ? 'bucket' : 'name'}`,
    );
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/i.test(region))
    wrong(
      'region',
      `region is "${region}", which is no name of a region`,
      'write a region such as eu-west-3; stores without regions take us-east-1',
    );
  if (caPem !== undefined && !caPem.includes('-----BEGIN CERTIFICATE-----'))
    wrong(
      'ca',
      'caPem holds no certificate',
      "give the authority's certificate in PEM form, beginning with -----BEGIN CERTIFICATE-----",
    );
  if (account !== undefined && !/^\d{12}$/.test(account))
    wrong(
      'account',
      `account is "${account}", and an account of Amazon has twelve digits`,
      concern === 'vault'
        ? "write the number of the vault's own account"
        : 'write the number of the account that owns it',
    );
  return found;
}

/** Whether S3 takes it for a bucket. */
export function isBucketName(name: string): boolean {
  return /^(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name);
}

export const BUCKET_NAME_FIX =
  "use 3 to 63 lower case letters, digits, '-' and '.', beginning and ending with a letter or digit";

/** Stores count whole days. */
export function isWholeDays(seconds: number): boolean {
  return Number.isInteger(seconds / 86_400) && seconds >= 86_400;
}
