import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import { Alerting } from '../../constructs/alerts';
import { AlertRouting, Via } from '../../constructs/alerts/routing';
import { Certificate, CertificateIssuer } from '../../constructs/certificates';
import { App, Duration, EnvironmentStack, SecretRef } from '../../constructs/core';
import { LicenseCheck } from '../../constructs/licenses';
import { BlackboxExporter, EndpointProbe } from '../../constructs/probes';
import { Pushgateway } from '../../constructs/pushgateway';
import { synthesise } from '../../constructs/recovery/synthesise';
import { WorkloadAlerts } from '../../constructs/workload-alerts';
import { imageName } from '../../local/images';
import { commandsOf, shellBlocks } from '../alerts/runbook-commands';
import { eventually, LocalSite } from './local-site';
import { Monitoring } from './monitoring';
import { Webhook } from './webhook';

/**
 * The addons of the embedded cluster do what alerts need: scrape, evaluate, notify, and issue certificates; and the alerts
 * on a certificate do what they are there for.
 */
const INSTANCE = 'monitoring';
const NAMESPACE = 'watched';
let site: LocalSite;
let monitoring: Monitoring;
let webhook: Webhook;

const apply = async (...items: readonly object[]): Promise<void> => {
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  const { exitCode, output } = await site.shell('kubectl apply --server-side -f - <<<"$LIST"', {
    LIST: list,
  });
  if (exitCode !== 0) throw new Error(output);
};

beforeAll(async () => {
  site = await LocalSite.open(INSTANCE);
  await site.install('monitoring');
  await site.install('cert-manager');
  monitoring = new Monitoring(site);
  webhook = await Webhook.start(INSTANCE);
  await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
}, 3_600_000);

afterAll(async () => {
  await webhook?.stop();
  await site?.close();
}, 120_000);

test('the cluster and the monitoring itself are scraped', async () => {
  const jobs = [
    'alertmanager',
    'cert-manager',
    'kube-state-metrics',
    'kubelet',
    'prometheus',
    'prometheus-operator',
  ];
  await eventually('every job is up', 90, async () => {
    const { up } = await monitoring.jobs();
    return jobs.every((job) => up.includes(job));
  });
  expect((await monitoring.jobs()).down).toEqual([]);
  // One of each page that alerts read, with the labels that join them.
  for (const series of [
    'kubelet_node_name{job="kubelet",metrics_path="/metrics"}',
    'container_memory_working_set_bytes{metrics_path="/metrics/cadvisor",namespace="monitoring",container="prometheus"}',
    'kube_pod_info{job="kube-state-metrics",namespace="monitoring",pod="prometheus-main-0"}',
  ])
    expect({ series, found: (await monitoring.query(series)).length }).toEqual({ series, found: 1 });
});

test('nothing that the operator was given is refused', async () => {
  expect(await monitoring.query('prometheus_operator_managed_resources{state="rejected"} > 0')).toEqual([]);
  expect(await monitoring.query('prometheus_operator_reconcile_errors_total > 0')).toEqual([]);
});

test('the room on a volume is known', async () => {
  const claim = { name: 'data', namespace: NAMESPACE };
  await apply(
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: claim,
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: claim,
      spec: {
        containers: [
          {
            name: 'idle',
            image: imageName('pause'),
            imagePullPolicy: 'IfNotPresent',
            volumeMounts: [{ name: 'data', mountPath: '/data' }],
          },
        ],
        volumes: [{ name: 'data', persistentVolumeClaim: { claimName: claim.name } }],
      },
    },
  );
  const room = (metric: string) =>
    monitoring.query(`${metric}{job="kubelet",namespace="${NAMESPACE}",persistentvolumeclaim="data"}`);
  await eventually('kubelet tells the room on the volume', 150, async () => {
    return (await room('kubelet_volume_stats_available_bytes')).length === 1;
  });
  const [available] = await room('kubelet_volume_stats_available_bytes');
  const [capacity] = await room('kubelet_volume_stats_capacity_bytes');
  expect(available?.value).toBeGreaterThan(0);
  expect(capacity?.value).toBeGreaterThan(available?.value ?? Number.POSITIVE_INFINITY);
});

