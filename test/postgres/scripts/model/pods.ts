import type { Decide, Facts } from './decision';

/** One clock for everything: a commit's time is its place in the WAL as well. */
type Commits = readonly number[];

interface Ancestor {
  readonly timeline: number;
  readonly end: number;
}

interface Lease {
  readonly number: number;
  readonly holder: number;
}

class Vault {
  up = true;
  stanza = false;
  backups: { timeline: number; at: number }[] = [];
  readonly wal = new Map<number, Commits>();
  readonly histories = new Map<number, readonly Ancestor[]>();
  readonly leases = new Map<number, { holder: number; pod: number }>();
  readonly lineage = new Map<number, number>();

  get newest(): number {
    return Math.max(0, ...this.leases.keys());
  }

  get highestTimeline(): number {
    return Math.max(1, ...this.histories.keys());
  }

  followed(): { timeline: number; lease: number } {
    const found = [...this.lineage]
      .sort(([a], [b]) => b - a)
      .find(([, timeline]) => timeline === 1 || this.histories.has(timeline));
    return found === undefined ? { timeline: 1, lease: 0 } : { lease: found[0], timeline: found[1] };
  }

  ancestors(timeline: number): readonly Ancestor[] {
    return this.histories.get(timeline) ?? [];
  }

  /** `own`: where data of this timeline says that it comes from. */
  liesOn(timeline: number, position: number, own: readonly Ancestor[] = this.ancestors(timeline)): boolean {
    const followed = this.followed().timeline;
    const history = this.ancestors(followed);
    if (
      own.some((one, index) => history[index]?.timeline !== one.timeline || history[index]?.end !== one.end)
    )
      return false;
    return (
      timeline === followed ||
      this.ancestors(followed).some((one) => one.timeline === timeline && position <= one.end)
    );
  }

  backup(): { timeline: number; at: number } | undefined {
    return this.backups
      .filter(({ at, timeline }) => this.liesOn(timeline, at))
      .sort((a, b) => b.at - a.at)[0];
  }

  /** All that the archive has, along the recorded timeline. */
  replayed(): Commits {
    const { timeline } = this.followed();
    let begin = 0;
    const parts = this.ancestors(timeline).flatMap((one) => {
      const part = (this.wal.get(one.timeline) ?? []).filter((at) => at > begin && at <= one.end);
      begin = one.end;
      return part;
    });
    return [...parts, ...(this.wal.get(timeline) ?? []).filter((at) => at > begin)];
  }
}

let holders = 0;
const sameEnds = (a: readonly Ancestor[], b: readonly Ancestor[]): boolean =>
  a.length === b.length &&
  a.every((one, index) => one.timeline === b[index]?.timeline && one.end === b[index]?.end);
const position = (commits: Commits): number => Math.max(0, ...commits);

class Volume {
  data: 'empty' | 'half' | 'whole' = 'empty';
  commits: Commits = [];
  timeline = 1;
  history: readonly Ancestor[] = [];
  /** pg_control; `backup`: restored, and never started. */
  state: 'production' | 'clean' | 'recovery' | 'backup' = 'clean';
  /** standby.signal, or recovery.signal. */
  signal: 'standby' | 'recovery' | undefined;
  marker: { readonly role: 'primary' | 'standby'; readonly lease: number } | undefined;
  progress: 'initialise' | 'restore' | undefined;
  lease: Lease | undefined;
  readonly done = new Set<number>();
  readonly kept: Commits[] = [];
  running: 'primary' | 'standby' | undefined;
  traced = true;
  /** WAL of earlier timelines that its archiver will push, too: its own, or what promote.sh has told it to. */
  queued = false;
}

export const POD_STEPS = [
  'write',
  'archive',
  'backup',
  'stream',
  'start',
  'crash',
  'stop',
  'lose',
  'lose all',
  'promote',
  'demote',
  'rebuild',
  'vault down',
  'vault up',
] as const;

