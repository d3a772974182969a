import type { Finding } from '../../core';
import { daysFaults, expressionFaults, keyFaults, placeFaults } from '../place';
import type { EbsSnapshotPolicyProps, SnapshotSchedule } from './snapshot-policy';

/** Limits of Data Lifecycle Manager: docs.aws.amazon.com/ebs/latest/userguide/snapshot-ami-policy.html */
const MOST_SCHEDULES = 4;
const MOST_COPIES = 3;
const MOST_KEPT = 1000;
const MOST_DAYS = 36_500;

function wrong(rule: string, message: string, fix: string): Finding {
  return { rule: `aws-ebs/${rule}`, message, fix };
}

export function snapshotPolicyFaults(props: EbsSnapshotPolicyProps): Finding[] {
  const { name, schedules, targetTags } = props;
  const names = schedules.map((schedule) => schedule.name);
  return [
    ...placeFaults(props),
    ...(/^[a-zA-Z0-9_-]{1,40}$/.test(name)
      ? []
      : [wrong('name', `name is "${name}"`, "use 1 to 40 letters, digits, '-' and '_'")]),
    ...(Object.keys(targetTags).length > 0
      ? []
      : [
          wrong(
            'target',
            'targetTags is empty: no volume would be found',
            'name a tag that the volumes have',
          ),
        ]),
    ...(schedules.length >= 1 && schedules.length <= MOST_SCHEDULES
      ? []
      : [
          wrong(
            'schedules',
            `schedules has ${schedules.length}, and a policy takes 1 to ${MOST_SCHEDULES}`,
            'declare several policies for more',
          ),
        ]),
    ...[...new Set(names.filter((one, at) => names.indexOf(one) !== at))].map((one) =>
      wrong('name', `schedules has two of the name "${one}"`, 'give each a name of its own'),
    ),
    ...schedules.flatMap((schedule) => scheduleFaults(schedule, props)),
  ];
}

function scheduleFaults(schedule: SnapshotSchedule, props: EbsSnapshotPolicyProps): Finding[] {
  const at = `schedules "${schedule.name}"`;
  return [
    ...(/^[a-zA-Z0-9 _-]{1,120}$/.test(schedule.name)
      ? []
      : [
          wrong(
            'name',
            `schedules has the name "${schedule.name}"`,
            "use letters, digits, spaces, '-' and '_'",
          ),
        ]),
    ...expressionFaults(`${at}.schedule`, schedule.schedule, { utcOnly: true }),
    ...retentionFaults(at, schedule),
    ...copyFaults(at, schedule, props),
    ...fastRestoreFaults(at, schedule, props),
  ];
}

function retentionFaults(at: string, { keepFor, keepNewest, schedule }: SnapshotSchedule): Finding[] {
  if ((keepFor === undefined) === (keepNewest === undefined))
    return [
      wrong(
        'retention',
        `${at} has ${keepFor === undefined ? 'neither keepNewest nor keepFor' : 'both keepNewest and keepFor'}, and Data Lifecycle Manager takes one`,
        'keep by count, or by age',
      ),
    ];
  if (keepNewest !== undefined)
    return Number.isInteger(keepNewest) && keepNewest >= 1 && keepNewest <= MOST_KEPT
      ? []
      : [
          wrong(
            'retention',
            `${at}.keepNewest is ${keepNewest}, and 1 to ${MOST_KEPT} are kept`,
            'write a whole number in between',
          ),
        ];
  const found = daysFaults('aws-ebs/retention', `${at}.keepFor`, keepFor, {
    least: 1,
    most: MOST_DAYS,
    why: 'it is whole days, up to 100 years',
  });
  if (schedule.faults().length === 0 && keepFor?.isLongerThan(schedule.longestGap()) === false)
    found.push(
      wrong(
        'retention',
        `${at}.keepFor is ${keepFor.human()}, and up to ${schedule.longestGap().human()} pass between two snapshots: each would be gone before the next is made`,
        'keep them longer, or take them more often',
      ),
    );
  return found;
}

function copyFaults(at: string, { copies = [] }: SnapshotSchedule, props: EbsSnapshotPolicyProps): Finding[] {
  const regions = copies.map(({ region }) => region);
  const found: Finding[] = [];
  if (copies.length > MOST_COPIES)
    found.push(
      wrong(
        'copies',
        `${at}.copies has ${copies.length}, and a schedule takes ${MOST_COPIES}`,
        'leave some out',
      ),
    );
  for (const region of new Set(regions.filter((one, index) => regions.indexOf(one) !== index)))
    found.push(wrong('copies', `${at}.copies names ${region} twice`, 'name each region once'));
  for (const { keepFor, kmsKeyArn, region } of copies) {
    const property = `${at}.copies "${region}"`;
    found.push(
      ...placeFaults({ region, account: props.account }, property),
      ...keyFaults(`${property}.kmsKeyArn`, kmsKeyArn, { region }),
      ...daysFaults('aws-ebs/copies', `${property}.keepFor`, keepFor, {
        least: 1,
        most: MOST_DAYS,
        why: 'it is whole days, up to 100 years',
      }),
    );
    if (region === props.region)
      found.push(
        wrong('copies', `${property} is the region of the snapshots themselves`, 'copy into another region'),
      );
  }
  return found;
}

function fastRestoreFaults(
  at: string,
  { fastRestore, keepNewest }: SnapshotSchedule,
  { region }: EbsSnapshotPolicyProps,
): Finding[] {
  if (fastRestore === undefined) return [];
  const { availabilityZones, newest = 1 } = fastRestore;
  const found: Finding[] = [];
  if (availabilityZones.length === 0)
    found.push(
      wrong('fast-restore', `${at}.fastRestore names no zone`, 'name those in which volumes are restored'),
    );
  for (const zone of availabilityZones)
    if (!new RegExp(`^${region}[a-z]$`).test(zone))
      found.push(
        wrong(
          'fast-restore',
          `${at}.fastRestore names "${zone}", which is no zone of ${region}`,
          `write ${region}a, …`,
        ),
      );
  const kept = keepNewest ?? MOST_KEPT;
  if (!Number.isInteger(newest) || newest < 1 || newest > kept)
    found.push(
      wrong(
        'fast-restore',
        `${at}.fastRestore.newest is ${newest}, and 1 to ${kept} are kept`,
        'leave it out for 1',
      ),
    );
  return found;
}
