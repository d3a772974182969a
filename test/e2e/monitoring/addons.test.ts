import { X509Certificate } from 'node:crypto';
import { imageName } from '../../../local/images';
import { eventually } from '../local-site';
import { MonitoredCluster, NAMESPACE } from './cluster';

/** The addons of the embedded cluster do what alerts need: scrape, evaluate, notify, and issue certificates. */
let cluster: MonitoredCluster;

beforeAll(async () => {
  cluster = await MonitoredCluster.open('monitoring', 'cert-manager');
}, 3_600_000);

afterAll(() => cluster?.close(), 120_000);

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
    const { up } = await cluster.monitoring.jobs();
    return jobs.every((job) => up.includes(job));
  });
  expect((await cluster.monitoring.jobs()).down).toEqual([]);
  // One of each page that alerts read, with the labels that join them.
  for (const series of [
    'kubelet_node_name{job="kubelet",metrics_path="/metrics"}',
    'container_memory_working_set_bytes{metrics_path="/metrics/cadvisor",namespace="monitoring",container="prometheus"}',
    'kube_pod_info{job="kube-state-metrics",namespace="monitoring",pod="prometheus-main-0"}',
  ])
    expect({ series, found: (await cluster.monitoring.query(series)).length }).toEqual({ series, found: 1 });
});

test('nothing that the operator was given is refused', async () => {
  expect(
    await cluster.monitoring.query('prometheus_operator_managed_resources{state="rejected"} > 0'),
  ).toEqual([]);
  expect(await cluster.monitoring.query('prometheus_operator_reconcile_errors_total > 0')).toEqual([]);
});

test('the room on a volume is known', async () => {
  const claim = { name: 'data', namespace: NAMESPACE };
  await cluster.site.apply(
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
    cluster.monitoring.query(
      `${metric}{job="kubelet",namespace="${NAMESPACE}",persistentvolumeclaim="data"}`,
    );
  await eventually('kubelet tells the room on the volume', 150, async () => {
    return (await room('kubelet_volume_stats_available_bytes')).length === 1;
  });
  const [available] = await room('kubelet_volume_stats_available_bytes');
  const [capacity] = await room('kubelet_volume_stats_capacity_bytes');
  expect(available?.value).toBeGreaterThan(0);
  expect(capacity?.value).toBeGreaterThan(available?.value ?? Number.POSITIVE_INFINITY);
});

test('a rule is loaded, and its alert reaches a receiver that another namespace declared', async () => {
  await cluster.site.apply(
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'on-call' } },
    {
      apiVersion: 'monitoring.coreos.com/v1alpha1',
      kind: 'AlertmanagerConfig',
      metadata: { name: 'webhook', namespace: 'on-call' },
      spec: {
        route: { receiver: 'webhook', groupBy: ['alertname'], groupWait: '1s', groupInterval: '5s' },
        receivers: [{ name: 'webhook', webhookConfigs: [{ url: `${cluster.webhook.url}/alerts` }] }],
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
    return (await cluster.monitoring.rules()).some(
      ({ health, name }) => name === 'Watchdog' && health === 'ok',
    );
  });
  const notified = () =>
    cluster.webhook
      .notifications('/alerts')
      .flatMap(({ alerts }) => alerts.filter(({ labels }) => labels['alertname'] === 'Watchdog'));
  await eventually('the alert is at the receiver', 120, async () => notified().length > 0);
  expect(notified()[0]).toMatchObject({
    status: 'firing',
    labels: { severity: 'none', namespace: NAMESPACE },
    annotations: { summary: 'Alerts reach their receiver.' },
  });
  expect(
    await cluster.monitoring.alertmanager<readonly object[]>('alerts?filter=alertname%3DWatchdog'),
  ).toHaveLength(1);
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
  await cluster.site.apply(
    issuer('self-signed', { selfSigned: {} }),
    certificate('authority', 'self-signed', { isCA: true, commonName: 'authority' }),
    issuer('authority', { ca: { secretName: 'authority' } }),
    certificate('server', 'authority', { dnsNames: ['server.test'], duration: '2h', renewBefore: '30m' }),
  );
  await cluster.site.kubectl(
    'wait',
    '--for=condition=Ready',
    'certificate/server',
    `--namespace=${NAMESPACE}`,
    '--timeout=90s',
  );
  const pem = async (secret: string, key: string): Promise<X509Certificate> => {
    const jsonpath = `--output=jsonpath={.data.${key.replace('.', '\\.')}}`;
    const data = await cluster.site.kubectl('get', 'secret', secret, `--namespace=${NAMESPACE}`, jsonpath);
    return new X509Certificate(Buffer.from(data, 'base64'));
  };
  const server = await pem('server', 'tls.crt');
  expect(server.checkHost('server.test')).toBe('server.test');
  expect(server.verify((await pem('authority', 'tls.crt')).publicKey)).toBe(true);

  // It is 0 until a certificate is issued. The chart lets metrics keep the namespace of cert-manager itself.
  const series = `certmanager_certificate_expiration_timestamp_seconds{job="cert-manager",exported_namespace="${NAMESPACE}",name="server"}`;
  await eventually('the end of the certificate is scraped', 60, async () => {
    const [end] = await cluster.monitoring.query(series);
    return end?.value === Date.parse(server.validTo) / 1000;
  });
});

test('what an authority answers cert-manager is counted', async () => {
  // Somebody who speaks no ACME.
  const server = 'http://prometheus-operated.monitoring.svc:9090/acme/directory';
  await cluster.site.apply({
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
    return (await cluster.monitoring.query(refused)).length > 0;
  });
  await cluster.site.kubectl('delete', 'issuer', 'acme', `--namespace=${NAMESPACE}`);
}, 150_000);
