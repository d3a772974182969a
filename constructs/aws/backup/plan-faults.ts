import type { Duration, Finding } from '../../core';
import { daysFaults, daysOf, expressionFaults, placeFaults } from '../place';
import { partitionOf } from '../policies';
import type { BackupPlanProps, BackupRule } from './plan';
import type { ResourceType } from './target';
import type { BackupVaultReference } from './vault';

/** docs.aws.amazon.com/aws-backup/latest/devguide/API_Lifecycle.html */
const LEAST_IN_COLD_STORAGE = 90;
/** docs.aws.amazon.com/aws-backup/latest/devguide/point-in-time-recovery-retention-period.html */
const MOST_CONTINUOUS = 35;
const CONTINUOUS_TYPES: readonly ResourceType[] = ['RDS', 'S3'];

function wrong(rule: string, message: string, fix: string): Finding {
  return { rule: `aws-backup/${rule}`, message, fix };
}

export function planFaults(props: BackupPlanProps): Finding[] {
  const { name, rules, tagged = [], vault } = props;
  return [
    ...placeFaults(props),
    ...(/^[a-zA-Z0-9_-]{1,50}$/.test(name)
      ? []
      : [
          wrong(
            'name',
            `name is "${name}", which AWS Backup does not allow`,
            "use 1 to 50 letters, digits, '-' and '_'",
          ),
        ]),
    ...(vault.region === props.region && vault.account === props.account
      ? []
      : [
          wrong(
            'vault',
            `vault "${vault.name}" is in ${vault.region}, ${vault.account}, and a plan backs up into a vault of its own region and account`,
            'back up into one that is here, and name the other in copies',
          ),
        ]),
    ...nameFaults('rules', rules),
    ...nameFaults('tagged', tagged),
    ...(rules.length === 0
      ? [wrong('rules', 'rules is empty: nothing would ever be backed up', 'give a rule with a schedule')]
      : []),
    ...selectionFaults(props),
    ...rules.flatMap((rule) => ruleFaults(rule, props)),
  ];
}

function nameFaults(property: string, named: readonly { readonly name: string }[]): Finding[] {
  const names = named.map(({ name }) => name);
  return [
    ...names
      .filter((name) => !/^[a-zA-Z0-9_.-]{1,50}$/.test(name))
      .map((name) =>
        wrong('name', `${property} has the name "${name}"`, "use 1 to 50 letters, digits, '-', '_' and '.'"),
      ),
    ...[...new Set(names.filter((name, at) => names.indexOf(name) !== at))].map((name) =>
      wrong('name', `${property} has two of the name "${name}"`, 'give each a name of its own'),
    ),
  ];
}

function selectionFaults({
  account,
  region,
  resources = [],
  roleArn,
  tagged = [],
}: BackupPlanProps): Finding[] {
  const found: Finding[] = [];
  if (resources.length === 0 && tagged.length === 0)
    found.push(
      wrong('selection', 'neither resources nor tagged says what is backed up', 'give what the plan is for'),
    );
  for (const target of resources)
    if (target.region !== region || target.account !== account)
      found.push(
        wrong(
          'selection',
          `resources has ${target.arn}, in ${target.region}, ${target.account}, where this plan sees nothing`,
          'declare a plan in the region and account of the resource',
        ),
      );
  for (const { name, tags, types } of tagged) {
    if (Object.keys(tags).length === 0)
      found.push(
        wrong(
          'selection',
          `tagged "${name}" names no tag: everything would be backed up`,
          'name a tag and its value',
        ),
      );
    if (types.length === 0)
      found.push(
        wrong(
          'selection',
          `tagged "${name}" names no type`,
          "name the kinds of resources: 'EBS', 'RDS', 'EFS'",
        ),
      );
  }
  if (roleArn === undefined && typesOf({ resources, tagged }).includes('S3'))
    found.push(
      wrong(
        'role',
        'buckets (S3) are backed up by a role that may read all of their content, which is not made here',
        'give roleArn, with AWSBackupServiceRolePolicyForS3Backup',
      ),
    );
  return found;
}

function typesOf({
  resources = [],
  tagged = [],
}: Pick<BackupPlanProps, 'resources' | 'tagged'>): ResourceType[] {
  return [...resources.map(({ type }) => type), ...tagged.flatMap(({ types }) => types)];
}

function ruleFaults(rule: BackupRule, props: BackupPlanProps): Finding[] {
  const at = `rules "${rule.name}"`;
  return [
    ...expressionFaults(`${at}.schedule`, rule.schedule),
    ...windowFaults(at, rule),
    ...lifecycleFaults(at, rule, props.vault),
    ...gapFaults(at, rule),
    ...(rule.continuous === true ? continuousFaults(at, rule, props) : []),
    ...(rule.copies ?? []).flatMap(({ coldAfter = rule.coldAfter, keep = rule.keep, to }) => [
      ...placeFaults(to, `${at}.copies "${to.name}"`),
      ...lifecycleFaults(
        `${at}.copies "${to.name}"`,
        coldAfter === undefined ? { keep } : { keep, coldAfter },
        to,
      ),
      ...copyFaults(`${at}.copies "${to.name}"`, to, props),
    ]),
  ];
}

function windowFaults(at: string, { completionWindow, startWindow }: BackupRule): Finding[] {
  const found: Finding[] = [];
  if (startWindow !== undefined && startWindow.toSeconds() < 3600)
    found.push(
      wrong(
        'window',
        `${at}.startWindow is ${startWindow.human()}, and AWS Backup takes an hour or more`,
        'leave it out for an hour',
      ),
    );
  const start = startWindow?.toSeconds() ?? 3600;
  if (completionWindow !== undefined && completionWindow.toSeconds() < start + 3600)
    found.push(
      wrong(
        'window',
        `${at}.completionWindow is ${completionWindow.human()}, and has to be an hour longer than the start window at least`,
        'leave it out for a day',
      ),
    );
  return found;
}