export interface PodStep {
  readonly what: (typeof POD_STEPS)[number];
  readonly pod: 0 | 1;
  /** The moment at which it is killed. */
  readonly n: number;
}

const NEVER = 99;

/** Two pods of one database, their vault, and a log of what was archived, which may never be lost. */
export class Pods {
  readonly vault = new Vault();
  private readonly volumes = [new Volume(), new Volume()] as [Volume, Volume];
  private clock = 0;
  private initialize = false;
  private orders = 0;
  private readonly rebuilds: [number | undefined, number | undefined] = [undefined, undefined];
  private truth: Commits = [];

  constructor(private readonly decide: Decide) {}

  /** A database with commits and a backup, and a replica that follows. */
  establish(): void {
    this.initialize = true;
    const on = (pod: 0 | 1, ...steps: readonly PodStep['what'][]) => {
      for (const what of steps) this.take({ what, pod, n: NEVER });
    };
    on(0, 'start', 'write', 'backup', 'write', 'archive');
    on(1, 'start', 'stream');
    this.initialize = false;
    if (this.volumes[1].running !== 'standby') throw new Error('no replica was established');
  }

  take({ what, pod, n }: PodStep): void {
    this.clock += 1;
    const volume = this.volumes[pod];
    switch (what) {
      case 'write':
        if (volume.running === 'primary') volume.commits = [...volume.commits, this.clock];
        break;
      case 'archive':
        this.archive(volume);
        break;
      case 'backup':
        if (this.archive(volume)) this.vault.backups.push({ timeline: volume.timeline, at: this.clock });
        break;
      case 'stream':
        this.follow(volume);
        break;
      case 'start':
        this.start(pod, n);
        break;
      case 'crash':
        volume.running = undefined;
        break;
      case 'stop':
        if (volume.running === 'primary') volume.state = 'clean';
        volume.running = undefined;
        break;
      case 'lose':
        this.volumes[pod] = new Volume();
        break;
      case 'lose all':
        this.volumes[0] = new Volume();
        this.volumes[1] = new Volume();
        break;
      case 'promote':
        this.promote(pod, n);
        break;
      case 'demote':
        if (volume.running === 'primary') this.demote(volume);
        break;
      case 'rebuild':
        this.orders += 1;
        this.rebuilds[pod] = this.orders;
        break;
      case 'vault down':
        this.vault.up = false;
        break;
      case 'vault up':
        this.vault.up = true;
        break;
    }
  }

  /** With a vault in order and an operator who does as he is told, there is one primary, and a replica of it. */
  settle(): void {
    this.vault.up = true;
    this.initialize = true;
    this.rebuilds.fill(undefined);
    for (const volume of this.volumes) volume.running = undefined;
    const gone = this.vault.stanza && this.vault.backups.length === 0;
    for (let round = 0; round < 6; round += 1) {
      // One that was left behind while it ran finds that out when it starts again.
      for (const volume of this.volumes) if (volume.running === 'standby') volume.running = undefined;
      for (const pod of [0, 1] as const) {
        if (this.volumes[pod].running === undefined && this.start(pod, NEVER) === 'refuse:left-behind') {
          this.take({ what: 'rebuild', pod, n: NEVER });
        }
        this.archive(this.volumes[pod]);
        if (this.volumes[pod].running === 'primary' && this.vault.backups.length === 0)
          this.take({ what: 'backup', pod, n: NEVER });
      }
      // A promotion that was begun and lost its lease: somebody says who it is.
      if (!this.volumes.some(({ running }) => running === 'primary'))
        for (const pod of [0, 1] as const) if (round === 2) this.promote(pod, NEVER);
    }
    const [primary, ...more] = this.volumes.filter(({ running }) => running === 'primary');
    if (primary === undefined || more.length > 0) {
      if (gone) return;
      throw new Error(`${more.length > 0 ? 'two primaries' : 'no primary'} in the end: ${this.told()}`);
    }
    this.archive(primary);
    const replica = this.volumes.find((one) => one !== primary);
    if (replica !== undefined) this.follow(replica);
    if (replica?.running !== 'standby' || position(replica.commits) !== position(primary.commits))
      throw new Error(`no replica in the end: ${this.told()}`);
  }

