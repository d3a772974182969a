import { type Finding, SecretRef } from '../core';
import { isOwnKey } from './installation';
import type { VolumePolicy } from './schedule';
import type { VeleroProps } from './velero';

/** Both together, and a number, are the value of a label. */
const NAME = /^[a-z0-9]([-a-z0-9]{0,26}[a-z0-9])?$/;

/** Everything that is wrong with Velero's settings. */
export function checkVelero(props: VeleroProps): Finding[] {
  const { credentials, recover, repositoryKey, schedules, vault } = props;
  const found: Finding[] = [...vault.faults('vault'), ...SecretRef.faults(repositoryKey, 'repositoryKey')];
  const wrong = (property: string, value: unknown, why: string, fix: string): void => {
    const rule = `velero/${property
      .replace(/^schedules\.[^.]*$/, 'schedules')
      .replace(/^schedules\.[^.]*\./, 'schedule-')
      .split('.')[0]
      ?.toLowerCase()}`;
    found.push({ rule, message: `${property} is ${JSON.stringify(value)}; ${why}`, fix });
  };
  if (SecretRef.is(repositoryKey) && repositoryKey.kind === 'existing' && !isOwnKey(repositoryKey))
    wrong(
      'repositoryKey',
      repositoryKey.describe(),
      'Velero looks for it in the Secret velero-repo-credentials, key repository-password, alone',
      "SecretRef.variable(…), which makes that Secret; or SecretRef.existing({ name: 'velero-repo-credentials', key: 'repository-password' })",
    );
  found.push(...credentialFaults(credentials, wrong));
  checkLocation(props, wrong);
  if (Object.keys(schedules).length === 0)
    wrong('schedules', schedules, 'nothing would be backed up', 'declare one, or leave Velero out');
  for (const [name, schedule] of Object.entries(schedules)) {
    if (!NAME.test(name))
      wrong(
        `schedules.${name}`,
        name,
        'it is part of the names of backups',
        '1 to 28 lower-case letters, digits and -',
      );
    found.push(...schedule.schedule.faults(`schedules.${name}.schedule`));
    checkKeep(name, schedule, wrong);
    checkScope(name, schedule, wrong);
    for (const [index, policy] of (schedule.volumePolicies ?? []).entries())
      checkPolicy(`schedules.${name}.volumePolicies[${index}]`, policy, wrong);
    for (const [index, hook] of (schedule.hooks ?? []).entries())
      if (hook.command.length === 0)
        wrong(
          `schedules.${name}.hooks[${index}].command`,
          [],
          'nothing would run',
          "for example ['/bin/sync']",
        );
  }
  if (recover !== undefined && !NAME.test(recover.id))
    wrong(
      'recover.id',
      recover.id,
      'it is part of the names of Restores: 1 to 28 lower-case letters, digits and -',
      'for example incident-2026-05-04',
    );
  return found;
}

type Wrong = (property: string, value: unknown, why: string, fix: string) => void;
type Schedules = VeleroProps['schedules'];

function credentialFaults(credentials: VeleroProps['credentials'], wrong: Wrong): Finding[] {
  if ('roleArn' in credentials) {
    if (!/^arn:aws[a-z-]*:iam::\d{12}:role\/.+$/.test(credentials.roleArn))
      wrong(
        'credentials.roleArn',
        credentials.roleArn,
        'it is no role',
        'for example arn:aws:iam::123456789012:role/velero',
      );
    return [];
  }
  if ('file' in credentials) return SecretRef.faults(credentials.file, 'credentials.file');
  const { accessKey, secretKey } = credentials;
  for (const [property, value] of Object.entries({ accessKey, secretKey }))
    if (SecretRef.is(value) && value.kind === 'existing')
      wrong(
        `credentials.${property}`,
        value.describe(),
        'Velero reads both from one file',
        'SecretRef.variable for both; or credentials: { file: SecretRef.existing(…) }, with the file in that Secret',
      );
  return [
    ...SecretRef.faults(accessKey, 'credentials.accessKey'),
    ...SecretRef.faults(secretKey, 'credentials.secretKey'),
  ];
}

