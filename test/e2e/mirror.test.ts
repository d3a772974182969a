import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { Vault } from '../../constructs/object-storage';
import { openClient, openMinter, S3Store, type StoreKeys } from '../../constructs/object-storage/client';
import { RESTRICTED_CONTAINER } from '../../constructs/workloads';
import { imageName } from '../../local/images';
import { namespacePath } from '../../local/network/namespaces';
import { commandsOf } from '../alerts/runbook-commands';
import { builtProgram } from '../built-program';
import { Versitygw } from '../object-storage/versitygw';
import { eventually, LocalSite } from './local-site';

/**
 * A bucket at a store of its own, mirrored into the vault by a Job of the cluster, and brought back by another cluster
 * after the first one is lost.
 */
const NAME = 'mirror';
const IN = '--namespace=local';
let site: LocalSite;
let successor: LocalSite | undefined;
let source: Versitygw;
let store: S3Store;

beforeAll(async () => {
  site = await LocalSite.open(NAME);
  await Promise.all([site.importImage('rclone'), site.importImage('pushgateway')]);
  const { VAULT_ADDRESS: address = '', VAULT_ENDPOINT = '', VAULT_CA_FILE = '' } = site.variables();
  // Beside the vault, so that clusters know its name: another store, with another authority.
  const at = {
    address,
    port: 8443,
    hostName: new URL(VAULT_ENDPOINT).hostname,
    network: namespacePath(NAME, 'vault'),
  };
  source = await Versitygw.start(builtProgram('versitygw') ?? 'versitygw', { at });
  const caFile = join(VAULT_CA_FILE, '../source-ca.crt');
  writeFileSync(caFile, source.caPem);
  site = site.with({
    UPLOADS_ENDPOINT: source.endpoint,
    UPLOADS_BUCKET: 'uploads',
    UPLOADS_CA_FILE: caFile,
    UPLOADS_ADMIN_ACCESS_KEY_ID: source.keys.accessKeyId,
    UPLOADS_ADMIN_SECRET_ACCESS_KEY: source.keys.secretAccessKey,
    BUCKET_ADDRESS: address,
    RCLONE_IMAGE: imageName('rclone'),
    PUSHGATEWAY_URL: 'http://pushgateway.local.svc:9091',
    MONITORING: 'files',
  });
  const made = await site.npmRun('vault', ['local'], await keys({ accessKeyId: 'x', secretAccessKey: 'x' }));
  expect(made.exitCode === 0 ? '' : made.output).toBe('');
  expect(made.output).toContain('bucket uploads: created');
  expect(made.output).toContain('WARNING bucket uploads: closed to the public: the store has no such thing');
  const reference = Vault.s3Compatible({
    endpoint: source.endpoint,
    bucket: 'uploads',
    caPem: source.caPem,
    mints: 'versitygw',
  });
  store = new S3Store(reference, openClient(reference, source.keys, address), 'uploads');
  process.env['VAULT_ADDRESS'] = address;
  const minter = openMinter(reference, source.keys);
  const minted = (name: string, readOnly: boolean) => minter?.mint({ name, prefix: '', readOnly });
  const [reader, writer] = [await minted('mirror-reader', true), await minted('mirror-writer', false)];
  minter?.close();
  site = site.with({ ...(await keys(reader, 'reader')), ...(await keys(writer, 'writer')) });
  await site.deployed({ TF_VAR_initialize: 'true' });
  await site.apply(...pushgateway());
}, 3_600_000);

afterAll(async () => {
  store?.client.destroy();
  await successor?.close();
  await source?.stop();
  await site?.close();
}, 240_000);

/** As the deploy is given them; both pairs, unless it is said whose. */
async function keys(pair: StoreKeys | undefined, who?: string): Promise<Record<string, string>> {
  if (pair === undefined) throw new Error('the store mints no keys');
  const of = (one: string) => ({
    [`TF_VAR_uploads_${one}_access_key`]: pair.accessKeyId,
    [`TF_VAR_uploads_${one}_secret_key`]: pair.secretAccessKey,
  });
  return who === undefined ? { ...of('reader'), ...of('writer') } : of(who);
}

function pushgateway(): object[] {
  const labels = { app: 'pushgateway' };
  const metadata = { name: 'pushgateway', namespace: 'local' };
  const container = {
    name: 'pushgateway',
    image: imageName('pushgateway'),
    imagePullPolicy: 'IfNotPresent',
    command: ['prometheus-pushgateway', '--persistence.file='],
    readinessProbe: { tcpSocket: { port: 9091 }, periodSeconds: 1 },
    // The namespace takes no other pods.
    securityContext: RESTRICTED_CONTAINER,
  };
  return [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: { securityContext: { runAsUser: 65534 }, containers: [container] },
        },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { selector: labels, ports: [{ name: 'metrics', port: 9091 }] },
    },
  ];
}

const mirror = (on: LocalSite, ...args: readonly string[]) =>
  on.npmRun('mirror', ['local', 'uploads', ...args]);
const remove = async (...all: readonly string[]): Promise<void> => {
  for (const Key of all) await store.client.send(new DeleteObjectCommand({ ...store.target, Key }));
};
const figures = () =>
  site.kubectl('get', '--raw', '/api/v1/namespaces/local/services/pushgateway:9091/proxy/metrics');

let then = '';

