import type { Duration, Finding, Size } from '../../core';
import { keyFaults, placeFaults } from '../place';
import { keepBackupsFaults, replicationFaults } from './automated-backups';
import type { ProtectedDatabaseInstanceProps } from './database-instance';

function wrong(rule: string, message: string, fix: string): Finding {
  return { rule: `aws-rds/${rule}`, message, fix };
}

export function instanceFaults(
  props: ProtectedDatabaseInstanceProps & { readonly keepBackups: Duration },
): Finding[] {
  const { maximumStorage, storage } = props;
  return [
    ...placeFaults(props),
    ...identifierFaults('name', props.name),
    ...storageFaults('storage', storage),
    ...(maximumStorage === undefined ? [] : storageFaults('maximumStorage', maximumStorage)),
    ...(maximumStorage === undefined || maximumStorage.isLargerThan(storage)
      ? []
      : [
          wrong(
            'storage',
            `maximumStorage is ${maximumStorage.human()}, and not larger than storage, ${storage.human()}`,
            'make it a tenth larger at least, or leave it out',
          ),
        ]),
    ...keyFaults('kmsKeyArn', props.kmsKeyArn, props),
    ...keepBackupsFaults('keepBackups', props.keepBackups),
    ...windowFaults(props.backupWindow),
    ...replicationFaults(props.replicateBackups, props),
    ...(props.securityGroupIds.length > 0
      ? []
      : [
          wrong(
            'network',
            'securityGroupIds is empty: the default group of the network would decide who reaches it',
            'name the groups that let its clients in',
          ),
        ]),
  ];
}

export function identifierFaults(property: string, name: string, most = 50): Finding[] {
  if (/^[a-z](-?[a-z0-9])*$/.test(name) && name.length <= most) return [];
  return [
    wrong(
      'name',
      `${property} is "${name}", which RDS does not allow`,
      `use up to ${most} lower case letters, digits and single hyphens, beginning with a letter`,
    ),
  ];
}

function storageFaults(property: string, size: Size): Finding[] {
  const count = size.bytes / 1024 ** 3;
  if (Number.isInteger(count) && count >= 20 && count <= 65_536) return [];
  return [
    wrong(
      'storage',
      `${property} is ${size.human()}, and gp3 takes whole GiB, 20 to 65536`,
      'write Size.gibibytes(n)',
    ),
  ];
}

function windowFaults(window: string | undefined): Finding[] {
  if (window === undefined) return [];
  const times = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$/.exec(window)?.slice(1).map(Number);
  const [fromHour = 0, fromMinute = 0, toHour = 0, toMinute = 0] = times ?? [];
  const minutes = (toHour * 60 + toMinute - fromHour * 60 - fromMinute + 1440) % 1440;
  if (times !== undefined && minutes >= 30) return [];
  return [
    wrong(
      'backup-window',
      `backupWindow is "${window}", which is no window of half an hour or more`,
      'write it in UTC as 02:00-03:00',
    ),
  ];
}
