import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const SCRIPT = join(__dirname, '../../../constructs/postgres/scripts/decide.sh');

const FACTS = {
  DATA: ['empty', 'partial', 'present'],
  MARKER: ['none', 'complete', 'other'],
  PROGRESS: ['none', 'initialise', 'restore'],
  MANIFEST: ['yes', 'no'],
  CONTROL: ['readable', 'unreadable'],
  MAJOR: ['same', 'other'],
  HISTORY: ['member', 'absent', 'none'],
  REPOSITORIES: ['backup', 'empty', 'deleted', 'history', 'unknown'],
  BACKUP: ['fits', 'none', 'other-major', 'too-big'],
  LEASE: ['own', 'none', 'superseded', 'unknown'],
  INITIALIZE: ['true', 'false'],
  RECOVER: ['none', 'ordered', 'invalid'],
  // Volumes made from snapshots have a table of their own.
  ARCHIVE: ['level'],
  SNAPSHOT: ['no'],
  REACHES: ['yes'],
  // Replicas have a table of their own.
  ROLE: ['primary'],
} as const;
type Name = keyof typeof FACTS;
type Facts = { readonly [N in Name]: (typeof FACTS)[N][number] };

const NAMES = Object.keys(FACTS) as Name[];

/** A standby, told all that could lead it astray: a new database, an ordered recovery, any lease. */
const STANDBY_FACTS = {
  ...FACTS,
  BACKUP: ['fits', 'none', 'too-big'],
  MAJOR: ['same'],
  LEASE: ['own', 'superseded'],
  INITIALIZE: ['true'],
  RECOVER: ['ordered'],
  ROLE: ['standby'],
  LINEAGE: ['follows', 'pending', 'left', 'unknown'],
  REBUILD: ['none', 'ordered'],
} as const;
type StandbyName = keyof typeof STANDBY_FACTS;
type StandbyFacts = { readonly [N in StandbyName]: (typeof STANDBY_FACTS)[N][number] };

function combinations<T>(facts: Readonly<Record<string, readonly string[]>>): T[] {
  let all: Record<string, string>[] = [{}];
  for (const [name, values] of Object.entries(facts))
    all = all.flatMap((before) => values.map((value) => ({ ...before, [name]: value })));
  return all as unknown as T[];
}

/** One shell decides them all: the function is what is tested, not how fast processes start. */
function decideAll<F extends object>(all: readonly F[], names: readonly string[] = NAMES): string[] {
  const program = `source "$1"; while read -r ${names.map((name) => `FACT_${name}`).join(' ')}; do decide; done`;
  const input = all
    .map((facts) => names.map((name) => (facts as Record<string, string>)[name]).join(' '))
    .join('\n');
  const output = execFileSync('bash', ['-c', program, 'test', SCRIPT], {
    input: `${input}\n`,
    encoding: 'utf8',
    maxBuffer: 1e8,
  });
  return output.trimEnd().split('\n');
}

const all = combinations<Facts>(FACTS);
const actions = decideAll(all);
const cases = all.map((facts, index) => ({ facts, action: actions[index] ?? '' }));

/** Every combination in which the action is taken but the condition does not hold. */
function violations(applies: (action: string) => boolean, condition: (facts: Facts) => boolean): Facts[] {
  return cases.filter(({ facts, action }) => applies(action) && !condition(facts)).map(({ facts }) => facts);
}
const is =
  (...wanted: string[]) =>
  (action: string) =>
    wanted.includes(action);
const writes = is('initialise', 'restore', 'resume-restore');
const begins = is('initialise', 'restore', 'resume-restore', 'recover-in-place');
const runs = is('start', 'adopt', 'initialise', 'restore', 'resume-restore', 'recover-in-place');
/** Beside kept data it must fit; into an empty volume it goes as far as it goes. */
const backupFits = (f: Facts) => f.BACKUP === 'fits' || f.BACKUP === 'too-big';
const leased = (f: Facts) => f.LEASE === 'own' || f.LEASE === 'none';