test('a rule is loaded, and its alert reaches a receiver that another namespace declared', async () => {
  await apply(
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'on-call' } },
    {
      apiVersion: 'monitoring.coreos.com/v1alpha1',
      kind: 'AlertmanagerConfig',
      metadata: { name: 'webhook', namespace: 'on-call' },
      spec: {
        route: { receiver: 'webhook', groupBy: ['alertname'], groupWait: '1s', groupInterval: '5s' },
        receivers: [{ name: 'webhook', webhookConfigs: [{ url: `${webhook.url}/alerts` }] }],
      },
    },
    {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PrometheusRule',
      metadata: { name: 'watchdog', namespace: NAMESPACE },
      spec: {
        groups: [
          {
            name: 'watchdog',
            rules: [
              {
                alert: 'Watchdog',
                expr: 'vector(1)',
                labels: { severity: 'none', namespace: NAMESPACE },
                annotations: { summary: 'Alerts reach their receiver.' },
              },
            ],
          },
        ],
      },
    },
  );
  await eventually('the rule is loaded', 120, async () => {
    return (await monitoring.rules()).some(({ health, name }) => name === 'Watchdog' && health === 'ok');
  });
  const notified = () =>
    webhook
      .notifications('/alerts')
      .flatMap(({ alerts }) => alerts.filter(({ labels }) => labels['alertname'] === 'Watchdog'));
  await eventually('the alert is at the receiver', 120, async () => notified().length > 0);
  expect(notified()[0]).toMatchObject({
    status: 'firing',
    labels: { severity: 'none', namespace: NAMESPACE },
    annotations: { summary: 'Alerts reach their receiver.' },
  });
  expect(await monitoring.alertmanager<readonly object[]>('alerts?filter=alertname%3DWatchdog')).toHaveLength(
    1,
  );
});

test('a certificate of an authority is issued, and its end is known', async () => {
  const certificate = (name: string, issuer: string, spec: object): object => ({
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: { name, namespace: NAMESPACE },
    spec: { secretName: name, issuerRef: { name: issuer }, privateKey: { algorithm: 'ECDSA' }, ...spec },
  });
  const issuer = (name: string, spec: object): object => ({
    apiVersion: 'cert-manager.io/v1',
    kind: 'Issuer',
    metadata: { name, namespace: NAMESPACE },
    spec,
  });
  await apply(
    issuer('self-signed', { selfSigned: {} }),
    certificate('authority', 'self-signed', { isCA: true, commonName: 'authority' }),
    issuer('authority', { ca: { secretName: 'authority' } }),
    certificate('server', 'authority', { dnsNames: ['server.test'], duration: '2h', renewBefore: '30m' }),
  );
  await site.kubectl(
    'wait',
    '--for=condition=Ready',
    'certificate/server',
    `--namespace=${NAMESPACE}`,
    '--timeout=90s',
  );
  const pem = async (secret: string, key: string): Promise<X509Certificate> => {
    const jsonpath = `--output=jsonpath={.data.${key.replace('.', '\\.')}}`;
    const data = await site.kubectl('get', 'secret', secret, `--namespace=${NAMESPACE}`, jsonpath);
    return new X509Certificate(Buffer.from(data, 'base64'));
  };
  const server = await pem('server', 'tls.crt');
  expect(server.checkHost('server.test')).toBe('server.test');
  expect(server.verify((await pem('authority', 'tls.crt')).publicKey)).toBe(true);

  // It is 0 until a certificate is issued. The chart lets metrics keep the namespace of cert-manager itself.
  const series = `certmanager_certificate_expiration_timestamp_seconds{job="cert-manager",exported_namespace="${NAMESPACE}",name="server"}`;
  await eventually('the end of the certificate is scraped', 60, async () => {
    const [end] = await monitoring.query(series);
    return end?.value === Date.parse(server.validTo) / 1000;
  });
});

test('what an authority answers cert-manager is counted', async () => {
  // Somebody who speaks no ACME.
  const server = 'http://prometheus-operated.monitoring.svc:9090/acme/directory';
  await apply({
    apiVersion: 'cert-manager.io/v1',
    kind: 'Issuer',
    metadata: { name: 'acme', namespace: NAMESPACE },
    spec: {
      acme: {
        server,
        privateKeySecretRef: { name: 'acme-account' },
        solvers: [{ http01: { ingress: {} } }],
      },
    },
  });
  await eventually('its refusals are scraped', 120, async () => {
    const refused = 'certmanager_http_acme_client_request_count{job="cert-manager",status="404"}';
    return (await monitoring.query(refused)).length > 0;
  });
  await site.kubectl('delete', 'issuer', 'acme', `--namespace=${NAMESPACE}`);
}, 150_000);

