import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Background, eventually } from './processes';
import { podScriptsFolder } from './scripts-folder';

const scripts = podScriptsFolder();
let directory: string;
const started: Background[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'exporter-'));
});
afterEach(() => {
  for (const one of started.splice(0)) one.kill();
  rmSync(directory, { recursive: true, force: true });
});

function start(...command: readonly string[]): Background {
  const exporter = Background.direct(
    [join(scripts, 'exporter.sh'), ...command],
    { cwd: directory, env: { RESTART_SECONDS: '0.1' } },
    join(directory, 'log'),
  );
  started.push(exporter);
  return exporter;
}

/** A stand-in for an exporter. */
function program(text: string): string {
  const path = join(directory, 'an-exporter');
  writeFileSync(path, `#!/bin/bash\n${text}\n`, { mode: 0o755 });
  return path;
}

const times = (exporter: Background, words: string) => exporter.log.split(words).length - 1;

test('an exporter that ends is started again, with its arguments, and the container runs on', async () => {
  const exporter = start(program('echo "began with $*"; exit 3'), '--one', 'two words');
  await eventually('it began three times', async () => times(exporter, 'began with --one two words') >= 3);
  expect(exporter.running).toBe(true);
  expect(exporter.log).toMatch(/WARNING an-exporter ended with status 3 and is started again/);
});

test('a program that the image does not have is told with what to do, and ends nothing', async () => {
  const exporter = start('prometheus-no-such-exporter');
  await eventually('it was tried twice', async () => times(exporter, 'is not in this image') >= 2);
  expect(exporter.running).toBe(true);
  expect(exporter.log).toMatch(
    /WARNING prometheus-no-such-exporter is not in this image, .* — FIX: .*exporters\.image$/m,
  );
});

test('when the pod ends the exporter is ended at once, and is not started again', async () => {
  const exporter = start(program('trap "echo ended; exit 0" TERM; echo began; while :; do sleep 0.05; done'));
  await eventually('it began', async () => times(exporter, 'began') === 1);
  exporter.signal('SIGTERM');
  expect(await exporter.exit(5000)).toBe(143);
  await eventually('it was told', async () => times(exporter, 'ended\n') === 1);
  expect(times(exporter, 'began')).toBe(1);
});

test('a pod that ends while one is waited for ends at once, too', async () => {
  const exporter = Background.direct(
    [join(scripts, 'exporter.sh'), 'no-such-program'],
    { cwd: directory, env: { RESTART_SECONDS: '60' } },
    join(directory, 'log'),
  );
  started.push(exporter);
  await eventually('it waits', async () => times(exporter, 'is not in this image') === 1);
  exporter.signal('SIGTERM');
  expect(await exporter.exit(5000)).toBe(143);
});
