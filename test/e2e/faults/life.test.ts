import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CertificateAuthority } from '../../../local/certificates/authority';
import { Checkout } from '../checkout';
import { eventually, LocalSite } from '../local-site';
import { FaultProxy } from './fault-proxy';

/**
 * Pods and jobs killed at bad moments, data that is not ours, two deploys at once, on a real cluster: nothing that was
 * acknowledged and archived is lost, and the next deploy, or the next run of the job, puts it right.
 */
let site: LocalSite;
let proxy: FaultProxy;
let rows = 0;

const NAMESPACE = '--namespace=local';
const POD = 'orders-0';
const lastLine = (output: string): string => output.trim().split('\n').at(-1) ?? '';

beforeAll(async () => {
  const direct = await LocalSite.open('life');
  site = direct;
  proxy = await FaultProxy.start('life');
  site = direct.with({ VAULT_ENDPOINT: proxy.endpoint });
  expect((await site.npmRun('vault', ['local'])).exitCode).toBe(0);
}, 3_600_000);

afterAll(async () => {
  await proxy?.stop();
  await site?.close();
}, 120_000);

async function write(): Promise<void> {
  await site.sql('insert into kept default values');
  rows += 1;
}

async function everyRowIsThere(): Promise<void> {
  expect((await site.sql('select count(*) from kept')).trim()).toBe(String(rows));
}

async function deploysWell(variables: Readonly<Record<string, string>> = {}): Promise<void> {
  await site.deployed(variables);
}

const pod = (path: string): Promise<string> =>
  site.kubectl('get', 'pod', NAMESPACE, POD, `--output=jsonpath={${path}}`).catch(() => '');

/** Ends it as a lost node would: nobody is told. */
const kill = (name: string): Promise<string> =>
  site.kubectl('delete', 'pod', NAMESPACE, name, '--grace-period=0', '--force', '--wait=true');

const PREPARING = '.status.initContainerStatuses[0].state.running.startedAt';

/** Kills the pod that many times while its preparation runs, each time a little later. */
async function killWhilePreparing(times: number): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    await eventually('the preparation runs', 120, async () => (await pod(PREPARING)) !== '', 0.2);
    await new Promise((resolve) => setTimeout(resolve, 300 + 700 * time));
    await kill(POD);
  }
}

/** Kills the pod that many times while initdb is at work in it. */
async function killDuringInitdb(times: number): Promise<void> {
  const killed = new Set<string>();
  for (let time = 0; time < times; time += 1) {
    await eventually(
      'initdb is at work',
      120,
      async () => {
        const logs = ['logs', NAMESPACE, POD, '--container=prepare'];
        const [uid, log] = await Promise.all([pod('.metadata.uid'), site.kubectl(...logs).catch(() => '')]);
        if (killed.has(uid) || !log.includes('running bootstrap script')) return false;
        killed.add(uid);
        return true;
      },
      0.1,
    );
    await kill(POD);
  }
}

/** Starts a run of a CronJob now, and waits until its pod runs. */
async function startJob(cronJob: string, name: string): Promise<string> {
  await site.kubectl('create', 'job', NAMESPACE, name, `--from=cronjob/${cronJob}`);
  const pods = ['get', 'pod', NAMESPACE, `--selector=job-name=${name}`] as const;
  await eventually(`${name} runs`, 60, async () =>
    (await site.kubectl(...pods, '--output=jsonpath={.items[*].status.phase}')).includes('Running'),
  );
  return site.kubectl(...pods, '--output=jsonpath={.items[0].metadata.name}');
}

const finished = (name: string): Promise<string> =>
  site.kubectl('wait', NAMESPACE, '--for=condition=complete', '--timeout=110s', `job/${name}`);

/** A backup takes long enough to be hit: every answer of the vault is late. */
const slowly = () => proxy.set({ do: 'delay', ms: 400 });

test('the first start killed twice during initdb: the same deploy goes on to a new database', async () => {
  const deploying = site.deploy({ TF_VAR_initialize: 'true' });
  await killDuringInitdb(2);
  const { exitCode, output } = await deploying;
  expect(exitCode === 0 ? '' : output).toBe('');
  await site.sql('create table kept (id bigint generated always as identity primary key)');
  await write();
  await site.backedUp();
});

test('a deploy on a healthy database restores nothing, restarts nothing', async () => {
  const before = await pod('.metadata.uid .status.containerStatuses[*].restartCount');
  await deploysWell();
  expect(await pod('.metadata.uid .status.containerStatuses[*].restartCount')).toBe(before);
  await everyRowIsThere();
});

test('two deploys at once, from two machines: both succeed, and nothing happens to the database', async () => {
  await write();
  const other = await Checkout.copy();
  try {
    const [here, there] = await Promise.all([site.deploy(), site.in(other.directory).deploy()]);
    expect([here.exitCode === 0 ? '' : here.output, there.exitCode === 0 ? '' : there.output]).toEqual([
      '',
      '',
    ]);
  } finally {
    other.remove();
  }
  await everyRowIsThere();
});

test('the pod killed during a backup: the job tries again, and the backup is there', async () => {
  await write();
  await slowly();
  await startJob('orders-backup-full', 'hit-server');
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  await kill(POD);
  await proxy.set();
  await finished('hit-server');
  await everyRowIsThere();
});

test('a job killed while it holds the lock: the next one is not kept waiting', async () => {
  await write();
  await slowly();
  const first = await startJob('orders-backup-full', 'hit-job');
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  await site.kubectl('delete', 'job', NAMESPACE, 'hit-job', '--cascade=orphan');
  await kill(first);
  await proxy.set();
  await startJob('orders-backup-full', 'after-hit');
  await finished('after-hit');
});

