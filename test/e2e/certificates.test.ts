import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Alerting } from '../../constructs/alerts';
import {
  Certificate,
  CertificateCheck,
  CertificateIssuer,
  CertManagerAlerts,
} from '../../constructs/certificates';
import { Duration, type EnvironmentStack, SecretRef } from '../../constructs/core';
import { Pushgateway } from '../../constructs/pushgateway';
import { imageName } from '../../local/images';
import { shellBlocks } from '../alerts/runbook-commands';
import { Layer } from './layer';
import { eventually, LocalSite } from './local-site';
import { commandsIn, failing } from './runbooks';

/** Issuers, certificates and their check on a real cluster with a real cert-manager; runbooks as they are written. */
const NAMESPACE = 'shop';
const IN = `--namespace=${NAMESPACE}`;
const IMAGE = imageName('postgres');

let site: LocalSite;
let layer: Layer;

/** What is watched: an authority of its own signs the certificate of a server that reads it at its start alone. */
function declare(stack: EnvironmentStack): void {
  const alerting = new Alerting({ runbookBaseUrl: 'https://git.example.com/runbooks', delivery: 'files' });
  const own = (name: string, by: ConstructorParameters<typeof CertificateIssuer>[2]['by']) =>
    new CertificateIssuer(stack, `issuer-${name}`, { name, namespace: NAMESPACE, by });
  const self = own('self', { selfSigned: true });
  const root = {
    name: 'root',
    namespace: NAMESPACE,
    commonName: 'Root of a test',
    isCa: true,
    recreatable: true,
  };
  new Certificate(stack, 'root', { ...root, issuer: self });
  const pair = (key: string) => SecretRef.existing({ name: 'root', key });
  const ca = own('ca', { ca: { certificate: pair('tls.crt'), key: pair('tls.key'), recreatable: true } });
  new Certificate(stack, 'front', {
    name: 'front',
    namespace: NAMESPACE,
    issuer: ca,
    dnsNames: [`front.${NAMESPACE}.svc`],
    servedBy: { workload: 'deployment/front' },
    alerting,
  });
  new CertManagerAlerts(stack, 'cert-manager', { acme: true, alerting });
  const pushgateway = new Pushgateway(stack, 'gateway', {
    name: 'gateway',
    namespace: NAMESPACE,
    image: imageName('pushgateway'),
    alerting,
  });
  const authority = { secret: 'root', key: 'tls.crt' };
  new CertificateCheck(stack, 'check', {
    name: 'public',
    namespace: NAMESPACE,
    image: IMAGE,
    endpoints: [
      { name: 'front', host: `front.${NAMESPACE}.svc`, port: 8443, authority, serves: 'front-tls' },
    ],
    secrets: [{ name: 'front-tls', secret: 'front', authority, hostNames: [`front.${NAMESPACE}.svc`] }],
    warnBefore: Duration.days(14),
    pushgateway,
    alerting,
  });
}

const RESTRICTED = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  runAsNonRoot: true,
  seccompProfile: { type: 'RuntimeDefault' },
};

function server(name: string, port: number, command: readonly string[], secret?: string): object[] {
  const labels = { app: name };
  const container = {
    name,
    image: IMAGE,
    command,
    securityContext: RESTRICTED,
    readinessProbe: { tcpSocket: { port }, periodSeconds: 1 },
    ...(secret === undefined ? {} : { volumeMounts: [{ name: 'tls', mountPath: '/tls' }] }),
  };
  const volumes = secret === undefined ? [] : [{ name: 'tls', secret: { secretName: secret } }];
  const spec = { containers: [container], volumes, terminationGracePeriodSeconds: 0 };
  return [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, namespace: NAMESPACE },
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace: NAMESPACE },
      spec: { selector: labels, ports: [{ port }] },
    },
  ];
}

let runs = 0;

/** One run of the check: how it ended, and what it told. */
async function look(): Promise<{ exitCode: number; table: string; message: string }> {
  runs += 1;
  const job = `look-${runs}`;
  await site.kubectl('create', 'job', IN, job, '--from=cronjob/public-certificate-check');
  let status: { exitCode: number; message?: string } | undefined;
  await eventually(`${job} ends`, 100, async () => {
    const pods = JSON.parse(
      await site.kubectl('get', 'pods', IN, `--selector=job-name=${job}`, '--output=json'),
    );
    status = pods.items[0]?.status?.containerStatuses?.[0]?.state?.terminated;
    return status !== undefined;
  });
  const table = await site.kubectl('logs', IN, `job/${job}`);
  await site.kubectl('delete', 'job', IN, job);
  return { exitCode: status?.exitCode ?? -1, message: status?.message ?? '', table };
}

/** Runs it again until it tells so: a pod that is gone may still be reached, until every proxy knows. */
async function lookUntil(what: string, so: (told: Awaited<ReturnType<typeof look>>) => boolean) {
  let told = await look();
  await eventually(what, 60, async () => {
    if (so(told)) return true;
    told = await look();
    return false;
  });
  return told;
}

