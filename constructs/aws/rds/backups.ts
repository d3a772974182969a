import { type Construct, Duration } from '../../core';
import { type Asset, type AssetProps, Recovery } from '../../recovery';
import { type AwsPlace, checkCopies, locationOf } from '../place';
import { type AutomatedBackupsReplication, replicateAutomatedBackups } from './automated-backups';

/**
 * RDS uploads transaction logs every five minutes, so that is how old the newest instant is
 * (docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIT.html).
 */
const RDS_LAG = Duration.minutes(5);

interface InstanceBackups
  extends AwsPlace,
    Pick<AssetProps, 'criticality' | 'objectives' | 'degradedMode' | 'expectedSize'> {
  readonly name: string;
  readonly arn: string;
  readonly keepBackups: Duration;
  readonly replicateBackups?: AutomatedBackupsReplication;
}

/** The facts of an instance whose automated backups RDS keeps, and their replication. */
export function declareBackups(
  scope: Construct,
  props: InstanceBackups,
): { readonly asset: Asset; readonly replicatedBackupsArn: string | undefined } {
  const { arn, criticality, degradedMode, expectedSize, keepBackups, name, objectives, replicateBackups } =
    props;
  const recovery = Recovery.of(scope);
  const asset = recovery.asset({
    id: name,
    kind: 'rds',
    criticality,
    recoveredBy: 'provider',
    ...(expectedSize === undefined ? {} : { expectedSize }),
    ...(objectives === undefined ? {} : { objectives }),
    ...(degradedMode === undefined ? {} : { degradedMode }),
  });
  recovery.protects(asset, {
    kind: 'wal-archive',
    maximumLag: RDS_LAG,
    retention: `any instant of ${keepBackups.human()}`,
    location: locationOf('RDS automated backups', props),
  });
  const replicatedBackupsArn =
    replicateBackups &&
    replicateAutomatedBackups(scope, asset, {
      ...replicateBackups,
      keepBackups: replicateBackups.keepBackups ?? keepBackups,
      place: props,
      sourceArn: arn,
    });
  checkCopies(scope, asset, props);
  return { asset, replicatedBackupsArn };
}
