import { Alerting } from '../../constructs/alerts';
import { CertificateCheck, type CertificateCheckProps } from '../../constructs/certificates';
import { Duration, Schedule } from '../../constructs/core';
import { Pushgateway } from '../../constructs/pushgateway';
import { byName, get, type JsonObject, Template } from '../helpers/template';

const alerting = new Alerting({ runbookBaseUrl: 'https://git.example.com/runbooks' });
const PROPS: CertificateCheckProps = {
  name: 'public',
  namespace: 'shop',
  image: 'registry.example.com/postgres:17',
  endpoints: [
    { name: 'front', host: 'shop.example.com', serves: 'front-tls' },
    {
      name: 'orders',
      host: 'orders.shop.svc',
      port: 5432,
      startTls: 'postgres',
      authority: { secret: 'orders-tls' },
      warnBefore: Duration.days(10),
    },
  ],
  secrets: [
    { name: 'front-tls', secret: 'shop-example-com' },
    {
      name: 'vault',
      secret: 'vault-client',
      key: 'client.crt',
      authority: { configMap: 'bundle', key: 'root.pem' },
    },
  ],
  pushgateway: 'http://pushgateway.monitoring:9091',
  alerting,
};
const declare = (different: Partial<CertificateCheckProps> = {}) =>
  Template.of((stack) => void new CertificateCheck(stack, 'check', { ...PROPS, ...different }));
const faults = (different: Partial<CertificateCheckProps>) =>
  Template.faults((stack) => void new CertificateCheck(stack, 'check', { ...PROPS, ...different })).map(
    ({ message }) => message,
  );

