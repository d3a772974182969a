import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import { Certificate, CertificateIssuer } from '../../constructs/certificates';
import { App, EnvironmentStack, SecretRef } from '../../constructs/core';
import { synthesise } from '../../constructs/recovery/synthesise';
import { openTunnel } from '../../local/rehearsal/subject';
import { LEDGER, Writers } from '../../local/rehearsal/writers';
import { Checkout } from './checkout';
import { FaultProxy } from './faults/fault-proxy';
import { eventually, LocalSite } from './local-site';

/**
 * A database whose certificates between sidecar and backup jobs cert-manager keeps. They change, and their authority does,
 * while clients write and backups run: nothing of either is lost, nothing restarts. And cert-manager keeps nothing from
 * coming back.
 */
const INSTANCE = 'tls-rotation';
const NAMESPACE = '--namespace=local';
const OPERATOR = '--namespace=cert-manager';
const HALVES = ['orders-tls-server', 'orders-tls-client'] as const;
const SEGMENTS_OF_A_LOG = 256;

let site: LocalSite;
let checkout: Checkout;
let proxy: FaultProxy;
let folder: string;
let rows = 0;

/** An authority of the platform's own, which cert-manager makes and keeps. */
async function declareIssuer(): Promise<void> {
  const app = new App({ outdir: join(folder, 'cdktf.out'), stackTraces: false });
  const stack = new EnvironmentStack(app, { environment: 'issuers', layer: 'platform' });
  new KubernetesProvider(stack, 'kubernetes', {});
  const self = new CertificateIssuer(stack, 'self', { name: 'self', by: { selfSigned: true } });
  new Certificate(stack, 'authority', {
    name: 'root',
    namespace: 'cert-manager',
    issuer: self,
    commonName: 'Databases',
    isCa: true,
    recreatable: true,
  });
  const pair = (key: string) => SecretRef.existing({ name: 'root', key });
  new CertificateIssuer(stack, 'databases', {
    name: 'databases',
    by: { ca: { certificate: pair('tls.crt'), key: pair('tls.key'), recreatable: true } },
  });
  synthesise(app);
  const kit = join(folder, 'cdktf.out/recovery/issuers/kit/apply');
  const { exitCode, output } = await site.script(`${kit} --wait --timeout 120`, 200);
  if (exitCode !== 0) throw new Error(output);
  await site.kubectl('wait', '--for=condition=Ready', '--timeout=100s', 'clusterissuer/databases');
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tls-rotation-'));
  checkout = await Checkout.copy();
  checkout.change('environments/local.ts', (text) => {
    const place = 'backupSpread: Duration.ZERO,';
    expect(text).toContain(place);
    return text.replace(
      place,
      `${place}
      tls: { issuer: { name: 'databases', kind: 'ClusterIssuer' } },
      retention: { full: 9, differential: 99 },`,
    );
  });
  const direct = await LocalSite.open(INSTANCE);
  site = direct;
  proxy = await FaultProxy.start(INSTANCE);
  site = direct
    .in(checkout.directory)
    .with({ VAULT_ENDPOINT: proxy.endpoint, TF_VAR_orders_app_password: 'of-the-application' });
  await site.install('cert-manager');
  await declareIssuer();
  await site.initialised();
  await site.backedUp();
}, 3_600_000);

afterAll(async () => {
  await proxy?.stop();
  await site?.close();
  checkout?.remove();
  rmSync(folder, { recursive: true, force: true });
}, 120_000);

/** A field of each of these objects, by name. */
async function fields(kind: string, where: string, path: string): Promise<Record<string, string>> {
  const { items } = JSON.parse(await site.kubectl('get', kind, where, '--output=json'));
  const at = (object: unknown): unknown =>
    path.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown>)?.[key], object);
  return Object.fromEntries(
    (items as { metadata: { name: string } }[]).map((item) => [item.metadata.name, String(at(item))]),
  );
}
const revisions = () => fields('certificates', NAMESPACE, 'status.revision');

/** Renewed by hand, as the runbook does it; returns when all have a new revision. */
async function renew(...names: readonly string[]): Promise<void> {
  const before = await revisions();
  const issuing = {
    type: 'Issuing',
    status: 'True',
    reason: 'ManuallyTriggered',
    message: 'renewed by hand',
    lastTransitionTime: new Date().toISOString().replace(/\.\d+/, ''),
  };
  const patch = `--patch=${JSON.stringify({ status: { conditions: [issuing] } })}`;
  for (const name of names)
    await site.kubectl(
      ...['patch', 'certificate', NAMESPACE, name],
      ...['--subresource=status', '--type=merge', patch],
    );
  await eventually(`${names} are renewed`, 60, async () => {
    const now = await revisions();
    return names.every((name) => Number(now[name]) > Number(before[name]));
  });
}

