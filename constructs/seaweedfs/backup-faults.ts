import { Duration, type Finding, type Schedule, SecretRef } from '../core';
import { isPushTarget } from '../pushgateway';
import { secretEntries } from './pods';
import type { SeaweedFsBackupProps } from './seaweedfs-backup';

export const DEFAULTS = {
  keep: Duration.days(35),
  keepAtLeast: 3,
  maximumLoss: 0.5,
  limit: Duration.hours(24),
};

/** host:port, and behind it that of gRPC where it is another one. */
const ADDRESS = /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?:\d{1,5}(\.\d{1,5})?$/;
const DNS_NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;

/** What is wrong with the declaration of a backup. */
export function checkBackup(props: SeaweedFsBackupProps, schedule: Schedule): Finding[] {
  const found: Finding[] = [...schedule.faults(), ...props.vault.faults('vault')];
  const check = (right: boolean, property: string, value: unknown, why: string, fix: string): void => {
    if (!right)
      found.push({
        rule: 'seaweedfs/backup',
        message: `${property} is ${JSON.stringify(value)}; ${why}`,
        fix,
      });
  };
  check(
    /^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$/.test(props.name),
    'name',
    props.name,
    'it must be up to 40 lower case letters, digits and hyphens',
    'for example seaweedfs',
  );
  checkSeaweedFs(props, check);
  check(
    props.path === undefined || /^\/[A-Za-z0-9._/-]*[A-Za-z0-9]$/.test(props.path),
    'path',
    props.path,
    'it must begin with / and hold letters, digits, . _ - /',
    'for example /production',
  );
  checkKeeping(props, schedule, check);
  check(
    props.pushgateway === undefined || isPushTarget(props.pushgateway),
    'pushgateway',
    props.pushgateway,
    'it must be a Pushgateway or the URL of one',
    'for example http://pushgateway.monitoring.svc:9091',
  );
  for (const [entry, reference] of Object.entries(secretEntries(props)))
    found.push(...SecretRef.faults(reference, PROPERTIES[entry] ?? entry));
  return found;
}

/** By which property an entry is given. */
const PROPERTIES: Readonly<Record<string, string>> = {
  PGBACKREST_REPO1_S3_KEY: 'accessKey',
  PGBACKREST_REPO1_S3_KEY_SECRET: 'secretKey',
  'filer-read-key': 'readKey',
  'filer-write-key': 'writeKey',
};

type Check = (right: boolean, property: string, value: unknown, why: string, fix: string) => void;

function checkSeaweedFs(props: SeaweedFsBackupProps, check: Check): void {
  const { filer, filerUrl, grpcTls, masters, root } = props;
  const address = 'it must be host:port, with .port behind it where gRPC is not at that port and 10000';
  check(ADDRESS.test(filer), 'filer', filer, address, 'for example seaweedfs-filer-client.storage:8888');
  check(masters.length > 0, 'masters', masters, 'there must be one', 'for example seaweedfs-master:9333');
  for (const [index, master] of masters.entries())
    check(ADDRESS.test(master), `masters[${index}]`, master, address, 'for example seaweedfs-master:9333');
  if (filerUrl !== undefined) {
    const url = URL.canParse(filerUrl) ? new URL(filerUrl) : undefined;
    check(
      url !== undefined && /^https?:$/.test(url.protocol) && url.pathname === '/' && url.search === '',
      'filerUrl',
      filerUrl,
      'it must be where the filer is by HTTP, without a path',
      'for example https://seaweedfs-filer.storage:8888',
    );
  }
  check(
    root === undefined || root === '/' || /^(\/[A-Za-z0-9._~-]+)+$/.test(root),
    'root',
    root,
    'it must be a path of the filer, of letters, digits, . _ ~ -, without a slash at its end',
    'for example /buckets',
  );
  for (const which of ['client', 'authority'] as const)
    check(
      grpcTls === undefined || DNS_NAME.test(grpcTls[which]),
      `grpcTls.${which}`,
      grpcTls?.[which],
      'it must be the name of a Secret',
      `for example seaweedfs-${which === 'client' ? 'client' : 'ca'}-cert`,
    );
}

function checkKeeping(props: SeaweedFsBackupProps, schedule: Schedule, check: Check): void {
  const keep = (props.keep ?? DEFAULTS.keep).toSeconds();
  const limit = (props.limit ?? DEFAULTS.limit).toSeconds();
  const { keepAtLeast = DEFAULTS.keepAtLeast, maximumLoss = DEFAULTS.maximumLoss } = props;
  const whole = Number.isInteger(keep) && keep >= 3600 && keep <= 315_360_000;
  check(
    whole,
    'keep',
    `${keep} s`,
    'it must be whole seconds, from an hour to ten years',
    'for example Duration.days(35)',
  );
  if (whole && schedule.faults().length === 0)
    check(
      keep > schedule.longestGap().toSeconds(),
      'keep',
      `${keep} s`,
      'but more than that can pass between two sets',
      'keep them longer, or make them more often',
    );
  check(
    Number.isInteger(keepAtLeast) && keepAtLeast >= 1 && keepAtLeast <= 9999,
    'keepAtLeast',
    keepAtLeast,
    'it must be a whole number from 1',
    'leave it out for 3',
  );
  check(
    maximumLoss >= 0 && maximumLoss < 1,
    'maximumLoss',
    maximumLoss,
    'it must be from 0 to below 1',
    'leave it out for 0.5',
  );
  check(
    Number.isInteger(limit) && limit >= 60 && limit <= 2_592_000,
    'limit',
    `${limit} s`,
    'it must be whole seconds, from a minute to 30 days',
    'for example Duration.hours(24)',
  );
}