describe('a certificate that cert-manager does not renew', () => {
  let outdir: string;
  const FRONT = ['certificate', 'front', `--namespace=${NAMESPACE}`] as const;
  const runbook = (name: string) =>
    readFileSync(join(outdir, 'recovery/certificates/runbooks', name), 'utf8');

  /** Times are shorter, the rules are the same: it lives an hour, and is due after half a minute. */
  function declare(stack: EnvironmentStack): void {
    const alerting = new Alerting({
      runbookBaseUrl: 'https://git.example.com/runbooks',
      scrapeInterval: Duration.seconds(5),
      overrides: { CertificateExpiryD7: { threshold: 3540 }, CertificateRenewalOverdue: { threshold: 10 } },
      mapRule: (rule) => ({ ...rule, for: '10s' }),
    });
    const issuer = new CertificateIssuer(stack, 'issuer', {
      name: 'self',
      namespace: NAMESPACE,
      by: { selfSigned: true },
    });
    new Certificate(stack, 'front', {
      name: 'front',
      namespace: NAMESPACE,
      issuer,
      dnsNames: ['front.test'],
      duration: Duration.hours(1),
      renewBefore: Duration.seconds(3570),
      servedBy: 'itself',
      alerting,
    });
    new AlertRouting(stack, 'routing', {
      alerting,
      receivers: [{ name: 'webhook', via: [Via.webhook(`${webhook.url}/certificates`)] }],
      routes: [],
      otherwise: 'webhook',
      groupWait: Duration.seconds(1),
      groupInterval: Duration.seconds(5),
    });
  }

  beforeAll(async () => {
    outdir = mkdtempSync(join(tmpdir(), 'monitoring-'));
    const app = new App({ outdir, stackTraces: false });
    const stack = new EnvironmentStack(app, { environment: 'certificates', layer: 'platform' });
    new KubernetesProvider(stack, 'kubernetes', {});
    declare(stack);
    synthesise(app);
    const kit = await site.script(join(outdir, 'recovery/certificates/kit/apply'), 200);
    if (kit.exitCode !== 0) throw new Error(kit.output);
    await site.kubectl('wait', ...FRONT, '--for=condition=Ready', '--timeout=60s');
  }, 300_000);
  afterAll(() => rmSync(outdir, { recursive: true, force: true }));

  /** The last word on an alert that reached the receiver. */
  const last = (alertname: string) =>
    webhook
      .notifications('/certificates')
      .flatMap(({ alerts }) => alerts)
      .filter(({ labels }) => labels['alertname'] === alertname)
      .at(-1);

  test('is told when it is due and when it ends, with a runbook, whose renewal by hand ends that', async () => {
    // As after five attempts that have failed: it waits for hours until it tries again.
    const failure = {
      failedIssuanceAttempts: 5,
      lastFailureTime: new Date().toISOString().replace(/\.\d+/, ''),
    };
    await site.kubectl(
      ...['patch', ...FRONT, '--subresource=status', '--type=merge'],
      `--patch=${JSON.stringify({ status: failure })}`,
    );
    for (const [alertname, severity] of [
      ['CertificateRenewalOverdue', 'warning'],
      ['CertificateExpiryD7', 'critical'],
    ] as const) {
      await eventually(
        `${alertname} is at the receiver`,
        180,
        async () => last(alertname)?.status === 'firing',
      );
      const { annotations = {}, labels } = last(alertname) ?? {};
      expect(labels).toMatchObject({ severity, namespace: NAMESPACE, certificate: 'front' });
      expect(annotations['description']).toContain(`${NAMESPACE}/front`);
      const [base, file = ''] = annotations['runbook_url']?.split(/\/(?=[^/]*$)/) ?? [];
      expect(base).toBe('https://git.example.com/runbooks');
      expect(readdirSync(join(outdir, 'recovery/certificates/runbooks'))).toContain(file);
    }
    const file = last('CertificateExpiryD7')?.annotations['runbook_url']?.split('/').at(-1) ?? '';
    const renewal = shellBlocks(runbook(file)).find((block) => block.includes('"Issuing"')) ?? 'false';
    const { exitCode, output } = await site.script(renewal);
    expect({ exitCode, output }).toMatchObject({ exitCode: 0 });
    for (const alertname of ['CertificateRenewalOverdue', 'CertificateExpiryD7'])
      await eventually(`${alertname} resolves`, 180, async () => last(alertname)?.status === 'resolved');
  }, 600_000);
});