const pod = async (path: string) =>
  (await site.kubectl('get', 'pod', NAMESPACE, 'orders-0', `--output=jsonpath={${path}}`)).trim();
const LIFE = '.metadata.uid .status.containerStatuses[*].restartCount';

async function reloads(): Promise<number> {
  const log = await site.kubectl('logs', NAMESPACE, 'orders-0', '--container=pgbackrest');
  return log.split('certificates changed').length - 1;
}

interface Backup {
  readonly label: string;
  readonly failures: number;
  readonly log: string;
}

/** One backup by a Job, and what it took. @throws Error when the Job fails */
async function backUp(name: string, cronJob: string): Promise<Backup> {
  await site.kubectl('create', 'job', NAMESPACE, name, `--from=cronjob/${cronJob}`);
  let status: { succeeded?: number; failed?: number; conditions?: { type: string }[] } = {};
  await eventually(`${name} ends`, 400, async () => {
    status = JSON.parse(await site.kubectl('get', 'job', NAMESPACE, name, '--output=json')).status;
    return (status.conditions ?? []).some(({ type }) => type === 'Complete' || type === 'Failed');
  });
  const log = await site.kubectl('logs', NAMESPACE, `--selector=job-name=${name}`, '--tail=-1');
  if (status.succeeded !== 1) throw new Error(log);
  const [, label = ''] = /^\{"repo":1,"label":"([^"]+)"/m.exec(log) ?? [];
  await site.kubectl('delete', 'job', NAMESPACE, name);
  return { label, failures: status.failed ?? 0, log };
}

/** One backup after the other until it is told to stop. */
class Backups {
  readonly made: Backup[] = [];
  #stopped = false;
  readonly #running = this.run();

  async stop(): Promise<readonly Backup[]> {
    this.#stopped = true;
    await this.#running;
    return this.made;
  }

  /** Waits until another one was made that began after this moment. @throws Error when one has failed */
  async another(): Promise<void> {
    const wanted = this.made.length + 2;
    await Promise.race([
      eventually('another backup is made', 400, async () => this.made.length >= wanted),
      this.#running,
    ]);
  }

