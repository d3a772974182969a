import { PutObjectCommand } from '@aws-sdk/client-s3';
import { Alerting } from '../../constructs/alerts';
import { type EnvironmentStack, SecretRef } from '../../constructs/core';
import type { Vault } from '../../constructs/object-storage';
import { SeaweedFsAlerts, SeaweedFsBackup } from '../../constructs/seaweedfs';
import { imageName } from '../../local/images';
import { Layer } from './layer';
import { eventually, LocalSite } from './local-site';
import { commandsIn, failing } from './runbooks';

/**
 * The jobs of a backup of SeaweedFS as real pods with a real vault, and the commands of the runbooks. There is no image of
 * SeaweedFS here: what the jobs do with one is shown by test/seaweedfs/scripts.
 */
const NAMESPACE = 'storage';
const IN = `--namespace=${NAMESPACE}`;
const ID = '20260504T020000Z';

let site: LocalSite;
let layer: Layer;

function declare(stack: EnvironmentStack, vault: Vault): void {
  const alerting = new Alerting({ runbookBaseUrl: 'https://git.example.com/runbooks', delivery: 'files' });
  const key = (name: string) => SecretRef.existing({ name: 'keys', key: name });
  const common = { name: 'files', namespace: NAMESPACE, alerting };
  const { asset } = new SeaweedFsBackup(stack, 'backup', {
    ...common,
    image: imageName('postgres'),
    // Some program in its place: nothing is asked of it here.
    weedImage: imageName('postgres'),
    weedPath: '/bin/true',
    filer: 'files-filer.storage:8888',
    masters: ['files-master.storage:9333'],
    readKey: key('filer'),
    passphrase: key('passphrase'),
    grpcTls: { client: 'client', authority: 'client' },
    vault,
    accessKey: key('access'),
    secretKey: key('secret'),
    pushgateway: 'http://pushgateway.storage:9091',
  });
  new SeaweedFsAlerts(stack, 'alerts', { ...common, asset, claims: ['data-files-volume-0'] });
}

const secret = (name: string, stringData: Readonly<Record<string, string>>): object => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: NAMESPACE },
  stringData,
});

/** A job of a template with variables, as an operator starts one: how it ended, and what it said. */
async function job(name: string, template: string, variables: string) {
  const make = `kubectl ${IN} create job ${name} --from=cronjob/${template} --dry-run=client -o yaml`;
  const set = `kubectl set env --local -f - -o yaml ${variables}`;
  // It fails once, and is not tried again.
  const once = `sed 's/backoffLimit: .*/backoffLimit: 0/'`;
  const made = await site.script(`${make} | ${set} | ${once} | kubectl apply -f -`);
  if (made.exitCode !== 0) throw new Error(made.output);
  let ended: { exitCode: number; message?: string } | undefined;
  await eventually(`${name} ends`, 100, async () => {
    const pods = JSON.parse(
      await site.kubectl('get', 'pods', IN, `--selector=job-name=${name}`, '--output=json'),
    );
    ended = pods.items[0]?.status?.containerStatuses?.[0]?.state?.terminated;
    return ended !== undefined;
  });
  const log = await site.kubectl('logs', IN, `job/${name}`, '--container=seaweedfs');
  return { exitCode: ended?.exitCode ?? -1, message: ended?.message ?? '', log };
}

beforeAll(async () => {
  site = await LocalSite.open('seaweedfs');
  const bucket = await site.npmRun('vault', ['local']);
  if (bucket.exitCode !== 0) throw new Error(bucket.output);
  const { keys, vault } = site.vault('local-vault');
  layer = new Layer('files', (stack) => declare(stack, vault));
  await site.apply({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: NAMESPACE, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
  });
  const { accessKeyId: access, secretAccessKey } = keys;
  await site.apply(
    secret('keys', { access, secret: secretAccessKey, filer: 'a key', passphrase: 'a passphrase' }),
    secret('client', { 'tls.crt': 'a certificate', 'tls.key': 'its key' }),
  );
  await layer.apply(site);
}, 3_600_000);

afterAll(async () => {
  await site?.close();
  layer?.remove();
}, 120_000);

test('the pod of the restore reaches the vault and tells the sets in it', async () => {
  const nothing = await job('none', 'files-restore', 'RESTORE_SET=latest');
  expect(nothing.exitCode).toBe(78);
  expect(nothing.message).toContain(
    'there is no complete set in the vault — FIX: make one: run the backup job',
  );
  const { store } = site.vault('local-vault');
  for (const file of ['begun.json', 'manifest.json'])
    await store.client.send(
      new PutObjectCommand({ ...store.target, Key: `files/seaweedfs/files/${ID}/${file}`, Body: '{}' }),
    );
  const listed = await job('sets', 'files-restore', 'RESTORE_SET=list');
  expect({ ...listed, log: listed.log.trim() }).toMatchObject({
    exitCode: 0,
    log: `{"id":"${ID}","complete":true}`,
  });
}, 300_000);

test('a backup without a SeaweedFS ends with the cause and the fix, and takes nothing for a set', async () => {
  const ended = await job('backup', 'files-backup', 'WAIT_SECONDS=2 DELAY_SECONDS=0');
  expect(ended.exitCode).toBe(78);
  expect(ended.message).toMatch(
    /ERROR SeaweedFS files: no connection to http:\/\/files-filer.storage:8888: .* — FIX: look at the filer's pod/,
  );
  expect(ended.log).not.toContain('a passphrase');
}, 300_000);

test('the commands of its runbooks run as they are written', async () => {
  const commands = commandsIn(layer.file('runbooks'), 'seaweedfs');
  expect(commands.length).toBeGreaterThan(5);
  expect(await failing(commands, (command) => site.script(command))).toEqual([]);
}, 600_000);