  private told(): string {
    return JSON.stringify([this.volumes, [this.facts(0), this.facts(1)]]);
  }

  // What facts.sh, lease.sh and replication.sh find out.

  private facts(pod: 0 | 1): Facts & Required<Pick<Facts, 'LINEAGE' | 'REBUILD'>> {
    const { vault } = this;
    const volume = this.volumes[pod];
    const role = this.role(pod);
    return {
      DATA: volume.data === 'empty' ? 'empty' : 'present',
      MARKER: volume.marker === undefined ? 'none' : 'complete',
      PROGRESS: volume.progress ?? 'none',
      MANIFEST: volume.data === 'half' ? 'yes' : 'no',
      CONTROL: volume.data === 'whole' ? 'readable' : 'unreadable',
      MAJOR: 'same',
      HISTORY:
        !vault.up || !vault.stanza
          ? 'none'
          : volume.data === 'whole' || volume.marker !== undefined
            ? 'member'
            : 'absent',
      REPOSITORIES: !vault.up
        ? 'unknown'
        : vault.backups.length > 0
          ? 'backup'
          : vault.stanza
            ? 'history'
            : 'empty',
      BACKUP: vault.up && vault.backup() !== undefined ? 'fits' : 'none',
      LEASE: this.leaseFact(volume),
      INITIALIZE: this.initialize ? 'true' : 'false',
      RECOVER: 'none',
      ARCHIVE: 'level',
      SNAPSHOT: 'no',
      REACHES: 'yes',
      ROLE: role,
      LINEAGE: this.lineageFact(pod),
      REBUILD: role === 'standby' && this.orderedRebuild(pod) !== undefined ? 'ordered' : 'none',
    };
  }

  private get designated(): number {
    return this.vault.leases.get(this.vault.newest)?.pod ?? 0;
  }

  private complete(volume: Volume): boolean {
    return volume.data === 'whole' && volume.marker !== undefined;
  }

  private role(pod: 0 | 1): Facts['ROLE'] {
    const volume = this.volumes[pod];
    const complete = this.complete(volume);
    if (!this.vault.up) return complete ? (volume.marker?.role ?? 'unknown') : 'unknown';
    if (this.designated !== pod) return 'standby';
    const was = complete && volume.marker?.role === 'standby' && this.leaseFact(volume) !== 'own';
    return was ? 'standby' : 'primary';
  }

  private lineageFact(pod: 0 | 1): NonNullable<Facts['LINEAGE']> {
    const volume = this.volumes[pod];
    const { vault } = this;
    const known = this.complete(volume) && volume.state !== 'backup';
    if (known && volume.state === 'production') return 'left';
    if (!vault.up) return 'unknown';
    if (vault.followed().lease < vault.newest && volume.signal !== 'standby') return 'pending';
    if (!this.complete(volume) && !this.answers(this.designated)) return 'pending';
    if (!known) return 'follows';
    return vault.liesOn(volume.timeline, position(volume.commits), volume.history) ? 'follows' : 'left';
  }

  private answers(pod: number): boolean {
    return this.volumes[pod]?.running !== undefined;
  }

  private orderedRebuild(pod: 0 | 1): number | undefined {
    const id = this.rebuilds[pod];
    return id === undefined || this.volumes[pod].done.has(id) ? undefined : id;
  }

  private leaseFact(volume: Volume): Facts['LEASE'] {
    if (!this.vault.up) return 'unknown';
    const { lease } = volume;
    const isNew = volume.data === 'empty' && volume.marker === undefined && volume.progress === undefined;
    if (!isNew && this.outrun(lease)) return 'superseded';
    return lease === undefined || this.outrun(lease) ? 'none' : 'own';
  }

  private outrun(lease: Lease | undefined): boolean {
    const { leases, newest } = this.vault;
    if (newest > (lease?.number ?? 0)) return true;
    return lease !== undefined && newest === lease.number && leases.get(newest)?.holder !== lease.holder;
  }

