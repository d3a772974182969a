import { addCheck, Construct, type Duration } from '../../core';
import type { Asset, AssetProps } from '../../recovery';
import { type AwsPlace, keyFaults, placeFaults } from '../place';
import { type AutomatedBackupsReplication, keepBackupsFaults, replicationFaults } from './automated-backups';
import { declareBackups } from './backups';
import { type DatabaseReference, databaseArn } from './database-instance';
import { identifierFaults } from './faults';

export interface ExistingDatabaseInstanceProps
  extends AwsPlace,
    Pick<AssetProps, 'criticality' | 'objectives' | 'degradedMode' | 'expectedSize'> {
  /** Identifier of the instance. */
  readonly name: string;
  /** What it is set to, 1 to 35 days; it is not set here. */
  readonly keepBackups: Duration;
  /** Key of the instance. @default - Amazon's own for RDS */
  readonly kmsKeyArn?: string;
  /** @default - none: automated backups go with the region */
  readonly replicateBackups?: AutomatedBackupsReplication;
}

/**
 * Protection of an instance that somebody else declares: its backups in a second region, its facts, and what plans and
 * copies need to know of it. Its settings stay as they are: deletion protection and retention are theirs to see to.
 */
export class ExistingDatabaseInstance extends Construct implements DatabaseReference {
  readonly type = 'RDS';
  readonly ownContinuousBackups = true;
  readonly name: string;
  readonly region: string;
  readonly account: string;
  readonly arn: string;
  readonly kmsKeyArn: string | undefined;
  readonly asset: Asset;
  /** Automated backups in the second region; `undefined` when they are not replicated. */
  readonly replicatedBackupsArn: string | undefined;

  constructor(scope: Construct, id: string, props: ExistingDatabaseInstanceProps) {
    super(scope, id);
    const { keepBackups, name } = props;
    this.name = name;
    this.region = props.region;
    this.account = props.account;
    this.kmsKeyArn = props.kmsKeyArn;
    this.arn = databaseArn(props);
    addCheck(this, () => [
      ...placeFaults(props),
      ...identifierFaults('name', name),
      ...keyFaults('kmsKeyArn', props.kmsKeyArn, props),
      ...keepBackupsFaults('keepBackups', keepBackups),
      ...replicationFaults(props.replicateBackups, props),
    ]);
    const { asset, replicatedBackupsArn } = declareBackups(this, { ...props, arn: this.arn });
    this.asset = asset;
    this.replicatedBackupsArn = replicatedBackupsArn;
  }
}