/** A column of the table, by target. */
function column(table: string, name: string): Record<string, string> {
  const [head = '', ...lines] = table.split('\n').map((line) => line.split(/ {2,}/));
  const at = [...head].indexOf(name);
  return Object.fromEntries(
    lines.filter((line) => line.length === head.length).map((line) => [line[1] ?? '', line[at] ?? '']),
  );
}

const runbook = (name: string) => {
  const folder = layer.file('runbooks');
  const file = readdirSync(folder).find((one) => one.endsWith(`-${name}.md`)) ?? '';
  return readFileSync(join(folder, file), 'utf8');
};
const statusOf = async (path: string) =>
  (await site.kubectl('get', 'certificate', IN, 'front', `--output=jsonpath={.status.${path}}`)).trim();

beforeAll(async () => {
  layer = new Layer('watched', declare);
  site = await LocalSite.open('certificates');
  await site.importImage('pushgateway');
  await site.install('cert-manager');
  await site.apply({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: NAMESPACE, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
  });
  await layer.apply(site);
  await site.kubectl('wait', IN, '--for=condition=Ready', '--timeout=100s', 'certificates', '--all');
  const serve = [
    'openssl',
    's_server',
    '-accept',
    '8443',
    '-cert',
    '/tls/tls.crt',
    '-key',
    '/tls/tls.key',
    '-www',
  ];
  await site.apply(...server('front', 8443, serve, 'front'));
  for (const name of ['gateway', 'front'])
    await site.kubectl('rollout', 'status', IN, `deployment/${name}`, '--timeout=100s');
}, 3_600_000);

afterAll(async () => {
  await site?.close();
  layer?.remove();
}, 120_000);

test('what cert-manager has made is well, as a client sees it and as it is in the Secret', async () => {
  const { exitCode, message, table } = await look();
  expect({ exitCode, message, table }).toMatchObject({ exitCode: 0, message: 'all is well\n' });
  expect(column(table, 'CHAIN')).toEqual({ front: 'yes', 'front-tls': 'yes' });
  expect(column(table, 'HOST')).toEqual({ front: 'yes', 'front-tls': 'yes' });
  expect(column(table, 'ISSUER')).toEqual({ front: 'CN=Root of a test', 'front-tls': 'CN=Root of a test' });
  const gateway = `/api/v1/namespaces/${NAMESPACE}/services/gateway:metrics/proxy/metrics`;
  expect(await site.kubectl('get', `--raw=${gateway}`)).toContain(
    'disaster_recovery_certificate_chain_valid{check="public",instance="",job="certificate-check",kind="endpoint",namespace="shop",target="front"} 1\n',
  );
}, 200_000);

test('the commands of its runbooks run as they are written', async () => {
  const commands = commandsIn(layer.file('runbooks'));
  expect(commands.length).toBeGreaterThan(10);
  expect(await failing(commands, (command) => site.script(command))).toEqual([]);
}, 600_000);

test('it is renewed by hand as the runbook says, while cert-manager backs off; the server has to be told', async () => {
  const before = Number(await statusOf('revision'));
  const failure = {
    failedIssuanceAttempts: 5,
    lastFailureTime: new Date().toISOString().replace(/\.\d+/, ''),
  };
  await site.kubectl(
    ...['patch', 'certificate', IN, 'front', '--subresource=status', '--type=merge'],
    `--patch=${JSON.stringify({ status: failure })}`,
  );
  const renewal =
    shellBlocks(runbook('CertificateRenewal')).find((block) => block.includes('"Issuing"')) ?? '';
  const { exitCode, output } = await site.script(renewal);
  expect({ exitCode, output }).toMatchObject({ exitCode: 0 });
  await eventually('there is a new revision', 60, async () => Number(await statusOf('revision')) > before);
  expect(Number(await statusOf('revision'))).toBe(before + 1);

  const stale = await look();
  const serials = column(stale.table, 'SERIAL');
  expect(serials['front']).not.toBe(serials['front-tls']);
  const restart = shellBlocks(runbook('CertificateRenewal')).find((block) =>
    block.includes('rollout restart'),
  );
  expect((await site.script(restart ?? 'false')).exitCode).toBe(0);
  await eventually('the old one is gone', 60, async () => {
    const pods = await site.kubectl('get', 'pods', IN, '--selector=app=front', '--output=name');
    return pods.trim().split('\n').length === 1;
  });
  const told = await lookUntil(
    'clients are shown the new one',
    ({ table }) => column(table, 'SERIAL')['front'] === serials['front-tls'],
  );
  expect(told.exitCode).toBe(0);
  expect(column(told.table, 'SERIAL')['front-tls']).toBe(serials['front-tls']);
}, 400_000);

test('what is missing and out of reach is told, and is not waited for', async () => {
  await site.kubectl('scale', IN, 'deployment/front', '--replicas=0');
  await site.kubectl('delete', 'certificate', IN, 'front');
  await site.kubectl('delete', 'secret', IN, 'front');
  const { exitCode, message } = await lookUntil('front is out of reach', (told) =>
    /^front: unreachable: front\.shop\.svc:8443 shows no certificate: .*\n/.test(told.message),
  );
  expect(exitCode).toBe(2);
  expect(message).toContain('front-tls: unreadable: there is no file /certificates/front-tls/tls.crt');
}, 200_000);