  // What prepare.sh and start.sh do. Each yield is a moment at which it may be killed.

  private start(pod: 0 | 1, kill: number): string {
    const volume = this.volumes[pod];
    if (volume.running !== undefined) return '';
    const facts = this.facts(pod);
    const action = this.decide(facts);
    this.judge(pod, facts, action);
    if (/^(refuse|wait):/.test(action)) return action;
    let moment = 0;
    for (const _ of this.act(pod, action)) {
      if (moment === kill) return action;
      moment += 1;
    }
    if (!this.complete(volume)) throw new Error(`a server is started on ${volume.data} data`);
    this.run(volume);
    return action;
  }

  /** start.sh, and what PostgreSQL then does by the signal files. */
  private run(volume: Volume): void {
    if (volume.signal === 'standby') {
      if (volume.state === 'production') throw new Error('a crashed primary is started as a standby');
      volume.running = 'standby';
      volume.state = 'recovery';
      if (volume.marker !== undefined) volume.marker = { ...volume.marker, role: 'standby' };
      this.follow(volume);
      return;
    }
    if (volume.signal === undefined && (volume.state === 'recovery' || volume.state === 'backup'))
      throw new Error('a server goes on along a timeline that is not its own');
    if (volume.signal === 'recovery') this.replayAndPromote(volume);
    volume.queued = true;
    volume.running = 'primary';
    volume.state = 'production';
  }

  private replayAndPromote(volume: Volume): void {
    const archived = this.vault.replayed();
    const own = position(volume.commits);
    const followed = this.vault.followed().timeline;
    const before = this.vault.liesOn(volume.timeline, own, volume.history)
      ? archived.filter((at) => at > own)
      : [];
    const behind = before.length > 0 || volume.state === 'backup';
    const history = behind ? this.vault.ancestors(followed) : volume.history;
    const timeline = behind ? followed : volume.timeline;
    volume.commits = volume.state === 'backup' ? archived : [...volume.commits, ...before];
    this.fork(volume, timeline, history);
  }

  private fork(volume: Volume, timeline: number, history: readonly Ancestor[]): void {
    volume.history = [...history, { timeline, end: position(volume.commits) }];
    volume.timeline = Math.max(this.vault.highestTimeline, timeline) + 1;
    Object.assign(volume, { traced: false, signal: undefined, state: 'production' });
  }

  private *act(pod: 0 | 1, action: string): Generator<void> {
    const volume = this.volumes[pod];
    switch (action) {
      case 'start':
        if (volume.marker !== undefined) volume.marker = { ...volume.marker, role: 'primary' };
        yield;
        if (volume.signal === 'standby')
          volume.signal = volume.state === 'recovery' || volume.state === 'backup' ? 'recovery' : undefined;
        return;
      case 'start-standby':
        volume.signal = 'standby';
        yield;
        if (volume.marker !== undefined) volume.marker = { ...volume.marker, role: 'standby' };
        yield;
        if (this.vault.up) volume.lease = undefined;
        return;
      case 'initialise':
        yield* this.initialiseInto(pod);
        return;
      case 'restore':
      case 'resume-restore':
        yield* this.takeLease(pod);
        yield* this.restoreInto(volume, 'primary');
        return;
      case 'restore-standby':
        volume.lease = undefined;
        yield* this.restoreInto(volume, 'standby', this.orderedRebuild(pod));
        return;
      case 'rebuild-standby':
        volume.lease = undefined;
        yield;
        volume.kept.push(volume.commits);
        Object.assign(volume, { data: 'empty', commits: [] });
        yield;
        yield* this.restoreInto(volume, 'standby', this.orderedRebuild(pod));
        return;
      default:
        throw new Error(`nobody knows what "${action}" means`);
    }
  }

