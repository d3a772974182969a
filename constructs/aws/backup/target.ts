import type { Asset } from '../../recovery';
import type { AwsPlace } from '../place';

/** Kinds of resources of AWS Backup, as it names them. `S3` needs a role of yours. */
export type ResourceType = 'EBS' | 'EFS' | 'RDS' | 'S3';

/** Something that AWS Backup can back up; a database or a file system of this library is one. */
export interface BackupTarget extends Pick<AwsPlace, 'region' | 'account'> {
  readonly arn: string;
  readonly type: ResourceType;
  /** What the backups protect. */
  readonly asset?: Asset | undefined;
  /** Key that encrypts it. @default - Amazon's own, by which no copy can be read in another account */
  readonly kmsKeyArn?: string | undefined;
  /** Whether it has continuous backups of its own, which AWS Backup would take over. @default false */
  readonly ownContinuousBackups?: boolean;
}

/** Resources that have all of these tags, now and later. */
export interface TagSelection {
  /** Letters, digits, `-`, `_` and `.`; unique in its plan. */
  readonly name: string;
  /** All of them have to be there. */
  readonly tags: Readonly<Record<string, string>>;
  readonly types: readonly ResourceType[];
  /** What the backups protect: assets that some construct declared. @default - none: nothing is said of any asset */
  readonly covers?: readonly Asset[];
}

/** Every resource of a kind, wherever it is; a plan sees those of its own region and account. */
export const ANY_OF: Readonly<Record<ResourceType, string>> = {
  EBS: 'ec2:*:*:volume/*',
  EFS: 'elasticfilesystem:*:*:file-system/*',
  RDS: 'rds:*:*:db:*',
  S3: 's3:::*',
};