function lifecycleFaults(
  at: string,
  { coldAfter, keep }: { readonly keep: Duration; readonly coldAfter?: Duration },
  { lock, name }: BackupVaultReference,
): Finding[] {
  const limits = { least: 1, most: 36_500, why: 'AWS Backup counts whole days, up to 100 years' };
  const found = [
    ...daysFaults('aws-backup/lifecycle', `${at}.keep`, keep, limits),
    ...daysFaults('aws-backup/lifecycle', `${at}.coldAfter`, coldAfter, limits),
  ];
  if (coldAfter !== undefined && daysOf(keep) < daysOf(coldAfter) + LEAST_IN_COLD_STORAGE)
    found.push(
      wrong(
        'lifecycle',
        `${at}.keep is ${keep.human()} with coldAfter ${coldAfter.human()}, and what is in cold storage stays there for ${LEAST_IN_COLD_STORAGE} days at least`,
        `keep it for Duration.days(${Math.ceil(daysOf(coldAfter)) + LEAST_IN_COLD_STORAGE}) or longer, or leave coldAfter out`,
      ),
    );
  if (lock?.minimumRetention?.isLongerThan(keep) === true)
    found.push(
      wrong(
        'vault-lock',
        `${at}.keep is ${keep.human()}, and the lock of vault "${name}" keeps for ${lock.minimumRetention.human()} at least: every job would fail`,
        'keep it longer; the lock is there on purpose',
      ),
    );
  if (lock?.maximumRetention !== undefined && keep.isLongerThan(lock.maximumRetention))
    found.push(
      wrong(
        'vault-lock',
        `${at}.keep is ${keep.human()}, and the lock of vault "${name}" keeps for ${lock.maximumRetention.human()} at most: every job would fail`,
        'keep it shorter, or in another vault',
      ),
    );
  return found;
}

function gapFaults(at: string, { keep, schedule }: BackupRule): Finding[] {
  if (schedule.faults().length > 0 || keep.isLongerThan(schedule.longestGap())) return [];
  return [
    wrong(
      'lifecycle',
      `${at}.keep is ${keep.human()}, and up to ${schedule.longestGap().human()} pass between two backups: each would be gone before the next is made`,
      'keep them longer, or back up more often',
    ),
  ];
}

function continuousFaults(at: string, rule: BackupRule, props: BackupPlanProps): Finding[] {
  const found: Finding[] = [];
  if (daysOf(rule.keep) > MOST_CONTINUOUS)
    found.push(
      wrong(
        'continuous',
        `${at}.keep is ${rule.keep.human()}, and a continuous backup reaches back ${MOST_CONTINUOUS} days at most`,
        `write Duration.days(${MOST_CONTINUOUS}) or less, and declare a second rule for older backups`,
      ),
    );
  if (rule.coldAfter !== undefined)
    found.push(
      wrong(
        'continuous',
        `${at}.coldAfter is given, and a continuous backup has no cold storage`,
        'leave it out',
      ),
    );
  const types = typesOf(props);
  if (types.length > 0 && !types.some((type) => CONTINUOUS_TYPES.includes(type)))
    found.push(
      wrong(
        'continuous',
        `${at}.continuous is true, and of ${[...new Set(types)].join(', ')} AWS Backup makes single backups only`,
        'leave it out',
      ),
    );
  for (const { arn, ownContinuousBackups } of props.resources ?? [])
    if (ownContinuousBackups === true)
      found.push(
        wrong(
          'continuous',
          `${at}.continuous is true, and ${arn} has automated backups of its own, whose retention AWS Backup would take over and Terraform set back`,
          'leave continuous out: the instance itself can be restored to any instant',
        ),
      );
  return found;
}

function copyFaults(at: string, to: BackupVaultReference, props: BackupPlanProps): Finding[] {
  const found: Finding[] = [];
  if (to.region === props.region && to.account === props.account)
    found.push(
      wrong(
        'copy',
        `${at} is in ${to.region}, ${to.account}, where the backup itself is`,
        'copy into another region or account',
      ),
    );
  if (partitionOf(to.region) !== partitionOf(props.region))
    found.push(
      wrong('copy', `${at} is in another partition of Amazon`, 'name a region of the same partition'),
    );
  if (to.account === props.account) return found;
  if (to.copiesFrom !== undefined && !to.copiesFrom.includes(props.account))
    found.push(
      wrong(
        'copy',
        `${at} does not let the account ${props.account} in`,
        'add it to copiesFrom of that vault',
      ),
    );
  for (const { arn, kmsKeyArn, type } of props.resources ?? [])
    if (kmsKeyArn === undefined && (type === 'RDS' || type === 'EBS'))
      found.push(
        wrong(
          'copy',
          `${at} is in another account, and ${arn} is encrypted by Amazon's own key, which cannot be shared`,
          'encrypt it by a key of yours, whose policy lets that account use it',
        ),
      );
  return found;
}

/** What is allowed, and has no effect. */
export function planWarnings(props: BackupPlanProps): Finding[] {
  const without = [...new Set(typesOf(props))].filter((type) => type !== 'EFS');
  return props.rules
    .filter(
      ({ coldAfter, continuous }) => coldAfter !== undefined && continuous !== true && without.length > 0,
    )
    .map(({ name }) =>
      wrong(
        'cold-storage',
        `rules "${name}".coldAfter is ignored for ${without.join(', ')}, which have no cold storage here`,
        'declare a plan of their own for file systems, or leave it out',
      ),
    );
}
