import type { Duration, Finding } from '../../core';
import type { Vault } from '../vault';

export interface ColdStorage {
  /** Age at which an object moves; whole days. */
  readonly after: Duration;
  /**
   * Both are read at once; the classes that need thawing are left out, as a restore would wait for hours.
   * @default 'GLACIER_IR': a third of the price, and every read and every object is paid for extra
   */
  readonly storageClass?: 'STANDARD_IA' | 'GLACIER_IR';
}

const DAY_SECONDS = 86_400;

/** Rules that end uploads nobody finishes, versions nobody misses, and move what has aged. */
export function lifecycleRules(keepDeletedFor: Duration, cold: ColdStorage | undefined) {
  const everything = [{ prefix: '' }];
  return [
    {
      id: 'abort-unfinished-uploads',
      status: 'Enabled',
      filter: everything,
      abortIncompleteMultipartUpload: [{ daysAfterInitiation: 7 }],
    },
    {
      id: 'expire-deleted',
      status: 'Enabled',
      filter: everything,
      noncurrentVersionExpiration: [{ noncurrentDays: Math.ceil(keepDeletedFor.toSeconds() / DAY_SECONDS) }],
      expiration: [{ expiredObjectDeleteMarker: true }],
    },
    ...(cold === undefined
      ? []
      : [
          {
            id: 'move-to-cold-storage',
            status: 'Enabled',
            filter: everything,
            transition: [
              {
                days: cold.after.toSeconds() / DAY_SECONDS,
                storageClass: cold.storageClass ?? 'GLACIER_IR',
              },
            ],
          },
        ]),
  ];
}

export function coldStorageFaults(cold: ColdStorage | undefined): Finding[] {
  if (cold === undefined) return [];
  const days = cold.after.toSeconds() / DAY_SECONDS;
  const least = cold.storageClass === 'STANDARD_IA' ? 30 : 1;
  if (Number.isInteger(days) && days >= least) return [];
  return [
    {
      rule: 'vault/cold-storage',
      message: `coldStorage.after is ${cold.after.human()}, and ${cold.storageClass ?? 'GLACIER_IR'} takes whole days from ${least} upwards`,
      fix: `write it as Duration.days(n), n from ${least} upwards`,
    },
  ];
}

export function keepDeletedFaults(keepDeletedFor: Duration): Finding[] {
  if (keepDeletedFor.toSeconds() >= DAY_SECONDS) return [];
  return [
    {
      rule: 'vault/keep-deleted',
      message: `keepDeletedFor is ${keepDeletedFor.human()}, and a deletion could not be undone on the next day`,
      fix: 'write at least Duration.days(1); 35 days, the default, outlast a holiday',
    },
  ];
}

export function vaultKindFaults(vault: Vault): Finding[] {
  if (vault.store.kind === 'aws') return [];
  return [
    {
      rule: 'vault/not-aws',
      message: `vault is at ${vault.store.endpoint}, whose buckets no provider of Amazon can make`,
      fix: 'make them with npm run vault -- <environment>, or declare the vault with Vault.aws',
    },
  ];
}
