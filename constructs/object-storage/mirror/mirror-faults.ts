import { type Finding, type Schedule, SecretRef } from '../../core';
import { isPushTarget } from '../../pushgateway';
import { isSamePlace } from '../bucket-rules';
import { type BucketMirrorProps, DEFAULTS } from './mirror-props';

/** Everything that is wrong with a mirror's declaration. @param rpoSeconds the age of the newest copy, at most */
export function mirrorFaults(
  props: BucketMirrorProps,
  schedule: Schedule,
  rpoSeconds: number | undefined,
): Finding[] {
  const { alerting, of, pushgateway, restoreKeys, sourceKeys, vault, vaultKeys } = props;
  const found: Finding[] = [...schedule.faults(), ...vault.faults('vault')];
  const wrong = (property: string, value: unknown, why: string, fix: string): void => {
    found.push({
      rule: 'mirror/declaration',
      message: `${property} is ${JSON.stringify(value)}; ${why}`,
      fix,
    });
  };
  for (const [property, keys] of Object.entries({ sourceKeys, vaultKeys, restoreKeys }))
    if (keys !== undefined)
      found.push(
        ...SecretRef.faults(keys.accessKey, `${property}.accessKey`),
        ...SecretRef.faults(keys.secretKey, `${property}.secretKey`),
      );
  numbers(props, wrong);
  texts(props, wrong);
  if (isSamePlace(vault.location, of.bucket.location))
    found.push({
      rule: 'mirror/same-place',
      message: `vault is at ${vault.store.endpoint}, where the bucket ${of.bucket.name} is: both are lost at once`,
      fix: 'a vault at another store, or in another region or account',
    });
  if (pushgateway !== undefined && !isPushTarget(pushgateway))
    wrong('pushgateway', pushgateway, 'it is no URL', 'for example http://pushgateway.monitoring.svc:9091');
  if (alerting !== undefined && pushgateway === undefined)
    wrong(
      'pushgateway',
      undefined,
      'and alerting is set: its alerts would read figures that nobody has',
      'give a Pushgateway, or leave alerting out',
    );
  const rpo = of.asset.props.objectives?.rpo;
  if (rpo !== undefined && rpoSeconds !== undefined && rpoSeconds > rpo.toSeconds())
    found.push({
      rule: 'mirror/rpo',
      message: `the asset ${of.asset.props.id} may lose ${rpo.human()}, and up to ${Math.round(rpoSeconds / 60)} minutes pass from one run of its mirror to the next`,
      fix: 'run it more often, or declare the objective that it can keep',
    });
  return found;
}

type Wrong = (property: string, value: unknown, why: string, fix: string) => void;

function numbers(props: BucketMirrorProps, wrong: Wrong): void {
  const { bandwidthPerSecond, keep = DEFAULTS.keep, maximumLoss = DEFAULTS.maximumLoss, runLimit } = props;
  const { readBackRuns = DEFAULTS.readBackRuns, transfers, checkers } = props;
  if (!Number.isInteger(keep.toSeconds()) || keep.toSeconds() < 86_400)
    wrong(
      'keep',
      keep.human(),
      'what was deleted in the evening would be gone in the morning',
      'whole seconds, a day or more; leave it out for 30 days',
    );
  if (!(maximumLoss > 0 && maximumLoss < 1))
    wrong('maximumLoss', maximumLoss, 'it must be between 0 and 1', 'leave it out for 0.25');
  if (!Number.isInteger(readBackRuns) || readBackRuns < 0)
    wrong('readBackRuns', readBackRuns, 'it must be a whole number from 0', 'leave it out for 14');
  for (const [property, value] of Object.entries({ transfers, checkers }))
    if (value !== undefined && (!Number.isInteger(value) || value < 1 || value > 256))
      wrong(property, value, 'it must be a whole number from 1 to 256', 'leave it out');
  if (bandwidthPerSecond !== undefined && bandwidthPerSecond.bytes < 1024)
    wrong('bandwidthPerSecond', bandwidthPerSecond.bytes, 'nothing would ever arrive', '1 KiB or more');
  if (runLimit !== undefined && runLimit.toSeconds() < 60)
    wrong(
      'runLimit',
      runLimit.human(),
      'no run would ever end',
      'a minute or more; leave it out for 12 hours',
    );
}

function texts({ name, path, prefix, uid }: BucketMirrorProps, wrong: Wrong): void {
  if (!/^[a-z]([-a-z0-9]{0,30}[a-z0-9])?$/.test(name))
    wrong('name', name, 'it is part of the names of objects', 'lower case letters, digits and -, at most 32');
  if (path !== undefined && !/^\/[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/.test(path))
    wrong(
      'path',
      path,
      'it must begin with / and have letters, digits, ., _ and -',
      'leave it out for /<environment>',
    );
  if (prefix !== undefined && !/^[^/].*\/$/.test(prefix))
    wrong(
      'prefix',
      prefix,
      'it must end with / and not begin with it',
      'for example uploads/; leave it out for all',
    );
  if (uid !== undefined && (!Number.isInteger(uid) || uid < 1))
    wrong('uid', uid, 'it must be a user other than root', 'leave it out for 65534');
}
