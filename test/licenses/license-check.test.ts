import { Alerting } from '../../constructs/alerts';
import { Duration, Schedule, SecretRef } from '../../constructs/core';
import { LicenseCheck, type LicenseCheckProps } from '../../constructs/licenses';
import { WorkloadAlerts } from '../../constructs/workload-alerts';
import { byName, get, type JsonObject, Template } from '../helpers/template';

const PROPS: LicenseCheckProps = {
  name: 'backend-2026',
  namespace: 'shop',
  token: SecretRef.existing({ name: 'backend-license', key: 'license.jwt' }),
  image: 'registry.example.com/postgres:17',
  pushgateway: { url: 'http://gateway.monitoring.svc:9091' },
};
const alerting = new Alerting({ runbookBaseUrl: 'https://git.example.com/runbooks' });
const declare = (different: Partial<LicenseCheckProps> = {}) =>
  Template.of((stack) => void new LicenseCheck(stack, 'license', { ...PROPS, ...different }));
const faults = (different: Partial<LicenseCheckProps>, workload: { namespace?: string } | false = false) =>
  Template.faults((stack) => {
    const license = new LicenseCheck(stack, 'license', { ...PROPS, ...different });
    if (workload !== false)
      new WorkloadAlerts(stack, 'alerts', {
        alerting,
        name: 'backend',
        namespace: 'shop',
        license,
        ...workload,
      });
  }).map(({ message }) => message);
const JOB = 'backend-2026-license-check';

describe('a check of a license', () => {
  const job = declare().named('kubernetes_cron_job_v1', JOB);
  const pod = get(job, 'spec.job_template.spec.template.spec') as JsonObject;

  test('mounts the one key of the Secret, and tells when it is missing', () => {
    expect(byName(pod['volume'], 'license')).toEqual({
      name: 'license',
      secret: {
        secret_name: 'backend-license',
        optional: true,
        default_mode: '0440',
        items: [{ key: 'license.jwt', path: 'backend-2026' }],
      },
    });
    expect(get(pod, 'container.0')).toMatchObject({
      command: ['/config/license.sh', '--days', '30', '/licenses/backend-2026'],
      env: [
        { name: 'NAMESPACE', value: 'shop' },
        { name: 'PUSHGATEWAY_URL', value: 'http://gateway.monitoring.svc:9091' },
      ],
      volume_mount: [
        { name: 'config', mount_path: '/config', read_only: true },
        { name: 'license', mount_path: '/licenses', read_only: true },
        { name: 'tmp', mount_path: '/tmp' },
      ],
    });
    const config = declare().named('kubernetes_config_map_v1', JOB);
    expect(Object.keys(get(config, 'data') as JsonObject).sort()).toEqual(['license.jq', 'license.sh']);
  });

  test('takes a license from a variable, into a Secret of its own', () => {
    const template = declare({
      token: SecretRef.variable('backend_license', { description: 'from the vendor' }),
    });
    const made = template.named('kubernetes_secret_v1', JOB);
    expect(Object.keys(get(made, 'data_wo') as JsonObject)).toEqual(['token']);
    const volume = get(
      template.named('kubernetes_cron_job_v1', JOB),
      'spec.job_template.spec.template.spec.volume.1.secret',
    );
    expect(volume).toMatchObject({ secret_name: JOB, items: [{ key: 'token', path: 'backend-2026' }] });
  });

  test('runs as a restricted pod without access to the API, every six hours, and fails at once', () => {
    expect(pod).toMatchObject({
      automount_service_account_token: false,
      restart_policy: 'Never',
      security_context: { run_as_non_root: true, run_as_user: '999' },
    });
    expect(get(pod, 'container.0.security_context')).toMatchObject({
      read_only_root_filesystem: true,
      allow_privilege_escalation: false,
    });
    expect(get(job, 'spec.job_template.spec.backoff_limit')).toBe(0);
    expect(get(job, 'spec.schedule')).toMatch(/^\d{1,2} \*\/6 \* \* \*$/);
    expect(get(job, 'spec.job_template.spec.template.metadata.labels')).toMatchObject({
      'cdktf-disaster-recovery/pushes-metrics': 'true',
    });
  });

  test('is watched by the alerts of its workload', () => {
    const template = Template.of((stack) => {
      const license = new LicenseCheck(stack, 'license', PROPS);
      new WorkloadAlerts(stack, 'alerts', { alerting, name: 'backend', namespace: 'shop', license });
    });
    const [{ manifest } = {}] = [...template.resources('kubernetes_manifest').values()];
    const rules = get(manifest, 'spec.groups.0.rules') as readonly JsonObject[];
    expect(rules.map((rule) => [rule['alert'], get(rule, 'labels.severity'), rule['for']])).toEqual([
      ['LicenseExpires', 'warning', '1h'],
      ['LicenseExpires', 'critical', '1h'],
      // Six hours from one run to the next, and five minutes that one may take.
      ['LicenseUnwatched', 'warning', '365m'],
      ['LicenseCheckStale', 'warning', '10m'],
    ]);
    expect(rules[0]?.['expr']).toContain('{namespace="shop",license="backend-2026"}');
    expect(rules[3]?.['expr']).toMatch(/job="license-check".* > 21900$/);
  });

  test.each<[Partial<LicenseCheckProps>, RegExp]>([
    [{ name: 'Backend' }, /name is "Backend"/],
    [{ token: 'eyJ' as never }, /token is a literal string/],
    [{ pushgateway: 'gateway:9091' }, /pushgateway is "gateway:9091"/],
    [{ schedule: Schedule.cron('61 * * * *') }, /schedule "61/],
    [{ schedule: Schedule.weekly({ on: 'monday', hour: 3 }) }, /may end between two results/],
    [{ warnBefore: Duration.hours(3) }, /warnBefore is "3 hours"/],
  ])('%j is a fault', (different, message) => {
    expect(faults(different)).toEqual([expect.stringMatching(message)]);
  });

  test('alerts without metrics are a fault', () => {
    const { pushgateway: _, ...silent } = PROPS;
    const messages = Template.faults((stack) => {
      const license = new LicenseCheck(stack, 'license', silent);
      new WorkloadAlerts(stack, 'alerts', { alerting, name: 'backend', namespace: 'shop', license });
    }).map(({ message }) => message);
    expect(messages).toEqual([expect.stringContaining('pushes its result nowhere')]);
    expect(faults({}, { namespace: 'elsewhere' })).toEqual([
      expect.stringContaining('license is looked at in namespace shop, and backend is in elsewhere'),
    ]);
    expect(faults({}, {})).toEqual([]);
  });
});