describe('what a job finds before it ends', () => {
  const LICENSE = `namespace="${NAMESPACE}",license="backend-2026"`;
  const GATEWAY = `pushgateway="${NAMESPACE}/gateway"`;
  const end = Math.floor(Date.now() / 1000) + 20 * 86_400;
  const part = (claims: object) => Buffer.from(JSON.stringify(claims)).toString('base64url');
  let outdir: string;

  function declare(stack: EnvironmentStack): void {
    const alerting = new Alerting({ runbookBaseUrl: 'https://git.example.com/runbooks' });
    const pushgateway = new Pushgateway(stack, 'gateway', {
      name: 'gateway',
      namespace: NAMESPACE,
      image: imageName('pushgateway'),
      alerting,
    });
    const license = new LicenseCheck(stack, 'license', {
      name: 'backend-2026',
      namespace: NAMESPACE,
      image: imageName('postgres'),
      token: SecretRef.existing({ name: 'backend-license', key: 'license.jwt' }),
      pushgateway,
    });
    new WorkloadAlerts(stack, 'alerts', { alerting, name: 'backend', namespace: NAMESPACE, license });
  }

  beforeAll(async () => {
    outdir = mkdtempSync(join(tmpdir(), 'monitoring-'));
    const app = new App({ outdir, stackTraces: false });
    const stack = new EnvironmentStack(app, { environment: 'pushed', layer: 'platform' });
    new KubernetesProvider(stack, 'kubernetes', {});
    declare(stack);
    synthesise(app);
    await site.importImage('pushgateway');
    await apply({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'backend-license', namespace: NAMESPACE },
      stringData: { 'license.jwt': `${part({ alg: 'none' })}.${part({ exp: end })}.` },
    });
    const kit = await site.script(`${join(outdir, 'recovery/pushed/kit/apply')} --wait --timeout 120`, 200);
    if (kit.exitCode !== 0) throw new Error(kit.output);
  }, 900_000);
  afterAll(() => rmSync(outdir, { recursive: true, force: true }));

  test('is pushed, and scraped under the labels of who pushed it', async () => {
    const IN = `--namespace=${NAMESPACE}`;
    await site.kubectl('create', 'job', IN, 'license-by-hand', '--from=cronjob/backend-2026-license-check');
    await eventually('the end of the license is scraped', 120, async () => {
      const [found] = await monitoring.query(`license_expiry_timestamp_seconds{${LICENSE}}`);
      return found?.value === end;
    });
    // It ends within 30 days, which the job tells in a table; nothing of the license itself.
    const log = await site.kubectl('logs', IN, 'job/license-by-hand');
    expect(log).toMatch(/^soon +backend-2026 +19 +\d{4}-/m);
    expect(log).not.toContain(part({ exp: end }));
    const looked = `disaster_recovery_license_check_timestamp_seconds{job="license-check",${LICENSE},${GATEWAY}}`;
    expect(await monitoring.query(looked)).toHaveLength(1);
    for (const metric of ['push_time_seconds', 'push_failure_time_seconds'])
      expect(await monitoring.query(`${metric}{job="license-check",${LICENSE},${GATEWAY}}`)).toHaveLength(1);
    const up = await monitoring.query(`up{job="pushgateway",namespace="${NAMESPACE}",${GATEWAY}}`);
    expect(up.map(({ value }) => value)).toEqual([1]);
  }, 300_000);

  test('is what its alert reads', async () => {
    const rules = async () =>
      (await monitoring.rules()).filter(({ labels }) =>
        ['backend', 'gateway'].includes(labels['workload'] ?? labels['gateway'] ?? ''),
      );
    await eventually('the warning pends, and nothing else', 180, async () => {
      const loaded = await rules();
      const told = loaded.flatMap(({ alerts = [] }) => alerts);
      return (
        loaded.length === 7 &&
        loaded.every(({ health }) => health === 'ok') &&
        told.length === 1 &&
        told[0]?.labels['alertname'] === 'LicenseExpires' &&
        told[0].labels['severity'] === 'warning' &&
        told[0].labels['license'] === 'backend-2026'
      );
    });
  }, 240_000);

  test('has runbooks whose commands run as they are written', async () => {
    const folder = join(outdir, 'recovery/pushed/runbooks');
    const commands = readdirSync(folder).flatMap((file) =>
      commandsOf(file, readFileSync(join(folder, file), 'utf8')),
    );
    expect(commands.length).toBeGreaterThan(3);
    const failed: string[] = [];
    for (const { command, runbook } of commands) {
      const { exitCode, output } = await site.script(command);
      if (exitCode !== 0) failed.push(`${runbook}: ${command}\n${output}`);
    }
    expect(failed).toEqual([]);
  }, 300_000);
});

