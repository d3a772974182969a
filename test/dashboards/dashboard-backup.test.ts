import { Alerting } from '../../constructs/alerts';
import { Duration, Schedule, SecretRef } from '../../constructs/core';
import { DashboardBackup, type DashboardBackupProps } from '../../constructs/dashboards';
import { Vault } from '../../constructs/object-storage';
import { computeObjectives } from '../../constructs/recovery';
import { secret, VAULT } from '../helpers/database';
import { byName, get, type JsonObject, object, Template } from '../helpers/template';

const props = (different: Partial<DashboardBackupProps> = {}): DashboardBackupProps => ({
  name: 'grafana',
  namespace: 'monitoring',
  image: 'registry.example.com/postgres:17',
  url: 'http://grafana.monitoring.svc/grafana',
  token: secret('grafana_token'),
  vault: VAULT,
  accessKey: secret('access_key'),
  secretKey: secret('secret_key'),
  ...different,
});

const PEM = '-----BEGIN CERTIFICATE-----\nMAo=\n-----END CERTIFICATE-----\n';

let backup: DashboardBackup;
const declared = (different?: Partial<DashboardBackupProps>): Template =>
  Template.of((stack) => {
    backup = new DashboardBackup(stack, 'backup', props(different));
  });
const POD = 'spec.job_template.spec.template.spec';
const container = (cronJob: JsonObject): JsonObject => object(get(cronJob, `${POD}.container.0`) ?? {});
const variable = (cronJob: JsonObject, name: string) => get(byName(container(cronJob)['env'], name), 'value');