test('the certificates between jobs and server have expired: backups say so, the renewal makes new ones, nothing restarts', async () => {
  const before = await pod('.status.containerStatuses[*].restartCount');
  const authority = await CertificateAuthority.create('expired');
  const notAfter = new Date(Date.now() - 60_000);
  const server = await authority.issue({
    commonName: 'server',
    dnsNames: [`${POD}.orders-pods.local.svc`],
    notAfter,
  });
  const client = await authority.issue({ commonName: 'orders-backup', notAfter });
  await putCertificates({
    'ca.crt': authority.pem,
    'server.crt': server.certificate,
    'server.key': server.key,
    'client.crt': client.certificate,
    'client.key': client.key,
  });
  const reloads = async (): Promise<number> =>
    (await site.kubectl('logs', NAMESPACE, POD, '--container=pgbackrest')).split('certificates changed')
      .length - 1;
  const reloaded = await reloads();
  // The kubelet brings a changed Secret into a running pod within a minute or so.
  await eventually('the server has them', 120, async () => (await reloads()) > reloaded);
  await runOnce('orders-backup-diff', 'expired', { WAIT_SECONDS: '10' });
  await site.kubectl('wait', NAMESPACE, '--for=condition=failed', '--timeout=110s', 'job/expired');
  expect(await site.kubectl('logs', NAMESPACE, '--selector=job-name=expired', '--tail=1')).toMatch(
    /ERROR .*certificate.* — FIX: /,
  );

  await site.kubectl('create', 'job', NAMESPACE, 'renewed', '--from=cronjob/orders-tls-renewal');
  await finished('renewed');
  await eventually('the server has the new ones', 120, async () => (await reloads()) > reloaded + 1);
  await site.kubectl('create', 'job', NAMESPACE, 'after-renewal', '--from=cronjob/orders-backup-diff');
  await finished('after-renewal');
  expect(await pod('.status.containerStatuses[*].restartCount')).toBe(before);
}, 600_000);

async function putCertificates(files: Readonly<Record<string, string>>): Promise<void> {
  const data = Object.fromEntries(
    Object.entries(files).map(([name, text]) => [name, Buffer.from(text).toString('base64')]),
  );
  await site.kubectl(
    'patch',
    'secret',
    NAMESPACE,
    'orders-tls-pair',
    '--type=merge',
    `--patch=${JSON.stringify({ data })}`,
  );
}

/** One run of a CronJob without another attempt, its container's environment changed. */
async function runOnce(cronJob: string, name: string, env: Readonly<Record<string, string>>): Promise<void> {
  const { spec } = JSON.parse(await site.kubectl('get', 'cronjob', NAMESPACE, cronJob, '--output=json'));
  const job = spec.jobTemplate.spec;
  job.backoffLimit = 0;
  job.template.spec.containers[0].env.push(
    ...Object.entries(env).map(([key, value]) => ({ name: key, value })),
  );
  const folder = mkdtempSync(join(tmpdir(), 'job-'));
  const file = join(folder, 'job.json');
  writeFileSync(file, JSON.stringify({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name }, spec: job }));
  await site.kubectl('create', NAMESPACE, `--filename=${file}`);
  rmSync(folder, { recursive: true });
}

test('a restore killed three times: it goes on, and every row is there', async () => {
  await write();
  await site.archived();
  await site.lose();
  await slowly();
  const deploying = site.deploy();
  await killWhilePreparing(3);
  await proxy.set();
  const { exitCode, output } = await deploying;
  expect(exitCode === 0 ? '' : output).toBe('');
  await everyRowIsThere();
});

test('the data of another database on the volume: refused, and neither it nor the repository is touched', async () => {
  await write();
  await site.archived();
  await site.kubectl('scale', 'statefulset', NAMESPACE, 'orders', '--replicas=0');
  await site.kubectl('wait', NAMESPACE, '--for=delete', `pod/${POD}`, '--timeout=110s');
  await onVolume('mv pgdata ours && initdb --pgdata=pgdata --username=postgres >/dev/null');
  const { exitCode, output } = await site.deploy();
  expect(exitCode).toBe(2);
  expect(lastLine(output)).toMatch(/^ERROR .*foreign data.* — FIX: /);
  await site.kubectl('scale', 'statefulset', NAMESPACE, 'orders', '--replicas=0');
  await site.kubectl('wait', NAMESPACE, '--for=delete', `pod/${POD}`, '--timeout=110s');
  await onVolume('mv pgdata theirs && mv ours pgdata');
  await deploysWell();
  await everyRowIsThere();
});

/** A shell on the database's volume, in a pod of its own. */
async function onVolume(command: string): Promise<void> {
  const image = site.variables()['POSTGRES_IMAGE'] ?? '';
  const overrides = {
    spec: {
      securityContext: {
        runAsUser: 999,
        runAsGroup: 999,
        fsGroup: 999,
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: `data-${POD}` } }],
      containers: [
        {
          name: 'hand',
          image,
          command: ['bash', '-ec', command],
          workingDir: '/var/lib/postgresql',
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
          volumeMounts: [{ name: 'data', mountPath: '/var/lib/postgresql' }],
        },
      ],
    },
  };
  await site.kubectl(
    'run',
    'hand',
    NAMESPACE,
    `--image=${image}`,
    '--restart=Never',
    `--overrides=${JSON.stringify(overrides)}`,
  );
  await site.kubectl(
    'wait',
    NAMESPACE,
    '--for=jsonpath={.status.phase}=Succeeded',
    'pod/hand',
    '--timeout=60s',
  );
  await site.kubectl('delete', 'pod', NAMESPACE, 'hand');
}