describe('an endpoint that users ask', () => {
  const ANSWERS = 'http://prometheus-operated.monitoring.svc:9090/-/healthy';
  const SILENT = `http://nobody.${NAMESPACE}.svc/healthz`;
  const ENCRYPTED = 'https://kubernetes.default.svc/healthz';
  let outdir: string;

  function declare(stack: EnvironmentStack): void {
    const alerting = new Alerting({
      runbookBaseUrl: 'https://git.example.com/runbooks',
      scrapeInterval: Duration.seconds(5),
    });
    const { address } = new BlackboxExporter(stack, 'blackbox', {
      name: 'blackbox',
      namespace: NAMESPACE,
      image: imageName('blackbox-exporter'),
      // The API server's certificate is of an authority of its own, and it asks who that is.
      modules: {
        http_any: {
          prober: 'http',
          http: { tls_config: { insecure_skip_verify: true }, valid_status_codes: [200, 401, 403] },
        },
      },
    });
    const probe = { namespace: NAMESPACE, prober: address, alerting };
    new EndpointProbe(stack, 'answers', { ...probe, name: 'answers', targets: [ANSWERS] });
    new EndpointProbe(stack, 'silent', { ...probe, name: 'silent', targets: [SILENT] });
    const encrypted = { ...probe, name: 'encrypted', targets: [ENCRYPTED], module: 'http_any' };
    new EndpointProbe(stack, 'encrypted', encrypted);
  }

  beforeAll(async () => {
    outdir = mkdtempSync(join(tmpdir(), 'monitoring-'));
    const app = new App({ outdir, stackTraces: false });
    const stack = new EnvironmentStack(app, { environment: 'probed', layer: 'platform' });
    new KubernetesProvider(stack, 'kubernetes', {});
    declare(stack);
    synthesise(app);
    await site.importImage('blackbox-exporter');
    const kit = await site.script(`${join(outdir, 'recovery/probed/kit/apply')} --wait --timeout 120`, 200);
    if (kit.exitCode !== 0) throw new Error(kit.output);
  }, 900_000);
  afterAll(() => rmSync(outdir, { recursive: true, force: true }));

  test('is asked, and one that does not answer pends', async () => {
    const success = async (probe: string) =>
      (await monitoring.query(`probe_success{job="probe",namespace="${NAMESPACE}",probe="${probe}"}`)).map(
        ({ value }) => value,
      );
    await eventually('both were asked', 150, async () => {
      return (await success('answers')).join() === '1' && (await success('silent')).join() === '0';
    });
    await eventually('the end of a certificate is known', 60, async () => {
      const [end] = await monitoring.query('probe_ssl_earliest_cert_expiry{job="probe",probe="encrypted"}');
      return (end?.value ?? 0) > Date.now() / 1000;
    });
    await eventually('its alert alone pends', 120, async () => {
      const loaded = (await monitoring.rules()).filter(({ labels }) =>
        ['answers', 'silent', 'encrypted'].includes(labels['probe'] ?? ''),
      );
      const told = loaded.flatMap(({ alerts = [] }) => alerts);
      return (
        loaded.length > 1 &&
        loaded.every(({ health }) => health === 'ok') &&
        told.length > 0 &&
        told.every(({ labels }) => labels['probe'] === 'silent')
      );
    });
  }, 300_000);
});
