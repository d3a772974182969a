import { addCheck, Construct, type Duration } from '../../core';
import { type Asset, type AssetProps, Recovery } from '../../recovery';
import { type AwsPlace, checkCopies, keyFaults, locationOf, placeFaults } from '../place';
import {
  type AutomatedBackupsReplication,
  keepBackupsFaults,
  replicateAutomatedBackups,
  replicationFaults,
} from './automated-backups';
import { type DatabaseReference, databaseArn, RDS_LAG } from './database-instance';
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
    const recovery = Recovery.of(this);
    this.asset = recovery.asset({
      id: name,
      kind: 'rds',
      criticality: props.criticality,
      recoveredBy: 'provider',
      ...(props.expectedSize === undefined ? {} : { expectedSize: props.expectedSize }),
      ...(props.objectives === undefined ? {} : { objectives: props.objectives }),
      ...(props.degradedMode === undefined ? {} : { degradedMode: props.degradedMode }),
    });
    recovery.protects(this.asset, {
      kind: 'wal-archive',
      maximumLag: RDS_LAG,
      retention: `any instant of ${keepBackups.human()}`,
      location: locationOf('RDS automated backups', props),
    });
    this.replicatedBackupsArn =
      props.replicateBackups === undefined
        ? undefined
        : replicateAutomatedBackups(this, this.asset, {
            ...props.replicateBackups,
            keepBackups: props.replicateBackups.keepBackups ?? keepBackups,
            place: props,
            sourceArn: this.arn,
          });
    checkCopies(this, this.asset, props);
  }
}
