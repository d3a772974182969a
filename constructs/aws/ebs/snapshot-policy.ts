import { aws } from '../../bindings/aws';
import { addCheck, Construct, Duration, dnsName, type Schedule } from '../../core';
import { type Asset, type AssetProps, Recovery } from '../../recovery';
import { type AwsPlace, checkCopies, cronExpression, daysOf, inPlace, locationOf } from '../place';
import { snapshotPolicyRolePolicy } from '../policies';
import { ServiceRole } from '../service-role';
import { snapshotPolicyFaults } from './faults';

/** Copies of each snapshot in another region of the same account. */
export interface SnapshotCopy {
  /** `eu-central-1` */
  readonly region: string;
  /** Whole days. */
  readonly keepFor: Duration;
  /**
   * KMS key in that region. Copies are encrypted either way.
   * @default - Amazon's own for EBS there, by which nobody else can ever read a copy
   */
  readonly kmsKeyArn?: string;
}

/** Snapshots that are restored at full speed at once, where others load their blocks as they are read. */
export interface FastRestore {
  /** `eu-west-3a`: each is paid for by the hour and snapshot. */
  readonly availabilityZones: readonly string[];
  /** So many of the newest snapshots, up to 1000. @default 1 */
  readonly newest?: number;
}

export interface SnapshotSchedule {
  /** Letters, digits, spaces, `-` and `_`; unique in its policy. */
  readonly name: string;
  /** In UTC, once an hour at most. Snapshots begin within an hour after it. */
  readonly schedule: Schedule;
  /** So many of the newest snapshots of each volume stay, up to 1000. @default - kept by age: give `keepFor` */
  readonly keepNewest?: number;
  /** Whole days that each stays. @default - kept by count: give `keepNewest` */
  readonly keepFor?: Duration;
  /** In up to three regions. @default - none: what is lost with the region is lost */
  readonly copies?: readonly SnapshotCopy[];
  /** @default - not: it costs by the hour, for each snapshot and zone */
  readonly fastRestore?: FastRestore;
}

/** The volumes as an asset. */
export interface VolumesAsset
  extends Pick<AssetProps, 'criticality' | 'expectedSize' | 'objectives' | 'degradedMode'> {
  /** Unique in its environment. */
  readonly id: string;
  /** @default 'snapshot' */
  readonly recoveredBy?: AssetProps['recoveredBy'];
}

export interface EbsSnapshotPolicyProps extends AwsPlace {
  /** Letters, digits, `-` and `_`, 40 at most: of the policy, its role, and the tag of its snapshots. */
  readonly name: string;
  /**
   * Volumes with any of these tags. The EBS driver of Kubernetes gives to each volume `ebs.csi.aws.com/cluster=true` and
   * `kubernetes.io/created-for/pvc/namespace=<namespace>`; a storage class adds others by `tagSpecification_1`.
   */
  readonly targetTags: Readonly<Record<string, string>>;
  /** One to four. */
  readonly schedules: readonly SnapshotSchedule[];
  /** Keys of the volumes, if they are not Amazon's own. @default none: a volume under a key of yours is not copied */
  readonly kmsKeyArns?: readonly string[];
  /** @default - none declared here */
  readonly asset?: VolumesAsset;
  /** Assets that are on these volumes, which something else declared. @default none */
  readonly covers?: readonly Asset[];
}

/** Data Lifecycle Manager begins within an hour after the time (docs.aws.amazon.com/ebs/latest/userguide/snapshot-ami-policy.html). */
const START = Duration.hours(1);
/** Each snapshot bears it, with the policy's name, and each copy. */
export const SNAPSHOT_MARK = 'disaster-recovery-policy';

/**
 * Snapshots of EBS volumes by Data Lifecycle Manager: each volume by itself, as after a power cut. It needs no cluster, so
 * it goes on when the cluster does not. Copies stay in the account; how long one takes, nobody promises.
 */
export class EbsSnapshotPolicy extends Construct {
  readonly name: string;
  readonly region: string;
  readonly account: string;
  readonly targetTags: Readonly<Record<string, string>>;
  readonly schedules: readonly SnapshotSchedule[];
  /** ARN of the policy, for its events. */
  readonly arn: string;
  /** The declared one, and those that it covers. */
  readonly assets: readonly Asset[];