describe('the decision about data of the former major version, over all combinations of facts', () => {
  const UPGRADE = {
    ...FACTS,
    PROGRESS: ['none', 'restore', 'upgraded'],
    MANIFEST: ['no'],
    MAJOR: ['older'],
    ROOM: ['yes', 'no'],
    BACKUP: ['fits', 'older', 'none'],
    INITIALIZE: ['true'],
    RECOVER: ['none', 'ordered'],
  } as const;
  const named = Object.keys(UPGRADE) as (keyof typeof UPGRADE)[];
  let every: Record<string, string>[] = [{}];
  for (const name of named)
    every = every.flatMap((facts) => UPGRADE[name].map((value) => ({ ...facts, [name]: value })));
  const decided = decideAll(every, named);
  const upgrades = every.flatMap((facts, index) => [{ facts, action: decided[index] ?? '' }]);
  const without = (word: string, condition: (facts: Record<string, string>) => boolean) =>
    upgrades.filter(({ facts, action }) => action === word && !condition(facts));

  test('it is upgraded only when all is in order: ours, whole, leased, backed up, with room, and nothing else ordered', () => {
    expect(
      without(
        'upgrade',
        (f) =>
          f['DATA'] === 'present' &&
          f['MARKER'] === 'complete' &&
          f['CONTROL'] === 'readable' &&
          f['HISTORY'] === 'member' &&
          f['REPOSITORIES'] === 'backup' &&
          (f['LEASE'] === 'own' || f['LEASE'] === 'none') &&
          f['RECOVER'] === 'none' &&
          f['ROOM'] === 'yes',
      ),
    ).toEqual([]);
    expect(decided).toContain('upgrade');
  });

  test('it is never started, adopted or initialised over', () => {
    const words = ['start', 'adopt', 'initialise', 'recover-in-place'];
    expect(
      upgrades.filter(({ facts, action }) => facts['DATA'] === 'present' && words.includes(action)),
    ).toEqual([]);
  });

  test('an upgrade that was done is finished, unless a newer life has begun, whatever else there is', () => {
    expect(
      without('finish-upgrade', (f) => f['PROGRESS'] === 'upgraded' && f['LEASE'] !== 'superseded'),
    ).toEqual([]);
    const done = upgrades.filter(({ facts }) => facts['PROGRESS'] === 'upgraded');
    expect(new Set(done.map(({ action }) => action))).toEqual(
      new Set(['finish-upgrade', 'refuse:superseded']),
    );
  });

  test('a backup of it is restored into an empty volume, to be upgraded', () => {
    expect(
      upgrades.some(
        ({ facts, action }) =>
          facts['DATA'] === 'empty' && facts['BACKUP'] === 'older' && action === 'restore',
      ),
    ).toBe(true);
  });
});

