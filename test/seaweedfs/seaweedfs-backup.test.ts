import { Alerting } from '../../constructs/alerts';
import { Duration, Schedule, SecretRef, Size } from '../../constructs/core';
import { Vault } from '../../constructs/object-storage';
import { computeObjectives } from '../../constructs/recovery';
import { SeaweedFsBackup, type SeaweedFsBackupProps } from '../../constructs/seaweedfs';
import { secret, VAULT } from '../helpers/database';
import { byName, get, type JsonObject, object, Template } from '../helpers/template';
import { kitOf, manifests } from '../recovery/kit/kits';

const PEM = '-----BEGIN CERTIFICATE-----\nMAo=\n-----END CERTIFICATE-----\n';

const props = (different: Partial<SeaweedFsBackupProps> = {}): SeaweedFsBackupProps => ({
  name: 'files',
  namespace: 'storage',
  image: 'registry.example.com/postgres:17',
  weedImage: 'registry.example.com/seaweedfs:4.44',
  filer: 'files-filer-client.storage:8888',
  masters: ['files-master-0.files-master:9333', 'files-master-1.files-master:9333'],
  vault: VAULT,
  accessKey: secret('access_key'),
  secretKey: secret('secret_key'),
  ...different,
});

let backup: SeaweedFsBackup;
const declared = (different?: Partial<SeaweedFsBackupProps>): Template =>
  Template.of((stack) => {
    backup = new SeaweedFsBackup(stack, 'backup', props(different));
  });
const POD = 'spec.job_template.spec.template.spec';
const container = (cronJob: JsonObject): JsonObject => object(get(cronJob, `${POD}.container.0`) ?? {});
const variable = (cronJob: JsonObject, name: string) => get(byName(container(cronJob)['env'], name), 'value');
const cronJob = (template: Template, name = 'files-backup') => template.named('kubernetes_cron_job_v1', name);
const volume = (from: JsonObject, name: string) => byName(get(from, `${POD}.volume`), name);

