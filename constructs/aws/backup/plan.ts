import { aws } from '../../bindings/aws';
import { addCheck, addWarning, Construct, Duration, dnsName, type Schedule } from '../../core';
import { type Asset, Recovery } from '../../recovery';
import { type AwsPlace, cronExpression, daysOf, firstOfEachName, inPlace, locationOf } from '../place';
import { BACKUP_TYPES, backupRolePolicy, partitionOf } from '../policies';
import { ServiceRole } from '../service-role';
import { planFaults, planWarnings } from './plan-faults';
import { ANY_OF, type BackupTarget, type ResourceType, type TagSelection } from './target';
import type { BackupVaultReference } from './vault';

interface Lifecycle {
  /** Whole days after which a backup is deleted. */
  readonly keep: Duration;
  /**
   * Whole days after which it moves to cold storage, where it stays for 90 days at least. File systems have one; of other
   * kinds it is ignored.
   * @default - it stays in warm storage, from which it is restored at once
   */
  readonly coldAfter?: Duration;
}

/** Each backup of a rule once more, somewhere else. */
export interface BackupCopy extends Partial<Lifecycle> {
  /** In another region, another account, or both. */
  readonly to: BackupVaultReference;
}

export interface BackupRule extends Lifecycle {
  /** Letters, digits, `-`, `_` and `.`; unique in its plan. */
  readonly name: string;
  readonly schedule: Schedule;
  /**
   * Any instant within `keep`, in place of single ones. RDS and S3 alone have it, for 35 days at most.
   * @default false
   */
  readonly continuous?: boolean;
  /** A job that has not begun by then is given up: `EXPIRED`. @default Duration.hours(1), the shortest there is */
  readonly startWindow?: Duration;
  /**
   * A job that has not ended so long after its start is given up. At least an hour longer than `startWindow`.
   * @default Duration.days(1): the first backup of something large may take hours
   */
  readonly completionWindow?: Duration;
  /** @default - none: what destroys the vault's region or account takes the backups along */
  readonly copies?: readonly BackupCopy[];
}

export interface BackupPlanProps extends AwsPlace {
  /** Letters, digits, `-` and `_`, 50 at most. */
  readonly name: string;
  /** Where backups are made: in the plan's own region and account. */
  readonly vault: BackupVaultReference;
  readonly rules: readonly BackupRule[];
  /** @default none */
  readonly resources?: readonly BackupTarget[];
  /** @default none */
  readonly tagged?: readonly TagSelection[];
  /** Keys of what is backed up by tag, for the role. @default none: Amazon's own */
  readonly kmsKeyArns?: readonly string[];
  /**
   * Role by which AWS Backup does it.
   * @default - one of its own, which may back up these kinds of resources (EBS, EFS, RDS) and copy into these vaults only
   */
  readonly roleArn?: string;
}

export const START_WINDOW = Duration.hours(1);
export const COMPLETION_WINDOW = Duration.days(1);

/**
 * When AWS Backup backs up what, for how long, and where copies go. Copies into another account are made by AWS Backup
 * where both accounts are of one organization that has cross-account backup switched on.
 */
export class BackupPlan extends Construct {
  readonly name: string;
  readonly region: string;
  readonly account: string;
  readonly vault: BackupVaultReference;
  readonly rules: readonly BackupRule[];
  readonly resources: readonly BackupTarget[];
  /** Of its resources and selections. */
  readonly assets: readonly Asset[];

  constructor(scope: Construct, id: string, props: BackupPlanProps) {
    super(scope, id);
    this.name = props.name;
    this.region = props.region;
    this.account = props.account;
    this.vault = props.vault;
    this.rules = [...props.rules];
    this.resources = [...(props.resources ?? [])];
    this.assets = [
      ...new Set([
        ...this.resources.flatMap(({ asset }) => asset ?? []),
        ...(props.tagged ?? []).flatMap(({ covers }) => covers ?? []),
      ]),
    ];
    addCheck(this, () => planFaults(props));
    addWarning(this, () => planWarnings(props));
    const plan = new aws.BackupPlan(this, 'plan', {
      ...inPlace(props),
      name: props.name,
      rule: props.rules.map((rule) => ruleBlock(rule, props.vault)),
    });
    const iamRoleArn = props.roleArn ?? this.declareRole(props).arn;
    const select = { ...inPlace(props), iamRoleArn, planId: plan.id };
    if (this.resources.length > 0)
      new aws.BackupSelection(this, 'resources', {
        ...select,
        name: 'resources',
        resources: this.resources.map(({ arn }) => arn),
      });
    for (const { name, tags, types } of firstOfEachName(props.tagged ?? []))
      new aws.BackupSelection(this, `tagged-${name}`, {
        ...select,
        name,
        resources: types.map((type) => `arn:${partitionOf(props.region)}:${ANY_OF[type]}`),
        // Conditions are all to be met; of selection tags one would be enough.
        condition: [
          {
            stringEquals: Object.entries(tags).map(([key, value]) => ({
              key: `aws:ResourceTag/${key}`,
              value,
            })),
          },
        ],
      });
    for (const asset of this.assets) this.protect(asset);
  }

