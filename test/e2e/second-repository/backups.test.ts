import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jobFrom } from '../../../clone/template';
import { eventually } from '../local-site';
import { RepositorySite } from './site';

/** Backups of a database with two repositories, one of which cannot be reached. */
let database: RepositorySite;

beforeAll(async () => {
  database = await RepositorySite.open('repository-backups');
  await database.deployWithBoth();
}, 3_600_000);

afterAll(() => database?.close(), 120_000);

test('while the first one cannot be reached, the second goes on receiving backups', async () => {
  await database.cutFirst();
  const before = (await database.info(2)).backup.length;
  const template = await database.site.kubectl(
    'get',
    'cronjob',
    'orders-backup-diff',
    '--namespace=local',
    '--output=json',
  );
  const job = jobFrom(JSON.parse(template), {
    name: 'orders-backup-now',
    environment: {
      WAIT_SECONDS: '5',
      CHECK_SECONDS: '5',
      BACKUP_RETRY_SECONDS: '5',
      RETRY_SECONDS: '1',
      PGBACKREST_IO_TIMEOUT: '10',
    },
  });
  writeFileSync(join(database.checkout.directory, 'job.json'), JSON.stringify(job));
  await database.site.kubectl('create', '--filename', join(database.checkout.directory, 'job.json'));
  await eventually(
    'the second has one more',
    250,
    async () => (await database.info(2)).backup.length > before,
  );
  await database.site.kubectl('delete', 'job', 'orders-backup-now', '--namespace=local', '--wait=false');
}, 600_000);
