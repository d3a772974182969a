import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testWithPushgateway } from '../pushgateway/gateway';

const SCRIPT = join(__dirname, '../../constructs/licenses/scripts/license.sh');
const DAY = 86_400;
const now = () => Math.floor(Date.now() / 1000);

const part = (claims: unknown) =>
  Buffer.from(typeof claims === 'string' ? claims : JSON.stringify(claims)).toString('base64url');
const SIGNATURE = 'c2lnbmF0dXJlLW9mLWEtc2VjcmV0';
const token = (claims: unknown, header: unknown = { alg: 'RS256', typ: 'JWT' }) =>
  `${part(header)}.${part(claims)}.${SIGNATURE}`;

interface Finding {
  readonly license: string;
  readonly status: string;
  readonly problem: string | null;
  readonly expiry?: number;
  readonly notAfter?: string;
  readonly daysLeft?: number;
}

describe('the check of licenses', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'license-'));
    mkdirSync(join(directory, 'tmp'));
  });
  afterEach(() => {
    expect(readdirSync(join(directory, 'tmp'))).toEqual([]);
    rmSync(directory, { recursive: true, force: true });
  });

  const file = (text: string, name: string = randomUUID()): string => {
    writeFileSync(join(directory, name), text);
    return join(directory, name);
  };

  async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const child = spawn(SCRIPT, [...args], {
      env: {
        PATH: process.env['PATH'],
        LANG: 'C.UTF-8',
        TMPDIR: join(directory, 'tmp'),
        TERMINATION_LOG: join(directory, 'termination-log'),
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

  async function check(text: string) {
    const { status, stdout, ...rest } = await run(['--json', file(text)]);
    const [finding] = JSON.parse(stdout) as [Finding];
    return { status, finding, said: `${stdout}${rest.stderr}${rest.summary}` };
  }

  test.each([
    [45.5, 0, 'ok', null, 45],
    [29.5, 1, 'soon', 'it ends in 29 days', 29],
    [0.49, 1, 'soon', 'it ends in 11 h', 0],
    [-3.5, 2, 'expired', 'it ended 3 days ago', -4],
  ])('ends in %d days: exit %d', async (days, exit, status, problem, left) => {
    const exp = now() + days * DAY;
    const result = await check(token({ exp }));
    expect(result).toMatchObject({ status: exit, finding: { status, problem, expiry: exp } });
    expect(Math.floor(result.finding.daysLeft ?? Number.NaN)).toBe(left);
    expect(Date.parse(result.finding.notAfter ?? '')).toBe(exp * 1000);
  });

  describe('reads', () => {
    const exp = now() + 100 * DAY;
    const claims = { iss: 'https://vendor.example.com', exp };

    test('base64url with - and _', async () => {
      const text = token({ ...claims, tier: '~~~???>>>ÿÿÿ' });
      expect(text.split('.')[1]).toMatch(/-.*_|_.*-/);
      expect(await check(text)).toMatchObject({ status: 0, finding: { expiry: exp } });
    });

    test.each(['', 'x', 'xx'])('a payload of any length: padding for "%s"', async (filling) => {
      const text = token({ ...claims, filling });
      expect(await check(text)).toMatchObject({ status: 0, finding: { expiry: exp } });
    });

    test('a token that is padded all the same', async () => {
      const padded = (value: object) =>
        Buffer.from(JSON.stringify(value)).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
      const parts = ['', 'x', 'xx'].map((filling) => padded({ ...claims, filling }));
      expect(parts.filter((one) => one.endsWith('='))).toHaveLength(2);
      for (const one of parts)
        expect(await check(`${padded({ alg: 'none' })}.${one}.`)).toMatchObject({
          status: 0,
          finding: { expiry: exp },
        });
    });

    test('unicode, in claims and in names of claims', async () => {
      const text = token({ ...claims, Kunde: 'Müller & Søn ☃ 漢字 🚀', ключ: '\u0000' });
      expect(await check(text)).toMatchObject({ status: 0, finding: { expiry: exp } });
    });

    test('fractions of a second, and white space around the token', async () => {
      const text = `\n\t ${token({ exp: exp + 0.75 })}\r\n\n`;
      expect(await check(text)).toMatchObject({ status: 0, finding: { expiry: exp } });
    });
  });

  const exp = now() + 100 * DAY;
  test.each([
    ['an empty file', '', 'the file is empty'],
    ['white space', ' \n', 'the file is empty'],
    ['garbage', 'garbage', 'it is no JSON Web Token'],
    ['three parts of garbage', 'to.be.sure', 'it is no JSON Web Token'],
    ['two parts', `${part({ alg: 'none' })}.${part({ exp })}`, 'it is no JSON Web Token'],
    ['four parts', `${token({ exp })}.more`, 'it is no JSON Web Token'],
    ['another alphabet', token({ exp }).replace('.', '+.'), 'it is no JSON Web Token'],
    [
      'a payload that is cut off',
      `${part({ alg: 'none' })}.${part({ exp }).slice(0, -4)}.`,
      'it is no JSON Web Token',
    ],
    ['a payload of impossible length', `${part({ alg: 'none' })}.abcde.`, 'it is no JSON Web Token'],
    ['a payload that is a list', token([exp]), 'it is no JSON Web Token'],
    ['a payload that is no JSON', token('exp=1'), 'it is no JSON Web Token'],
    ['a header that is none', `${part('x')}.${part({ exp })}.`, 'it is no JSON Web Token'],
    ['two tokens', `${token({ exp })}\n${token({ exp })}`, 'it is no JSON Web Token'],
    [
      'an encrypted one',
      `${part({ alg: 'dir', enc: 'A256GCM' })}..b.c.d`,
      'it is encrypted (JWE): only who has its key knows its end',
    ],
    ['no exp', token({ iat: exp }), 'it has no exp, which would say when it ends'],
    ['an exp that is text', token({ exp: String(exp) }), 'its exp is no number'],
    ['an exp that is null', token({ exp: null }), 'its exp is no number'],
    ['an exp of 0', token({ exp: 0 }), 'its exp is no time between 1970 and 9999; are these seconds?'],
    ['a negative exp', token({ exp: -1 }), 'its exp is no time between 1970 and 9999; are these seconds?'],
    [
      'milliseconds',
      token({ exp: exp * 1000 }),
      'its exp is no time between 1970 and 9999; are these seconds?',
    ],
  ])('%s has no end, and nothing of it is told', async (_, text, problem) => {
    const { finding, said, status } = await check(text);
    expect({ status, finding }).toMatchObject({ status: 2, finding: { status: 'unreadable', problem } });
    expect(finding).not.toHaveProperty('expiry');
    for (const secret of text.trim().split(/[.\s]/))
      if (secret.length > 4) expect(said).not.toContain(secret);
  });

  test('a file that is missing, and a folder, are told as such', async () => {
    const { status, stdout } = await run([join(directory, 'nowhere'), directory]);
    expect(status).toBe(2);
    expect(stdout).toContain('nowhere: unreadable: there is no file that could be read\n');
    expect(stdout.match(/no file that could be read/g)).toHaveLength(2);
  });

  test('a table, the worst of several as the exit code, and a termination message', async () => {
    const good = file(token({ exp: now() + 45.5 * DAY }), 'backend.jwt');
    const soon = file(token({ exp: now() + 5.5 * DAY }), 'reports.jwt');
    const several = await run([good, soon]);
    expect(several.status).toBe(1);
    expect(several.stdout.split('\n').slice(0, 3)).toEqual([
      'STATUS  LICENSE      DAYS  ENDS',
      expect.stringMatching(/^ok {6}backend\.jwt {2}45 {4}\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      expect.stringMatching(/^soon {4}reports\.jwt {2}5 {5}\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    ]);
    expect(several.summary).toBe('reports.jwt: soon: it ends in 5 days\n');
    expect(await run([good, '--days', '5', soon])).toMatchObject({ status: 0, summary: 'all is well\n' });
    expect((await run([file('x'), soon])).status).toBe(2);
  });

  test('the token is on no command line', async () => {
    const spies = join(directory, 'bin');
    const seen = join(directory, 'seen');
    mkdirSync(spies);
    for (const program of ['jq', 'curl', 'basename', 'date', 'head', 'sed']) {
      const path = join(spies, program);
      writeFileSync(
        path,
        `#!/bin/bash\nprintf '%s\\n' "$0" "$@" >>${seen}\nPATH=\${PATH#*:} exec ${program} "$@"\n`,
      );
      chmodSync(path, 0o755);
    }
    const text = token({ exp: now() + 45.5 * DAY });
    const { status } = await run([file(text)], { PATH: `${spies}:${process.env['PATH']}` });
    expect(status).toBe(0);
    const lines = readFileSync(seen, 'utf8');
    expect(lines).toContain('license.jq');
    for (const secret of text.split('.')) expect(lines).not.toContain(secret);
  });

  testWithPushgateway(
    'pushes its end, and takes it back when it cannot be read any more',
    async (gateway) => {
      const settings = { PUSHGATEWAY_URL: `${gateway.url}/`, NAMESPACE: 'shop' };
      const labels = 'job="license-check",license="backend-2026",namespace="shop"';
      const before = now();
      const end = now() + 45 * DAY + 7;
      expect((await run([file(token({ exp: end }), 'backend-2026')], settings)).status).toBe(0);
      const pushed = await gateway.metrics();
      expect(pushed.get(`license_expiry_timestamp_seconds{${labels}}`)).toBe(end);
      expect(
        pushed.get(`disaster_recovery_license_check_timestamp_seconds{${labels}}`),
      ).toBeGreaterThanOrEqual(before);

      expect((await run([file('garbage', 'backend-2026')], settings)).status).toBe(2);
      const after = await gateway.metrics();
      expect(after.has(`license_expiry_timestamp_seconds{${labels}}`)).toBe(false);
      expect(after.has(`disaster_recovery_license_check_timestamp_seconds{${labels}}`)).toBe(true);
    },
  );

  testWithPushgateway('fails when the result is refused', async (gateway) => {
    const good = file(token({ exp: now() + 45.5 * DAY }));
    const refused = await run([good], { PUSHGATEWAY_URL: `${gateway.url}/nowhere`, NAMESPACE: 'shop' });
    expect(refused.status).toBe(2);
    expect(refused.summary).toMatch(/^ERROR the result could not be pushed to http.* — FIX: /);
  });

  test('prints metrics, of which one without an end has none', async () => {
    const end = now() + 45 * DAY;
    const good = await run(['--metrics', file(token({ exp: end }))]);
    expect(good.stdout).toContain(`\nlicense_expiry_timestamp_seconds ${end}\n`);
    const bad = await run(['--metrics', file('x')]);
    expect(bad.stdout).toMatch(/\ndisaster_recovery_license_check_timestamp_seconds \d{10}\n$/);
  });

  test.each([
    [[], /no license is named/],
    [['--bogus'], /no option --bogus/],
    [['--days'], /--days has no value/],
    [['--days', 'x', 'a.jwt'], /--days is 'x'/],
  ])('says what is wrong with %j', async (args, why) => {
    const { status, stderr } = await run(args);
    expect({ status, stderr: stderr.trimEnd() }).toEqual({ status: 2, stderr: expect.stringMatching(why) });
    expect(stderr).toContain(' — FIX: ');
  });

  test('tells how it is used', async () => {
    const { status, stdout } = await run(['--help']);
    expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringContaining('--metrics ') });
    expect(stdout).not.toContain('set -');
  });
});
