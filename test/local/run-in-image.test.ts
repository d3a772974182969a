import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildImages, runInImage } from '../../local/images';

let directory: string;

// The first time ever, this builds the image.
beforeAll(() => buildImages(() => undefined), 900_000);

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'run-in-image-test-'));
  chmodSync(directory, 0o777);
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

test('runs as the image user on a read-only root, with the environment that was asked for and no other', async () => {
  process.env['LEAKED'] = 'from outside';
  const script =
    'id -u; id -g; touch /etc/x 2>/dev/null && echo writable; echo "$GIVEN/$LEAKED"; pwd; command -v psql';
  const result = await runInImage('postgres', ['bash', '-c', script], { env: { GIVEN: 'a b' } });
  delete process.env['LEAKED'];
  expect(result.stdout.split('\n')).toEqual([
    '999',
    '999',
    'a b/',
    '/var/lib/postgresql',
    '/usr/lib/postgresql/17/bin/psql',
    '',
  ]);
});

test('mounts folders and files, read-only unless told otherwise, and empty folders in memory', async () => {
  writeFileSync(join(directory, 'given'), 'hello');
  const script =
    'cat /one/given /file; echo x > /one/new 2>/dev/null; echo y > /two/new; echo z > /empty/z; ls /empty';
  const result = await runInImage('postgres', ['bash', '-c', script], {
    mounts: [
      { source: directory, target: '/one' },
      { source: join(directory, 'given'), target: '/file' },
      { source: directory, target: '/two', readOnly: false },
      { emptyDir: '/empty' },
    ],
  });
  expect(result.stdout).toBe('hellohelloz\n');
  expect(readFileSync(join(directory, 'new'), 'utf8')).toBe('y\n');
});

test('hands back exit code and messages, and leaves no process and no folder', async () => {
  // Other tests work in the usual place at the same time.
  process.env['TMPDIR'] = directory;
  const failed = await runInImage('postgres', ['bash', '-c', 'sleep 97531 & echo why >&2; exit 7']);
  expect(failed).toMatchObject({ exitCode: 7, stderr: 'why\n' });
  const late = await runInImage('postgres', ['sleep', '97531'], { timeoutMs: 500 });
  expect(late.stderr).toContain('SIGKILL');
  expect(commandLines().filter((line) => line.includes('sleep\u000097531'))).toEqual([]);
  delete process.env['TMPDIR'];
  expect(readdirSync(directory)).toEqual([]);
});

test('has what the pods need, and nothing of a cluster of its own', async () => {
  const programs = 'bash curl jq openssl pgbackrest postgres pg_ctl pg_dump pg_amcheck pgrep';
  const script = `
    for program in ${programs}; do command -v "$program" >/dev/null || echo "no $program"; done
    ls -d /etc/pgbackrest.conf /etc/postgresql 2>/dev/null
    ls -A /var/lib/postgresql
    pgbackrest version`;
  const result = await runInImage('postgres', ['bash', '-c', script]);
  expect(result.stdout).toMatch(/^pgBackRest 2\.\d+\.\d+\n$/);
});

test('the exporters run in it, and the one that asks endpoints in its own', async () => {
  const found = (...programs: string[]) => [
    'bash',
    '-c',
    `for program in "$@"; do "$program" --help >/dev/null 2>&1 && echo "$program"; done`,
    'bash',
    ...programs.map((name) => `prometheus-${name}-exporter`),
  ];
  expect((await runInImage('postgres', found('postgres', 'pgbackrest'))).stdout).toBe(
    'prometheus-postgres-exporter\nprometheus-pgbackrest-exporter\n',
  );
  expect((await runInImage('blackbox-exporter', found('blackbox'))).stdout).toBe(
    'prometheus-blackbox-exporter\n',
  );
}, 300_000);

function commandLines(): string[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, 'utf8')];
      } catch {
        return [];
      }
    });
}
