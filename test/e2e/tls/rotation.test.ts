import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openTunnel } from '../../../local/rehearsal/subject';
import { LEDGER, Writers } from '../../../local/rehearsal/writers';
import { eventually } from '../local-site';
import { CertifiedSite, HALVES, NAMESPACE, OPERATOR } from './site';

/**
 * Certificates change, and their authority does, while clients write and backups run: nothing of either is lost, nothing
 * restarts.
 */
const SEGMENTS_OF_A_LOG = 256;
let certified: CertifiedSite;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tls-rotation-'));
  certified = await CertifiedSite.open('tls-rotation');
}, 3_600_000);

afterAll(async () => {
  await certified?.close();
  rmSync(folder, { recursive: true, force: true });
}, 120_000);

const revisions = () => certified.fields('certificates', NAMESPACE, 'status.revision');

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
    await certified.site.kubectl(
      ...['patch', 'certificate', NAMESPACE, name],
      ...['--subresource=status', '--type=merge', patch],
    );
  await eventually(`${names} are renewed`, 60, async () => {
    const now = await revisions();
    return names.every((name) => Number(now[name]) > Number(before[name]));
  });
}

async function reloads(): Promise<number> {
  const log = await certified.site.kubectl('logs', NAMESPACE, 'orders-0', '--container=pgbackrest');
  return log.split('certificates changed').length - 1;
}

interface Backup {
  readonly label: string;
  readonly failures: number;
  readonly log: string;
}

/** One backup by a Job, and what it took. @throws Error when the Job fails */
async function backUp(name: string, cronJob: string): Promise<Backup> {
  await certified.site.kubectl('create', 'job', NAMESPACE, name, `--from=cronjob/${cronJob}`);
  let status: { succeeded?: number; failed?: number; conditions?: { type: string }[] } = {};
  await eventually(`${name} ends`, 400, async () => {
    status = JSON.parse(await certified.site.kubectl('get', 'job', NAMESPACE, name, '--output=json')).status;
    return (status.conditions ?? []).some(({ type }) => type === 'Complete' || type === 'Failed');
  });
  const log = await certified.site.kubectl('logs', NAMESPACE, `--selector=job-name=${name}`, '--tail=-1');
  if (status.succeeded !== 1) throw new Error(log);
  const [, label = ''] = /^\{"repo":1,"label":"([^"]+)"/m.exec(log) ?? [];
  await certified.site.kubectl('delete', 'job', NAMESPACE, name);
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
  certified.site.kubectl('get', 'secret', OPERATOR, 'root', '--output=jsonpath={.data.tls\\.crt}');

const inPod = (...command: string[]) =>
  certified.site.kubectl('exec', NAMESPACE, 'orders-0', '--container=postgres', '--', ...command);

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
  expect(Object.keys(await certified.fields('cronjobs', NAMESPACE, 'kind'))).not.toContain(
    'orders-tls-renewal',
  );
  const read = async (name: string) =>
    (
      await certified.site.shell(
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
  const life = await certified.life();
  const tunnel = await openTunnel(certified.site.variables());
  await tunnel.use((client) => client.query(LEDGER));
  const writers = new Writers(tunnel.connection, join(folder, 'acknowledged.log'));
  await writers.start(2, 10);
  // A backup then takes longer than the kubelet needs to bring a new certificate into a pod.
  await certified.proxy.set({ method: 'PUT', path: '/backup/orders/', do: 'delay', ms: 4000 });
  const backups = new Backups();

  // Renewals one after the other; a changed pod has the kubelet look at once.
  for (let time = 1; time <= 3; time += 1) {
    const before = await reloads();
    await renew(...HALVES);
    await certified.site.kubectl(
      'annotate',
      'pod',
      NAMESPACE,
      'orders-0',
      `test/renewal=${time}`,
      '--overwrite',
    );
    await eventually('the sidecar has the new one', 120, async () => (await reloads()) > before);
  }
  await backups.another();

  // Another authority with another key, and both halves at once, as they are renewed by themselves.
  const old = await authority();
  await certified.site.kubectl('delete', 'secret', OPERATOR, 'root');
  await eventually('there is another authority', 60, async () => {
    const now = await authority().catch(() => old);
    return now !== '' && now !== old;
  });
  await certified.site.kubectl('wait', '--for=condition=Ready', '--timeout=60s', 'clusterissuer/databases');
  const before = await reloads();
  await renew(...HALVES);
  // A Job that begins now has the new ones at once, the sidecar when the kubelet has looked again: what is refused is
  // tried again.
  await eventually('the sidecar has the new one', 150, async () => (await reloads()) > before);
  await backups.another();

  const made = await backups.stop();
  await certified.proxy.set();
  await writers.stop();
  await certified.site.archived();
  const ledger = await tunnel.use((client) => client.query<{ id: string }>('select id from ledger'));
  tunnel.close();
  const there = new Set(ledger.rows.map(({ id }) => Number(id)));
  expect(writers.acknowledged.filter(({ id }) => !there.has(id))).toEqual([]);
  expect(there.size).toBeGreaterThan(1000);

  expect(await certified.life()).toBe(life);
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