describe('a backup of dashboards', () => {
  test('exports by its schedule, later by its own moment, one at a time', () => {
    const cronJob = declared().named('kubernetes_cron_job_v1', 'grafana-dashboards');
    expect(get(cronJob, 'spec.timezone')).toBe('Etc/UTC');
    // 3:15, and at most ten minutes.
    expect(get(cronJob, 'spec.schedule')).toMatch(/^(1[5-9]|2[0-4]) 3 \* \* \*$/);
    expect(get(cronJob, 'spec.concurrency_policy')).toBe('Forbid');
    expect(get(cronJob, 'spec.suspend')).toBeUndefined();
    expect(container(cronJob)['command']).toEqual(['/scripts/export.sh']);
    expect(variable(cronJob, 'GRAFANA_URL')).toBe('http://grafana.monitoring.svc/grafana');
    expect(variable(cronJob, 'KEEP_SECONDS')).toBe(String(30 * 86_400));
    expect(variable(cronJob, 'KEEP_AT_LEAST')).toBe('3');
    expect(variable(cronJob, 'MAXIMUM_LOSS')).toBe('0.5');
    expect(get(cronJob, `${POD}.automount_service_account_token`)).toBe(false);
    expect(get(container(cronJob), 'security_context.read_only_root_filesystem')).toBe(true);
  });

  test('has a template for the way back that never runs by itself', () => {
    const template = declared({ restoreToken: SecretRef.existing({ name: 'grafana', key: 'editor' }) });
    const cronJob = template.named('kubernetes_cron_job_v1', 'grafana-dashboards-restore');
    expect(get(cronJob, 'spec.suspend')).toBe(true);
    expect(container(cronJob)['command']).toEqual(['/scripts/restore.sh']);
    expect(get(byName(get(cronJob, `${POD}.volume`), 'grafana'), 'secret')).toMatchObject({
      secret_name: 'grafana',
      items: [{ key: 'editor', path: 'token' }],
    });
    const exporting = template.named('kubernetes_cron_job_v1', 'grafana-dashboards');
    expect(get(byName(get(exporting, `${POD}.volume`), 'grafana'), 'secret')).toMatchObject({
      secret_name: 'grafana-dashboards',
      items: [{ key: 'token', path: 'token' }],
    });
  });

  test('is told the way to the vault by files, and keys by references alone', () => {
    const template = declared({
      vault: Vault.s3Compatible({
        endpoint: 'https://vault.example.com:9443',
        bucket: 'backups',
        caPem: PEM,
      }),
      caPem: 'GRAFANA PEM',
    });
    const store = object(
      template.named('kubernetes_config_map_v1', 'grafana-dashboards-store')['data'] ?? {},
    );
    expect(store['store.conf']).toBe(
      [
        'repo1-type=s3',
        'repo1-path=/test',
        'repo1-s3-bucket=backups',
        'repo1-s3-endpoint=vault.example.com',
        'repo1-s3-region=us-east-1',
        'repo1-s3-uri-style=path',
        'repo1-storage-port=9443',
        'repo1-storage-ca-file=/etc/store/store.crt',
        '',
      ].join('\n'),
    );
    expect(store).toMatchObject({ 'store.crt': PEM, 'grafana.crt': 'GRAFANA PEM' });
    const cronJob = template.named('kubernetes_cron_job_v1', 'grafana-dashboards');
    expect(variable(cronJob, 'GRAFANA_CA_FILE')).toBe('/etc/store/grafana.crt');
    for (const name of ['PGBACKREST_REPO1_S3_KEY', 'PGBACKREST_REPO1_S3_KEY_SECRET'])
      expect(get(byName(container(cronJob)['env'], name), 'value_from.secret_key_ref')).toEqual({
        name: 'grafana-dashboards',
        key: name,
      });
    const scripts = object(
      template.named('kubernetes_config_map_v1', 'grafana-dashboards-scripts')['data'] ?? {},
    );
    expect(Object.keys(scripts)).toEqual(
      expect.arrayContaining([
        'shell.sh',
        's3.sh',
        'dated-sets.sh',
        'retention.jq',
        'export.sh',
        'restore.sh',
        'lib.sh',
      ]),
    );
    expect(Buffer.byteLength(JSON.stringify(scripts))).toBeLessThan(500_000);
  });

  test('is an asset that its sets bring back, with an RPO from the schedule', () => {
    declared({ schedule: Schedule.daily({ hour: 1 }) });
    const { props: asset, protections } = backup.asset;
    expect(asset).toMatchObject({
      id: 'grafana-dashboards',
      kind: 'dashboards',
      criticality: 'low',
      recoveredBy: 'dump',
    });
    expect(protections).toMatchObject([
      { kind: 'dump', retention: '30 days, never fewer than the newest 3', location: VAULT.location },
    ]);
    const rpo = computeObjectives(backup.asset).rpo?.toSeconds() ?? 0;
    expect(rpo).toBeGreaterThanOrEqual(86_400);
    expect(rpo).toBeLessThan(86_400 + 600);
  });

  test('is watched where it is said how', () => {
    const alerting = new Alerting({ runbookBaseUrl: 'https://git.example.com/runbooks' });
    const template = declared({ alerting });
    expect(backup.asset.watches.map(({ alert }) => alert)).toEqual(
      expect.arrayContaining(['CronJobStale', 'CronJobLastRunFailed', 'CronJobSuspended']),
    );
    const rules = JSON.stringify([...template.resources('kubernetes_manifest').values()]);
    expect(rules).toContain('"cronjob":"grafana-dashboards"');
    // The template is suspended for good.
    expect(rules).not.toContain('grafana-dashboards-restore');
    declared();
    expect(backup.asset.watches).toEqual([]);
  });

  test.each<[Partial<DashboardBackupProps>, string]>([
    [{ name: 'Grafana' }, 'name is "Grafana"'],
    [{ url: 'grafana.monitoring.svc' }, 'url is "grafana.monitoring.svc"'],
    [{ url: 'https://grafana.example.com/?orgId=1' }, 'url is'],
    [{ path: 'production' }, 'path is "production"'],
    [{ keep: Duration.seconds(60) }, 'keep is "60 s"'],
    [{ keep: Duration.hours(12) }, 'keep is "43200 s"; but more than that can pass'],
    [{ keepAtLeast: 0 }, 'keepAtLeast is 0'],
    [{ maximumLoss: 1 }, 'maximumLoss is 1'],
    [{ schedule: Schedule.cron('61 * * * *') }, 'schedule "61 * * * *"'],
    [{ token: 'glsa_abc' as unknown as SecretRef }, 'token is a literal string'],
  ])('is refused with %j', (different, message) => {
    const faults = Template.faults((stack) => {
      new DashboardBackup(stack, 'backup', props(different));
    });
    expect(faults.map((fault) => fault.message).join('\n')).toContain(message);
    expect(faults.every(({ fix }) => fix !== '')).toBe(true);
    expect(JSON.stringify(faults)).not.toContain('glsa_abc');
  });
});