describe('the decision about a volume, over all combinations of facts', () => {
  test('is exactly one known word for each', () => {
    expect(actions).toHaveLength(all.length);
    const words = new Set(actions);
    for (const word of words)
      expect(word).toMatch(
        /^(start|adopt|initialise|restore|resume-restore|recover-in-place|refuse:[a-z-]+)$/,
      );
    for (const word of ['start', 'adopt', 'initialise', 'restore', 'resume-restore', 'recover-in-place'])
      expect(words).toContain(word);
  });

  test('a database is initialised only where every repository was listed and is empty, and this deploy says so', () => {
    expect(
      violations(is('initialise'), (f) => f.REPOSITORIES === 'empty' && f.INITIALIZE === 'true'),
    ).toEqual([]);
  });

  test('nothing is initialised where data, a marker or a begun restore speaks of an earlier life', () => {
    expect(
      violations(
        is('initialise'),
        (f) => f.MARKER === 'none' && f.PROGRESS !== 'restore' && f.MANIFEST === 'no' && f.DATA !== 'partial',
      ),
    ).toEqual([]);
  });

  test('data that is there is taken for a finished initialisation only by our own mark', () => {
    expect(violations(is('initialise'), (f) => f.DATA === 'empty' || f.PROGRESS === 'initialise')).toEqual(
      [],
    );
  });

  test('an ordered recovery never ends in an initialisation', () => {
    expect(violations(is('initialise'), (f) => f.RECOVER === 'none')).toEqual([]);
  });

  test('nothing is ever written over data with our completion marker', () => {
    expect(violations(writes, (f) => f.DATA === 'empty' || f.MARKER !== 'complete')).toEqual([]);
  });

  test('files are restored over only when they are a restore that was interrupted', () => {
    expect(
      violations(
        is('restore', 'resume-restore'),
        (f) => f.DATA === 'empty' || f.PROGRESS === 'restore' || f.MANIFEST === 'yes',
      ),
    ).toEqual([]);
  });

  test('a restore needs a backup of this major version and an order that can be carried out', () => {
    expect(
      violations(
        is('restore', 'resume-restore'),
        (f) => f.REPOSITORIES === 'backup' && backupFits(f) && f.RECOVER !== 'invalid',
      ),
    ).toEqual([]);
  });

  test('foreign data is never run', () => {
    expect(violations(is('start', 'adopt'), (f) => f.HISTORY !== 'absent')).toEqual([]);
    expect(violations(is('adopt'), (f) => f.HISTORY === 'member')).toEqual([]);
  });

  test('data of another major version is never run or written', () => {
    expect(violations(runs, (f) => f.DATA !== 'present' || f.MAJOR === 'same')).toEqual([]);
  });

  test('a half restored directory is never run', () => {
    expect(violations(is('start', 'adopt'), (f) => f.MANIFEST === 'no')).toEqual([]);
    expect(violations(is('adopt'), (f) => f.PROGRESS !== 'restore')).toEqual([]);
  });

  test('data that cannot be identified is never run', () => {
    expect(violations(is('start', 'adopt'), (f) => f.CONTROL === 'readable' && f.DATA === 'present')).toEqual(
      [],
    );
  });

  test('availability first: our own complete data starts, whatever the repository says short of "foreign" and "superseded"', () => {
    const own = cases.filter(
      ({ facts: f }) =>
        f.DATA === 'present' &&
        f.MARKER === 'complete' &&
        f.MAJOR === 'same' &&
        f.CONTROL === 'readable' &&
        f.MANIFEST === 'no' &&
        f.HISTORY !== 'absent' &&
        f.LEASE !== 'superseded' &&
        (f.RECOVER !== 'ordered' || f.LEASE === 'unknown' || f.REPOSITORIES === 'unknown'),
    );
    expect(own.length).toBeGreaterThan(0);
    expect(own.filter(({ action }) => action !== 'start')).toEqual([]);
  });

  test('an empty volume is restored whenever a fitting backup exists, whether or not the deploy would initialise', () => {
    const restorable = cases.filter(
      ({ facts: f }) =>
        f.DATA === 'empty' &&
        f.MARKER === 'none' &&
        f.REPOSITORIES === 'backup' &&
        backupFits(f) &&
        leased(f) &&
        f.RECOVER !== 'invalid',
    );
    expect(restorable.length).toBeGreaterThan(0);
    expect(restorable.filter(({ action }) => action !== 'restore')).toEqual([]);
  });

  test('without an answer from the repository only our own complete data runs', () => {
    expect(
      violations(
        runs,
        (f) => f.REPOSITORIES !== 'unknown' || f.MARKER === 'complete' || f.HISTORY === 'member',
      ),
    ).toEqual([]);
  });

  test('only data with our own marker is simply started', () => {
    expect(violations(is('start'), (f) => f.MARKER === 'complete' && f.DATA === 'present')).toEqual([]);
  });

  test('a volume whose marker names a database that the stanza does not know is not restored from it', () => {
    expect(
      violations(writes, (f) => f.MARKER === 'none' || f.DATA !== 'empty' || f.HISTORY !== 'absent'),
    ).toEqual([]);
  });

  test('a volume of an older life never runs, and nothing is ever made of it', () => {
    expect(violations(runs, (f) => f.LEASE !== 'superseded')).toEqual([]);
  });

  test('a new life of the data begins only where its lease can be taken', () => {
    expect(violations(begins, leased)).toEqual([]);
  });

  test('only our own complete data is recovered in place: by an order, with a backup that fits beside it', () => {
    expect(
      violations(
        is('recover-in-place'),
        (f) =>
          f.DATA === 'present' &&
          f.MARKER === 'complete' &&
          f.RECOVER === 'ordered' &&
          f.REPOSITORIES === 'backup' &&
          f.BACKUP === 'fits',
      ),
    ).toEqual([]);
  });

  test('an order is never left out in silence: complete data starts without it only where the vault is unreadable', () => {
    expect(
      violations(
        is('start'),
        (f) => f.RECOVER !== 'ordered' || f.REPOSITORIES === 'unknown' || f.LEASE === 'unknown',
      ),
    ).toEqual([]);
  });

  test('a volume that lost its data under our marker is restored from its own stanza', () => {
    const lost = { ...plain, MARKER: 'complete', HISTORY: 'member', REPOSITORIES: 'backup' } as const;
    expect(decideAll([lost], NAMES)).toEqual(['restore']);
  });

  const plain: Facts = {
    DATA: 'empty',
    MARKER: 'none',
    PROGRESS: 'none',
    MANIFEST: 'no',
    CONTROL: 'readable',
    MAJOR: 'same',
    HISTORY: 'none',
    REPOSITORIES: 'empty',
    BACKUP: 'fits',
    LEASE: 'none',
    INITIALIZE: 'false',
    RECOVER: 'none',
    ARCHIVE: 'level',
    SNAPSHOT: 'no',
    REACHES: 'yes',
    ROLE: 'primary',
  };
  const complete = {
    DATA: 'present',
    MARKER: 'complete',
    HISTORY: 'member',
    REPOSITORIES: 'backup',
  } as const;
  test.each<[string, Partial<Facts>]>([
    ['nothing-to-restore', {}],
    ['no-backup', { REPOSITORIES: 'history', INITIALIZE: 'true' }],
    ['lost-data', { PROGRESS: 'restore', INITIALIZE: 'true' }],
    ['unknown-data', { DATA: 'present' }],
    ['unreachable', { DATA: 'present', REPOSITORIES: 'unknown' }],
    ['foreign', { DATA: 'present', HISTORY: 'absent', REPOSITORIES: 'backup' }],
    ['foreign', { DATA: 'present', HISTORY: 'absent', REPOSITORIES: 'unknown' }],
    ['control', { DATA: 'present', CONTROL: 'unreadable', REPOSITORIES: 'backup' }],
    ['unknown-files', { DATA: 'partial', REPOSITORIES: 'backup' }],
    ['superseded', { DATA: 'present', MARKER: 'complete', HISTORY: 'member', LEASE: 'superseded' }],
    ['superseded', { PROGRESS: 'restore', REPOSITORIES: 'backup', LEASE: 'superseded' }],
    ['foreign', { DATA: 'present', MARKER: 'complete', HISTORY: 'absent', LEASE: 'superseded' }],
    ['lease', { REPOSITORIES: 'backup', LEASE: 'unknown' }],
    ['lease', { INITIALIZE: 'true', LEASE: 'unknown' }],
    ['outside-window', { ...complete, RECOVER: 'ordered', BACKUP: 'none' }],
    ['no-space', { ...complete, RECOVER: 'ordered', BACKUP: 'too-big' }],
    ['backup-major', { ...complete, RECOVER: 'ordered', BACKUP: 'other-major' }],
    ['nothing-to-recover', { ...complete, RECOVER: 'ordered', REPOSITORIES: 'empty' }],
    ['outside-window', { REPOSITORIES: 'backup', BACKUP: 'none' }],
  ])('the reason %s is given for %j', (reason, facts) => {
    expect(decideAll([{ ...plain, ...facts }], NAMES)).toEqual([`refuse:${reason}`]);
  });

  test('an empty volume with an unreadable repository says so', () => {
    const unread = cases.filter(
      ({ facts: f }) =>
        f.DATA === 'empty' && f.MARKER === 'none' && f.REPOSITORIES === 'unknown' && f.LEASE !== 'superseded',
    );
    expect(new Set(unread.map(({ action }) => action))).toEqual(new Set(['refuse:unreachable']));
  });

  test('it can be asked alone, by facts in the environment', () => {
    const facts = Object.fromEntries(NAMES.map((name) => [`FACT_${name}`, FACTS[name][0] as string]));
    const output = execFileSync('bash', [SCRIPT], { env: { ...process.env, ...facts }, encoding: 'utf8' });
    expect(output.trim()).toBe(
      decideAll([Object.fromEntries(NAMES.map((name) => [name, FACTS[name][0]])) as Facts], NAMES)[0],
    );
  });
});