describe('a check of certificates', () => {
  const template = declare();
  const job = template.named('kubernetes_cron_job_v1', 'public-certificate-check');
  const pod = get(job, 'spec.job_template.spec.template.spec') as JsonObject;
  const config = template.named('kubernetes_config_map_v1', 'public-certificate-check');

  test('tells its script what to look at', () => {
    expect(JSON.parse(String(get(config, 'data')?.['targets.json' as never]))).toEqual([
      { name: 'front', kind: 'endpoint', host: 'shop.example.com', port: 443, warnSeconds: 2_592_000 },
      {
        name: 'orders',
        kind: 'endpoint',
        host: 'orders.shop.svc',
        port: 5432,
        startTls: 'postgres',
        authority: '/certificates/orders/ca.crt',
        warnSeconds: 864_000,
      },
      {
        name: 'front-tls',
        kind: 'secret',
        certificate: '/certificates/front-tls/tls.crt',
        warnSeconds: 2_592_000,
      },
      {
        name: 'vault',
        kind: 'secret',
        certificate: '/certificates/vault/tls.crt',
        authority: '/certificates/vault/ca.crt',
        warnSeconds: 2_592_000,
      },
    ]);
    expect(Object.keys(get(config, 'data') as JsonObject).sort()).toEqual([
      'certificate.sh',
      'check.sh',
      'metrics.jq',
      'table.jq',
      'targets.json',
    ]);
  });

  test('mounts certificates alone, and what is missing does not keep the pod from telling so', () => {
    const [projected] = byName(pod['volume'], 'certificates')['projected'] as readonly JsonObject[];
    const source = (kind: 'secret' | 'config_map', name: string, key: string, path: string) => ({
      [kind]: [{ name, optional: true, items: [{ key, path }] }],
    });
    expect(projected?.['sources']).toEqual([
      source('secret', 'orders-tls', 'ca.crt', 'orders/ca.crt'),
      source('secret', 'shop-example-com', 'tls.crt', 'front-tls/tls.crt'),
      source('secret', 'vault-client', 'client.crt', 'vault/tls.crt'),
      source('config_map', 'bundle', 'root.pem', 'vault/ca.crt'),
    ]);
    expect(JSON.stringify(pod)).not.toContain('.key"');
  });

  test('runs as a restricted pod without access to the API, and fails at once', () => {
    expect(pod).toMatchObject({
      automount_service_account_token: false,
      restart_policy: 'Never',
      security_context: { run_as_non_root: true, run_as_user: '999' },
    });
    expect(get(pod, 'container.0')).toMatchObject({
      command: ['/config/check.sh', '/config/targets.json'],
      security_context: { read_only_root_filesystem: true, allow_privilege_escalation: false },
      env: [
        { name: 'NAMESPACE', value: 'shop' },
        { name: 'CHECK_NAME', value: 'public' },
        { name: 'PUSHGATEWAY_URL', value: 'http://pushgateway.monitoring:9091' },
      ],
    });
    expect(get(job, 'spec.job_template.spec')).toMatchObject({ backoff_limit: 0 });
    expect(get(job, 'spec.schedule')).toMatch(/^\d{1,2} \*\/6 \* \* \*$/);
    const other = declare({ schedule: Schedule.daily({ hour: 4 }) });
    expect(get(other.named('kubernetes_cron_job_v1', 'public-certificate-check'), 'spec.schedule')).toBe(
      '0 4 * * *',
    );
  });

  test('pushes to a Pushgateway of the platform, which lets it in', () => {
    const both = Template.of((stack) => {
      const pushgateway = new Pushgateway(stack, 'gateway', {
        name: 'gateway',
        namespace: 'monitoring',
        image: 'registry.example.com/pushgateway:1',
      });
      new CertificateCheck(stack, 'check', { ...PROPS, pushgateway });
    });
    const template = get(
      both.named('kubernetes_cron_job_v1', 'public-certificate-check'),
      'spec.job_template.spec.template',
    );
    expect(byName(get(template, 'spec.container.0.env'), 'PUSHGATEWAY_URL')).toEqual({
      name: 'PUSHGATEWAY_URL',
      value: 'http://gateway.monitoring.svc:9091',
    });
    const policy = both.named('kubernetes_network_policy_v1', 'gateway');
    const [, senders] = get(policy, 'spec.ingress.0.from') as readonly JsonObject[];
    expect(get(template, 'metadata.labels')).toMatchObject(
      get(senders, 'pod_selector.match_labels') as JsonObject,
    );
    const { alerting: _, pushgateway: __, ...unpushed } = PROPS;
    const alone = Template.of((stack) => void new CertificateCheck(stack, 'check', unpushed));
    expect(
      get(
        alone.named('kubernetes_cron_job_v1', 'public-certificate-check'),
        'spec.job_template.spec.template.metadata.labels',
      ),
    ).not.toMatchObject(get(senders, 'pod_selector.match_labels') as JsonObject);
  });

  test('takes an authority as text', () => {
    const pem = '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n';
    const endpoint = { name: 'own', host: 'own.example.com', authority: { pem } };
    const own = declare({ endpoints: [endpoint], secrets: [] });
    const data = get(own.named('kubernetes_config_map_v1', 'public-certificate-check'), 'data') as JsonObject;
    expect(data['own.ca.crt']).toBe(pem);
    expect(JSON.parse(String(data['targets.json']))).toMatchObject([{ authority: '/config/own.ca.crt' }]);
    const podOf = get(
      own.named('kubernetes_cron_job_v1', 'public-certificate-check'),
      'spec.job_template.spec.template.spec',
    ) as JsonObject;
    expect((podOf['volume'] as readonly JsonObject[]).map(({ name }) => name)).toEqual(['config', 'tmp']);
  });

  test('is watched where alerting is given', () => {
    const rules = (from: Template) => [...from.resources('kubernetes_manifest').values()];
    expect(rules(template).map((rule) => get(rule, 'manifest.metadata.name'))).toEqual([
      'public-certificate-check',
    ]);
    const alerts = get(rules(template)[0], 'manifest.spec.groups.0.rules') as readonly JsonObject[];
    const expiring = alerts.filter(({ alert }) => alert === 'CertificateCheckExpiryD7');
    expect(
      expiring.map((rule) => [get(rule, 'labels.target'), rule['for'], String(rule['expr']).split(' < ')[1]]),
    ).toEqual([
      ['front', '390m', '604800'],
      ['orders', '390m', '201600'],
      ['front-tls', '390m', '604800'],
      ['vault', '390m', '604800'],
    ]);
    const { alerting: _, ...unwatched } = PROPS;
    expect(rules(Template.of((stack) => void new CertificateCheck(stack, 'check', unwatched)))).toEqual([]);
  });

  test.each<[Partial<CertificateCheckProps>, RegExp]>([
    [{ endpoints: [], secrets: [] }, /nothing would be looked at/],
    [{ name: 'Public' }, /name is "Public"/],
    [
      { endpoints: [{ name: 'vault', host: 'a' }] },
      /secrets\[1\].name is "vault"; endpoints\[0\] has it, too/,
    ],
    [{ endpoints: [{ name: 'a b', host: 'a' }] }, /endpoints\[0\].name is "a b"/],
    [{ endpoints: [{ name: 'a', host: 'https://a' }] }, /endpoints\[0\].host is "https:\/\/a"/],
    [{ endpoints: [{ name: 'a', host: 'a', serverName: 'a b' }] }, /serverName is "a b"/],
    [{ endpoints: [{ name: 'a', host: 'a', hostNames: ['a/b'] }] }, /hostNames\[0\] is "a\/b"/],
    [{ endpoints: [{ name: 'a', host: 'a', port: 0 }] }, /port is 0/],
    [{ endpoints: [{ name: 'a', host: 'a', startTls: 'pg' as 'postgres' }] }, /startTls is "pg"/],
    [{ endpoints: [{ name: 'a', host: 'a', serves: 'b' }] }, /serves is "b"/],
    [
      { endpoints: [{ name: 'a', host: 'a', servedBy: { workload: 'pod/a' } }] },
      /endpoints\[0\].servedBy.workload is "pod\/a"/,
    ],
    [{ endpoints: [{ name: 'a', host: 'a', authority: { pem: 'x' } }] }, /it holds no certificate/],
    [{ secrets: [{ name: 'a', secret: 'a', key: 'tls.key' }], endpoints: [] }, /must not have one/],
    [
      { secrets: [{ name: 'a', secret: 'a', authority: { secret: 'b', key: 'x.key' } }], endpoints: [] },
      /must not have one/,
    ],
    [{ pushgateway: 'pushgateway:9091' }, /pushgateway is "pushgateway:9091"/],
    [{ schedule: Schedule.cron('61 * * * *') }, /schedule "61/],
    [
      { schedule: Schedule.weekly({ on: 'monday', hour: 3 }) },
      /endpoints\[0\].warnBefore is 30 days; the check runs every 7 days/,
    ],
    [{ warnBefore: Duration.days(1) }, /endpoints\[0\].warnBefore is 1 day/],
  ])('%j is a fault', (different, message) => {
    expect(faults(different)).toContainEqual(expect.stringMatching(message));
  });

  test('alerts without metrics are a fault', () => {
    const { pushgateway: _, ...silent } = PROPS;
    expect(
      Template.faults((stack) => void new CertificateCheck(stack, 'check', silent)).map(
        ({ message }) => message,
      ),
    ).toContainEqual(expect.stringContaining('alerts would read metrics that nobody has'));
  });
});