test('a run copies, checks, records and tells', async () => {
  for (let n = 0; n < 30; n += 1) await store.write(`a/${n}`, `content ${n}`);
  for (let n = 0; n < 20; n += 1) await store.write(`b/${n}`, `content ${n}`);
  await site.kubectl('wait', IN, '--for=condition=Available', '--timeout=100s', 'deployment/pushgateway');
  const made = await mirror(site, 'now');
  expect(made.exitCode === 0 ? '' : made.output).toBe('');
  expect(made.output).toMatch(/Z {2}50 objects \(\d+\.\d MB\): 50 copied .*0 replaced, 0 gone$/m);
  for (const secret of site.secretValues()) expect(made.output).not.toContain(secret);
  const { store: vault } = site.vault('local-vault');
  const found = await vault.keys('local/mirrors/uploads/');
  expect(found.filter((key) => key.includes('/current/'))).toHaveLength(50);
  const record = found.find((key) => key.endsWith('/record.json')) ?? '';
  expect(JSON.parse((await vault.read(record)) ?? '{}')).toMatchObject({
    objects: 50,
    source: { bucket: 'uploads', endpoint: source.endpoint },
    check: { differences: 0 },
  });
  const told = await figures();
  expect(told).toMatch(
    /disaster_recovery_mirror_last_success_timestamp_seconds\{.*job="bucket-mirror",mirror="uploads",namespace="local"\} 1\.\d+e\+09/,
  );
  expect(told).toMatch(/disaster_recovery_mirror_objects\{.*\} 50$/m);
  then = new Date(Date.now() + 1_000).toISOString();
}, 300_000);

test('its pods ran where the restricted standard is enforced, with a network policy of their own', async () => {
  const labels = await site.kubectl('get', 'namespace', 'local', '--output=jsonpath={.metadata.labels}');
  expect(labels).toContain('"pod-security.kubernetes.io/enforce":"restricted"');
  const policy = await site.kubectl(
    'get',
    'networkpolicy',
    IN,
    'uploads-mirror',
    '--output=jsonpath={.spec.policyTypes}{.spec.egress}',
  );
  expect(policy).toContain('["Ingress","Egress"]');
  expect(policy).toContain('8443');
});

test('a source that lost most of it at once is not followed', async () => {
  await remove(...Array.from({ length: 30 }, (_, n) => `a/${n}`));
  await store.write('b/0', 'overwritten');
  const refused = await mirror(site, 'now');
  expect(refused.exitCode).toBe(2);
  expect(refused.output.trim().split('\n').at(-1)).toMatch(
    /^ERROR .*30 of 50 objects are gone at the source at once.* — FIX: /,
  );
  expect(await figures()).toMatch(/disaster_recovery_mirror_refused_deletions\{.*\} 30$/m);
  expect(await figures()).toMatch(/disaster_recovery_mirror_last_success_timestamp_seconds\{/);
  const meant = await mirror(site, 'now', '--accept-loss', '--read-back');
  expect(meant.exitCode === 0 ? '' : meant.output).toBe('');
  expect(meant.output).toMatch(/20 objects .*1 copied .*1 replaced, 30 gone$/m);
}, 300_000);

test('the commands of its runbooks do as they are written', async () => {
  const folder = 'cdktf.out/recovery/local/runbooks';
  const files = readdirSync(folder).filter((file) => file.includes('BucketMirror'));
  expect(files.length).toBeGreaterThan(0);
  for (const file of files)
    for (const { command } of commandsOf(file, readFileSync(join(folder, file), 'utf8'))) {
      const { exitCode, output } = await site.shell(`set -euo pipefail; ${command}`, {});
      expect({ file, command, exitCode, output: exitCode === 0 ? '' : output }).toEqual({
        file,
        command,
        exitCode: 0,
        output: '',
      });
    }
}, 300_000);

test('another cluster, after this one is lost, brings a part back as of a moment before', async () => {
  const settings = Object.entries(site.variables()).filter(([name]) =>
    /^(UPLOADS|BUCKET|RCLONE|TF_VAR)_/.test(name),
  );
  // There is no Pushgateway yet, and nobody watches: the way back waits for neither.
  successor = (await site.openSuccessor(`${NAME}-next`, NAME)).with(Object.fromEntries(settings));
  await successor.importImage('rclone');
  await successor.deployed();
  const on = successor;
  const listed = await mirror(on, 'list');
  expect(listed.output.trim().split('\n')).toHaveLength(2);
  const told = await mirror(on, 'restore', '--prefix', 'a/', '--at', then);
  expect(told.exitCode === 0 ? '' : told.output).toBe('');
  expect(told.output).toContain('30 objects as of');
  expect(told.output).toContain('nothing was changed; --yes does it');
  expect(await store.keys('a/')).toEqual([]);
  const back = await mirror(on, 'restore', '--prefix', 'a/', '--at', then, '--yes');
  expect(back.exitCode === 0 ? '' : back.output).toBe('');
  expect(back.output).toContain('brought back and checked: 30 objects; deleted: 0');
  expect(await store.keys('a/')).toHaveLength(30);
  expect(await store.read('a/7')).toBe('content 7');
  expect(await store.read('b/0')).toBe('overwritten');
  await eventually(
    'the next life has keys of its own',
    10,
    async () => (await mirror(on, 'now')).exitCode === 0,
  );
}, 1_200_000);