describe('the decision about data that may be of a snapshot, over all combinations of facts', () => {
  const SNAPSHOTS = {
    ...FACTS,
    DATA: ['present'],
    MARKER: ['none', 'complete'],
    PROGRESS: ['none', 'catch-up'],
    MANIFEST: ['no'],
    CONTROL: ['readable'],
    MAJOR: ['same', 'older'],
    BACKUP: ['fits', 'too-big'],
    INITIALIZE: ['true'],
    ARCHIVE: ['level', 'behind', 'gap', 'left', 'unknown'],
    SNAPSHOT: ['yes', 'no'],
    REACHES: ['yes', 'no'],
    ROOM: ['yes'],
  } as const;
  type SnapshotFacts = { readonly [N in keyof typeof SNAPSHOTS]: (typeof SNAPSHOTS)[N][number] };
  const every = combinations<SnapshotFacts>(SNAPSHOTS).filter(
    (f) => f.RECOVER === 'ordered' || f.REACHES === 'yes',
  );
  const decided = decideAll(every, Object.keys(SNAPSHOTS));
  const table = every.map((facts, index) => ({ facts, action: decided[index] ?? '' }));
  const wrong = (action: string, condition: (facts: SnapshotFacts) => boolean) =>
    table.filter((one) => one.action === action && !condition(one.facts)).map(({ facts }) => facts);
  const lags = (f: SnapshotFacts) =>
    /behind|gap|left/.test(f.ARCHIVE) || f.SNAPSHOT === 'yes' || f.PROGRESS === 'catch-up';

  test('what is behind its archive, or told to be a snapshot, is never started, adopted or upgraded', () => {
    for (const word of ['start', 'adopt', 'upgrade']) {
      expect(decided).toContain(word);
      expect(wrong(word, (f) => !lags(f))).toEqual([]);
    }
  });

  test('it catches up only with an archive that is known, whole from there on, and of its own life, by a lease', () => {
    expect(decided).toContain('catch-up');
    expect(
      wrong(
        'catch-up',
        (f) =>
          lags(f) &&
          (f.ARCHIVE === 'behind' || f.ARCHIVE === 'level') &&
          f.HISTORY === 'member' &&
          (f.LEASE === 'own' || f.LEASE === 'none') &&
          /backup|history|empty/.test(f.REPOSITORIES) &&
          f.RECOVER !== 'invalid' &&
          f.REACHES === 'yes' &&
          f.MAJOR === 'same',
      ),
    ).toEqual([]);
  });

  test('it does so whenever all of that holds, whether or not there is a backup or room for one', () => {
    const fit = table.filter(
      ({ facts: f }) =>
        f.ARCHIVE === 'behind' &&
        f.HISTORY === 'member' &&
        f.MAJOR === 'same' &&
        (f.LEASE === 'own' || f.LEASE === 'none') &&
        /backup|history/.test(f.REPOSITORIES) &&
        f.RECOVER !== 'invalid' &&
        f.REACHES === 'yes',
    );
    expect(fit.length).toBeGreaterThan(0);
    expect(fit.filter(({ action }) => action !== 'catch-up')).toEqual([]);
  });

  test('an order that it cannot reach is carried out from the repository beside it, or refused', () => {
    const unreached = table.filter(({ facts: f }) => lags(f) && f.REACHES === 'no' && f.MAJOR === 'same');
    const words = new Set(unreached.map(({ action }) => action.replace(/^refuse:.*/, 'refuse')));
    expect(words).toEqual(new Set(['recover-in-place', 'refuse']));
  });

  const plain = { ...every[0], MARKER: 'complete', HISTORY: 'member', REPOSITORIES: 'backup', LEASE: 'own' };
  test.each<[string, Partial<SnapshotFacts>]>([
    ['left', { ARCHIVE: 'left' }],
    ['gap', { ARCHIVE: 'gap' }],
    ['unreachable', { ARCHIVE: 'unknown', SNAPSHOT: 'yes' }],
    ['unreachable', { ARCHIVE: 'unknown', PROGRESS: 'catch-up', SNAPSHOT: 'no' }],
    ['deleted', { REPOSITORIES: 'deleted', HISTORY: 'none', SNAPSHOT: 'yes' }],
    ['no-archive', { REPOSITORIES: 'empty', HISTORY: 'none', SNAPSHOT: 'yes' }],
    ['recover-invalid', { ARCHIVE: 'behind', RECOVER: 'invalid' }],
    ['lease', { ARCHIVE: 'behind', LEASE: 'unknown' }],
    ['superseded', { ARCHIVE: 'behind', LEASE: 'superseded' }],
    ['upgrade-behind', { ARCHIVE: 'behind', MAJOR: 'older' }],
  ])('the reason %s is given for %j', (reason, facts) => {
    expect(decideAll([{ ...plain, ...facts }], Object.keys(plain))).toEqual([`refuse:${reason}`]);
  });
});

