import { type Finding, SecretRef } from '../core';
import type { Vault } from '../object-storage';
import type { Protection } from '../recovery';

/** A pgBackRest repository in a vault. */
export interface RepositoryProps {
  /** The vault that holds it. It must survive the cluster. */
  readonly vault: Vault;
  /**
   * Path inside the vault's bucket.
   * @default - `/<environment>/<stanza>`: unique as long as stanzas are
   */
  readonly path?: string;
  /**
   * By which pgBackRest and the pods know it, here and on the volume: `repo<number>`. The lowest one that can serve is
   * restored from. It stays a repository's own for as long as that is declared.
   * @default - its position, from 1; say it when a repository before this one is dropped
   */
  readonly number?: number;
  /** Access key of an identity that may read, list and write, never administer. */
  readonly accessKey: SecretRef;
  readonly secretKey: SecretRef;
  /**
   * A pair that can list and read and nothing else, for what looks at backups and must not change them: clones.
   * @default - accessKey and secretKey, with which a clone reads; whoever gets into it could write
   */
  readonly reader?: { readonly accessKey: SecretRef; readonly secretKey: SecretRef };
  /**
   * Passphrase of the repository (aes-256-cbc). It must be known outside the
   * cluster that it protects: without it no backup can ever be read again.
   */
  readonly passphrase: SecretRef;
  readonly retention: RetentionProps;
}

/** How many backups stay; WAL stays as long as a kept backup needs it. */
export interface RetentionProps {
  /** Full backups kept; at least 2 keeps one while the next is made. */
  readonly full: number;
  /**
   * Differential backups kept.
   * @default - all of them, until the full backup they depend on expires
   */
  readonly differential?: number;
}

const MAX_NUMBER = 256;

/** What a copy in this repository is encrypted by, for its fact; nothing when that is no reference, which is a fault. */
export function encryptionFact(
  { passphrase }: Pick<RepositoryProps, 'passphrase'>,
  namespace: string,
): Pick<Protection, 'encryptedBy'> {
  return SecretRef.is(passphrase) ? { encryptedBy: { reference: passphrase, namespace } } : {};
}

export function describeRetention(retention: RetentionProps): string {
  const differential = retention.differential === undefined ? '' : `, ${retention.differential} differential`;
  return `${retention.full} full${differential}, and the WAL they need`;
}

/** What is wrong with one repository, by itself. */
export function checkRepository(
  repository: RepositoryProps,
  property: string,
  hasDifferential: boolean,
): Finding[] {
  const findings: Finding[] = [];
  const { full, differential } = repository.retention;
  if (!Number.isInteger(full) || full < 1 || full > 9_999_999) {
    findings.push({
      rule: 'postgres/retention',
      message: `${property}.retention.full is ${full}; pgBackRest takes a whole number from 1 to 9999999`,
      fix: 'keep at least 2 full backups, so that one stays while the next is made',
    });
  }
  if (
    differential !== undefined &&
    (!Number.isInteger(differential) || differential < 1 || differential > 9_999_999)
  ) {
    findings.push({
      rule: 'postgres/retention',
      message: `${property}.retention.differential is ${differential}; pgBackRest takes a whole number from 1 to 9999999`,
      fix: 'set the number of differential backups to keep, or leave it out to keep all',
    });
  }
  if (differential !== undefined && !hasDifferential) {
    findings.push({
      rule: 'postgres/retention',
      message: `${property}.retention.differential is ${differential}, but no differential backup is scheduled`,
      fix: 'add backups.differential, or drop retention.differential',
    });
  }
  if (repository.path !== undefined && !/^\/[A-Za-z0-9._/-]*[A-Za-z0-9]$/.test(repository.path)) {
    findings.push({
      rule: 'postgres/repository-path',
      message: `${property}.path is "${repository.path}"; it must begin with / and hold letters, digits, . _ - /`,
      fix: 'for example /production/orders',
    });
  }
  const { number } = repository;
  if (number !== undefined && (!Number.isInteger(number) || number < 1 || number > MAX_NUMBER)) {
    findings.push({
      rule: 'postgres/repository-number',
      message: `${property}.number is ${number}; pgBackRest takes a whole number from 1 to ${MAX_NUMBER}`,
      fix: 'take the next one that no repository of this database had',
    });
  }
  for (const [name, reference] of Object.entries({
    accessKey: repository.accessKey,
    secretKey: repository.secretKey,
    passphrase: repository.passphrase,
    ...(repository.reader === undefined
      ? {}
      : { 'reader.accessKey': repository.reader.accessKey, 'reader.secretKey': repository.reader.secretKey }),
  })) {
    findings.push(...SecretRef.faults(reference, `${property}.${name}`));
  }
  findings.push(...repository.vault.faults(`${property}.vault`));
  return findings;
}
