import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { Duration } from '../../constructs/core';
import { isInsideCluster, type S3CompatibleVaultProps, Vault } from '../../constructs/object-storage';

const CA = '-----BEGIN CERTIFICATE-----\nMII…\n-----END CERTIFICATE-----\n';
const compatible = (props: Partial<S3CompatibleVaultProps> = {}): Vault =>
  Vault.s3Compatible({ endpoint: 'https://vault.example.com', bucket: 'acme-vault', ...props });

test('defaults of an S3-compatible vault', () => {
  const vault = compatible();
  expect(vault.faults()).toEqual([]);
  expect(vault).toMatchObject({
    name: 'acme-vault',
    bucket: 'acme-vault',
    buckets: ['acme-vault'],
    objectLock: undefined,
    account: undefined,
    store: {
      kind: 's3-compatible',
      endpoint: 'https://vault.example.com',
      host: 'vault.example.com',
      port: 443,
      region: 'us-east-1',
      pathStyle: true,
    },
  });
});

test('the region that a store without regions expects says nothing about where it is', () => {
  expect(compatible().location).toEqual({ vault: 'acme-vault', endpoint: 'https://vault.example.com' });
  expect(compatible({ region: 'fr-par' }).location.region).toBe('fr-par');
});

test('a key in the address is not repeated', () => {
  expect(
    JSON.stringify(compatible({ endpoint: 'https://key:hunter2@vault.example.com' }).faults()),
  ).not.toMatch(/hunter2/);
});

test('what is given is kept', () => {
  const vault = compatible({
    name: 'vault',
    endpoint: 'https://vault.example.com:9443/',
    region: 'eu-west-3',
    pathStyle: false,
    caPem: CA,
    otherBuckets: ['acme-velero'],
    objectLock: { mode: 'governance', retention: Duration.days(30) },
  });
  expect(vault.faults()).toEqual([]);
  expect(vault.store).toMatchObject({
    endpoint: 'https://vault.example.com:9443',
    port: 9443,
    region: 'eu-west-3',
    pathStyle: false,
    caPem: CA,
  });
  expect(vault.buckets).toEqual(['acme-vault', 'acme-velero']);
});

test('a vault at Amazon', () => {
  const vault = Vault.aws({ region: 'eu-west-3', account: '123456789012', bucket: 'acme-vault' });
  expect(vault.faults()).toEqual([]);
  expect(vault.store).toEqual({
    kind: 'aws',
    endpoint: 'https://s3.eu-west-3.amazonaws.com',
    host: 's3.eu-west-3.amazonaws.com',
    port: 443,
    region: 'eu-west-3',
    pathStyle: false,
  });
  expect(vault.location).toEqual({
    vault: 'acme-vault',
    endpoint: 'https://s3.eu-west-3.amazonaws.com',
    region: 'eu-west-3',
    account: '123456789012',
  });
});

describe('a vault in the cluster that it protects', () => {
  test.each([
    'minio',
    'minio.storage.svc',
    'minio.storage.svc.cluster.local',
    'minio.storage.svc.acme.internal',
    'MINIO.storage.SVC.cluster.local.',
    'minio-0.minio.storage.pod.cluster.local',
    'localhost',
    '127.0.0.1',
    '[::1]',
  ])('%s is a fault', (host) => {
    expect(isInsideCluster(host)).toBe(true);
    const vault = compatible({ endpoint: `https://${host}:9000` });
    expect(vault.location.cluster).toBeDefined();
    expect(vault.faults('backups.vault')).toEqual([
      {
        rule: 'vault/inside-cluster',
        message: `backups.vault.endpoint "https://${host}:9000" is in the cluster whose loss it must survive`,
        fix: expect.stringContaining('put the vault on a machine'),
      },
    ]);
  });

  test.each([
    'vault.example.com',
    'svc-vault.example.com',
    's3.eu-west-3.amazonaws.com',
    '10.1.2.3',
    '[fd00::1]',
  ])('%s is none', (host) => {
    expect(isInsideCluster(host)).toBe(false);
    expect(compatible({ endpoint: `https://${host}` }).location.cluster).toBeUndefined();
  });
});

test.each<[string, Partial<S3CompatibleVaultProps>, string, RegExp]>([
  ['no scheme', { endpoint: 'vault.example.com' }, 'vault/endpoint', /no address of a store/],
  ['a path', { endpoint: 'https://vault.example.com/acme' }, 'vault/endpoint', /no address of a store/],
  ['keys in it', { endpoint: 'https://a:b@vault.example.com' }, 'vault/endpoint', /no address of a store/],
  ['plain HTTP', { endpoint: 'http://vault.example.com' }, 'vault/plain-http', /travel readably/],
  ['a region that is none', { region: 'Paris, FR' }, 'vault/region', /"Paris, FR"/],
  ['an empty region', { region: '' }, 'vault/region', /is ""/],
  ['a file name for a CA', { caPem: '/etc/ca.crt' }, 'vault/ca', /holds no certificate/],
  ['a bucket in capitals', { bucket: 'Acme' }, 'vault/bucket', /"Acme"/],
  ['a bucket with two dots', { bucket: 'a..b' }, 'vault/bucket', /"a\.\.b"/],
  ['a bucket of two letters', { bucket: 'ab' }, 'vault/bucket', /"ab"/],
  ['a bucket twice', { otherBuckets: ['acme-vault'] }, 'vault/bucket', /twice/],
  [
    'a lock for hours',
    { objectLock: { mode: 'governance', retention: Duration.hours(36) } },
    'vault/object-lock',
    /1 day 12 hours/,
  ],
  [
    'a lock for no time',
    { objectLock: { mode: 'governance', retention: Duration.ZERO } },
    'vault/object-lock',
    /0 seconds/,
  ],
])('%s is a fault', (_, props, rule, message) => {
  expect(compatible(props).faults()).toEqual([
    { rule, message: expect.stringMatching(message), fix: expect.stringMatching(/.{10}/) },
  ]);
});

test('an account that is none, and everything else at once', () => {
  const vault = Vault.aws({ region: 'x y', account: '12', bucket: 'B' });
  expect(vault.faults().map(({ rule }) => rule)).toEqual(['vault/region', 'vault/account', 'vault/bucket']);
});

test('one place has one text', () => {
  const one = compatible().locate('/production/orders', 'orders');
  expect(one).toBe('s3://vault.example.com:443/acme-vault/production/orders/orders');
  expect(
    compatible({ endpoint: 'https://vault.example.com:443/' }).locate('production/orders/', 'orders'),
  ).toBe(one);
  expect(compatible({ bucket: 'other' }).locate('production/orders', 'orders')).not.toBe(one);
});

test('declaring a vault loads no S3 client', () => {
  const folder = join(__dirname, '../../constructs/object-storage');
  const script = `require(${JSON.stringify(folder)}); console.log(JSON.stringify(Object.keys(require.cache)))`;
  const files = JSON.parse(
    execFileSync(process.execPath, ['--import', 'tsx', '-e', script], { encoding: 'utf8' }),
  ) as string[];
  expect(files.filter((file) => /@aws-sdk|@smithy|provider-aws/.test(file))).toEqual([]);
  expect(files.some((file) => file.endsWith('object-storage/vault.ts'))).toBe(true);
});

test('a way to make keys that nobody knows', () => {
  expect(compatible({ mints: 'versitygw' }).faults()).toEqual([]);
  expect(compatible({ mints: 'minio' as 'versitygw' }).faults()).toEqual([
    {
      rule: 'vault/mints',
      message: 'vault.mints is "minio", by which no keys can be made',
      fix: expect.stringContaining('versitygw'),
    },
  ]);
});
