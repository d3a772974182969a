import { aws } from '../../bindings/aws';
import { addCheck, Construct, Duration, dnsName, type Finding, type Schedule } from '../../core';
import { type Asset, Recovery } from '../../recovery';
import {
  type AwsPlace,
  cronExpression,
  daysFaults,
  daysOf,
  expressionFaults,
  firstOfEachName,
  inPlace,
  placeFaults,
} from '../place';
import { BACKUP_TYPES, restoreRolePolicy } from '../policies';
import { ServiceRole } from '../service-role';
import type { BackupTarget } from './target';
import type { BackupVaultReference } from './vault';

export interface RestoreTest {
  /** Letters, digits and `_`, 50 at most; unique in its plan. */
  readonly name: string;
  /** Of one kind, 30 at most. */
  readonly of: readonly BackupTarget[];
  /**
   * How long the restored copy stays, for somebody or something to look at it. Whole hours, up to 168.
   * @default Duration.hours(1)
   */
  readonly keepFor?: Duration;
  /**
   * Where AWS Backup would guess wrong: for RDS `dbSubnetGroupName`, `vpcSecurityGroupIds` (a JSON list), `dbInstanceClass`;
   * for EBS `availabilityZone`, `volumeType`.
   * @default - what it infers from the backup: a default network, which not every account has
   */
  readonly overrides?: Readonly<Record<string, string>>;
}

export interface RestoreTestingPlanProps extends AwsPlace {
  /** Letters, digits and `_`, 50 at most. It cannot be changed. */
  readonly name: string;
  /** When tests begin; a week after the last one at most is what most auditors ask. */
  readonly schedule: Schedule;
  /** Of its own region and account. */
  readonly vaults: readonly BackupVaultReference[];
  readonly tests: readonly RestoreTest[];
  /**
   * How far it looks back for a backup, in whole days up to 365. It has to be longer than the longest gap between backups.
   * @default Duration.days(30)
   */
  readonly lookBack?: Duration;
  /** Which backup of that time. `random` finds what only an old one has. @default 'latest' */
  readonly pick?: 'latest' | 'random';
  /** Tests begin within it, spread; whole hours, up to 168. @default Duration.hours(8) */
  readonly startWindow?: Duration;
  /** @default - one of its own, which may restore these kinds of resources and delete nothing */
  readonly roleArn?: string;
}

const RULE = 'aws-backup/restore-testing';
const KEEP_FOR = Duration.hours(1);
const LOOK_BACK = Duration.days(30);
const START_WINDOW = Duration.hours(8);

/**
 * The managed form of a drill: AWS Backup restores a recovery point beside the live resource by a schedule, tells whether
 * that worked, and removes the copy. It does not look at what is in it: who wants that answers the event of the finished
 * restore job with a check, and reports by `PutRestoreValidationResult` within `keepFor`.
 *
 * Fields and limits: docs.aws.amazon.com/aws-backup/latest/devguide/restore-testing.html.
 */
export class RestoreTestingPlan extends Construct {
  readonly name: string;
  /** What its tests restore. */
  readonly assets: readonly Asset[];

  constructor(scope: Construct, id: string, props: RestoreTestingPlanProps) {
    super(scope, id);
    this.name = props.name;
    addCheck(this, () => faults(props));
    const { lookBack = LOOK_BACK, pick = 'latest', startWindow = START_WINDOW, tests } = props;
    const plan = new aws.BackupRestoreTestingPlan(this, 'plan', {
      ...inPlace(props),
      name: props.name,
      scheduleExpression: cronExpression(props.schedule) ?? '',
      scheduleExpressionTimezone: props.schedule.timeZone,
      startWindowHours: hours(startWindow),
      recoveryPointSelection: [
        {
          algorithm: pick === 'latest' ? 'LATEST_WITHIN_WINDOW' : 'RANDOM_WITHIN_WINDOW',
          includeVaults: props.vaults.map(({ arn }) => arn),
          recoveryPointTypes: ['CONTINUOUS', 'SNAPSHOT'],
          selectionWindowDays: daysOf(lookBack),
        },
      ],
    });
    const targets = tests.flatMap(({ of }) => of);
    this.assets = [...new Set(targets.flatMap(({ asset }) => asset ?? []))];
    const iamRoleArn = props.roleArn ?? this.declareRole(props, targets).arn;
    for (const { keepFor = KEEP_FOR, name, of, overrides } of firstOfEachName(tests))
      new aws.BackupRestoreTestingSelection(this, `test-${name}`, {
        ...inPlace(props),
        name,
        restoreTestingPlanName: plan.name,
        iamRoleArn,
        protectedResourceType: of[0]?.type ?? '',
        protectedResourceArns: of.map(({ arn }) => arn),
        validationWindowHours: hours(keepFor),
        ...(overrides === undefined ? {} : { restoreMetadataOverrides: { ...overrides } }),
      });
    for (const { keepFor = KEEP_FOR, of } of tests)
      for (const { asset } of of)
        if (asset !== undefined)
          Recovery.of(this).drills(asset, {
            schedule: props.schedule,
            checks: [
              `AWS Backup restores its ${pick === 'latest' ? 'newest' : 'a random'} recovery point of ${lookBack.human()} beside it`,
              `the copy stays for ${keepFor.human()}; nothing looks into it by itself`,
            ],
          });
  }