  private *initialiseInto(pod: 0 | 1): Generator<void> {
    const volume = this.volumes[pod];
    if (this.truth.length > 0) throw new Error('an empty database takes the place of an archived one');
    if (volume.data === 'empty') {
      yield* this.takeLease(pod);
      this.vault.lineage.set(volume.lease?.number ?? 0, 1);
      volume.progress = 'initialise';
      yield;
      Object.assign(volume, { data: 'whole', commits: [], timeline: 1, history: [], state: 'clean' });
      yield;
    }
    volume.marker = { role: 'primary', lease: volume.lease?.number ?? 0 };
    yield;
    volume.progress = undefined;
  }

  private *restoreInto(volume: Volume, role: 'primary' | 'standby', rebuilt?: number): Generator<void> {
    volume.progress = 'restore';
    yield;
    volume.marker = undefined;
    yield;
    if (volume.data === 'whole' && volume.state !== 'backup') throw new Error('whole data is restored over');
    const backup = this.vault.backup();
    if (backup === undefined) throw new Error('a restore without a backup');
    volume.data = 'half';
    yield;
    Object.assign(volume, {
      data: 'whole',
      commits: this.vault.replayed().filter((at) => at <= backup.at),
      timeline: backup.timeline,
      history: this.vault.ancestors(backup.timeline),
      state: 'backup',
      signal: role === 'standby' ? 'standby' : 'recovery',
      queued: false,
    });
    yield;
    if (rebuilt !== undefined) volume.done.add(rebuilt);
    yield;
    volume.marker = { role, lease: volume.lease?.number ?? 0 };
    yield;
    volume.progress = undefined;
  }

  /** The number is noted before it is taken; an attempt that took it keeps it. */
  private *takeLease(pod: 0 | 1, promotion = false): Generator<void> {
    const { leases, newest } = this.vault;
    const volume = this.volumes[pod];
    const { lease, marker } = volume;
    const finished = promotion ? 0 : marker?.lease;
    if (lease === undefined || this.outrun(lease) || lease.number === finished) {
      holders += 1;
      volume.lease = { number: Math.max(newest, lease?.number ?? 0) + 1, holder: holders };
      yield;
    }
    const { number = 0, holder = 0 } = volume.lease ?? {};
    if (!leases.has(number)) leases.set(number, { holder, pod });
    yield;
  }

  /** demote.sh, and the container that starts next. */
  private demote(volume: Volume): void {
    Object.assign(volume, { signal: 'standby', state: 'clean' });
    this.run(volume);
  }

  /** `npm run promote`, which may be killed; it aborts where something would be lost. */
  private promote(pod: 0 | 1, kill: number): void {
    const target = this.volumes[pod];
    const other = this.volumes[1 - pod] as Volume;
    if (target.running !== 'standby' || !this.vault.up) return;
    if (other.running === 'primary') {
      if (kill === 0) return;
      this.demote(other);
      this.copy(target, other);
      if (kill === 1) return;
      if (position(target.commits) < position(other.commits)) return;
      if (!this.isPrefix(other.commits, target.commits)) throw new Error('an acknowledged commit is lost');
    } else {
      this.follow(target);
      if (other.running === 'standby' && position(other.commits) > position(target.commits)) return;
      if (position(this.vault.replayed()) > position(target.commits)) return;
    }
    let moment = 2;
    target.queued = true;
    for (const _ of this.takeLease(pod, true)) {
      if (moment === kill) return;
      moment += 1;
    }
    if (this.vault.leases.get(this.vault.newest)?.holder !== target.lease?.holder) return;
    target.marker = { role: 'primary', lease: target.lease?.number ?? 0 };
    if (moment === kill) return;
    this.fork(target, target.timeline, target.history);
    target.running = 'primary';
    // The command starts old primaries that did not hand over anew.
    if (other.running === 'primary') other.running = undefined;
  }