describe('the decision about a standby, over all combinations of its facts', () => {
  const names = Object.keys(STANDBY_FACTS);
  const every = combinations<StandbyFacts>(STANDBY_FACTS);
  const decided = decideAll(every, names);
  const table = every.map((facts, index) => ({ facts, action: decided[index] ?? '' }));
  const wrong = (action: RegExp, condition: (facts: StandbyFacts) => boolean) =>
    table.filter((one) => action.test(one.action) && !condition(one.facts)).map(({ facts }) => facts);

  test('is a word for standbys: none of them begins a life, adopts, or carries out an order', () => {
    const words = new Set(decided);
    for (const word of words)
      expect(word).toMatch(
        /^(start-standby|restore-standby|rebuild-standby|wait:(backup|primary)|refuse:[a-z-]+)$/,
      );
    for (const word of [
      'start-standby',
      'restore-standby',
      'rebuild-standby',
      'wait:backup',
      'wait:primary',
      'refuse:left-behind',
      'refuse:unmarked-standby',
    ])
      expect(words).toContain(word);
  });

  test('only complete data of our own that follows is started; where nothing can be read, also what was a standby', () => {
    expect(
      wrong(
        /^start-standby$/,
        (f) =>
          f.DATA === 'present' &&
          f.MARKER === 'complete' &&
          f.MANIFEST === 'no' &&
          f.CONTROL === 'readable' &&
          f.HISTORY !== 'absent' &&
          (f.LINEAGE === 'follows' || f.LINEAGE === 'unknown') &&
          (f.REBUILD === 'none' || f.REPOSITORIES === 'unknown'),
      ),
    ).toEqual([]);
  });

  test('complete data is moved away only by an order, and nothing else is restored over it', () => {
    expect(wrong(/^restore-standby$/, (f) => f.DATA === 'empty' || f.MARKER !== 'complete')).toEqual([]);
    expect(
      wrong(
        /^rebuild-standby$/,
        (f) => f.REBUILD === 'ordered' && f.MARKER === 'complete' && f.BACKUP === 'fits',
      ),
    ).toEqual([]);
  });

  test('files are restored over only when they are a restore that was interrupted', () => {
    expect(
      wrong(
        /^restore-standby$/,
        (f) => f.DATA === 'empty' || f.PROGRESS === 'restore' || f.MANIFEST === 'yes',
      ),
    ).toEqual([]);
  });

  test('a restore needs a backup, and the timeline that the newest life goes on with', () => {
    expect(
      wrong(
        /^re(store|build)-standby$/,
        (f) => f.REPOSITORIES === 'backup' && f.BACKUP !== 'none' && /follows|left/.test(f.LINEAGE),
      ),
    ).toEqual([]);
  });

  test('what another database left is refused, and an unreadable vault makes an empty volume neither wait nor begin', () => {
    expect(wrong(/^[^r]|^re[^f]/, (f) => f.MARKER === 'none' || f.HISTORY !== 'absent')).toEqual([]);
    const unread = table.filter(
      ({ facts: f }) => f.DATA === 'empty' && f.MARKER === 'none' && f.REPOSITORIES === 'unknown',
    );
    expect(new Set(unread.map(({ action }) => action))).toEqual(new Set(['refuse:unreachable']));
  });

  test('which pod this is must be known before anything is made of a volume', () => {
    const unknown = { ...every[0], ROLE: 'unknown' };
    expect(decideAll([unknown], names)).toEqual(['refuse:role']);
  });
});
