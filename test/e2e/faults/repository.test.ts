import { readFileSync } from 'node:fs';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { Vault } from '../../../constructs/object-storage';
import { openStore, type S3Store, type StoreKeys } from '../../../constructs/object-storage/client';
import { LocalSite } from '../local-site';

/**
 * What is wrong inside a repository, on a real cluster: files that are damaged, WAL that is missing, everything deleted
 * with the cluster's own key. Nothing that was archived is lost in silence, and nothing starts empty.
 */
let site: LocalSite;
let rows = 0;

const REPOSITORY = 'local/orders/';
const lastLine = (output: string): string => output.trim().split('\n').at(-1) ?? '';

function storeWith(keys: StoreKeys): S3Store {
  const { VAULT_ADDRESS = '', VAULT_CA_FILE = '', VAULT_ENDPOINT = '' } = site.variables();
  process.env['VAULT_ADDRESS'] = VAULT_ADDRESS;
  const caPem = readFileSync(VAULT_CA_FILE, 'utf8');
  return openStore(Vault.s3Compatible({ endpoint: VAULT_ENDPOINT, bucket: 'local-vault', caPem }), { keys });
}

/** The deployer's, which no cluster has. */
function deployersStore(): S3Store {
  const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '' } =
    site.variables();
  return storeWith({ accessKeyId, secretAccessKey });
}

async function clustersStore(): Promise<S3Store> {
  const secret = ['get', 'secret', '--namespace=local', 'orders-repository-keys'];
  const value = async (name: string): Promise<string> =>
    Buffer.from(await site.kubectl(...secret, `--output=jsonpath={.data.${name}}`), 'base64').toString();
  return storeWith({
    accessKeyId: await value('PGBACKREST_REPO1_S3_KEY'),
    secretAccessKey: await value('PGBACKREST_REPO1_S3_KEY_SECRET'),
  });
}

async function write(): Promise<void> {
  await site.sql('insert into kept default values');
  rows += 1;
  await site.archived();
}

async function recovered(): Promise<string> {
  await site.deployed();
  expect((await site.sql('select count(*) from kept')).trim()).toBe(String(rows));
  return site.kubectl('logs', '--namespace=local', 'orders-0', '--container=prepare');
}

async function backUp(name: string): Promise<void> {
  await site.kubectl('create', 'job', '--namespace=local', name, '--from=cronjob/orders-backup-full');
  await site.kubectl(
    'wait',
    '--namespace=local',
    '--for=condition=complete',
    '--timeout=110s',
    `job/${name}`,
  );
}

beforeAll(async () => {
  site = await LocalSite.open('faults');
  await site.initialised();
  await site.sql('create table kept (id bigint generated always as identity primary key)');
  await site.backedUp();
}, 3_600_000);

afterAll(async () => {
  await site?.close();
}, 120_000);

const DAMAGES: Record<string, (file: Buffer) => Buffer> = {
  'bit-flipped': (file) => {
    const middle = file.length >> 1;
    file.writeUInt8(file.readUInt8(middle) ^ 1, middle);
    return file;
  },
  truncated: (file) => file.subarray(0, file.length >> 1),
};

test.each(Object.entries(DAMAGES))(
  'a file of the newest backup is %s: an older backup and its WAL bring every row back',
  async (name, damage) => {
    await write();
    await backUp(name);
    await write();
    const store = deployersStore();
    const { client, target } = store;
    const bundles = (await store.keys(`${REPOSITORY}backup/orders/`)).filter((key) =>
      key.includes('/bundle/'),
    );
    const Key = bundles.sort().at(-1) ?? '';
    const { Body } = await client.send(new GetObjectCommand({ ...target, Key }));
    const file = Buffer.from((await Body?.transformToByteArray()) ?? []);
    expect(file.length).toBeGreaterThan(1000);
    await client.send(new PutObjectCommand({ ...target, Key, Body: damage(file) }));
    await site.lose();
    expect(await recovered()).toMatch(/WARNING backup \S+ of repo1 is damaged and left aside/);
  },
);

test('a WAL segment is missing in the middle: the recovery does not end there; with it back, every row is there', async () => {
  await backUp('before-the-hole');
  await write();
  await write();
  await write();
  const store = deployersStore();
  const segments = (await store.keys(`${REPOSITORY}archive/orders/17-1/`))
    .filter((key) => /\/[0-9A-F]{24}-[0-9a-f]+\.\w+$/.test(key))
    .sort();
  const missing = segments.at(-2) ?? '';
  await store.client.send(new DeleteObjectCommand({ ...store.target, Key: missing }));
  await site.lose();
  const { exitCode, output } = await site.deploy();
  expect(exitCode).toBe(2);
  expect(lastLine(output)).toMatch(
    /^ERROR .*WAL [0-9A-F]{24} of orders is missing, and the archive goes on until .* — FIX: /,
  );
  const undeleted = await site.npmRun('undelete', [
    'local',
    '--since',
    '2026-01-01T00:00:00Z',
    '--prefix',
    missing,
    '--yes',
  ]);
  expect(undeleted.output).toContain('brought back: 1 deleted objects');
  await recovered();
});

test('everything deleted with the key of the cluster: refused though the deploy calls it new; brought back by one command', async () => {
  await write();
  const since = new Date().toISOString();
  const intruder = await clustersStore();
  const keys = await intruder.keys(REPOSITORY);
  expect(keys.length).toBeGreaterThan(5);
  for (const Key of keys) await intruder.client.send(new DeleteObjectCommand({ ...intruder.target, Key }));
  expect(await intruder.keys(REPOSITORY)).toEqual([]);
  // What it may not: destroy the versions.
  const { Versions: [version] = [] } = await intruder.client.send(
    new ListObjectVersionsCommand({ ...intruder.target, Prefix: REPOSITORY }),
  );
  const destroy = new DeleteObjectCommand({
    ...intruder.target,
    Key: version?.Key,
    VersionId: version?.VersionId,
  });
  await expect(intruder.client.send(destroy)).rejects.toThrow(/denied/i);

  await site.lose();
  const { exitCode, output } = await site.deploy({ TF_VAR_initialize: 'true' });
  expect(exitCode).toBe(2);
  expect(lastLine(output)).toMatch(
    /^ERROR .*everything in its repository was deleted.* — FIX: .*npm run undelete/,
  );
  expect((await site.npmRun('undelete', ['local', '--since', since, '--yes'])).exitCode).toBe(0);
  await recovered();
});
