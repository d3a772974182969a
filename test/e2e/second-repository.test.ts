import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jobFrom } from '../../clone/template';
import { Checkout } from './checkout';
import { FaultProxy } from './faults/fault-proxy';
import { eventually, LocalSite } from './local-site';

/**
 * A database moves to another repository on a real cluster, which is also how it gets a new passphrase: first both,
 * then the second alone, while the first one cannot be reached any more.
 */
let site: LocalSite;
let proxy: FaultProxy;
let checkout: Checkout;

const FIRST = '{ ...VAULT_KEYS, vault }';
const SECOND = `{ ...VAULT_KEYS, vault, number: 2, folder: 'second', passphrase: SecretRef.variable('repository_passphrase_2', { description: 'of the second repository' }) }`;
const PASSPHRASE = 'a-passphrase-of-its-own-for-the-second';

/** Deploys a checkout whose declaration has these repositories. */
async function deployWith(repositories: readonly string[]): Promise<void> {
  checkout.change('environments/local.ts', (text) => {
    const vault = /^ {2}vault: (Vault\.s3Compatible\([\s\S]*?\n {2}\}\)),$/m.exec(text)?.[1] ?? '';
    const declared = text
      .replace(`vault: ${vault},`, 'vault,')
      .replace('import { Duration,', 'import { Duration, SecretRef,')
      .replace('export const local', `const vault = ${vault};\nexport const local`)
      .replace('repositoryKeys: VAULT_KEYS,', `$&\n  repositories: [${repositories.join(', ')}],`);
    expect(declared).toMatch(
      /SecretRef,[\s\S]*const vault = Vault[\s\S]* {2}vault,[\s\S]* {2}repositories: /,
    );
    return declared;
  });
  await site.in(checkout.directory).deployed();
}

const inPod = (...command: readonly string[]) =>
  site.kubectl('exec', '--namespace=local', 'orders-0', '--container=postgres', '--', ...command);

interface Info {
  readonly status: { readonly code: number };
  readonly repo: readonly { readonly key: number; readonly status: { readonly code: number } }[];
  readonly backup: readonly { readonly label: string; readonly type: string }[];
  readonly archive: readonly { readonly max: string }[];
}
async function info(repo: number): Promise<Info> {
  const [stanza] = JSON.parse(
    await inPod('pgbackrest', '--stanza=orders', `--repo=${repo}`, '--output=json', 'info'),
  ) as [Info];
  return stanza;
}

beforeAll(async () => {
  checkout = await Checkout.copy();
  const direct = await LocalSite.open('repositories');
  site = direct;
  proxy = await FaultProxy.start('repositories');
  site = direct.with({ VAULT_ENDPOINT: proxy.endpoint, TF_VAR_repository_passphrase_2: PASSPHRASE });
  await site.initialised();
  await site.backedUp();
  await site.sql('create table kept as select n from generate_series(1, 1000) n');
  await site.archived();
}, 3_600_000);

afterAll(async () => {
  await proxy?.stop();
  await site?.close();
  checkout?.remove();
}, 120_000);

test('a second repository gets its stanza, a full backup and all further WAL, under a passphrase of its own', async () => {
  await deployWith([FIRST, SECOND]);
  await eventually('the second repository has a full backup', 110, async () => {
    const { backup, status } = await info(2);
    return status.code === 0 && backup.some(({ type }) => type === 'full');
  });
  await site.sql('insert into kept values (1001)');
  await site.archived();
  expect((await info(2)).archive[0]?.max).toBe((await info(1)).archive[0]?.max);
  const other = await inPod(
    'sh',
    '-c',
    'PGBACKREST_REPO2_CIPHER_PASS=$PGBACKREST_REPO1_CIPHER_PASS pgbackrest --stanza=orders --repo=2 --output=json info',
  );
  // What a wrong passphrase makes of a file is quoted in it, so it is no valid JSON.
  expect(other).toContain('"code":99,');
  expect(other).not.toContain('"code":0,');
});

test('while the first one cannot be reached, the second goes on receiving WAL and backups', async () => {
  await proxy.set(
    { path: '/local/orders', do: 'reset' },
    { path: 'prefix=local%2Forders', do: 'reset' },
    { path: 'prefix=local/orders', do: 'reset' },
  );
  await site.sql('insert into kept values (1002)');
  const segment = (await site.sql('select pg_walfile_name(pg_switch_wal())')).trim();
  await eventually(`${segment} is in the second`, 150, async () => {
    return ((await info(2)).archive[0]?.max ?? '') >= segment;
  });
  const before = (await info(2)).backup.length;
  const template = await site.kubectl(
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
  writeFileSync(join(checkout.directory, 'job.json'), JSON.stringify(job));
  await site.kubectl('create', '--filename', join(checkout.directory, 'job.json'));
  await eventually('the second has one more', 250, async () => (await info(2)).backup.length > before);
  await site.kubectl('delete', 'job', 'orders-backup-now', '--namespace=local', '--wait=false');
}, 600_000);

test('without the first one it keeps its number, and alone brings everything back', async () => {
  await deployWith([SECOND]);
  expect(await inPod('sh', '-c', 'cat /etc/pgbackrest/pgbackrest.conf')).not.toContain('repo1-');
  await site.sql('insert into kept values (1003)');
  await site.archived();
  await site.lose();
  await deployWith([SECOND]);
  expect((await site.sql('select count(*) from kept')).trim()).toBe('1003');
  expect(await inPod('cat', '/var/lib/postgresql/recovery/complete.json')).toMatch(/"repo": ?2/);
}, 600_000);
