import { aws } from '../../bindings/aws';
import { addCheck, Construct, type Duration, type Finding } from '../../core';
import { type AwsPlace, daysFaults, daysOf, inPlace, keyFaults, placeFaults } from '../place';
import { administratorFaults, backupVaultPolicy, partitionOf, policyJson } from '../policies';

interface RetentionLimits {
  /** No recovery point goes earlier, whoever asks. @default - none: a plan may keep as short as it likes */
  readonly minimumRetention?: Duration;
  /** A job that would keep longer fails. @default - none: for ever is possible, and paid for */
  readonly maximumRetention?: Duration;
}

/**
 * `governance`: those who may change the lock (`administrators`) can lift it.
 *
 * `compliance`: after `changeableFor` nobody can, not the account's root, not Amazon. A mistake in it is paid for until the
 * last recovery point has ended, and the vault cannot be deleted before.
 */
export type VaultLock =
  | (RetentionLimits & { readonly mode: 'governance' })
  | (RetentionLimits & {
      readonly mode: 'compliance';
      /** Whole days during which it can still be taken back: 3 at least, Amazon's own. From then on it is for good. */
      readonly changeableFor: Duration;
    });

/** A vault as plans need to know it. */
export interface BackupVaultReference extends Pick<AwsPlace, 'region' | 'account'> {
  readonly name: string;
  readonly arn: string;
  readonly kmsKeyArn?: string | undefined;
  readonly lock?: VaultLock | undefined;
  /** Accounts that its policy lets in, where that is known. */
  readonly copiesFrom?: readonly string[];
}

export interface BackupVaultProps extends AwsPlace {
  /** Unique in its region and account: letters, digits, `-` and `_`, 2 to 50. */
  readonly name: string;
  /** Patterns of the ARNs of roles and users who alone may delete recovery points and change the vault's settings. */
  readonly administrators: readonly string[];
  /**
   * KMS key in the vault's region.
   * @default - Amazon's own for AWS Backup. It cannot be shared: what other accounts are to read needs a key of yours
   */
  readonly kmsKeyArn?: string;
  /** @default - none: administrators may delete recovery points */
  readonly lock?: VaultLock;
  /** Accounts that may copy their recovery points into it. @default none */
  readonly copiesFrom?: readonly string[];
  /** @default none */
  readonly tags?: Readonly<Record<string, string>>;
}

/**
 * A vault of AWS Backup whose recovery points are deleted by their lifecycle, or by an administrator. It belongs in a stack
 * that survives the environment, in an account or a region of its own; `terraform destroy` is refused.
 */
export class BackupVault extends Construct implements BackupVaultReference {
  readonly name: string;
  readonly region: string;
  readonly account: string;
  readonly kmsKeyArn: string | undefined;
  readonly lock: VaultLock | undefined;
  readonly copiesFrom: readonly string[];

  constructor(scope: Construct, id: string, props: BackupVaultProps) {
    super(scope, id);
    this.name = props.name;
    this.region = props.region;
    this.account = props.account;
    this.kmsKeyArn = props.kmsKeyArn;
    this.lock = props.lock;
    this.copiesFrom = [...(props.copiesFrom ?? [])];
    addCheck(this, () => faults(props));
    const place = inPlace(props);
    const vault = new aws.BackupVault(this, 'vault', {
      ...place,
      name: props.name,
      forceDestroy: false,
      lifecycle: { preventDestroy: true },
      ...(props.kmsKeyArn === undefined ? {} : { kmsKeyArn: props.kmsKeyArn }),
      ...(props.tags === undefined ? {} : { tags: { ...props.tags } }),
    });
    new aws.BackupVaultPolicy(this, 'policy', {
      ...place,
      backupVaultName: vault.name,
      policy: policyJson(backupVaultPolicy({ ...props, partition: partitionOf(props.region) })),
    });
    if (props.lock !== undefined)
      new aws.BackupVaultLockConfiguration(this, 'lock', {
        ...place,
        backupVaultName: vault.name,
        ...lockArguments(props.lock),
        lifecycle: { preventDestroy: true },
      });
  }

  get arn(): string {
    return backupVaultArn(this);
  }
}

export function backupVaultArn({ account, name, region }: Omit<BackupVaultReference, 'arn'>): string {
  return `arn:${partitionOf(region)}:backup:${region}:${account}:backup-vault:${name}`;
}

function lockArguments(lock: VaultLock) {
  return {
    ...(lock.minimumRetention === undefined ? {} : { minRetentionDays: daysOf(lock.minimumRetention) }),
    ...(lock.maximumRetention === undefined ? {} : { maxRetentionDays: daysOf(lock.maximumRetention) }),
    // Absent, it is a governance lock: the argument alone makes the difference.
    ...(lock.mode === 'compliance' ? { changeableForDays: daysOf(lock.changeableFor) } : {}),
  };
}

function faults(props: BackupVaultProps): Finding[] {
  const { copiesFrom = [], lock, name } = props;
  return [
    ...placeFaults(props),
    ...(/^[a-zA-Z0-9_-]{2,50}$/.test(name)
      ? []
      : [
          {
            rule: 'aws-backup/vault-name',
            message: `name is "${name}", which AWS Backup does not allow`,
            fix: "use 2 to 50 letters, digits, '-' and '_'",
          },
        ]),
    ...keyFaults('kmsKeyArn', props.kmsKeyArn, props),
    ...administratorFaults(props.administrators),
    ...copiesFrom
      .filter((account) => !/^\d{12}$/.test(account))
      .map((account) => ({
        rule: 'aws/account',
        message: `copiesFrom has "${account}", and an account of Amazon has twelve digits`,
        fix: 'write the number of the account whose plans copy into this vault',
      })),
    ...(lock === undefined ? [] : lockFaults(lock)),
  ];
}

/** docs.aws.amazon.com/aws-backup/latest/devguide/API_PutBackupVaultLockConfiguration.html */
function lockFaults(lock: VaultLock): Finding[] {
  const { maximumRetention, minimumRetention } = lock;
  const limits = { least: 1, most: 36_500, why: 'a vault lock counts whole days, up to 100 years' };
  const found = [
    ...daysFaults('aws-backup/vault-lock', 'lock.minimumRetention', minimumRetention, limits),
    ...daysFaults('aws-backup/vault-lock', 'lock.maximumRetention', maximumRetention, limits),
    ...(lock.mode === 'compliance'
      ? daysFaults('aws-backup/vault-lock', 'lock.changeableFor', lock.changeableFor, {
          least: 3,
          most: 36_500,
          why: 'Amazon leaves 3 days at least to take a compliance lock back',
        })
      : []),
  ];
  if (
    minimumRetention !== undefined &&
    maximumRetention !== undefined &&
    minimumRetention.isLongerThan(maximumRetention)
  )
    found.push({
      rule: 'aws-backup/vault-lock',
      message: `lock.minimumRetention is ${minimumRetention.human()}, and longer than maximumRetention, ${maximumRetention.human()}: every job would fail`,
      fix: 'let the longest be longer than the shortest, or leave it out',
    });
  return found;
}
