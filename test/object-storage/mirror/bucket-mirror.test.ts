import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { Alerting } from '../../../constructs/alerts';
import { Duration, Schedule, SecretRef, Size } from '../../../constructs/core';
import { Bucket, PrimaryBucket, type PrimaryBucketProps, Vault } from '../../../constructs/object-storage';
import { BucketMirror, type BucketMirrorProps } from '../../../constructs/object-storage/mirror';
import { computeObjectives } from '../../../constructs/recovery';
import { secret, VAULT } from '../../helpers/database';
import { byName, get, type JsonObject, object, Template } from '../../helpers/template';

const PEM = '-----BEGIN CERTIFICATE-----\nMAo=\n-----END CERTIFICATE-----\n';
const SOURCE = Bucket.s3Compatible({
  endpoint: 'https://objects.example.com',
  name: 'acme-uploads',
  caPem: PEM,
});

type Different = Partial<Omit<BucketMirrorProps, 'of'>> & { readonly primary?: Partial<PrimaryBucketProps> };

let mirror: BucketMirror;
const declare =
  ({ primary, ...different }: Different = {}) =>
  (stack: ConstructorParameters<typeof BucketMirror>[0]) => {
    const uploads = new PrimaryBucket(stack, 'uploads', {
      bucket: SOURCE,
      criticality: 'critical',
      ...primary,
    });
    mirror = new BucketMirror(stack, 'mirror', {
      name: 'uploads',
      namespace: 'shop',
      image: 'registry.example.com/rclone:1.60',
      of: uploads,
      sourceKeys: { accessKey: secret('uploads_key'), secretKey: secret('uploads_secret') },
      vault: VAULT,
      vaultKeys: { accessKey: secret('vault_key'), secretKey: secret('vault_secret') },
      ...different,
    });
  };
const declared = (different?: Different): Template => Template.of(declare(different));
const POD = 'spec.job_template.spec.template.spec';
const container = (cronJob: JsonObject): JsonObject => object(get(cronJob, `${POD}.container.0`) ?? {});
const variable = (cronJob: JsonObject, name: string) => get(byName(container(cronJob)['env'], name), 'value');

