import { type Finding, SecretRef } from '../core';
import { isPushTarget } from '../pushgateway';
import { checkRetention } from './retention';
import type { SnapshotScheduleProps } from './schedule-props';

/** What is wrong with a schedule. */
export function checkSchedule(props: SnapshotScheduleProps): Finding[] {
  const { alerting, pushgateway, readyWithin, schedule } = props;
  const found: Finding[] = [
    ...schedule.faults(),
    ...props.vault.faults('vault'),
    ...checkRetention(props.keep),
    ...SecretRef.faults(props.accessKey, 'accessKey'),
    ...SecretRef.faults(props.secretKey, 'secretKey'),
    ...checkClaims(props),
  ];
  const wrong = wrongOf(found);
  if (!/^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$/.test(props.name))
    wrong(
      'name',
      props.name,
      'it must be up to 40 lower case letters, digits and hyphens',
      'for example orders',
    );
  if (props.path !== undefined && !/^\/[A-Za-z0-9._/-]*[A-Za-z0-9]$/.test(props.path))
    wrong(
      'path',
      props.path,
      'it must begin with / and hold letters, digits, . _ - /',
      'for example /production',
    );
  const seconds = readyWithin?.toSeconds() ?? 60;
  if (!Number.isInteger(seconds) || seconds < 60 || seconds > 604_800)
    wrong(
      'readyWithin',
      `${seconds} s`,
      'it must be whole seconds, from a minute to a week',
      'leave it out for an hour',
    );
  const spread = props.spread?.toSeconds() ?? 0;
  if (spread > 86_400)
    wrong('spread', `${spread} s`, 'it must be a day at most', 'leave it out for ten minutes');
  if (pushgateway !== undefined && !isPushTarget(pushgateway))
    wrong('pushgateway', pushgateway, 'it is no URL', 'for example http://pushgateway.monitoring:9091');
  if (alerting !== undefined && pushgateway === undefined)
    wrong(
      'pushgateway',
      null,
      'its alerts would read metrics that nobody has',
      'give a Pushgateway, or the URL of one that Prometheus scrapes with honorLabels, or leave alerting out',
    );
  const names = (props.before ?? []).map(({ name }) => name);
  for (const name of names)
    if (['delay', 'snapshots'].includes(name) || names.indexOf(name) !== names.lastIndexOf(name))
      wrong('before', name, 'another container of the pod has this name', 'give each a name of its own');
  return found;
}

type Wrong = (property: string, value: unknown, why: string, fix: string) => void;

function wrongOf(found: Finding[]): Wrong {
  return (property, value, why, fix) => {
    found.push({
      rule: 'snapshots/schedule',
      message: `${property} is ${JSON.stringify(value)}; ${why}`,
      fix,
    });
  };
}

function checkClaims({
  claimSelector,
  claims,
  class: snapshotClass,
  together,
}: SnapshotScheduleProps): Finding[] {
  const found: Finding[] = [];
  const wrong = wrongOf(found);
  if ((claims === undefined) === (claimSelector === undefined))
    wrong(
      'claims',
      claims,
      claims === undefined ? 'and so is claimSelector' : 'and claimSelector is there as well',
      'name claims, or give the labels by which they are found: one of the two',
    );
  if (claims?.length === 0) wrong('claims', claims, 'nothing would be taken', 'name at least one claim');
  for (const claim of claims ?? [])
    if (!/^[a-z0-9]([-.a-z0-9]{0,198}[a-z0-9])?$/.test(claim))
      wrong(
        'claims',
        claim,
        'that is no name of a claim, or a very long one',
        'as `kubectl get pvc` tells it',
      );
  if (new Set(claims).size !== (claims ?? []).length)
    wrong('claims', claims, 'one is named twice', 'name each once');
  if (claimSelector !== undefined && Object.keys(claimSelector).length === 0)
    wrong(
      'claimSelector',
      claimSelector,
      'every claim of the namespace would be taken',
      'give at least one label',
    );
  for (const [label, value] of Object.entries(claimSelector ?? {}))
    if (
      !/^([a-z0-9]([-.a-z0-9]*[a-z0-9])?\/)?[A-Za-z0-9]([-._A-Za-z0-9]{0,61}[A-Za-z0-9])?$/.test(label) ||
      !/^([A-Za-z0-9]([-._A-Za-z0-9]{0,61}[A-Za-z0-9])?)?$/.test(value)
    )
      wrong('claimSelector', { [label]: value }, 'that is no label', "for example { app: 'orders' }");
  if (together === true && claimSelector === undefined)
    wrong(
      'together',
      together,
      'a group snapshot finds its claims by their labels',
      'give claimSelector in place of claims',
    );
  if (together === true && snapshotClass.groupClass === undefined)
    wrong(
      'together',
      together,
      `class ${snapshotClass.name} has no group class`,
      'declare it with group, where the driver can take several volumes at once',
    );
  return found;
}