  constructor(scope: Construct, id: string, props: EbsSnapshotPolicyProps) {
    super(scope, id);
    const { name, schedules } = props;
    this.name = name;
    this.region = props.region;
    this.account = props.account;
    this.targetTags = { ...props.targetTags };
    this.schedules = [...schedules];
    addCheck(this, () => snapshotPolicyFaults(props));
    const mark = { key: SNAPSHOT_MARK, value: name };
    const copies = schedules.flatMap((schedule) => schedule.copies ?? []);
    const role = new ServiceRole(this, 'role', {
      ...props,
      name: dnsName([name, 'snapshots', props.region]),
      service: 'dlm.amazonaws.com',
      policy: snapshotPolicyRolePolicy({
        ...props,
        mark,
        copyTo: [...new Set(copies.map(({ region }) => region))],
        kmsKeyArns: [
          ...new Set([...(props.kmsKeyArns ?? []), ...copies.flatMap(({ kmsKeyArn }) => kmsKeyArn ?? [])]),
        ],
        fastRestore: schedules.some(({ fastRestore }) => fastRestore !== undefined),
      }),
    });
    const policy = new aws.DlmLifecyclePolicy(this, 'policy', {
      ...inPlace(props),
      description: `Snapshots of volumes by ${name}`,
      executionRoleArn: role.arn,
      state: 'ENABLED',
      policyDetails: {
        policyType: 'EBS_SNAPSHOT_MANAGEMENT',
        resourceTypes: ['VOLUME'],
        targetTags: { ...props.targetTags },
        schedule: schedules.map((schedule) => scheduleBlock(schedule, mark)),
      },
    });
    this.arn = policy.arn;
    const own =
      props.asset === undefined
        ? []
        : [
            Recovery.of(this).asset({
              ...props.asset,
              kind: 'volume',
              recoveredBy: props.asset.recoveredBy ?? 'snapshot',
            }),
          ];
    this.assets = [...own, ...(props.covers ?? [])];
    for (const asset of this.assets) this.protect(asset, props);
    for (const asset of own) checkCopies(this, asset, props);
  }

  private protect(asset: Asset, props: EbsSnapshotPolicyProps): void {
    const recovery = Recovery.of(this);
    for (const { copies = [], keepFor, keepNewest, schedule } of props.schedules) {
      const common = { kind: 'snapshot', schedule, delay: START } as const;
      recovery.protects(asset, {
        ...common,
        retention: keepFor === undefined ? `${keepNewest ?? 0} newest of each volume` : keepFor.human(),
        location: locationOf('EBS snapshots', props),
      });
      for (const copy of copies)
        recovery.protects(asset, {
          ...common,
          retention: copy.keepFor.human(),
          location: locationOf('EBS snapshots', { ...props, region: copy.region }),
        });
    }
  }
}

function scheduleBlock(
  { copies = [], fastRestore, keepFor, keepNewest, name, schedule }: SnapshotSchedule,
  mark: { readonly key: string; readonly value: string },
) {
  return {
    name,
    // Tags of the volume tell later which claim a snapshot is of.
    copyTags: true,
    tagsToAdd: { [mark.key]: mark.value },
    createRule: { cronExpression: cronExpression(schedule) ?? '' },
    retainRule:
      keepFor === undefined
        ? { count: keepNewest ?? 1 }
        : { interval: daysOf(keepFor), intervalUnit: 'DAYS' },
    ...(fastRestore === undefined
      ? {}
      : {
          fastRestoreRule: {
            availabilityZones: [...fastRestore.availabilityZones],
            count: fastRestore.newest ?? 1,
          },
        }),
    ...(copies.length === 0
      ? {}
      : {
          crossRegionCopyRule: copies.map((copy) => ({
            target: copy.region,
            encrypted: true,
            copyTags: true,
            retainRule: { interval: daysOf(copy.keepFor), intervalUnit: 'DAYS' },
            ...(copy.kmsKeyArn === undefined ? {} : { cmkArn: copy.kmsKeyArn }),
          })),
        }),
  };
}
