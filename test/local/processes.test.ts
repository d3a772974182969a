import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { currentBootId, identify, isAlive, parseStat, signal } from '../../local/processes/identity';
import { isLock, lockHolder, tryLock } from '../../local/processes/lock';
import { ProcessRecords } from '../../local/processes/records';
import { run, tryRun } from '../../local/processes/run';
import { Supervisor } from '../../local/processes/supervisor';
import { waitFor } from '../../local/processes/wait';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'processes-test-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

describe('the identity of a process', () => {
  test('is read past a name that holds brackets and spaces', () => {
    const fields = ['S', ...Array.from({ length: 18 }, (_, index) => `${index}`), '4711', 'rest'];
    expect(parseStat(`12 (a) b (c)) ${fields.join(' ')}`)).toEqual({ state: 'S', startTime: '4711' });
    expect(parseStat('')).toBeUndefined();
  });

  test('a process of the same number that started at another time, or before the last boot, is another one', () => {
    const me = identify(process.pid);
    if (me === undefined) throw new Error('this process should be found');
    expect(isAlive(me)).toBe(true);
    expect(me.bootId).toBe(currentBootId());
    expect(isAlive({ ...me, startTime: `${Number(me.startTime) - 1}` })).toBe(false);
    expect(isAlive({ ...me, bootId: 'another boot' })).toBe(false);
  });

  test('a reused number is never signalled', async () => {
    const child = spawn('sleep', ['60']);
    const identity = identify(child.pid ?? 0);
    if (identity === undefined) throw new Error('the child should be found');
    expect(signal({ ...identity, startTime: '1' }, 'SIGKILL')).toBe(false);
    expect(isAlive(identity)).toBe(true);
    expect(signal(identity, 'SIGKILL')).toBe(true);
    await new Promise((resolve) => child.on('exit', resolve));
    expect(signal(identity, 'SIGKILL')).toBe(false);
  });
});

describe('a lock', () => {
  const path = (): string => join(directory, 'a', 'lock');

  test('is refused while its holder lives, naming it, and free after release', () => {
    const first = tryLock(path(), 'one');
    expect(isLock(first)).toBe(true);
    expect(tryLock(path(), 'two')).toMatchObject({ pid: process.pid, purpose: 'one' });
    expect(lockHolder(path())?.purpose).toBe('one');
    if (isLock(first)) first.release();
    expect(lockHolder(path())).toBeUndefined();
    expect(isLock(tryLock(path(), 'three'))).toBe(true);
  });

  test.each([
    [
      'of a holder that has died',
      JSON.stringify({ pid: 1, startTime: 'never', bootId: 'never', purpose: 'old' }),
    ],
    ['that cannot be read', '{'],
  ])('%s is taken over', (_, text) => {
    const held = tryLock(path(), 'makes the folder');
    if (isLock(held)) held.release();
    writeFileSync(path(), text);
    expect(isLock(tryLock(path(), 'new'))).toBe(true);
    expect(lockHolder(path())?.purpose).toBe('new');
  });

  test('releasing it twice does not free it for whoever holds it now', () => {
    const first = tryLock(path(), 'one');
    if (!isLock(first)) throw new Error('the first should have it');
    first.release();
    tryLock(path(), 'two');
    first.release();
    expect(lockHolder(path())?.purpose).toBe('two');
  });
});

describe('records', () => {
  test('are found by whoever looks into the folder, and tell the living from the dead', () => {
    const records = new ProcessRecords(join(directory, 'records'));
    expect(records.all()).toEqual([]);
    const me = identify(process.pid);
    if (me === undefined) throw new Error('this process should be found');
    records.add({ ...me, name: 'me', log: '' });
    records.add({ ...me, startTime: '1', name: 'gone', log: '' });
    const again = new ProcessRecords(join(directory, 'records'));
    expect(
      again
        .all()
        .map((record) => record.name)
        .sort(),
    ).toEqual(['gone', 'me']);
    expect(again.alive().map((record) => record.name)).toEqual(['me']);
    again.remove('me');
    expect(records.find('me')).toBeUndefined();
  });
});

describe('a supervisor', () => {
  const supervisor = (): Supervisor =>
    new Supervisor({ records: join(directory, 'records'), logs: join(directory, 'logs') });

  test('starts a process as the leader of its own group, logs it, and another supervisor ends it', async () => {
    const record = await supervisor().start({
      name: 'sleeper',
      command: 'sh',
      args: ['-c', 'echo started; sleep 60'],
      ready: async () => readFileSync(join(directory, 'logs', 'sleeper.log'), 'utf8').includes('started'),
    });
    const group = readFileSync(`/proc/${record.pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[2];
    expect(group).toBe(`${record.pid}`);
    await expect(supervisor().start({ name: 'sleeper', command: 'true', args: [] })).rejects.toThrow(
      'already running',
    );
    await supervisor().stop('sleeper');
    expect(isAlive(record)).toBe(false);
    expect(supervisor().records.all()).toEqual([]);
  });

  test('kills what does not listen', async () => {
    const one = supervisor();
    const record = await one.start({
      name: 'deaf',
      command: 'sh',
      args: ['-c', 'trap "" TERM; echo deaf; while :; do sleep 0.1; done'],
      ready: async () => readFileSync(one.logPath('deaf'), 'utf8').includes('deaf'),
    });
    await one.stop('deaf', 200);
    expect(isAlive(record)).toBe(false);
  });

  test('quotes the log of a process that ended instead of becoming ready', async () => {
    const start = supervisor().start({
      name: 'broken',
      command: 'sh',
      args: ['-c', 'echo "no such certificate" >&2; exit 3'],
      ready: async () => false,
    });
    await expect(start).rejects.toThrow(/broken has ended.*\n.*no such certificate/);
  });

  test('starts and awaits nothing once it is closed', async () => {
    const one = supervisor();
    const waiting = one.start({ name: 'slow', command: 'sleep', args: ['60'], ready: async () => false });
    setTimeout(() => one.close(), 100);
    await expect(waiting).rejects.toThrow('the instance is being ended');
    await expect(one.start({ name: 'late', command: 'sleep', args: ['60'] })).rejects.toThrow('being ended');
    expect(one.records.find('late')).toBeUndefined();
    await one.kill(one.records.all());
    expect(one.records.alive()).toEqual([]);
  });
});

describe('a command', () => {
  test('passes input and returns output; a failure carries what was said', async () => {
    expect(await run('cat', [], { input: 'text' })).toBe('text');
    await expect(run('sh', ['-c', 'echo why >&2; exit 4'])).rejects.toThrow(/ended with 4:\nwhy/);
  });

  test('that takes too long is killed and says so', async () => {
    const result = await tryRun('sleep', ['60'], { timeoutMs: 100 });
    expect(result.exitCode).not.toBe(0);
    expect(result.stderr).toContain('SIGKILL');
  });
});

describe('waiting', () => {
  test('names what was not there in time and the last reason', async () => {
    const waiting = waitFor({ what: 'The server', timeoutMs: 50, everyMs: 10 }, () => {
      throw new Error('refused');
    });
    await expect(waiting).rejects.toThrow(
      'The server was not there after 0 s. The last attempt said: refused',
    );
  });
});
