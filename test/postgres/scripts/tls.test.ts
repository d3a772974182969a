import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeApi } from './fake-api';
import { Background, type Result } from './processes';
import { podScriptsFolder } from './scripts-folder';

const SCRIPT = join(podScriptsFolder(), 'tls.sh');
const FILES = ['ca.crt', 'client.crt', 'client.key', 'server.crt', 'server.key'];
const HOST = 'shop-0.shop.prod.svc.cluster.local';
const DAY = 86_400_000;

describe('tls.sh', () => {
  let dir: string;
  let api: FakeApi;

  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'tls-'));
    mkdirSync(join(dir, 'account'));
    mkdirSync(join(dir, 'tmp'));
    const subject = ['-subj', '/CN=api', '-addext', 'subjectAltName=DNS:localhost'];
    const files = ['-keyout', join(dir, 'api.key'), '-out', join(dir, 'account/ca.crt')];
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-days',
        '2',
        ...subject,
        ...files,
      ],
      { stdio: 'ignore' },
    );
    writeFileSync(join(dir, 'account/token'), 'the-token');
    writeFileSync(join(dir, 'account/namespace'), 'prod');
  });

  beforeEach(async () => {
    api = await FakeApi.start({ certificate: join(dir, 'account/ca.crt'), key: join(dir, 'api.key') });
  });
  afterEach(() => api.stop());
  afterAll(() => rmSync(dir, { recursive: true }));

  const environment = (env: Record<string, string> = {}) => ({
    ACCOUNT_DIR: join(dir, 'account'),
    API_URL: api.url,
    API_SECONDS: '3',
    POLL_SECONDS: '0.1',
    DATABASE_NAME: 'shop',
    SECRET_NAME: 'shop-tls',
    SERVER_NAMES: `${HOST},shop`,
    CLIENT_CN: 'shop-backup',
    TMPDIR: join(dir, 'tmp'),
    TERMINATION_LOG: join(dir, 'termination-log'),
    ...env,
  });

  /** The job needs no PostgreSQL: it runs as whoever runs the tests. */
  async function job(
    env: Record<string, string> = {},
  ): Promise<Pick<Result, 'status' | 'stderr' | 'lastLine'>> {
    const log = join(dir, `log-${Math.random()}`);
    const process = Background.direct([SCRIPT], { cwd: dir, env: environment(env) }, log);
    const status = await process.exit(60_000);
    return { status, stderr: process.log, lastLine: process.log.trimEnd().split('\n').at(-1) ?? '' };
  }

  const certificate = (name: string) => new X509Certificate(api.file(name));
  const authorities = () =>
    api
      .file('ca.crt')
      .split(/(?=-----BEGIN)/)
      .map((pem) => new X509Certificate(pem));
  const openssl = (...args: string[]) => execFileSync('openssl', args, { encoding: 'utf8' });

  test('fills an empty Secret by one PATCH of the version it read', async () => {
    expect(await job()).toMatchObject({ status: 0 });
    expect(api.requests.map(({ method }) => method)).toEqual(['GET', 'PATCH']);
    for (const request of api.requests) {
      expect(request).toMatchObject({
        path: '/api/v1/namespaces/prod/secrets/shop-tls',
        authorization: 'Bearer the-token',
      });
    }
    expect(api.patches[0]).toMatchObject({ contentType: 'application/merge-patch+json' });
    expect(JSON.parse(api.patches[0]?.body ?? '')).toMatchObject({ metadata: { resourceVersion: '7' } });
    expect(Object.keys(api.data ?? {}).sort()).toEqual(FILES);
  });

  test('makes certificates that fit their purpose, and nothing more', async () => {
    await job();
    const [ca] = authorities();
    const server = certificate('server.crt');
    const client = certificate('client.crt');
    for (const [leaf, name] of [
      [server, 'server'],
      [client, 'client'],
    ] as const) {
      expect(ca !== undefined && leaf.verify(ca.publicKey)).toBe(true);
      expect(leaf.ca).toBe(false);
      expect(leaf.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
      expect(leaf.checkPrivateKey(require('node:crypto').createPrivateKey(api.file(`${name}.key`)))).toBe(
        true,
      );
    }
    expect(server.subjectAltName).toBe(`DNS:${HOST}, DNS:shop`);
    expect(server.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(client.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    expect(client.subject).toBe('CN=shop-backup');
    expect(Math.round((Date.parse(server.validTo) - Date.now()) / DAY)).toBe(90);
  });

  test('throws the key of the CA away', async () => {
    await job();
    expect(JSON.stringify(Object.keys(api.data ?? {}))).not.toContain('ca.key');
    expect(readdirSync(join(dir, 'tmp'))).toEqual([]);
  });

  test('does nothing while everything is as it must be', async () => {
    await job();
    const before = api.data;
    expect(await job()).toMatchObject({ status: 0, stderr: expect.stringContaining('nothing to do') });
    expect(api.patches).toHaveLength(1);
    expect(api.data).toBe(before);
  });

  test('renews in the last third of the life, and keeps the old CA in the bundle', async () => {
    await job({ LIFETIME_DAYS: '29' });
    const old = api.file('ca.crt');
    expect(await job()).toMatchObject({ status: 0, stderr: expect.stringContaining('last third') });
    expect(authorities()).toHaveLength(2);
    expect(api.file('ca.crt').endsWith(old)).toBe(true);
    const [next] = authorities();
    expect(next !== undefined && certificate('server.crt').verify(next.publicKey)).toBe(true);
  });

  test('keeps one old CA, not all of them', async () => {
    for (let count = 0; count < 4; count += 1) await job({ FORCE: 'true' });
    expect(authorities()).toHaveLength(2);
  });

  test.each([
    [
      'a file is missing',
      () => api.data && Reflect.deleteProperty(api.data, 'client.key'),
      'client.key is missing',
    ],
    ['a certificate is unreadable', () => set('server.crt', 'garbage'), 'server.crt is not a certificate'],
    ['a key is unreadable', () => set('server.key', 'garbage'), 'server.key is not a key'],
    [
      'a key belongs to another certificate',
      () => set('server.key', api.file('client.key')),
      'does not belong',
    ],
    [
      'the CA is another',
      () => set('ca.crt', readFileSync(join(dir, 'account/ca.crt'), 'utf8')),
      'not signed by ca.crt',
    ],
    [
      'the value is not base64',
      () => api.data && Object.assign(api.data, { 'ca.crt': '%%%' }),
      'making new certificates',
    ],
  ])('makes new ones when %s', async (_, damage, reason) => {
    await job();
    damage();
    expect(await job()).toMatchObject({ status: 0, stderr: expect.stringContaining(reason) });
    expect(await job()).toMatchObject({ stderr: expect.stringContaining('nothing to do') });
  });

  function set(name: string, text: string): void {
    if (api.data !== undefined) api.data[name] = Buffer.from(text).toString('base64');
  }

  test('makes new ones for another host or client', async () => {
    await job();
    expect(await job({ SERVER_NAMES: `${HOST},shop,shop.prod` })).toMatchObject({
      stderr: expect.stringContaining('does not name shop.prod'),
    });
    expect(await job({ SERVER_NAMES: `${HOST},shop,shop.prod`, CLIENT_CN: 'other' })).toMatchObject({
      stderr: expect.stringContaining('not for other'),
    });
  });

  test('a name that is only a part of another is not taken for it', async () => {
    await job({ SERVER_NAMES: 'shop.prod.svc' });
    expect(await job({ SERVER_NAMES: 'shop.prod' })).toMatchObject({
      stderr: expect.stringContaining('does not name shop.prod'),
    });
  });

  test('when somebody else was faster, reads again and leaves theirs', async () => {
    await job();
    const theirs = api.data;
    api.data = {};
    api.meanwhile = () => {
      api.data = theirs;
      api.version += 1;
    };
    const result = await job();
    expect(result).toMatchObject({ status: 0, stderr: expect.stringContaining('nothing to do') });
    expect(api.data).toBe(theirs);
  });

  test('tries again when the API is briefly unwell', async () => {
    api.failures = [
      { method: 'GET', status: 503 },
      { method: 'PATCH', status: 500 },
    ];
    expect(await job()).toMatchObject({ status: 0 });
    expect(api.file('server.crt')).toContain('BEGIN CERTIFICATE');
  });

  test.each([
    [
      'is missing',
      () => {
        api.data = undefined;
      },
      /Secret prod\/shop-tls does not exist — FIX: deploy it/,
    ],
    [
      'may not be read',
      () => {
        api.failures = [{ method: 'GET', status: 403 }];
      },
      /denies reading .* \(403\) — FIX: give/,
    ],
    [
      'may not be written',
      () => {
        api.failures = [{ method: 'PATCH', status: 403 }];
      },
      /denies writing .* \(403\) — FIX: give/,
    ],
    [
      'is immutable',
      () => {
        api.failures = [{ method: 'PATCH', status: 422 }];
      },
      /rejects the change .*told to fail/,
    ],
  ])('fails at once when the Secret %s', async (_, prepare, line) => {
    prepare();
    expect(await job()).toMatchObject({ status: 78, lastLine: expect.stringMatching(line) });
    expect(readFileSync(join(dir, 'termination-log'), 'utf8')).toMatch(line);
  });

  test('fails in time when the API cannot be reached, or is not the one of the CA', async () => {
    expect(await job({ API_URL: 'https://localhost:1', API_SECONDS: '1' })).toMatchObject({
      status: 78,
      lastLine: expect.stringContaining('could not be brought up to date'),
    });
    const other = join(dir, 'other');
    mkdirSync(other);
    for (const name of ['token', 'namespace']) writeFileSync(join(other, name), 'x');
    writeFileSync(join(other, 'ca.crt'), authoritiesOf(openssl));
    expect(await job({ ACCOUNT_DIR: other, API_SECONDS: '1' })).toMatchObject({
      status: 78,
      lastLine: expect.stringContaining('SSL certificate problem'),
    });
    expect(api.requests).toEqual([]);
  });

  function authoritiesOf(make: typeof openssl): string {
    return make(
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      '/dev/null',
      '-days',
      '2',
      '-subj',
      '/CN=other',
    );
  }

  test.each(['SECRET_NAME', 'SERVER_NAMES', 'CLIENT_CN'])('says when %s is not set', async (name) => {
    expect(await job({ [name]: '' })).toMatchObject({
      status: 78,
      lastLine: expect.stringContaining(`${name} is not set`),
    });
  });

  test('shows neither token nor keys, in its output or on the command line of curl', async () => {
    mkdirSync(join(dir, 'bin'), { recursive: true });
    const shim =
      '#!/bin/bash\nprintf "%s\\n" "$@" >>"$CURL_LOG"\nPATH=/usr/local/bin:/usr/bin:/bin exec curl "$@"\n';
    writeFileSync(join(dir, 'bin/curl'), shim, { mode: 0o755 });
    const log = join(dir, 'curl.log');
    const result = await job({ CURL_LOG: log, PATH: `${dir}/bin:/usr/local/bin:/usr/bin:/bin` });
    expect(result).toMatchObject({ status: 0 });
    const seen = `${result.stderr}${readFileSync(log, 'utf8')}`;
    expect(seen).toContain('--data-binary');
    expect(seen).not.toContain('the-token');
    expect(seen).not.toContain('PRIVATE KEY');
    expect(seen).not.toContain(api.data?.['server.key']);
  });

  test('gives each CA a name of its own, so that a bundle is never ambiguous', async () => {
    await job();
    await job({ FORCE: 'true' });
    const [next, previous] = authorities();
    expect(next?.subject).not.toBe(previous?.subject);
  });
});