  /** Streaming, or the archive: what a standby's server takes, PostgreSQL's own rule being that it must fit. */
  private follow(standby: Volume): void {
    if (standby.running !== 'standby') return;
    for (const primary of this.volumes) if (primary.running === 'primary') this.copy(standby, primary);
    const { timeline } = this.vault.followed();
    const archived = this.vault.replayed();
    const at = position(standby.commits);
    if (
      this.vault.up &&
      position(archived) > at &&
      this.vault.liesOn(standby.timeline, at, standby.history)
    ) {
      if (!this.isPrefix(standby.commits, archived))
        throw new Error('data that went on elsewhere follows the archive');
      Object.assign(standby, { commits: archived, timeline, history: this.vault.ancestors(timeline) });
    }
  }

  private copy(standby: Volume, from: Volume): void {
    const at = position(standby.commits);
    const fits =
      (standby.timeline === from.timeline &&
        at <= position(from.commits) &&
        sameEnds(standby.history, from.history)) ||
      from.history.some((one) => one.timeline === standby.timeline && at <= one.end);
    if (!fits) return;
    if (!this.isPrefix(standby.commits, from.commits))
      throw new Error('data that went on elsewhere follows a primary');
    Object.assign(standby, { commits: from.commits, timeline: from.timeline, history: from.history });
    standby.state = 'recovery';
  }

  private isPrefix(part: Commits, whole: Commits): boolean {
    return part.every((at, index) => whole[index] === at);
  }

  private archive(volume: Volume): boolean {
    const { vault } = this;
    if (volume.running !== 'primary' || !vault.up || this.leaseFact(volume) === 'superseded') return false;
    if (!this.isPrefix(this.truth, volume.commits))
      throw new Error(
        `archived, and lost: ${JSON.stringify(this.truth.filter((at) => !volume.commits.includes(at)))}`,
      );
    vault.stanza = true;
    if (!volume.traced) {
      vault.lineage.set(volume.lease?.number ?? 0, volume.timeline);
      vault.histories.set(volume.timeline, volume.history);
      volume.traced = true;
    }
    let begin = 0;
    for (const { timeline, end } of volume.history) {
      const part = volume.commits.filter((at) => at > begin && at <= end);
      // What is there stays: an old primary archived more of it than this one ever followed.
      if (volume.queued)
        vault.wal.set(
          timeline,
          [...new Set([...(vault.wal.get(timeline) ?? []), ...part])].sort((a, b) => a - b),
        );
      begin = end;
    }
    vault.wal.set(
      volume.timeline,
      volume.commits.filter((at) => at > begin),
    );
    this.truth = volume.commits;
    const replayed = vault.replayed();
    if (!this.isPrefix(this.truth, replayed)) throw new Error('the archive has a hole');
    return true;
  }

  /** What must hold of every decision, whatever led to it. */
  private judge(pod: 0 | 1, facts: Facts, action: string): void {
    const volume = this.volumes[pod];
    const wrong = (what: string): never => {
      throw new Error(`${what}: pod ${pod}, ${action} for ${JSON.stringify(facts)}`);
    };
    const { vault } = this;
    const acts = !/^(refuse|wait):/.test(action);
    const follows = action.endsWith('-standby');
    if (facts.ROLE === 'standby' && acts && !follows) wrong('a standby begins something');
    if (facts.ROLE !== 'standby' && follows) wrong('a primary follows');
    if (vault.up && acts && !follows && this.designated !== pod) wrong('two pods are the primary');
    const other = this.volumes[1 - pod];
    if (vault.up && acts && !follows && other?.running === 'primary' && !this.outrun(other.lease))
      wrong('a second primary is started beside the first');
    if (
      action === 'start-standby' &&
      vault.up &&
      !vault.liesOn(volume.timeline, position(volume.commits), volume.history)
    )
      wrong('data that went on elsewhere is started as a standby');
    if (!vault.up && this.complete(volume) && volume.state !== 'production' && !acts)
      wrong('an unreadable vault keeps complete data from starting');
    if (action === 'initialise' && !this.initialize)
      wrong('a database that nobody called new is initialised');
    if (action === 'rebuild-standby' && this.orderedRebuild(pod) === undefined)
      wrong('nobody ordered a rebuild');
  }
}
