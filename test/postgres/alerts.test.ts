import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { prometheusDuration, resolveRules } from '../../constructs/alerts';
import { Duration, Size } from '../../constructs/core';
import { limit } from '../../constructs/postgres/alerts/backups';
import { POSTGRES_ALERTS } from '../../constructs/postgres/alerts/catalogue';
import { type DatabaseSubject, freezeMaxAge } from '../../constructs/postgres/alerts/subject';
import { ALERTING, describeCatalogue } from '../alerts/catalogue';

const full = { type: 'full', longestGap: Duration.days(7), delay: Duration.minutes(5) } as const;
const subject: DatabaseSubject = {
  namespace: 'shop',
  name: 'orders',
  environment: 'production',
  replicas: 2,
  archiveTimeout: Duration.seconds(60),
  schedules: [
    full,
    { type: 'diff', longestGap: Duration.days(2), delay: Duration.minutes(3) },
    { type: 'incr', longestGap: Duration.hours(6), delay: Duration.minutes(7) },
  ],
  repositories: [1, 3],
  stanza: 'orders',
  repositoryInterval: Duration.minutes(5),
  size: Size.gibibytes(50),
  dumps: true,
  objectives: { rpo: Duration.minutes(5), rto: Duration.minutes(30) },
  freezeMaxAge: 200_000_000,
  issuedTls: true,
};
const plain: DatabaseSubject = {
  ...subject,
  replicas: 0,
  schedules: [full],
  repositories: [1],
  dumps: false,
  issuedTls: false,
  objectives: {},
};

// Each repository has the same rules.
describeCatalogue(POSTGRES_ALERTS, [{ ...subject, repositories: [3] }]);

const rulesOf = (one: DatabaseSubject) => resolveRules(POSTGRES_ALERTS, one, ALERTING);
const idsOf = (one: DatabaseSubject) => [...new Set(rulesOf(one).map(({ id }) => id))];

describe('what is not there is not watched', () => {
  test('without replicas none is missed', () => {
    const gone = idsOf(subject).filter((id) => !idsOf(plain).includes(id));
    expect(gone).toEqual([
      'PostgresPrimaryMissing',
      'PostgresSeveralPrimaries',
      'PostgresReplicaMissing',
      'PostgresReplicaNotStreaming',
      'PostgresReplicaLag',
      'PgBackRestBackupTooOld',
    ]);
  });

  test('a rule for each schedule, and for each repository', () => {
    const labels = (id: string, label: string) =>
      rulesOf(subject).flatMap((one) => (one.id === id ? [one.labels[label]] : []));
    expect(labels('PgBackRestRepositoryUnusable', 'repository')).toEqual(['1', '3']);
    expect(labels('PgBackRestFullTooOld', 'backup_type')).toEqual(['full', 'full']);
    expect(labels('PgBackRestBackupTooOld', 'backup_type')).toEqual(['diff', 'diff', 'incr', 'incr']);
    expect(labels('PgBackRestBackupTooOld', 'repository')).toEqual(['1', '3', '1', '3']);
  });
});

describe('thresholds follow from facts', () => {
  const DAY = 86_400;
  test('a backup may be as old as the longest gap, its delay, two hours and what it takes', () => {
    // 50 GiB at 25 MiB/s.
    expect(limit(subject, full)).toBe(7 * DAY + 300 + 7200 + 2048);
    expect(limit({ ...subject, size: Size.gibibytes(500) }, full)).toBe(7 * DAY + 300 + 7200 + 20_480);
  });

  test('a longer archive timeout is waited for', () => {
    const stuck = (archiveTimeout: Duration) =>
      rulesOf({ ...subject, archiveTimeout }).find(({ id }) => id === 'PostgresWalArchiveStuck')?.rule;
    expect(stuck(Duration.seconds(60))?.for).toBe('5m');
    expect(stuck(Duration.seconds(60))?.expr).toContain('[600s]');
    expect(stuck(Duration.hours(1))?.for).toBe('62m');
    expect(stuck(Duration.hours(1))?.expr).toContain('[10800s]');
  });

  test('an exporter that asks seldom is not taken for one that hangs', () => {
    const frozen = (repositoryInterval: Duration) =>
      rulesOf({ ...subject, repositoryInterval }).find(({ id }) => id === 'PgBackRestExporterFrozen')?.rule;
    expect(frozen(Duration.minutes(5))?.for).toBe('20m');
    expect(frozen(Duration.minutes(5))?.expr).toContain('[3600s]');
    expect(frozen(Duration.hours(1))?.for).toBe('65m');
    expect(frozen(Duration.hours(1))?.expr).toContain('[10800s]');
  });

  test('vacuum is given what autovacuum_freeze_max_age lets it have', () => {
    const threshold = (age: number) =>
      rulesOf({ ...subject, freezeMaxAge: age }).find(({ id }) => id === 'PostgresTransactionIdsHigh')
        ?.variables['threshold'];
    expect(threshold(freezeMaxAge())).toBe(500_000_000);
    expect(threshold(freezeMaxAge({ autovacuum_freeze_max_age: 600_000_000 }))).toBe(900_000_000);
    expect(threshold(freezeMaxAge({ autovacuum_freeze_max_age: '2000000000' }))).toBe(1_500_000_000);
    expect(freezeMaxAge({ autovacuum_freeze_max_age: 'many' })).toBe(200_000_000);
  });
});

test('the table of the README has every alert, as it is', () => {
  const readme = readFileSync(join(__dirname, '../../constructs/postgres/README.md'), 'utf8');
  const rows = [...readme.matchAll(/^\| `(P\w+)` \| (\w+) \| [^|]+ \| (\d+[mh])/gm)];
  const told = rows.map(([, id, severity, pending]) => ({ id, severity, for: pending })).sort(byId);
  const known = POSTGRES_ALERTS.alerts.map((alert) => ({
    id: alert.id,
    severity: alert.severity,
    for: prometheusDuration(alert.for),
  }));
  expect(told).toEqual(known.sort(byId));
});

function byId(a: { id?: string | undefined }, b: { id?: string | undefined }): number {
  return String(a.id).localeCompare(String(b.id));
}
