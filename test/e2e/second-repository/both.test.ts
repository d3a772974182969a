import { eventually } from '../local-site';
import { RepositorySite } from './site';

/** A database writes into two repositories, each with a passphrase of its own. */
let database: RepositorySite;

beforeAll(async () => {
  database = await RepositorySite.open('two-repositories');
}, 3_600_000);

afterAll(() => database?.close(), 120_000);

test('a second repository gets its stanza, a full backup and all further WAL, under a passphrase of its own', async () => {
  await database.deployWithBoth();
  await database.site.sql('insert into kept values (1001)');
  await database.site.archived();
  expect((await database.info(2)).archive[0]?.max).toBe((await database.info(1)).archive[0]?.max);
  const other = await database.inPod(
    'sh',
    '-c',
    'PGBACKREST_REPO2_CIPHER_PASS=$PGBACKREST_REPO1_CIPHER_PASS pgbackrest --stanza=orders --repo=2 --output=json info',
  );
  // What a wrong passphrase makes of a file is quoted in it, so it is no valid JSON.
  expect(other).toContain('"code":99,');
  expect(other).not.toContain('"code":0,');
});

test('while the first one cannot be reached, the second goes on receiving WAL', async () => {
  await database.cutFirst();
  await database.site.sql('insert into kept values (1002)');
  const segment = (await database.site.sql('select pg_walfile_name(pg_switch_wal())')).trim();
  await eventually(`${segment} is in the second`, 150, async () => {
    return ((await database.info(2)).archive[0]?.max ?? '') >= segment;
  });
}, 300_000);
