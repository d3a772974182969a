import { gunzipSync } from 'node:zlib';
import { Alerting, resolveRules } from '../../constructs/alerts';
import { runbookTemplate } from '../../constructs/alerts/files';
import { render } from '../../constructs/alerts/template';
import { VELERO_SCHEDULE_ALERTS } from '../../constructs/velero/alerts/schedule/catalogue';
import { VELERO_SERVER_ALERTS } from '../../constructs/velero/alerts/server/catalogue';
import { imageName } from '../../local/images';
import { commandsOf } from '../alerts/runbook-commands';
import { type Deployed, eventually, LocalSite } from './local-site';

/**
 * Velero on a real cluster: a namespace with volumes and objects is backed up, the cluster is wiped, and the deploy that brings
 * the databases back brings it back as well. Then a restore that cannot be whole.
 */
const KEY = 'not-the-one-that-everybody-knows';
const ALERTING = new Alerting({ runbookBaseUrl: 'https://git.example.com/runbooks' });
let site: LocalSite;

beforeAll(async () => {
  const opened = await LocalSite.open('velero');
  site = opened.with({
    VELERO: 'others',
    // Every minute: that schedules run is seen by their backups.
    VELERO_SCHEDULE: '* * * * *',
    // Part of the cluster, as it comes.
    VELERO_EXCLUDED_NAMESPACES: 'local-path-storage',
    TF_VAR_velero_repository_key: KEY,
  });
  await site.install('velero');
  await site.initialised();
}, 3_600_000);

afterAll(async () => {
  await site?.close();
}, 120_000);

const velero = (...args: readonly string[]): Promise<Deployed> => site.npmRun('velero', ['local', ...args]);

const field = (kind: string, name: string, path: string): Promise<string> =>
  site.kubectl('get', kind, name, '--namespace=velero', `--output=jsonpath=${path}`);

/** Files of the vault that Velero wrote, unpacked. */
async function written<T>(path: string): Promise<T> {
  const bytes = await site.vault('local-vault').store.readBytes(`velero/local/${path}`);
  return JSON.parse(gunzipSync(bytes ?? new Uint8Array()).toString('utf8')) as T;
}

/** The newest backup that began after this moment and has ended. */
async function backupSince(moment: Date): Promise<{ name: string; phase: string }> {
  let found: { name: string; phase: string } | undefined;
  await eventually('a backup begins and ends', 240, async () => {
    const { items } = JSON.parse(
      await site.kubectl('get', 'backups.velero.io', '--namespace=velero', '--output=json'),
    ) as {
      items: { metadata: { name: string }; status?: { phase?: string; startTimestamp?: string } }[];
    };
    const ended = items.filter(
      ({ status }) =>
        new Date(status?.startTimestamp ?? 0) > moment &&
        /^(Completed|Failed|PartiallyFailed)$/.test(status?.phase ?? ''),
    );
    const [one] = ended;
    if (one !== undefined) found = { name: one.metadata.name, phase: one.status?.phase ?? '' };
    return one !== undefined;
  });
  return found as { name: string; phase: string };
}

const container = (mounts: readonly { name: string; mountPath: string }[]): object => ({
  name: 'web',
  image: imageName('postgres'),
  imagePullPolicy: 'IfNotPresent',
  command: ['sleep', 'infinity'],
  volumeMounts: mounts,
  securityContext: {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    runAsNonRoot: true,
    seccompProfile: { type: 'RuntimeDefault' },
  },
});

function workload(name: string, volume: object, more: object = {}): object {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name, namespace: 'shop', labels },
    spec: {
      serviceName: name,
      replicas: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: 0,
          securityContext: { runAsUser: 999, runAsGroup: 999, fsGroup: 999 },
          containers: [container([{ name: 'data', mountPath: '/data' }])],
          ...volume,
        },
      },
      ...more,
    },
  };
}

const claimTemplate = {
  volumeClaimTemplates: [
    {
      metadata: { name: 'data' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '200Mi' } } },
    },
  ],
};

const shop: readonly object[] = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels: { team: 'front' } } },
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'prices', namespace: 'shop' },
    data: { bread: '3.20' },
  },
  {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'api', namespace: 'shop' },
    stringData: { token: 'x' },
  },
  workload('web', {}, claimTemplate),
  // What is on a hostPath the node agent does not copy, and Velero calls the backup complete.
  {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'scratch' },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'none',
      hostPath: { path: '/var/lib/scratch', type: 'DirectoryOrCreate' },
      claimRef: { namespace: 'shop', name: 'scratch' },
    },
  },
  {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'scratch', namespace: 'shop' },
    spec: {
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'none',
      volumeName: 'scratch',
      resources: { requests: { storage: '1Gi' } },
    },
  },
  workload('scratch', { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'scratch' } }] }),
];