  /** For how long no backup may be completed while all goes well; `undefined` when no rule says. */
  longestGap(): Duration | undefined {
    const gaps = this.rules
      .filter(({ schedule }) => schedule.faults().length === 0)
      .map(({ completionWindow = COMPLETION_WINDOW, schedule, startWindow = START_WINDOW }) =>
        schedule.longestGap().plus(startWindow).plus(completionWindow),
      );
    return gaps.reduce<Duration | undefined>(
      (a, b) => (a === undefined || a.isLongerThan(b) ? b : a),
      undefined,
    );
  }

  private declareRole(props: BackupPlanProps): ServiceRole {
    const types = new Set<ResourceType>([
      ...this.resources.map(({ type }) => type),
      ...(props.tagged ?? []).flatMap((selection) => selection.types),
    ]);
    const copyTo = this.rules.flatMap(({ copies }) => copies ?? []).map(({ to }) => to);
    const keys = [
      props.vault.kmsKeyArn,
      ...this.resources.map(({ kmsKeyArn }) => kmsKeyArn),
      ...copyTo.map(({ kmsKeyArn }) => kmsKeyArn),
      ...(props.kmsKeyArns ?? []),
    ];
    return new ServiceRole(this, 'role', {
      ...props,
      name: dnsName([props.name, 'backup', props.region]),
      service: 'backup.amazonaws.com',
      policy: backupRolePolicy({
        ...props,
        types: BACKUP_TYPES.filter((type) => types.has(type)),
        copyTo: [...new Map(copyTo.map((vault) => [vault.arn, vault])).values()],
        kmsKeyArns: [...new Set(keys.flatMap((key) => key ?? []))],
        continuous: this.rules.some(({ continuous }) => continuous === true),
      }),
    });
  }

  private protect(asset: Asset): void {
    const recovery = Recovery.of(this);
    for (const rule of this.rules) {
      const { continuous = false, schedule, startWindow = START_WINDOW } = rule;
      recovery.protects(asset, {
        kind: 'snapshot',
        schedule,
        delay: startWindow,
        retention: continuous ? `any instant of ${rule.keep.human()}` : rule.keep.human(),
        location: locationOf(this.vault.name, this.vault),
      });
      for (const copy of rule.copies ?? [])
        recovery.protects(asset, {
          kind: 'snapshot',
          schedule,
          // A copy is there when the backup has ended, and is as old as the backup's beginning.
          delay: startWindow.plus(rule.completionWindow ?? COMPLETION_WINDOW),
          retention: (copy.keep ?? rule.keep).human(),
          location: locationOf(copy.to.name, copy.to),
        });
    }
  }
}

function ruleBlock(rule: BackupRule, vault: BackupVaultReference) {
  return {
    ruleName: rule.name,
    targetVaultName: vault.name,
    schedule: cronExpression(rule.schedule) ?? '',
    scheduleExpressionTimezone: rule.schedule.timeZone,
    startWindow: minutes(rule.startWindow ?? START_WINDOW),
    completionWindow: minutes(rule.completionWindow ?? COMPLETION_WINDOW),
    enableContinuousBackup: rule.continuous ?? false,
    lifecycle: lifecycle(rule),
    copyAction: (rule.copies ?? []).map(({ coldAfter = rule.coldAfter, keep = rule.keep, to }) => ({
      destinationVaultArn: to.arn,
      lifecycle: lifecycle(coldAfter === undefined ? { keep } : { keep, coldAfter }),
    })),
  };
}

function lifecycle({ coldAfter, keep }: Lifecycle) {
  return {
    deleteAfter: daysOf(keep),
    ...(coldAfter === undefined ? {} : { coldStorageAfter: daysOf(coldAfter) }),
  };
}

function minutes(duration: Duration): number {
  return Math.ceil(duration.toSeconds() / 60);
}