function checkLocation({ credentials, environment, location, vault }: VeleroProps, wrong: Wrong): void {
  const prefix = location?.prefix;
  if (prefix !== undefined && (/^\/|\/$|\/\//.test(prefix) || prefix === ''))
    wrong(
      'location.prefix',
      prefix,
      'slashes stand between its parts alone',
      `for example velero/${environment}`,
    );
  if (location?.kmsKeyId !== undefined && vault.store.kind !== 'aws')
    wrong('location.kmsKeyId', location.kmsKeyId, `${vault.name} is not at Amazon`, 'drop it');
  if ('roleArn' in credentials && vault.store.kind !== 'aws')
    wrong(
      'credentials.roleArn',
      credentials.roleArn,
      `${vault.name} is not at Amazon`,
      'credentials: { accessKey, secretKey }',
    );
}

function checkKeep(name: string, { keep, schedule }: Schedules[string], wrong: Wrong): void {
  const property = `schedules.${name}.keep`;
  const seconds = keep.toSeconds();
  if (!Number.isInteger(seconds) || seconds < 3600) {
    wrong(
      property,
      `${seconds} s`,
      'it must be whole seconds, an hour at least',
      'for example Duration.days(30)',
    );
    return;
  }
  if (schedule.faults().length > 0) return;
  const gap = schedule.longestGap().toSeconds();
  if (seconds < 2 * gap)
    wrong(
      property,
      keep.human(),
      `up to ${schedule.longestGap().human()} pass between two backups: when one fails, the last good one would be gone before the next is made`,
      `${Math.ceil((2 * gap) / 86_400)} days or more, or back up more often`,
    );
}

function checkScope(name: string, schedule: Schedules[string], wrong: Wrong): void {
  const { excludedNamespaces = [], includedNamespaces, includedResources, excludedResources = [] } = schedule;
  if (includedNamespaces?.length === 0)
    wrong(`schedules.${name}.includedNamespaces`, [], 'nothing would be backed up', 'leave it out for all');
  for (const both of (includedNamespaces ?? []).filter((one) => excludedNamespaces.includes(one)))
    wrong(`schedules.${name}.excludedNamespaces`, both, 'it is included as well', 'name it in one of both');
  for (const both of (includedResources ?? []).filter((one) => excludedResources.includes(one)))
    wrong(`schedules.${name}.excludedResources`, both, 'it is included as well', 'name it in one of both');
  for (const resource of ['persistentvolumes', 'pv'])
    if (schedule.clusterResources?.includes(resource))
      wrong(
        `schedules.${name}.clusterResources`,
        resource,
        'the volumes of databases that restore themselves would come back with it, attached to nothing',
        'leave it out: the volume of each claim in the backup is in it anyway',
      );
}

function checkPolicy(property: string, policy: VolumePolicy, wrong: Wrong): void {
  const { capacity, claimLabels, storageClasses } = policy;
  if (capacity === undefined && claimLabels === undefined && storageClasses === undefined)
    wrong(property, policy, 'it has no condition', 'a storage class, labels of a claim, or a capacity');
  if (capacity !== undefined && !/^\d+(\.\d+)?[KMGTPE]?i?,(\d+(\.\d+)?[KMGTPE]?i?)?$/.test(capacity))
    wrong(`${property}.capacity`, capacity, 'it is no range', "for example '0,100Gi', or '100Gi,'");
}

/** What works, and may not be what was meant. */
export function warnOfVelero({ schedules }: VeleroProps): Finding[] {
  return Object.entries(schedules)
    .filter(([, { archiveSecrets }]) => archiveSecrets === true)
    .map(([name]) => ({
      rule: 'velero/secrets-in-archive',
      message: `schedules.${name}.archiveSecrets: whoever may read the bucket reads these Secrets, since Velero does not encrypt objects`,
      fix: 'leave them out and bring them back by External Secrets, or see who may read the bucket',
    }));
}