  private declareRole(props: RestoreTestingPlanProps, targets: readonly BackupTarget[]): ServiceRole {
    const keys = [...props.vaults, ...targets].flatMap(({ kmsKeyArn }) => kmsKeyArn ?? []);
    return new ServiceRole(this, 'role', {
      ...props,
      name: dnsName([props.name, 'restore', props.region]),
      service: 'backup.amazonaws.com',
      policy: restoreRolePolicy({
        ...props,
        types: BACKUP_TYPES.filter((type) => targets.some((target) => target.type === type)),
        kmsKeyArns: [...new Set(keys)],
      }),
    });
  }
}

function hours(duration: Duration): number {
  return duration.toSeconds() / 3600;
}

function faults(props: RestoreTestingPlanProps): Finding[] {
  const { lookBack, startWindow, tests, vaults } = props;
  const found: Finding[] = [
    ...placeFaults(props),
    ...expressionFaults('schedule', props.schedule),
    ...daysFaults(RULE, 'lookBack', lookBack, { least: 1, most: 365, why: 'it is whole days, up to a year' }),
    ...hoursFaults('startWindow', startWindow, 1),
  ];
  const wrong = (message: string, fix: string): void => {
    found.push({ rule: RULE, message, fix });
  };
  const names = [props.name, ...tests.map(({ name }) => name)];
  for (const name of names)
    if (!/^[a-zA-Z0-9_]{1,50}$/.test(name))
      wrong(`the name "${name}" is not allowed here`, "use 1 to 50 letters, digits and '_'; no hyphen");
  for (const name of new Set(names.slice(1).filter((one, at, all) => all.indexOf(one) !== at)))
    wrong(`tests has two of the name "${name}"`, 'give each a name of its own');
  if (vaults.length === 0) wrong('vaults is empty', 'name the vaults whose backups are to be tried');
  for (const vault of vaults)
    if (vault.region !== props.region || vault.account !== props.account)
      wrong(
        `vaults has "${vault.name}", in ${vault.region}, ${vault.account}, where this plan sees nothing`,
        'declare a plan where that vault is',
      );
  if (tests.length === 0) wrong('tests is empty: nothing would be restored', 'say what is to be tried');
  for (const test of tests) found.push(...testFaults(test, props.roleArn !== undefined));
  return [...found, ...gapFaults(props)];
}

function testFaults({ keepFor, name, of }: RestoreTest, ownRole: boolean): Finding[] {
  const at = `tests "${name}"`;
  const found = hoursFaults(`${at}.keepFor`, keepFor, 0);
  const types = [...new Set(of.map(({ type }) => type))];
  const wrong = (message: string, fix: string): void => {
    found.push({ rule: RULE, message, fix });
  };
  if (types.length > 1)
    wrong(`${at}.of has ${types.join(' and ')}, and a test takes one kind`, 'make a test of each');
  if (of.length === 0 || of.length > 30)
    wrong(`${at}.of has ${of.length} resources, and a test takes 1 to 30`, 'make several tests of them');
  if (types.includes('S3') && !ownRole)
    wrong(
      `${at}.of has buckets, for which no role is made here`,
      'give roleArn, with AWSBackupServiceRolePolicyForS3Restore',
    );
  return found;
}

function hoursFaults(property: string, duration: Duration | undefined, least: number): Finding[] {
  if (duration === undefined) return [];
  const count = hours(duration);
  if (Number.isInteger(count) && count >= least && count <= 168) return [];
  return [
    {
      rule: RULE,
      message: `${property} is ${duration.human()}, and AWS Backup takes whole hours, ${least} to 168`,
      fix: `write it as Duration.hours(n), n from ${least} to 168`,
    },
  ];
}

/** A test finds nothing to restore when the newest backup may be older than it looks back. */
function gapFaults({ lookBack = LOOK_BACK, tests }: RestoreTestingPlanProps): Finding[] {
  const assets = new Set(tests.flatMap(({ of }) => of.flatMap(({ asset }) => asset ?? [])));
  return [...assets].flatMap((asset) => {
    const gaps = asset.protections.flatMap(({ kind, schedule }) =>
      kind === 'snapshot' && schedule !== undefined && schedule.faults().length === 0
        ? schedule.longestGap()
        : [],
    );
    if (gaps.length === 0 || gaps.some((gap) => !gap.isLongerThan(lookBack))) return [];
    return [
      {
        rule: RULE,
        message: `lookBack is ${lookBack.human()}, and the newest backup of ${asset.props.id} may be older: there would be nothing to restore`,
        fix: 'look back further than the longest gap of its backups',
      },
    ];
  });
}
