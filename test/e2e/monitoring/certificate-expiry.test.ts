import { readdirSync, readFileSync } from 'node:fs';
import { Alerting } from '../../../constructs/alerts';
import { AlertRouting, Via } from '../../../constructs/alerts/routing';
import { Certificate, CertificateIssuer } from '../../../constructs/certificates';
import { Duration, type EnvironmentStack } from '../../../constructs/core';
import { shellBlocks } from '../../alerts/runbook-commands';
import { Layer } from '../layer';
import { eventually } from '../local-site';
import { MonitoredCluster, NAMESPACE } from './cluster';

/** The alerts on a certificate that cert-manager does not renew. */
const FRONT = ['certificate', 'front', `--namespace=${NAMESPACE}`] as const;
let cluster: MonitoredCluster;
let layer: Layer;

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
    receivers: [{ name: 'webhook', via: [Via.webhook(`${cluster.webhook.url}/certificates`)] }],
    routes: [],
    otherwise: 'webhook',
    groupWait: Duration.seconds(1),
    groupInterval: Duration.seconds(5),
  });
}

beforeAll(async () => {
  cluster = await MonitoredCluster.open('certificate-expiry', 'cert-manager');
  layer = new Layer('certificates', declare);
  await layer.apply(cluster.site);
  await cluster.site.kubectl('wait', ...FRONT, '--for=condition=Ready', '--timeout=60s');
}, 3_600_000);

afterAll(async () => {
  await cluster?.close();
  layer?.remove();
}, 120_000);

/** The last word on an alert that reached the receiver. */
const last = (alertname: string) =>
  cluster.webhook
    .notifications('/certificates')
    .flatMap(({ alerts }) => alerts)
    .filter(({ labels }) => labels['alertname'] === alertname)
    .at(-1);

test('a certificate that is not renewed is told when it is due and when it ends, with a runbook, whose renewal by hand ends that', async () => {
  // As after five attempts that have failed: it waits for hours until it tries again.
  const failure = {
    failedIssuanceAttempts: 5,
    lastFailureTime: new Date().toISOString().replace(/\.\d+/, ''),
  };
  await cluster.site.kubectl(
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
    expect(readdirSync(layer.file('runbooks'))).toContain(file);
  }
  const file = last('CertificateExpiryD7')?.annotations['runbook_url']?.split('/').at(-1) ?? '';
  const renewal =
    shellBlocks(readFileSync(layer.file(`runbooks/${file}`), 'utf8')).find((block) =>
      block.includes('"Issuing"'),
    ) ?? 'false';
  const { exitCode, output } = await cluster.site.script(renewal);
  expect({ exitCode, output }).toMatchObject({ exitCode: 0 });
  for (const alertname of ['CertificateRenewalOverdue', 'CertificateExpiryD7'])
    await eventually(`${alertname} resolves`, 180, async () => last(alertname)?.status === 'resolved');
}, 600_000);
