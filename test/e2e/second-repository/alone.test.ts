import { RepositorySite } from './site';

/** A database leaves its first repository for the second, while the first one cannot be reached. */
let database: RepositorySite;

beforeAll(async () => {
  database = await RepositorySite.open('second-repository');
  await database.deployWithBoth();
}, 3_600_000);

afterAll(() => database?.close(), 120_000);

test('without the first one it keeps its number, and alone brings everything back', async () => {
  await database.cutFirst();
  await database.deployWithSecond();
  expect(await database.inPod('sh', '-c', 'cat /etc/pgbackrest/pgbackrest.conf')).not.toContain('repo1-');
  await database.site.sql('insert into kept values (1001)');
  await database.site.archived();
  await database.site.lose();
  await database.deployWithSecond();
  expect((await database.site.sql('select count(*) from kept')).trim()).toBe('1001');
  expect(await database.inPod('cat', '/var/lib/postgresql/recovery/complete.json')).toMatch(/"repo": ?2/);
}, 600_000);