const apply = async (objects: readonly object[]): Promise<void> => {
  const items = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
  const { exitCode, output } = await site.shell(
    `printf %s "$OBJECTS" | kubectl apply --server-side --filename=-`,
    { OBJECTS: items },
  );
  if (exitCode !== 0) throw new Error(output);
};

const inWeb = (script: string): Promise<string> =>
  site.kubectl('exec', '--namespace=shop', 'web-0', '--', 'bash', '-c', script);
/** Of all its files, once it runs. */
async function webHashes(): Promise<string> {
  await site.kubectl('wait', '--namespace=shop', '--for=condition=Ready', '--timeout=90s', 'pod/web-0');
  return inWeb(HASHES);
}
const HASHES = 'cd /data && find . -type f -not -path "./.velero/*" | sort | xargs sha256sum';

let hashes = '';
let backup = { name: '', phase: '' };

test('a first deploy lets it back up, by a key of its own that is not the one everybody knows', async () => {
  expect(await field('bsl', 'vault', '{.spec.accessMode} {.status.phase}')).toBe('ReadWrite Available');
  expect(await field('schedule', 'cluster', '{.spec.paused} {.status.phase}')).toMatch(/^(false)? Enabled$/);
  const secret = Buffer.from(
    await field('secret', 'velero-repo-credentials', '{.data.repository-password}'),
    'base64',
  );
  expect(secret.toString()).toBe(KEY);
  const credentials = await field('secret', 'velero-vault-credentials', '{.data.cloud}');
  expect(Buffer.from(credentials, 'base64').toString()).toMatch(
    /^\[default\]\naws_access_key_id=local\.us-east-1-1\.velero\naws_secret_access_key=\S+\n$/,
  );
});

test('a namespace is backed up: its volume, not the database’s, and no Secret', async () => {
  await apply(shop);
  await site.kubectl(
    'wait',
    '--namespace=shop',
    '--for=condition=Ready',
    '--timeout=90s',
    'pod/web-0',
    'pod/scratch-0',
  );
  await inWeb(
    'head -c 60000000 /dev/urandom > /data/large; mkdir /data/many; for i in $(seq 200); do echo $i > /data/many/$i; done',
  );
  hashes = await inWeb(HASHES);
  expect(hashes.trim().split('\n')).toHaveLength(201);
  backup = await backupSince(new Date());
  expect(backup.phase).toBe('Completed');

  const volumes = await written<{ spec: { pod: { name: string } }; status: { phase: string } }[]>(
    `backups/${backup.name}/${backup.name}-podvolumebackups.json.gz`,
  );
  expect(volumes.map(({ spec, status }) => [spec.pod.name, status.phase])).toEqual([['web-0', 'Completed']]);
  const resources = await written<Record<string, string[]>>(
    `backups/${backup.name}/${backup.name}-resource-list.json.gz`,
  );
  expect(resources['v1/PersistentVolumeClaim']).toEqual(['shop/data-web-0', 'shop/scratch']);
  expect(resources['v1/PersistentVolume']).toHaveLength(2);
  expect(resources['v1/Pod']).toEqual(['shop/scratch-0', 'shop/web-0']);
  expect(resources['v1/Secret']).toBeUndefined();
  const all = Object.values(resources).flat();
  expect(all).toContain('shop/prices');
  // Nothing that Terraform declared, nor what that made.
  expect(all.filter((name) => name.includes('orders'))).toEqual([]);
}, 400_000);

test('what is not in it is told: a hostPath volume does not make the backup partial', async () => {
  const { exitCode, output } = await velero('status');
  expect(exitCode === 0 ? '' : output).toBe('');
  expect(output).toMatch(/^location {4}Available, ReadWrite$/m);
  expect(output).toMatch(new RegExp(`^backup {6}${backup.name} {2}Completed, .* 1 volumes, .*until `, 'm'));
  expect(output).toMatch(/^ {2}(warning|left out) .*scratch/m);
});

test('the cluster is lost; the same deploy brings it back, and backups begin again', async () => {
  await site.backedUp();
  await site.loseCluster();
  await site.install('velero');
  const began = Date.now();
  const { exitCode, output } = await site.deploy();
  expect(exitCode === 0 ? '' : output).toBe('');
  const seconds = (Date.now() - began) / 1000;
  process.stderr.write(`the deploy that restored took ${seconds.toFixed(1)} s\n${output}\n`);
  expect(output).toContain('the location is read-only and the schedules are paused until all is restored');
  expect(output).toMatch(/restore us-east-1-2-cluster is complete: \d+ objects, 1 volumes/);
  expect(output).toMatch(/^WARNING .*scratch/m);
  expect(output).toMatch(/recovery us-east-1-2 is done/);

  expect(await webHashes()).toBe(hashes);
  expect(
    await site.kubectl('get', 'configmap', 'prices', '--namespace=shop', '--output=jsonpath={.data.bread}'),
  ).toBe('3.20');
  expect(await site.kubectl('get', 'namespace', 'shop', '--output=jsonpath={.metadata.labels.team}')).toBe(
    'front',
  );
  // The database restored itself: Velero touched nothing of it.
  expect((await site.sql('select 1')).trim()).toBe('1');
  const touched = await site.kubectl(
    'get',
    'all,pvc,pv,cm,secrets',
    '--all-namespaces',
    '--selector=velero.io/restore-name',
    '--output=name',
  );
  expect(touched).not.toContain('orders');
  expect(touched).toContain('persistentvolumeclaim/data-web-0');

  expect(await field('bsl', 'vault', '{.spec.accessMode}')).toBe('ReadWrite');
  const next = await backupSince(new Date());
  expect(next.phase).toBe('Completed');
}, 900_000);

