import { createServer, type Server } from 'node:net';
import { CertificateAuthority } from '../../../local/certificates/authority';
import { Lab } from './lab';
import { giveS3, useS3 } from './s3-repository';
import { describeWithS3, S3Server } from './s3-server';

/** How long to wait for an answer: these vaults are near. */
const brief = { INFO_TIMEOUT: '15' };
const refusal = (text: string | RegExp) => ({ status: 78, lastLine: expect.stringMatching(text) });

describeWithS3('prepare.sh and the jobs with an S3 repository', () => {
  let lab: Lab;
  let s3: S3Server;
  let deaf: Server;

  const use = (options: Record<string, string> = {}) => useS3(lab, s3, options);

  beforeAll(async () => {
    lab = await Lab.create();
    s3 = await S3Server.start();
    giveS3(lab, s3);
    deaf = createServer(() => undefined);
    await new Promise<void>((resolve) => deaf.listen(0, '127.0.0.1', resolve));
  }, 60_000);

  afterAll(async () => {
    deaf?.close();
    await lab?.dispose();
    await s3?.stop();
  });

  beforeEach(() => use());

  /** The vault answers in every way but the right one; nothing may ever be initialised. */
  const faults: [string, Record<string, string>, Record<string, string>, RegExp][] = [
    ['the secret key is wrong', {}, { PGBACKREST_REPO1_S3_KEY_SECRET: 'wrong' }, /rejects the secret key/],
    ['the access key is unknown', {}, { PGBACKREST_REPO1_S3_KEY: 'nobody' }, /does not know the access key/],
    ['the bucket is missing', { 's3-bucket': 'missing' }, {}, /the bucket does not exist/],
    ['nothing listens', { 'storage-port': '1' }, {}, /no connection to localhost:1: .*Connection refused/],
    ['its name does not resolve', { 's3-endpoint': 'nowhere.invalid' }, {}, /host name does not resolve/],
    [
      'the vault never answers',
      { 'storage-port': 'deaf' },
      { INFO_TIMEOUT: '3' },
      /no connection: .*no answer within 3 s/,
    ],
    [
      'its certificate is of another CA',
      { 'storage-ca-file': 'other' },
      {},
      /TLS certificate of localhost:\d+ is not accepted/,
    ],
    [
      'its CA file is missing',
      { 'storage-ca-file': '/nowhere/ca.crt' },
      {},
      /certificate or key file cannot be used/,
    ],
  ];

  describe('before there is a stanza', () => {
    test.each(faults)('initialises nothing when %s', async (_, options, env, line) => {
      use(await real(options));
      lab.deploy({ initialize: true });
      expect(await lab.prepare({ ...brief, ...env })).toMatchObject(refusal(line));
      expect(lab.exists('volume/pgdata/PG_VERSION')).toBe(false);
    });

    test('initialises nothing when the vault does not tell whether something was deleted', async () => {
      const versionless = await s3.unavailable('versions');
      use({ 'storage-port': String(versionless.port) });
      lab.deploy({ initialize: true });
      try {
        expect(await lab.prepare(brief)).toMatchObject(refusal(/could not be read .*503.* — FIX: /));
      } finally {
        await versionless.stop();
      }
      expect(lab.exists('volume/pgdata/PG_VERSION')).toBe(false);
    });
  });

  test('initialise, rows, first backup, loss of everything, restore: the rows are there', async () => {
    lab.deploy({ initialize: true });
    expect(await lab.prepare()).toMatchObject({ status: 0 });
    lab.deploy({});
    await lab.startServer();
    await lab.makeCertificates();
    await lab.startSidecar();
    const first = await lab.job('first-backup.sh');
    expect(first).toMatchObject({ status: 0 });
    // Its first question is one whose answer has no body that tells this; it is not asked again and again.
    const began = Date.now();
    const revoked = await lab.job('backup.sh', ['full'], { PGBACKREST_REPO1_S3_KEY: 'nobody' });
    expect(revoked).toMatchObject(refusal(/stanza-create failed: .*does not know the access key/));
    expect(Date.now() - began).toBeLessThan(30_000);
    await lab.sql('create table orders as select n from generate_series(1, 1000) n');
    await lab.archiveAll();
    await lab.crash();
    lab.replaceVolume();
    expect(await lab.prepare()).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(/restored \d+ MB/),
    });
    await lab.startServer();
    expect(await lab.sql('select count(*) from orders')).toBe('1000');
    // What the roles sidecar waits for.
    expect(lab.exists('socket/recovered')).toBe(true);
    await lab.crash();
    lab.replaceVolume('restored');
  });

  describe('with a backup in it and an empty volume', () => {
    // With an empty repository the rest was shown to be refused; with data behind it, two suffice.
    test.each(faults.slice(1, 3))('refuses when %s', async (_, options, env, line) => {
      use(await real(options));
      lab.deploy({ initialize: true });
      expect(await lab.prepare({ ...brief, ...env })).toMatchObject(refusal(line));
      expect(lab.exists('volume/pgdata/PG_VERSION')).toBe(false);
    });

    test('refuses when the passphrase is wrong', async () => {
      lab.deploy({ initialize: true });
      expect(await lab.prepare({ PGBACKREST_REPO1_CIPHER_PASS: 'wrong' })).toMatchObject(
        refusal('cannot be decrypted'),
      );
    });

    test('restores when all is right again', async () => {
      expect(await lab.prepare()).toMatchObject({ status: 0 });
      lab.replaceVolume();
    });
  });

  test.each([
    ['nothing listens', { 'storage-port': '1' }],
    ['the vault never answers', { 'storage-port': 'deaf' }],
    ['the bucket is missing', { 's3-bucket': 'missing' }],
  ])('its own complete data starts though %s', async (_, options) => {
    lab.attachVolume('restored');
    use(await real(options));
    const result = await lab.prepare({ INFO_TIMEOUT_COMPLETE: '3' });
    expect(result).toMatchObject({
      status: 0,
      stderr: expect.stringContaining('WARNING the repository could not be read'),
    });
  });

  /** Fills in what only a running test knows. */
  async function real(options: Record<string, string>): Promise<Record<string, string>> {
    const known = { ...options };
    if (known['storage-port'] === 'deaf') {
      const address = deaf.address();
      known['storage-port'] = String(typeof address === 'object' ? address?.port : 0);
    }
    if (known['storage-ca-file'] === 'other') {
      lab.write('etc/other-ca.crt', (await CertificateAuthority.create('another')).pem);
      known['storage-ca-file'] = lab.path('etc/other-ca.crt');
    }
    return known;
  }
});