  private async run(): Promise<void> {
    for (let number = 1; !this.#stopped; number += 1)
      this.made.push(
        await backUp(`beside-${number}`, number % 4 === 0 ? 'orders-backup-full' : 'orders-backup-diff'),
      );
  }
}

const authority = () =>
  site.kubectl('get', 'secret', OPERATOR, 'root', '--output=jsonpath={.data.tls\\.crt}');

const inPod = (...command: string[]) =>
  site.kubectl('exec', NAMESPACE, 'orders-0', '--container=postgres', '--', ...command);

/** Numbers of the WAL segments in the archive. */
async function archive(): Promise<readonly number[]> {
  const list = await inPod('pgbackrest', '--stanza=orders', 'repo-ls', '--recurse', 'archive/orders');
  return [...list.matchAll(/\/[0-9A-F]{8}([0-9A-F]{8})0{6}([0-9A-F]{2})-[0-9a-f]{40}/g)]
    .map(
      ([, log = '', segment = '']) =>
        Number.parseInt(log, 16) * SEGMENTS_OF_A_LOG + Number.parseInt(segment, 16),
    )
    .sort((a, b) => a - b);
}

test('no Job makes certificates; those of cert-manager are for what they are used for', async () => {
  expect(Object.keys(await fields('cronjobs', NAMESPACE, 'kind'))).not.toContain('orders-tls-renewal');
  const read = async (name: string) =>
    (
      await site.shell(
        `kubectl get secret ${NAMESPACE} ${name} --output 'jsonpath={.data.tls\\.crt}' | base64 --decode |
           openssl x509 -noout -subject -ext subjectAltName,extendedKeyUsage`,
        {},
      )
    ).output;
  const [server, client] = await Promise.all(HALVES.map(read));
  expect(server).toContain('DNS:orders-0.orders-pods.local.svc');
  expect(server).toContain('TLS Web Server Authentication');
  expect(client).toMatch(/CN ?= ?orders-backup\.local/);
  expect(client).toContain('TLS Web Client Authentication');
  expect(client).not.toContain('TLS Web Server Authentication');
});

test('certificates and their authority change under load: no row, no segment and no backup is lost', async () => {
  const life = await pod(LIFE);
  const tunnel = await openTunnel(site.variables());
  await tunnel.use((client) => client.query(LEDGER));
  const writers = new Writers(tunnel.connection, join(folder, 'acknowledged.log'));
  await writers.start(2, 10);
  // A backup then takes longer than the kubelet needs to bring a new certificate into a pod.
  await proxy.set({ method: 'PUT', path: '/backup/orders/', do: 'delay', ms: 4000 });
  const backups = new Backups();

  // Renewals one after the other; a changed pod has the kubelet look at once.
  for (let time = 1; time <= 3; time += 1) {
    const before = await reloads();
    await renew(...HALVES);
    await site.kubectl('annotate', 'pod', NAMESPACE, 'orders-0', `test/renewal=${time}`, '--overwrite');
    await eventually('the sidecar has the new one', 120, async () => (await reloads()) > before);
  }
  await backups.another();

  // Another authority with another key, and both halves at once, as they are renewed by themselves.
  const old = await authority();
  await site.kubectl('delete', 'secret', OPERATOR, 'root');
  await eventually('there is another authority', 60, async () => {
    const now = await authority().catch(() => old);
    return now !== '' && now !== old;
  });
  await site.kubectl('wait', '--for=condition=Ready', '--timeout=60s', 'clusterissuer/databases');
  const before = await reloads();
  await renew(...HALVES);
  // A Job that begins now has the new ones at once, the sidecar when the kubelet has looked again: what is refused is
  // tried again.
  await eventually('the sidecar has the new one', 150, async () => (await reloads()) > before);
  await backups.another();

  const made = await backups.stop();
  await proxy.set();
  await writers.stop();
  await site.archived();
  const ledger = await tunnel.use((client) => client.query<{ id: string }>('select id from ledger'));
  tunnel.close();
  rows = ledger.rows.length;
  const there = new Set(ledger.rows.map(({ id }) => Number(id)));
  expect(writers.acknowledged.filter(({ id }) => !there.has(id))).toEqual([]);
  expect(there.size).toBeGreaterThan(1000);

  expect(await pod(LIFE)).toBe(life);
  const [stanza] = JSON.parse(await inPod('pgbackrest', '--stanza=orders', '--output=json', 'info'));
  const listed = (stanza.backup as { label: string; error: boolean }[]).filter(({ error }) => !error);
  expect(listed.map(({ label }) => label)).toEqual(expect.arrayContaining(made.map(({ label }) => label)));
  expect(made.length).toBeGreaterThan(4);
  expect(made.filter(({ failures }) => failures > 0)).toEqual([]);
  // That a backup is listed does not say that its files are there. This tells errors alone.
  expect(await inPod('pgbackrest', '--stanza=orders', '--output=text', 'verify')).toBe('');
  const segments = await archive();
  const [first = 0] = segments;
  expect(segments.length).toBeGreaterThan(10);
  expect(segments).toEqual(segments.map((_, index) => first + index));
}, 900_000);

test('a database comes back while cert-manager does not, and is backed up as soon as it does', async () => {
  const operators = ['deployment', OPERATOR, '--all'] as const;
  await site.kubectl('scale', ...operators, '--replicas=0');
  await eventually('cert-manager is gone', 60, async () => {
    return Object.keys(await fields('pods', OPERATOR, 'kind')).length === 0;
  });
  await site.lose();
  const { exitCode, output } = await site.deploy();
  // It says what is missing; the database was applied before that.
  expect(exitCode).not.toBe(0);
  expect(output).toContain('webhook');
  const count = () => site.sql('select count(*) from ledger').catch(String);
  await eventually('it answers', 240, async () => /^\d+\s*$/.test(await count())).catch(async (error) => {
    const logs = ['prepare', 'postgres'].map((container) =>
      site.kubectl('logs', NAMESPACE, 'orders-0', `--container=${container}`, '--timestamps'),
    );
    throw new Error([error, ...(await Promise.all(logs))].join('\n'));
  });
  expect(Number(await count())).toBe(rows);
  expect(Object.keys(await fields('secrets', NAMESPACE, 'kind'))).not.toContain('orders-tls-server');

  await site.kubectl('scale', ...operators, '--replicas=1');
  await site.kubectl('wait', OPERATOR, '--for=condition=Available', '--timeout=100s', 'deployment', '--all');
  const life = await pod(LIFE);
  await eventually('the deploy succeeds', 120, async () => (await site.deploy()).exitCode === 0, 5);
  // The kubelet looks ever less often whether a Secret that was missing is there.
  const backedUp = () =>
    site.backedUp().then(
      () => true,
      () => false,
    );
  await eventually('it is backed up', 300, backedUp);
  expect(await pod(LIFE)).toBe(life);
}, 900_000);
