import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Alerting } from '../../constructs/alerts';
import { App, collectFaults } from '../../constructs/core';
import { Recipient } from '../../constructs/escrow';
import { synthesise } from '../../constructs/recovery/synthesise';
import { type Environment, findEnvironment } from '../../environments';
import { bucketsFromSettings } from '../../environments/buckets';
import { declareEnvironment } from '../../stacks';
import { person } from '../escrow/recipients';
import { get, type JsonObject } from '../helpers/template';

/** An environment with a bucket that matters, as its settings declare it. */
function withBucket(different: Partial<Environment> = {}): Environment {
  const before = { ...process.env };
  process.env['UPLOADS_ENDPOINT'] = 'https://objects.example.com';
  process.env['PUSHGATEWAY_URL'] = 'http://pushgateway.monitoring.svc:9091';
  try {
    return { ...findEnvironment('staging'), ...bucketsFromSettings('staging'), ...different };
  } finally {
    process.env = before;
  }
}

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'buckets-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const declare = (environment: Environment): App => {
  const app = new App({ outdir: directory, stackTraces: false });
  declareEnvironment(app, environment);
  return app;
};
const json = (...path: string[]): JsonObject =>
  JSON.parse(readFileSync(join(directory, ...path), 'utf8')) as JsonObject;

test('without settings there is none', () => {
  expect(bucketsFromSettings('staging')).toEqual({});
});

test('a bucket of an environment is an asset with a mirror in the vault, watched, in the kit, its keys in the escrow', async () => {
  const recipients = await Promise.all(['On-call', 'Safe'].map(person));
  const escrow = {
    recipients: recipients.map(({ recipient: { key, name } }) => Recipient.age(key, { name })),
    without: 'refuse' as const,
  };
  const alerting = new Alerting({ runbookBaseUrl: 'https://git.example.com/runbooks', delivery: 'files' });
  synthesise(declare(withBucket({ escrow, alerting })));
  const { assets } = json('recovery', 'staging', 'report.json');
  const uploads = (assets as JsonObject[]).find((asset) => asset['id'] === 'uploads');
  expect(uploads).toMatchObject({ kind: 'bucket', criticality: 'critical', recoveredBy: 'mirror' });
  expect(get(uploads, 'protections')).toMatchObject([
    { kind: 'versioning', location: { endpoint: 'https://objects.example.com' } },
    { kind: 'mirror', location: { vault: 'staging-vault' } },
  ]);
  expect(Number(get(uploads, 'computed.rpoSeconds'))).toBeLessThanOrEqual(26 * 3600);
  expect(get(uploads, 'alerts')).toEqual(expect.arrayContaining(['BucketMirrorTooOld', 'CronJobStale']));
  const secrets = (json('recovery', 'staging', 'escrow.json')['secrets'] as JsonObject[]).map(
    ({ name }) => name,
  );
  expect(secrets).toEqual(
    expect.arrayContaining([
      'access key of the reader of the bucket uploads',
      'secret key of the writer of the bucket uploads',
    ]),
  );
  const read = (file: string): string => readFileSync(join(directory, 'recovery/staging', file), 'utf8');
  expect(read('rules.yaml')).toContain('BucketMirrorDeletionsRefused');
  expect(json('stacks', 'staging-platform', 'cdk.tf.json')['resource']).toHaveProperty(
    'kubernetes_cron_job_v1',
  );
  expect(read('kit/apply')).not.toBe('');
});

test('one that matters and has no mirror is refused', () => {
  const { buckets = [] } = withBucket();
  const faults = collectFaults(
    declare(withBucket({ buckets: buckets.map(({ mirror: _, ...bucket }) => bucket) })),
  );
  expect(faults).toMatchObject([{ rule: 'bucket/no-mirror', path: 'staging-platform/uploads' }]);
});

test('an image is named for what copies', () => {
  const { images } = findEnvironment('staging');
  const faults = collectFaults(declare(withBucket({ images: { postgres: images.postgres } })));
  expect(faults).toMatchObject([
    { rule: 'environment/images', fix: expect.stringContaining('images/rclone') },
  ]);
});
