import { Platform } from './platform';

/** Backups that are not made any more are told, until one is made. */
const NAMESPACE = '--namespace=local';
/** That long after a full backup the next one is late; an environment's own figure follows from its schedule. */
const LATE_SECONDS = 120;
let platform: Platform;

beforeAll(async () => {
  platform = await Platform.open('alert-backups', {
    overrides: `{ PgBackRestFullTooOld: { threshold: ${LATE_SECONDS} } }`,
  });
}, 3_600_000);

afterAll(() => platform?.close(), 120_000);

test('backups are not made any more, and then one is', async () => {
  await platform.fires('PgBackRestFullTooOld', 'critical', 400);
  await platform.site.kubectl('create', 'job', NAMESPACE, 'by-hand', '--from=cronjob/orders-backup-full');
  await platform.site.kubectl('wait', NAMESPACE, '--for=condition=complete', '--timeout=110s', 'job/by-hand');
  await platform.resolves('PgBackRestFullTooOld', 'critical', 400);
}, 1_200_000);