describe('the mirror of a bucket', () => {
  test('runs by its schedule, later by its own moment, one at a time, and goes on after it was killed', () => {
    const cronJob = declared().named('kubernetes_cron_job_v1', 'uploads-mirror');
    expect(get(cronJob, 'spec.timezone')).toBe('Etc/UTC');
    expect(get(cronJob, 'spec.schedule')).toMatch(/^3\d 2 \* \* \*$/);
    expect(get(cronJob, 'spec.concurrency_policy')).toBe('Forbid');
    expect(get(cronJob, 'spec.job_template.spec.backoff_limit')).toBe(2);
    expect(get(cronJob, 'spec.job_template.spec.active_deadline_seconds')).toBe(12 * 3600);
    expect(container(cronJob)['command']).toEqual(['/scripts/mirror.sh']);
    expect(
      Object.fromEntries(
        [
          'MIRROR_PATH',
          'SOURCE_BUCKET',
          'VAULT_BUCKET',
          'KEEP_SECONDS',
          'MAXIMUM_LOSS',
          'READ_BACK_RUNS',
          'RCLONE_TRANSFERS',
          'RCLONE_CHECKERS',
        ].map((name) => [name, variable(cronJob, name)]),
      ),
    ).toEqual({
      MIRROR_PATH: 'test/mirrors/uploads',
      SOURCE_BUCKET: 'acme-uploads',
      VAULT_BUCKET: 'backups',
      KEEP_SECONDS: String(30 * 86_400),
      MAXIMUM_LOSS: '0.25',
      READ_BACK_RUNS: '14',
      RCLONE_TRANSFERS: '4',
      RCLONE_CHECKERS: '8',
    });
    expect(get(cronJob, `${POD}.automount_service_account_token`)).toBe(false);
    expect(get(cronJob, `${POD}.security_context.run_as_user`)).toBe('65534');
    expect(get(container(cronJob), 'security_context.read_only_root_filesystem')).toBe(true);
  });

  test('reaches both stores by variables, and has keys by references alone', () => {
    const template = declared({
      sourceKeys: {
        accessKey: SecretRef.existing({ name: 'uploads-reader', key: 'id' }),
        secretKey: SecretRef.existing({ name: 'uploads-reader', key: 'secret' }),
      },
    });
    const cronJob = template.named('kubernetes_cron_job_v1', 'uploads-mirror');
    expect(variable(cronJob, 'RCLONE_CONFIG_SOURCE_ENDPOINT')).toBe('https://objects.example.com');
    expect(variable(cronJob, 'RCLONE_CONFIG_SOURCE_PROVIDER')).toBe('Other');
    expect(variable(cronJob, 'RCLONE_CONFIG_VAULT_ENDPOINT')).toBe('https://vault.example.com:9443');
    expect(variable(cronJob, 'CA_FILES')).toBe('/etc/mirror/source.crt');
    const reference = (name: string) =>
      get(byName(container(cronJob)['env'], name), 'value_from.secret_key_ref');
    expect(reference('RCLONE_CONFIG_SOURCE_ACCESS_KEY_ID')).toEqual({ name: 'uploads-reader', key: 'id' });
    expect(reference('RCLONE_CONFIG_VAULT_SECRET_ACCESS_KEY')).toEqual({
      name: 'uploads-mirror',
      key: 'RCLONE_CONFIG_VAULT_SECRET_ACCESS_KEY',
    });
    // The pod that runs every night has no key that writes to the source.
    expect(JSON.stringify(cronJob)).not.toContain('RCLONE_CONFIG_TARGET');
    expect(
      object(template.named('kubernetes_config_map_v1', 'uploads-mirror-authorities')['data'] ?? {}),
    ).toEqual({
      'source.crt': PEM,
    });
    const scripts = object(
      template.named('kubernetes_config_map_v1', 'uploads-mirror-scripts')['data'] ?? {},
    );
    expect(Object.keys(scripts)).toEqual(
      expect.arrayContaining(['mirror.sh', 'restore.sh', 'plan.awk', 'shell.sh']),
    );
    expect(Buffer.byteLength(JSON.stringify(scripts))).toBeLessThan(500_000);
  });

  test('has a template for the way back that never runs by itself, with keys of its own', () => {
    const restoreKeys = { accessKey: secret('writer_key'), secretKey: secret('writer_secret') };
    const cronJob = declared({ restoreKeys }).named('kubernetes_cron_job_v1', 'uploads-mirror-restore');
    expect(get(cronJob, 'spec.suspend')).toBe(true);
    expect(container(cronJob)['command']).toEqual(['/scripts/restore.sh']);
    expect(variable(cronJob, 'RCLONE_CONFIG_TARGET_ENDPOINT')).toBe('https://objects.example.com');
    expect(JSON.stringify(cronJob)).not.toContain('RCLONE_CONFIG_SOURCE_');
  });

  test('lets its pods out to names, the two stores and the Pushgateway alone, and nobody in', () => {
    const policy = declared({ pushgateway: 'http://pushgateway.monitoring.svc:9091' }).named(
      'kubernetes_network_policy_v1',
      'uploads-mirror',
    );
    expect(get(policy, 'spec.policy_types')).toEqual(['Ingress', 'Egress']);
    expect(get(policy, 'spec.ingress')).toBeUndefined();
    const ports = get(policy, 'spec.egress.0.ports') as readonly JsonObject[];
    expect(ports.map(({ port, protocol }) => `${protocol} ${port}`)).toEqual([
      'UDP 53',
      'TCP 53',
      'TCP 443',
      'TCP 9443',
      'TCP 9091',
    ]);
  });

  test('keeps to a bandwidth, and pushes where it is told', () => {
    const cronJob = declared({
      bandwidthPerSecond: Size.mebibytes(20),
      pushgateway: 'http://pushgateway.monitoring.svc:9091',
    }).named('kubernetes_cron_job_v1', 'uploads-mirror');
    expect(variable(cronJob, 'RCLONE_BWLIMIT')).toBe('20480k');
    expect(variable(cronJob, 'PUSHGATEWAY_URL')).toBe('http://pushgateway.monitoring.svc:9091');
    expect(get(cronJob, 'spec.job_template.spec.template.metadata.labels')).toMatchObject({
      'cdktf-disaster-recovery/pushes-metrics': 'true',
    });
  });

  test('protects the asset elsewhere, with an RPO from the schedule', () => {
    declared({ schedule: Schedule.daily({ hour: 1 }), keep: Duration.days(10) });
    expect(mirror.asset.protections).toMatchObject([
      { kind: 'versioning' },
      { kind: 'mirror', retention: 'every moment of the last 10 days', location: VAULT.location },
    ]);
    const rpo = computeObjectives(mirror.asset).rpo?.toSeconds() ?? 0;
    expect(rpo).toBeGreaterThanOrEqual(86_400);
    expect(rpo).toBeLessThan(86_400 + 600);
    expect(mirror.place).toBe('s3://vault.example.com:9443/backups/test/mirrors/uploads');
  });

  test('is watched where it is said how', () => {
    const alerting = new Alerting({ runbookBaseUrl: 'https://git.example.com/runbooks' });
    const template = declared({ alerting, pushgateway: 'http://pushgateway.monitoring.svc:9091' });
    expect(mirror.asset.watches.map(({ alert }) => alert)).toEqual(
      expect.arrayContaining([
        'BucketMirrorTooOld',
        'BucketMirrorNever',
        'BucketMirrorDiffers',
        'CronJobStale',
      ]),
    );
    const rules = JSON.stringify([...template.resources('kubernetes_manifest').values()]);
    // A day, the delay, and twelve hours that a run may take.
    expect(rules).toMatch(/"expr":"vector\((1296\d\d|1297\d\d|13[0-2]\d\d\d)\)"/);
    declared();
    expect(mirror.asset.watches).toEqual([]);
  });

  test.each<[Different, string]>([
    [{ name: 'Uploads' }, 'name is "Uploads"'],
    [{ path: 'production' }, 'path is "production"'],
    [{ prefix: 'uploads' }, 'prefix is "uploads"; it must end with /'],
    [{ keep: Duration.hours(2) }, 'keep is "2 hours"'],
    [{ maximumLoss: 1 }, 'maximumLoss is 1'],
    [{ readBackRuns: -1 }, 'readBackRuns is -1'],
    [{ transfers: 0 }, 'transfers is 0'],
    [{ bandwidthPerSecond: Size.bytes(100) }, 'bandwidthPerSecond is 100'],
    [{ runLimit: Duration.seconds(10) }, 'runLimit is "10 seconds"'],
    [{ uid: 0 }, 'uid is 0'],
    [{ schedule: Schedule.cron('61 * * * *') }, 'schedule "61 * * * *"'],
    [{ pushgateway: 'pushgateway:9091' }, 'pushgateway is "pushgateway:9091"'],
    [
      { alerting: new Alerting({ runbookBaseUrl: 'https://git.example.com' }) },
      'alerts would read figures that nobody has',
    ],
    [
      { sourceKeys: { accessKey: 'AKIA' as unknown as SecretRef, secretKey: secret('s') } },
      'sourceKeys.accessKey is a literal',
    ],
    [
      { vault: Vault.s3Compatible({ endpoint: 'https://objects.example.com', bucket: 'vault' }) },
      'vault is at https://objects.example.com, where the bucket acme-uploads is',
    ],
    [{ primary: { objectives: { rpo: Duration.hours(1) } } }, 'may lose 1 hour, and up to 14'],
  ])('is refused with %j', (different, message) => {
    const faults = Template.faults(declare(different));
    expect(faults.map((fault) => fault.message).join('\n')).toContain(message);
    expect(faults.every(({ fix }) => fix !== '')).toBe(true);
    expect(JSON.stringify(faults)).not.toContain('AKIA');
  });

  test('has a place of its own', () => {
    const faults = Template.faults((stack) => {
      declare()(stack);
      new BucketMirror(stack, 'again', {
        name: 'uploads',
        namespace: 'elsewhere',
        image: 'rclone',
        of: new PrimaryBucket(stack, 'other', { bucket: SOURCE, criticality: 'low', assetId: 'other' }),
        sourceKeys: { accessKey: secret('a'), secretKey: secret('b') },
        vault: VAULT,
        vaultKeys: { accessKey: secret('c'), secretKey: secret('d') },
      });
    });
    expect(faults.map(({ rule }) => rule)).toEqual(['mirror/shared-place', 'mirror/shared-place']);
  });
});

test('declaring one loads no S3 client', () => {
  const folder = join(__dirname, '../../../constructs/object-storage/mirror');
  const script = `require(${JSON.stringify(folder)}); console.log(JSON.stringify(Object.keys(require.cache)))`;
  const files = JSON.parse(
    execFileSync(process.execPath, ['--import', 'tsx', '-e', script], { encoding: 'utf8' }),
  ) as string[];
  expect(files.filter((file) => /@aws-sdk|@smithy|provider-aws/.test(file))).toEqual([]);
});
