import { Alerting } from '../../../constructs/alerts';
import { Duration, type EnvironmentStack, SecretRef } from '../../../constructs/core';
import { LicenseCheck } from '../../../constructs/licenses';
import { BlackboxExporter, EndpointProbe } from '../../../constructs/probes';
import { Pushgateway } from '../../../constructs/pushgateway';
import { WorkloadAlerts } from '../../../constructs/workload-alerts';
import { imageName } from '../../../local/images';
import { Layer } from '../layer';
import { eventually } from '../local-site';
import { commandsIn, failing } from '../runbooks';
import { MonitoredCluster, NAMESPACE } from './cluster';

/** What Prometheus cannot scrape: jobs push it, and a prober asks for it. */
let cluster: MonitoredCluster;

beforeAll(async () => {
  cluster = await MonitoredCluster.open('pushed-and-probed');
}, 3_600_000);

afterAll(() => cluster?.close(), 120_000);

describe('what a job finds before it ends', () => {
  const LICENSE = `namespace="${NAMESPACE}",license="backend-2026"`;
  const GATEWAY = `pushgateway="${NAMESPACE}/gateway"`;
  const end = Math.floor(Date.now() / 1000) + 20 * 86_400;
  const part = (claims: object) => Buffer.from(JSON.stringify(claims)).toString('base64url');
  let layer: Layer;

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
    layer = new Layer('pushed', declare);
    await cluster.site.importImage('pushgateway');
    await cluster.site.apply({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'backend-license', namespace: NAMESPACE },
      stringData: { 'license.jwt': `${part({ alg: 'none' })}.${part({ exp: end })}.` },
    });
    await layer.apply(cluster.site);
  }, 900_000);
  afterAll(() => layer?.remove());

  test('is pushed, and scraped under the labels of who pushed it', async () => {
    const IN = `--namespace=${NAMESPACE}`;
    await cluster.site.kubectl(
      'create',
      'job',
      IN,
      'license-by-hand',
      '--from=cronjob/backend-2026-license-check',
    );
    await eventually('the end of the license is scraped', 120, async () => {
      const [found] = await cluster.monitoring.query(`license_expiry_timestamp_seconds{${LICENSE}}`);
      return found?.value === end;
    });
    // It ends within 30 days, which the job tells in a table; nothing of the license itself.
    const log = await cluster.site.kubectl('logs', IN, 'job/license-by-hand');
    expect(log).toMatch(/^soon +backend-2026 +19 +\d{4}-/m);
    expect(log).not.toContain(part({ exp: end }));
    const looked = `disaster_recovery_license_check_timestamp_seconds{job="license-check",${LICENSE},${GATEWAY}}`;
    expect(await cluster.monitoring.query(looked)).toHaveLength(1);
    for (const metric of ['push_time_seconds', 'push_failure_time_seconds'])
      expect(
        await cluster.monitoring.query(`${metric}{job="license-check",${LICENSE},${GATEWAY}}`),
      ).toHaveLength(1);
    const up = await cluster.monitoring.query(`up{job="pushgateway",namespace="${NAMESPACE}",${GATEWAY}}`);
    expect(up.map(({ value }) => value)).toEqual([1]);
  }, 300_000);

  test('is what its alert reads', async () => {
    const rules = async () =>
      (await cluster.monitoring.rules()).filter(({ labels }) =>
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
    const commands = commandsIn(layer.file('runbooks'));
    expect(commands.length).toBeGreaterThan(3);
    expect(await failing(commands, (command) => cluster.site.script(command))).toEqual([]);
  }, 300_000);
});

describe('an endpoint that users ask', () => {
  const ANSWERS = 'http://prometheus-operated.monitoring.svc:9090/-/healthy';
  const SILENT = `http://nobody.${NAMESPACE}.svc/healthz`;
  const ENCRYPTED = 'https://kubernetes.default.svc/healthz';
  let layer: Layer;

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
    layer = new Layer('probed', declare);
    await cluster.site.importImage('blackbox-exporter');
    await layer.apply(cluster.site);
  }, 900_000);
  afterAll(() => layer?.remove());

  test('is asked, and one that does not answer pends', async () => {
    const success = async (probe: string) =>
      (
        await cluster.monitoring.query(`probe_success{job="probe",namespace="${NAMESPACE}",probe="${probe}"}`)
      ).map(({ value }) => value);
    await eventually('both were asked', 150, async () => {
      return (await success('answers')).join() === '1' && (await success('silent')).join() === '0';
    });
    await eventually('the end of a certificate is known', 60, async () => {
      const [end] = await cluster.monitoring.query(
        'probe_ssl_earliest_cert_expiry{job="probe",probe="encrypted"}',
      );
      return (end?.value ?? 0) > Date.now() / 1000;
    });
    await eventually('its alert alone pends', 120, async () => {
      const loaded = (await cluster.monitoring.rules()).filter(({ labels }) =>
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
