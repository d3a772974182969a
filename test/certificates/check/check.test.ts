import { execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../free-port';
import { testWithPushgateway } from '../../pushgateway/gateway';
import { type Issued, issue } from './pki';
import { Servers } from './servers';

const SCRIPT = join(__dirname, '../../../constructs/certificates/scripts/check.sh');
const HOST = 'shop.example.com';
const MONTH = 30 * 86_400;

interface Finding {
  readonly target: string;
  readonly kind: string;
  readonly status: string;
  readonly problem: string | null;
  readonly readable: boolean;
  readonly [key: string]: unknown;
}

describe('the check of certificates', () => {
  let directory: string;
  let servers: Servers;
  let root: Issued;
  let intermediate: Issued;
  let authority: string;
  const leaf = (different: Partial<Parameters<typeof issue>[0]> = {}) =>
    issue({ commonName: HOST, dnsNames: [HOST], issuer: root, ...different });

  const file = (text: string): string => {
    const path = join(directory, randomUUID());
    writeFileSync(path, text);
    return path;
  };

  async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const child = spawn(SCRIPT, [...args], {
      env: {
        PATH: process.env['PATH'],
        LANG: 'C.UTF-8',
        TMPDIR: join(directory, 'tmp'),
        TERMINATION_LOG: join(directory, 'termination-log'),
        RETRY_SECONDS: '0.1',
        CONNECT_SECONDS: '5',
        ...env,
      },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (data: Buffer) => {
      stdout += data.toString();
    });
    child.stderr.on('data', (data: Buffer) => {
      stderr += data.toString();
    });
    const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
    const log = join(directory, 'termination-log');
    return { status, stdout, stderr, summary: existsSync(log) ? readFileSync(log, 'utf8') : '' };
  }

  /** Looks at these targets, as a pod does. */
  async function check(targets: readonly object[], env: Readonly<Record<string, string>> = {}) {
    const path = `${file(JSON.stringify(targets))}.json`;
    writeFileSync(path, JSON.stringify(targets));
    const result = await run(['--json', path], env);
    return { ...result, findings: JSON.parse(result.stdout) as Finding[] };
  }

  async function one(target: object, env: Readonly<Record<string, string>> = {}) {
    const { findings, status } = await check(
      [
        {
          name: 'shop',
          kind: 'endpoint',
          host: '127.0.0.1',
          serverName: HOST,
          authority,
          warnSeconds: MONTH,
          ...target,
        },
      ],
      env,
    );
    return { status, finding: findings[0] as Finding };
  }
  const secret = (certificate: string, different: object = {}) =>
    one({ kind: 'secret', host: undefined, serverName: undefined, certificate, ...different });

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'check-'));
    execFileSync('mkdir', [join(directory, 'tmp')]);
    servers = new Servers(directory);
    root = await issue({ commonName: 'Root', authority: true, until: 3650 });
    intermediate = await issue({ commonName: 'Intermediate', authority: true, until: 1000, issuer: root });
    authority = file(root.pem);
  });
  afterAll(async () => {
    await servers.stop();
    rmSync(directory, { recursive: true });
  });

  describe('of an endpoint', () => {
    test('is content with what is in order, and tells what it saw', async () => {
      const served = await leaf();
      const { status, finding } = await one({ port: await servers.openssl(served) });
      expect(finding).toMatchObject({
        status: 'ok',
        problem: null,
        readable: true,
        subject: `CN=${HOST}`,
        issuer: 'CN=Root',
        chainValid: true,
        hostNameValid: true,
        serial: served.certificate.serialNumber.toUpperCase(),
        expiry: Math.floor(served.certificate.notAfter.getTime() / 1000),
      });
      expect(finding['daysLeft']).toBeCloseTo(90.49, 1);
      expect(status).toBe(0);
    });

    test('judges with what the server sends along, and misses what it does not', async () => {
      const served = await leaf({ issuer: intermediate });
      expect(await one({ port: await servers.openssl(served, [intermediate]) })).toMatchObject({
        status: 0,
        finding: { chainValid: true, issuer: 'CN=Intermediate' },
      });
      expect(await one({ port: await servers.openssl(served) })).toMatchObject({
        status: 2,
        finding: {
          status: 'invalid',
          chainValid: false,
          problem: 'its chain is not valid: unable to get local issuer certificate',
        },
      });
    });

    test('tells what ends soon, by the threshold of the target', async () => {
      const port = await servers.openssl(await leaf({ until: 20.5 }));
      expect(await one({ port })).toMatchObject({
        status: 1,
        finding: { status: 'soon', problem: 'it ends in 20 days', chainValid: true },
      });
      expect(await one({ port, warnSeconds: 20 * 86_400 })).toMatchObject({ status: 0 });
    });

    test('tells what is expired, and does not blame its chain', async () => {
      const port = await servers.openssl(await leaf({ until: -3.5 }));
      expect(await one({ port })).toMatchObject({
        status: 2,
        finding: {
          status: 'expired',
          problem: 'it expired 3 days ago',
          chainValid: true,
          hostNameValid: true,
        },
      });
    });

    test('tells what is not valid yet', async () => {
      const port = await servers.openssl(await leaf({ from: 2, until: 90 }));
      expect(await one({ port })).toMatchObject({
        status: 2,
        finding: { status: 'invalid', problem: 'its chain is not valid: certificate is not yet valid' },
      });
    });

    test('tells when who issued it ends before it does', async () => {
      const ending = await issue({ commonName: 'Ending', authority: true, until: 10.5, issuer: root });
      const port = await servers.openssl(await leaf({ issuer: ending, until: 80 }), [ending]);
      expect(await one({ port })).toMatchObject({
        status: 1,
        finding: {
          status: 'soon',
          problem: 'who issued it ends in 10 days',
          chainExpiry: Math.floor(ending.certificate.notAfter.getTime() / 1000),
        },
      });
      const dying = await issue({ commonName: 'Dying', authority: true, until: 12.5 });
      const other = await servers.openssl(await leaf({ issuer: dying, until: 80 }));
      expect(await one({ port: other, authority: file(dying.pem) })).toMatchObject({
        status: 1,
        finding: { problem: 'who issued it ends in 12 days' },
      });
    });

    test('tells a certificate for somebody else, and one that has a common name alone', async () => {
      const wrong = await servers.openssl(await leaf({ dnsNames: ['other.example.com'] }));
      expect(await one({ port: wrong })).toMatchObject({
        status: 2,
        finding: {
          status: 'invalid',
          problem: `it does not name ${HOST}`,
          hostNameValid: false,
          chainValid: true,
        },
      });
      const bare = await servers.openssl(await leaf({ dnsNames: [] }));
      expect(await one({ port: bare })).toMatchObject({ status: 2, finding: { hostNameValid: false } });
    });

    test('knows wildcards and addresses, and asks for other names where they are declared', async () => {
      const served = await leaf({ dnsNames: ['*.example.com'], addresses: ['127.0.0.1'] });
      const port = await servers.openssl(served);
      expect(await one({ port })).toMatchObject({ status: 0 });
      expect(await one({ port, serverName: undefined })).toMatchObject({ status: 0 });
      expect(await one({ port, hostNames: ['a.b.example.com', HOST, '127.0.0.2'] })).toMatchObject({
        finding: { problem: 'it does not name a.b.example.com, 127.0.0.2' },
      });
      expect(await one({ port, hostNames: [] })).toMatchObject({
        status: 0,
        finding: { hostNameValid: null },
      });
    });

    test.each([
      [
        'signed by itself',
        async () => issue({ commonName: HOST, dnsNames: [HOST] }),
        'self-signed certificate',
      ],
      [
        'of another authority',
        async () => leaf({ issuer: await issue({ commonName: 'Stranger', authority: true }) }),
        'unable to get local issuer certificate',
      ],
      ['for clients', async () => leaf({ usage: 'clientAuth' }), /purpose/],
    ])('does not accept one %s', async (_, make, why) => {
      const { status, finding } = await one({ port: await servers.openssl(await make()) });
      expect({ status, valid: finding['chainValid'] }).toEqual({ status: 2, valid: false });
      expect(finding.problem).toMatch(why);
    });

    test('accepts one signed by itself where that is declared, and the system trusts it not', async () => {
      const own = await issue({ commonName: HOST, dnsNames: [HOST] });
      const port = await servers.openssl(own);
      expect(await one({ port, authority: file(own.pem) })).toMatchObject({ finding: { chainValid: true } });
      expect(await one({ port, authority: undefined })).toMatchObject({
        status: 2,
        finding: { chainValid: false },
      });
    });

    test('asks by the server name: another certificate is for whoever asks for none', async () => {
      const other = await leaf({ dnsNames: ['default.example.com'] });
      const named = await leaf();
      const port = await servers.openssl(
        other,
        [],
        [...['-servername', HOST, '-cert2', file(named.pem), '-key2', file(named.key)]],
      );
      expect(await one({ port })).toMatchObject({ status: 0 });
      expect(await one({ port, serverName: 'default.example.com' })).toMatchObject({ status: 0 });
    });

    test('sees what a server presents that wants a certificate of its clients', async () => {
      const port = await servers.openssl(await leaf(), [], ['-Verify', '1', '-CAfile', authority]);
      expect(await one({ port })).toMatchObject({ status: 0 });
    });

    test('speaks PostgreSQL before TLS', async () => {
      const port = await servers.postgres(await leaf());
      expect(await one({ port, startTls: 'postgres' })).toMatchObject({ status: 0 });
      expect(await one({ port }, { ATTEMPTS: '1' })).toMatchObject({
        status: 2,
        finding: { status: 'unreachable' },
      });
    });

    test('what is out of reach is never fine: nobody there, and somebody who says nothing', async () => {
      const port = await freePort();
      const { status, finding } = await one({ port });
      expect(status).toBe(2);
      expect(finding).toEqual({
        target: 'shop',
        kind: 'endpoint',
        address: `127.0.0.1:${port}`,
        status: 'unreachable',
        problem: expect.stringContaining('onnection refused'),
        readable: false,
      });
      expect(
        await one({ port: await servers.silent() }, { CONNECT_SECONDS: '0.3', ATTEMPTS: '2' }),
      ).toMatchObject({ status: 2, finding: { status: 'unreachable' } });
    });

    test('tries again before it says so', async () => {
      const port = await freePort();
      const served = await leaf();
      const asked = one({ port }, { ATTEMPTS: '100', RETRY_SECONDS: '0.1' });
      await new Promise((resolve) => setTimeout(resolve, 600));
      const late = spawn(
        'openssl',
        [
          's_server',
          '-accept',
          `127.0.0.1:${port}`,
          '-cert',
          file(served.pem),
          '-key',
          file(served.key),
          '-quiet',
        ],
        { stdio: ['pipe', 'ignore', 'ignore'] },
      );
      try {
        expect(await asked).toMatchObject({ status: 0 });
      } finally {
        late.kill('SIGKILL');
      }
    });
  });

  describe('of a file', () => {
    test('reads the certificate with what follows it', async () => {
      const served = await leaf({ issuer: intermediate });
      expect(await secret(file(served.pem + intermediate.pem))).toMatchObject({
        status: 0,
        finding: { kind: 'secret', chainValid: true, hostNameValid: null },
      });
      expect(
        await secret(file(served.pem + intermediate.pem), { hostNames: ['x.example.com'] }),
      ).toMatchObject({
        status: 2,
        finding: { hostNameValid: false },
      });
    });

    test.each([
      ['is missing', () => '/nowhere/tls.crt', 'there is no file /nowhere/tls.crt'],
      ['is empty', () => file(''), 'what is there is not a certificate'],
      ['is garbage', () => file('garbage'), 'what is there is not a certificate'],
      [
        'is damaged',
        () => file(root.pem.replace(/[A-Za-z0-9+/]{40}/, '')),
        'what is there is not a certificate',
      ],
      ['is a key', () => file(root.key), 'what is there is not a certificate'],
    ])('is not content when it %s', async (_, path, problem) => {
      expect(await secret(path())).toMatchObject({
        status: 2,
        finding: { status: 'unreadable', problem, readable: false },
      });
    });

    test('is not content when the authority is missing, or empty', async () => {
      const served = file((await leaf()).pem);
      for (const missing of ['/nowhere/ca.crt', file('')])
        expect(await secret(served, { authority: missing })).toMatchObject({
          status: 2,
          finding: {
            chainValid: false,
            problem: `its chain is not valid: there is no authority in ${missing}`,
          },
        });
    });
  });

  describe('of several', () => {
    const several = async () => [
      { name: 'good', kind: 'secret', certificate: file((await leaf()).pem), authority, warnSeconds: MONTH },
      {
        name: 'soon',
        kind: 'secret',
        certificate: file((await leaf({ until: 5.5 })).pem),
        authority,
        warnSeconds: MONTH,
      },
      { name: 'gone', kind: 'endpoint', host: '127.0.0.1', port: await freePort(), warnSeconds: MONTH },
    ];

    test('ends with the worst, and tells in the termination message what is not well', async () => {
      const [good, soon, gone] = (await several()) as [object, object, object];
      expect((await check([good])).status).toBe(0);
      expect((await check([good])).summary).toBe('all is well\n');
      expect((await check([soon, good])).status).toBe(1);
      const all = await check([good, gone, soon]);
      expect(all.status).toBe(2);
      expect(all.findings.map(({ target }) => target)).toEqual(['good', 'gone', 'soon']);
      expect(all.summary).toMatch(/^gone: unreachable: .* refused\nsoon: soon: it ends in 5 days\n$/);
      expect(readdirSync(join(directory, 'tmp'))).toEqual([]);
    });

    test('looks at more targets than it looks at at once', async () => {
      const certificate = file((await leaf()).pem);
      const targets = Array.from({ length: 7 }, (_, index) => ({
        name: `t${index}`,
        kind: 'secret',
        certificate: index === 5 ? '/nowhere' : certificate,
        authority,
        warnSeconds: MONTH,
      }));
      const { findings, status } = await check(targets, { PARALLEL: '2' });
      expect(findings.map(({ target, status }) => [target, status])).toEqual(
        targets.map(({ name }) => [name, name === 't5' ? 'unreadable' : 'ok']),
      );
      expect(status).toBe(2);
    });

    test('prints a table, the worst first', async () => {
      const path = join(directory, 'targets.json');
      writeFileSync(path, JSON.stringify(await several()));
      const { stdout } = await run([path]);
      const lines = stdout.split('\n');
      expect(lines[0]).toMatch(/^STATUS +TARGET +ADDRESS +DAYS +CHAIN +HOST +ISSUER +SERIAL$/);
      expect(lines[1]).toMatch(/^unreachable +gone +127\.0\.0\.1:\d+ +- +- +- +- +-$/);
      expect(lines[2]).toMatch(/^soon +soon +\S+ +5 +yes +- +CN=Root +[0-9A-F]+$/);
      expect(lines[3]).toMatch(/^ok +good +\S+ +90 +yes +- +CN=Root +[0-9A-F]+$/);
    });
  });

  describe('with a Pushgateway', () => {
    const group = 'check="public",job="certificate-check",namespace="shop"';
    const settings = (url: string) => ({ PUSHGATEWAY_URL: url, NAMESPACE: 'shop', CHECK_NAME: 'public' });

    testWithPushgateway('pushes its metrics, in place of those before', async (gateway) => {
      const secret = (name: string, certificate: string) => ({
        name,
        kind: 'secret',
        certificate,
        authority,
        warnSeconds: MONTH,
      });
      const good = secret('good', file((await leaf()).pem));
      const soon = secret('soon', file((await leaf({ until: 5.5 })).pem));
      const port = await freePort();
      const gone = { name: 'gone', kind: 'endpoint', host: '127.0.0.1', port, warnSeconds: MONTH };
      const before = Math.floor(Date.now() / 1000);
      expect((await check([good, soon, gone], settings(`${gateway.url}/`))).status).toBe(2);
      const metrics = await gateway.metrics();
      const value = (name: string, target: string, kind: string) =>
        metrics.get(
          `disaster_recovery_certificate_${name}{check="public",job="certificate-check",kind="${kind}",namespace="shop",target="${target}"}`,
        );
      expect(value('readable', 'good', 'secret')).toBe(1);
      expect(value('readable', 'gone', 'endpoint')).toBe(0);
      expect(value('chain_valid', 'good', 'secret')).toBe(1);
      expect(value('hostname_valid', 'good', 'secret')).toBeUndefined();
      expect(value('days_left', 'soon', 'secret')).toBeCloseTo(5.49, 1);
      expect(value('expiry_timestamp_seconds', 'soon', 'secret')).toBeGreaterThan(before + 5 * 86_400);
      expect(value('chain_expiry_timestamp_seconds', 'soon', 'secret')).toBe(
        value('expiry_timestamp_seconds', 'soon', 'secret'),
      );
      for (const name of ['expiry_timestamp_seconds', 'days_left', 'chain_valid'])
        expect(value(name, 'gone', 'endpoint')).toBeUndefined();
      for (const [target, kind] of [
        ['good', 'secret'],
        ['gone', 'endpoint'],
      ] as const)
        expect(value('check_timestamp_seconds', target, kind)).toBeGreaterThanOrEqual(before);
      expect(metrics.get(`push_failure_time_seconds{${group}}`)).toBe(0);

      expect((await check([good], settings(gateway.url))).status).toBe(0);
      const names = [...(await gateway.metrics()).keys()].join('\n');
      expect(names).toContain('target="good"');
      expect(names).not.toContain('target="gone"');
    });

    testWithPushgateway('fails when the result is refused', async (gateway) => {
      const certificate = file((await leaf()).pem);
      const one = [{ name: 'a', kind: 'secret', certificate, authority, warnSeconds: MONTH }];
      const refused = await check(one, settings(`${gateway.url}/nowhere`));
      expect(refused.status).toBe(2);
      expect(refused.summary).toMatch(/^ERROR the result could not be pushed to http.* — FIX: /);
    });
  });

  describe('by hand', () => {
    test('takes host:port, a protocol before TLS, and files', async () => {
      const port = await servers.openssl(await leaf({ addresses: ['127.0.0.1'] }));
      const postgres = await servers.postgres(await leaf({ addresses: ['127.0.0.1'] }));
      const path = file((await leaf({ until: 5.5 })).pem);
      const args = ['--ca', authority, `127.0.0.1:${port}`, `127.0.0.1:${postgres}/postgres`, path];
      expect(await run(args)).toMatchObject({
        status: 1,
        stdout: expect.stringContaining(`${path}: soon: it ends in 5 days`),
      });
      expect(await run(['--days', '5', ...args])).toMatchObject({ status: 0 });
      expect((await run(['--metrics', '--days', '5', ...args])).stdout).toContain(
        `disaster_recovery_certificate_readable{target="127.0.0.1:${postgres}/postgres",kind="endpoint"} 1`,
      );
    });

    test.each([
      [[], /nothing is named/],
      [['shop'], /'shop' is neither host:port nor a file/],
      [['/nowhere/targets.json'], /is no list of targets/],
      [['--bogus'], /no option --bogus/],
      [['--days'], /--days has no value/],
      [['--days', 'x', 'a:1'], /--days is 'x'/],
    ])('says what is wrong with %j', async (args, why) => {
      const { status, stderr } = await run(args);
      expect({ status, stderr: stderr.trimEnd() }).toEqual({ status: 2, stderr: expect.stringMatching(why) });
      expect(stderr).toContain(' — FIX: ');
    });

    test('tells how it is used', async () => {
      const { status, stdout } = await run(['--help']);
      expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringContaining('--metrics ') });
      expect(stdout).not.toContain('shellcheck');
    });

    test('an empty list of targets is not all well', async () => {
      const path = join(directory, 'none.json');
      writeFileSync(path, '[]');
      expect(await run([path])).toMatchObject({
        status: 2,
        stderr: expect.stringContaining('there is no target'),
      });
    });
  });
});