describe('a backup of SeaweedFS', () => {
  test('runs once a week, later by its own moment, one at a time, as nobody with a right in the cluster', () => {
    const job = cronJob(declared());
    expect(get(job, 'spec.timezone')).toBe('Etc/UTC');
    expect(get(job, 'spec.schedule')).toMatch(/^\d+ [12] \* \* 0$/);
    expect(get(job, 'spec.concurrency_policy')).toBe('Forbid');
    expect(get(job, 'spec.suspend')).toBeUndefined();
    expect(container(job)['command']).toEqual(['/scripts/backup.sh']);
    for (const [name, value] of Object.entries({
      SEAWEEDFS_NAME: 'files',
      SEAWEEDFS_FILER: 'files-filer-client.storage:8888',
      SEAWEEDFS_MASTERS: 'files-master-0.files-master:9333,files-master-1.files-master:9333',
      WEED: '/weed/weed',
      KEEP_SECONDS: String(35 * 86_400),
      KEEP_AT_LEAST: '3',
      MAXIMUM_LOSS: '0.5',
      STALE_SECONDS: String(48 * 3600),
    }))
      expect([name, variable(job, name)]).toEqual([name, value]);
    expect(get(job, `${POD}.automount_service_account_token`)).toBe(false);
    expect(get(job, `${POD}.security_context.run_as_non_root`)).toBe(true);
    expect(get(container(job), 'security_context.read_only_root_filesystem')).toBe(true);
    expect(get(job, 'spec.job_template.spec.active_deadline_seconds')).toBe(86_400);
  });

  test('takes the program of SeaweedFS from its image', () => {
    const first = object(get(cronJob(declared({ weedPath: '/weed/bin' })), `${POD}.init_container.0`) ?? {});
    expect(first).toMatchObject({
      image: 'registry.example.com/seaweedfs:4.44',
      command: ['cp', '/weed/bin', '/weed/weed'],
    });
    expect(get(first, 'security_context.read_only_root_filesystem')).toBe(true);
  });

  test('has a template for the way back that never runs by itself, and alone may write', () => {
    const template = declared({
      readKey: SecretRef.existing({ name: 'filer', key: 'read' }),
      writeKey: SecretRef.existing({ name: 'filer', key: 'write' }),
      passphrase: secret('passphrase'),
    });
    const restore = cronJob(template, 'files-restore');
    expect(get(restore, 'spec.suspend')).toBe(true);
    expect(container(restore)['command']).toEqual(['/scripts/restore.sh']);
    const files = (of: JsonObject) => JSON.stringify(volume(of, 'secrets'));
    for (const entry of ['filer-read-key', 'filer-write-key', 'passphrase'])
      expect(files(restore)).toContain(`"path":"${entry}"`);
    expect(files(cronJob(template))).toContain('"path":"filer-read-key"');
    expect(files(cronJob(template))).not.toContain('filer-write-key');
    // Neither is in the environment, where any process of the pod has it.
    expect(JSON.stringify(container(restore)['env'])).not.toContain('passphrase');
    expect(backup.asset.protections[0]?.encryptedBy).toMatchObject({ namespace: 'storage' });
  });

  test('speaks gRPC with a certificate of its own where that is asked for, and has no key that tokens are signed with', () => {
    const template = declared({ grpcTls: { client: 'files-client-cert', authority: 'files-ca-cert' } });
    const store = template.named('kubernetes_config_map_v1', 'files-backup-store');
    expect(get(store, 'data')).toMatchObject({
      'security.toml': expect.stringMatching(
        /^\[grpc\]\nca = "\/run\/secrets\/weed\/ca.crt"\n\[grpc.client\]\ncert/,
      ) as string,
    });
    const mounted = JSON.stringify(volume(cronJob(template), 'certificates'));
    expect(mounted).toContain('files-client-cert');
    // The authority's own key is not needed.
    expect(mounted.match(/tls\.key/g)).toHaveLength(2);
    expect(volume(cronJob(template), 'security')).toMatchObject({
      config_map: { items: [{ key: 'security.toml', path: 'security.toml' }] },
    });
    expect(JSON.stringify(declared().named('kubernetes_config_map_v1', 'files-backup-store'))).not.toContain(
      'security.toml',
    );
  });

  test('is told the way to the vault and to the filer by files', () => {
    const template = declared({
      vault: Vault.s3Compatible({
        endpoint: 'https://vault.example.com:9443',
        bucket: 'backups',
        caPem: PEM,
      }),
      filerUrl: 'https://filer.example.com:8888',
      caPem: 'FILER PEM',
      path: '/elsewhere',
      root: '/buckets/logs',
      scratch: Size.gibibytes(4),
    });
    const store = object(template.named('kubernetes_config_map_v1', 'files-backup-store')['data'] ?? {});
    expect(store).toMatchObject({ 'store.crt': PEM, 'filer.crt': 'FILER PEM' });
    expect(store['store.conf']).toContain('repo1-path=/elsewhere\n');
    const job = cronJob(template);
    expect(variable(job, 'SEAWEEDFS_FILER_URL')).toBe('https://filer.example.com:8888');
    expect(variable(job, 'SEAWEEDFS_CA_FILE')).toBe('/etc/store/filer.crt');
    expect(variable(job, 'SEAWEEDFS_PATH')).toBe('/buckets/logs');
    expect(volume(job, 'tmp')).toMatchObject({ empty_dir: { size_limit: '4Gi' } });
    const scripts = object(template.named('kubernetes_config_map_v1', 'files-backup-scripts')['data'] ?? {});
    expect(Object.keys(scripts)).toEqual(
      expect.arrayContaining(['backup.sh', 'restore.sh', 'entry.awk', 's3.sh', 'dated-sets.sh', 'shell.sh']),
    );
    expect(Buffer.byteLength(JSON.stringify(scripts))).toBeLessThan(500_000);
  });

  test('is in the kit, whole, without a secret', () => {
    const kit = kitOf((stack) => {
      new SeaweedFsBackup(
        stack,
        'backup',
        props({
          passphrase: secret('passphrase'),
          readKey: SecretRef.existing({ name: 'filer', key: 'read' }),
          grpcTls: { client: 'files-client-cert', authority: 'files-ca-cert' },
          pushgateway: 'http://pushgateway.monitoring:9091',
          scratch: Size.gibibytes(4),
          path: '/test',
        }),
      );
    });
    expect(kit.faults).toEqual([]);
    const jobs = manifests(kit).filter((one) => (one as { kind: string }).kind === 'CronJob') as JsonObject[];
    expect(jobs.map((job) => get(job, 'metadata.name')).sort()).toEqual(['files-backup', 'files-restore']);
    const [job] = jobs.filter((one) => get(one, 'metadata.name') === 'files-backup');
    const pod = 'spec.jobTemplate.spec.template.spec';
    expect(get(job ?? {}, `${pod}.initContainers.0.command`)).toEqual(['cp', '/usr/bin/weed', '/weed/weed']);
    expect(byName(get(job ?? {}, `${pod}.volumes`), 'security')).toMatchObject({
      configMap: { items: [{ key: 'security.toml', path: 'security.toml' }] },
    });
  });

  test('is an asset of moderate importance that its sets bring back, with an RPO from the schedule', () => {
    declared();
    expect(backup.asset.props).toMatchObject({
      id: 'files',
      kind: 'seaweedfs',
      criticality: 'moderate',
      recoveredBy: 'dump',
    });
    expect(backup.asset.props.degradedMode?.workaround).toContain('new writes succeed');
    expect(backup.asset.protections).toMatchObject([
      { kind: 'dump', retention: '35 days, never fewer than the newest 3', location: VAULT.location },
    ]);
    expect(backup.asset.protections[0]?.encryptedBy).toBeUndefined();
    const rpo = computeObjectives(backup.asset).rpo?.toSeconds() ?? 0;
    expect(rpo).toBeGreaterThanOrEqual(7 * 86_400);
    expect(rpo).toBeLessThan(7 * 86_400 + 3600);
    declared({ criticality: 'critical', degradedMode: { impact: 'none', workaround: 'wait' } });
    expect(backup.asset.props).toMatchObject({
      criticality: 'critical',
      degradedMode: { workaround: 'wait' },
    });
  });

  test('is watched where it is said how', () => {
    const alerting = new Alerting({ runbookBaseUrl: 'https://git.example.com/runbooks' });
    const watched = () => backup.asset.watches.map(({ alert }) => alert);
    declared({ alerting });
    expect(watched()).toEqual(expect.arrayContaining(['CronJobStale', 'CronJobLastRunFailed']));
    expect(watched()).not.toContain('SeaweedFsBackupTooOld');
    const template = declared({ alerting, pushgateway: 'http://pushgateway.monitoring:9091' });
    expect(watched()).toEqual(
      expect.arrayContaining([
        'SeaweedFsBackupTooOld',
        'SeaweedFsBackupMissing',
        'SeaweedFsBackupIncomplete',
      ]),
    );
    expect(variable(cronJob(template), 'PUSHGATEWAY_URL')).toBe('http://pushgateway.monitoring:9091');
    expect(JSON.stringify(cronJob(template, 'files-restore'))).not.toContain('PUSHGATEWAY_URL');
    const rules = JSON.stringify([...template.resources('kubernetes_manifest').values()]);
    // A week, its own moment of at most an hour, and the day that a run may take.
    const limit = Number(/seaweedfs_backup_timestamp_seconds[^>]*> (\d+)/.exec(rules)?.[1]);
    expect(limit).toBeGreaterThanOrEqual(8 * 86_400);
    expect(limit).toBeLessThanOrEqual(8 * 86_400 + 3600);
    declared();
    expect(watched()).toEqual([]);
  });

  test.each<[Partial<SeaweedFsBackupProps>, string]>([
    [{ name: 'Files' }, 'name is "Files"'],
    [{ filer: 'http://filer:8888' }, 'filer is "http://filer:8888"'],
    [{ filer: 'filer' }, 'filer is "filer"'],
    [{ masters: [] }, 'masters is []'],
    [{ masters: ['master:9333', 'other'] }, 'masters[1] is "other"'],
    [{ filerUrl: 'filer:8888/path' }, 'filerUrl is'],
    [{ root: '/buckets/' }, 'root is "/buckets/"'],
    [{ root: '/a b' }, 'root is "/a b"'],
    [{ grpcTls: { client: 'A', authority: 'ca' } }, 'grpcTls.client is "A"'],
    [{ path: 'production' }, 'path is "production"'],
    [{ keep: Duration.days(6) }, 'keep is "518400 s"; but more than that can pass'],
    [{ keep: Duration.seconds(60) }, 'keep is "60 s"'],
    [{ keepAtLeast: 0 }, 'keepAtLeast is 0'],
    [{ maximumLoss: 1 }, 'maximumLoss is 1'],
    [{ limit: Duration.seconds(1) }, 'limit is "1 s"'],
    [{ pushgateway: 'pushgateway' }, 'pushgateway is "pushgateway"'],
    [{ schedule: Schedule.cron('61 * * * *') }, 'schedule "61 * * * *"'],
    [{ passphrase: 'in plain words' as unknown as SecretRef }, 'passphrase is a literal string'],
  ])('is refused with %j', (different, message) => {
    const faults = Template.faults((stack) => {
      new SeaweedFsBackup(stack, 'backup', props(different));
    });
    expect(faults.map((fault) => fault.message).join('\n')).toContain(message);
    expect(faults.every(({ fix }) => fix !== '')).toBe(true);
    expect(JSON.stringify(faults)).not.toContain('in plain words');
  });
});