test('the commands of its runbooks run as they are written', async () => {
  const where = { namespace: 'velero', environment: 'local', location: 'vault', bucket: 'local-vault' };
  const rules = [
    ...resolveRules(VELERO_SCHEDULE_ALERTS, { name: 'cluster', ...where, maximumAge: 14_460 }, ALERTING).map(
      (rule) => ({ ...rule, directory: VELERO_SCHEDULE_ALERTS.directory }),
    ),
    ...resolveRules(VELERO_SERVER_ALERTS, { name: 'velero', ...where }, ALERTING).map((rule) => ({
      ...rule,
      directory: VELERO_SERVER_ALERTS.directory,
    })),
  ];
  const commands = rules.flatMap(({ directory, id, variables }) =>
    commandsOf(id, render(runbookTemplate(directory, id) ?? '', variables)),
  );
  expect(commands.length).toBeGreaterThanOrEqual(6);
  const failed: string[] = [];
  for (const { command, runbook } of commands) {
    const { exitCode, output } = await site.shell(command, {});
    if (exitCode !== 0) failed.push(`${runbook}: ${command}\n${output}`);
  }
  expect(failed).toEqual([]);
});

test('another deploy restores nothing again', async () => {
  const { exitCode, output } = await site.deploy();
  expect(exitCode === 0 ? '' : output).toBe('');
  expect(output).not.toContain('Velero restores');
  expect(await field('bsl', 'vault', '{.spec.accessMode}')).toBe('ReadWrite');
});

test('a namespace that was deleted comes back by an order, once', async () => {
  await site.kubectl('delete', 'namespace', 'shop', '--wait');
  const restored = await velero('restore', '--id', 'incident-1', '--backup', backup.name);
  expect(restored.exitCode === 0 ? '' : restored.output).toBe('');
  expect(restored.output).toContain('restore incident-1-cluster is complete');
  expect(await webHashes()).toBe(hashes);
  const again = await velero('restore', '--id', 'incident-1');
  expect(again.output).toContain('incident-1 was carried out before');
  // What the next loss brings back has to have it.
  expect((await backupSince(new Date())).phase).toBe('Completed');
}, 400_000);

test('with another key the volume cannot be read: the deploy fails and names it, and nothing backs up over it', async () => {
  await site.loseCluster();
  await site.install('velero');
  const { exitCode, output } = await site.deploy({ TF_VAR_velero_repository_key: 'not the one either' });
  process.stderr.write(`${output}\n`);
  expect(exitCode).toBe(2);
  const last = output.trim().split('\n').at(-1) ?? '';
  expect(last).toMatch(
    /^ERROR restore us-east-1-3-cluster is PartiallyFailed, and these did not come back: volume data of shop\/web-0.* — FIX: .*shop\/web-0/,
  );
  expect(output).toMatch(/^FAILED volume data of pod shop\/web-0: /m);
  expect(output).toMatch(/^FAILED .*(password|repository)/im);
  // The database is not kept from coming back.
  expect((await site.sql('select 1')).trim()).toBe('1');
  expect(await field('bsl', 'vault', '{.spec.accessMode}')).toBe('ReadOnly');
  expect(await field('schedule', 'cluster', '{.spec.paused}')).toBe('true');
}, 900_000);

test('with the right one it is put right by the commands that the last line names', async () => {
  const repeated = await site.deploy({ TF_VAR_secrets_revision: '2' });
  // The pod and its empty volume are there, so Velero calls this attempt complete; it is not.
  expect(repeated.exitCode).toBe(2);
  expect(repeated.output).toMatch(/^FAILED volume data of pod shop\/web-0: /m);
  expect(await field('bsl', 'vault', '{.spec.accessMode}')).toBe('ReadOnly');
  await site.kubectl('rollout', 'restart', '--namespace=velero', 'deployment/velero', 'daemonset/node-agent');
  await site.kubectl('delete', 'namespace', 'shop', '--wait');
  const { exitCode, output } = await velero('restore');
  expect(exitCode === 0 ? '' : output).toBe('');
  expect(output).toContain('is complete');
  expect(await webHashes()).toBe(hashes);
  expect(await field('bsl', 'vault', '{.spec.accessMode}')).toBe('ReadWrite');
}, 900_000);
