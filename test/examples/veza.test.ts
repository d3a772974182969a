/*
 * Veza's database: everything that its pgBackRest timers and its restore drill did by hand.
 *
 *   const database = new PostgresDatabase(this, 'veza', {
 *     archiveTimeout: Duration.seconds(60), objectives: { rpo: Duration.minutes(1), rto: Duration.minutes(30) },
 *     backups: { full: Schedule.cron('0 2 * * 0'), differential: Schedule.cron('0 2 * * 1-6') },
 *     spread: Duration.minutes(15), compressLevel: 3,
 *     repositories: [
 *       { vault: minio, retention: { full: 4, differential: 7 }, passphrase, accessKey, secretKey },
 *       { vault: offSite, retention: { full: 4 }, … },
 *     ],
 *     exporter: { … },
 *   });
 *   new RestoreDrill(this, 'drill', {
 *     of: database, schedule: Schedule.cron('0 4 * * 0'), accessKey: readOnlyKey, secretKey: readOnlySecret,
 *     checks: [{ table: 'tracks', minimumRows: 1_000 }], keep: false,
 *     alerts: { failed: { for: Duration.minutes(5), severity: 'critical' },
 *               stale: { after: Duration.days(8), for: Duration.hours(1), severity: 'warning' } },
 *   });
 *   new Alerts(this, 'critical', {
 *     serviceDown: { for: Duration.seconds(30) }, errors: { maxPercent: 5 },
 *     latency: { quantile: 0.99, max: Duration.seconds(2) }, redis: { for: Duration.seconds(30) },
 *   });
 *   // A server that runs already keeps its data: archiving is added to it, nothing is rebuilt.
 *   new PgBackRestSidecar(this, 'existing', { server: existingStatefulSet, repositories: [ … ] });
 */
describe('Veza', () => {
  test.todo(
    'V1 weekly full, daily differential, WAL each 60 s, path style S3, 4/7/4 kept, zstd 3, aes-256-cbc',
  );
  test.todo('V2 nothing is applied while secrets are placeholders; credentials come from a vault');
  test.todo('V3 archive_command is set on a server that runs already, without rebuilding it');
  test.todo(
    'V4 the role is found at run time; the primary alone makes the stanza; the lock arbitrates; delays spread',
  );
  test.todo('V5 a weekly drill two hours after the full backup, and its exits 0, 1 and 2');
  test.todo(
    'V6 alerts: drill failed (critical, 5 min), stale above 8 days (warning, 1 h), with runbook and reason',
  );
  test.todo('V7 critical group: service down 30 s, 5xx 5 %, p99 2 s, Redis unreachable 30 s');
  test.todo('V8 RPO of about 1 min; RTO of at most 30 min, measured by the drill');
  test.todo('V9 a cheat sheet: info, check, manual backup');
  test.todo('V10 an off-site second repository, pgbackrest_exporter, a point in time');
});
