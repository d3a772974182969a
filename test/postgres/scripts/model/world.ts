import type { Decide, Facts } from './decision';

/** One clock for everything: a commit's time is its place in the WAL as well. */
interface Commit {
  readonly at: number;
}

/** Where an ancestor of a timeline was left. */
interface Ancestor {
  readonly timeline: number;
  readonly end: number;
}

interface Order {
  readonly id: string;
  /** Infinity for latest. */
  readonly to: number;
}

interface Lease {
  readonly number: number;
  readonly holder: number;
}

/** What survives: a pgBackRest repository and the records beside it. */
class Vault {
  /** pgBackRest can read it. */
  up = true;
  /** The leases and the other records beside it can be read. */
  records = true;
  stanza: number | undefined;
  /** Somebody deleted everything; the bucket keeps the versions, and nobody has brought them back. */
  emptied = false;
  backups: { timeline: number; at: number }[] = [];
  readonly wal = new Map<number, Commit[]>();
  readonly histories = new Map<number, readonly Ancestor[]>();
  readonly leases = new Map<number, number>();
  readonly lineage = new Map<number, number>();
  readonly recoveries = new Map<string, number>();
  /** Where its WAL begins: what was before went with the backups that needed it. */
  begin = 0;

  empty(): void {
    if (this.stanza === undefined) return;
    Object.assign(this, { emptied: true, stanza: undefined, backups: [] });
    for (const records of [this.wal, this.histories, this.leases, this.lineage, this.recoveries])
      records.clear();
  }

  get newestLease(): number {
    return Math.max(0, ...this.leases.keys());
  }

  get highestTimeline(): number {
    return Math.max(1, ...this.histories.keys());
  }

  /** lineage.sh: of the newest life that left a trace; none recorded: what PostgreSQL takes, the highest. */
  followed(): { timeline: number; lease: number } {
    const records = [...this.lineage].sort(([a], [b]) => b - a);
    const found = records.find(([, timeline]) => timeline === 1 || this.histories.has(timeline));
    if (found === undefined) return { timeline: this.highestTimeline, lease: 0 };
    return { lease: found[0], timeline: found[1] };
  }

  ancestors(timeline: number): readonly Ancestor[] {
    return this.histories.get(timeline) ?? [];
  }

  choose(timeline: number, to: number): { timeline: number; at: number } | undefined {
    const ancestors = this.ancestors(timeline);
    return this.backups
      .filter(
        (backup) =>
          backup.at < to &&
          (backup.timeline === timeline ||
            ancestors.some((one) => one.timeline === backup.timeline && backup.at <= one.end)),
      )
      .sort((a, b) => b.at - a.at)[0];
  }

  /** What a replay to there brings back. */
  replayed(timeline: number, to: number): Commit[] {
    const parts = this.ancestors(timeline).map((one) =>
      (this.wal.get(one.timeline) ?? []).filter(({ at }) => at <= one.end),
    );
    return [...parts.flat(), ...(this.wal.get(timeline) ?? [])].filter(({ at }) => at <= to);
  }
}

let holders = 0;
const sameEnds = (a: readonly Ancestor[], b: readonly Ancestor[]): boolean =>
  a.length === b.length &&
  a.every((one, index) => one.timeline === b[index]?.timeline && one.end === b[index]?.end);

class Volume {
  systemId = 0;
  data: 'empty' | 'partial' | 'half' | 'whole' = 'empty';
  commits: Commit[] = [];
  timeline = 1;
  history: readonly Ancestor[] = [];
  marker: { readonly systemId: number; readonly lease: number; readonly recovery?: string } | undefined;
  progress:
    | { readonly action: 'initialise' | 'restore' | 'recover' | 'catch-up'; readonly order?: Order }
    | undefined;
  lease: Lease | undefined;
  readonly done = new Set<string>();
  readonly kept: { readonly id: string; readonly commits: readonly Commit[] }[] = [];
  running = false;
  /** What lies in its data directory is nobody's restore. */
  litter = false;
  /** pg_control can be read. */
  control = true;
  /** Restored and not promoted yet. */
  recovering = false;
  /** Its own timeline is in the archive. */
  traced = true;
  /** The snapshot that its life has taken note of. */
  noted = 0;

  /** As its storage makes it: all of it at one moment, and nothing runs there. */
  snapshot(): Volume {
    const copy = Object.assign(new Volume(), this, { running: false, commits: [...this.commits] });
    return Object.assign(copy, { done: new Set(this.done), kept: [...this.kept] });
  }

  /** The end of what it holds. */
  get position(): number {
    return Math.max(0, ...this.commits.map(({ at }) => at));
  }

  /** Which timeline its data is of, and where that comes from; one that recovers is on the one that it replays. */
  get place(): { readonly timeline: number; readonly own: readonly Ancestor[] } {
    const replayed = this.recovering ? this.history.at(-1) : undefined;
    if (replayed === undefined) return { timeline: this.timeline, own: this.history };
    return { timeline: replayed.timeline, own: this.history.slice(0, -1) };
  }
}

export const STEPS = [
  'write',
  'archive',
  'backup',
  'crash',
  'start',
  'lose',
  'lose and keep',
  'attach kept',
  'attach foreign',
  'wipe',
  'unmark',
  'damage',
  'restore by hand',
  'vault down',
  'repository down',
  'empty the vault',
  'records down',
  'litter',
  'vault up',
  'order',
  'withdraw',
  'initialize',
  'stray',
  'fill',
  'snapshot',
  'attach snapshot',
  'attach told snapshot',
  'expire',
] as const;

/** One step: what, on which of the two clusters, and a number that it may use: the moment of a kill, how far back. */
export interface Step {
  readonly what: (typeof STEPS)[number];
  readonly cluster: 0 | 1;
  readonly n: number;
}

const NEVER = 99;

/** Before the data is moved away, nothing about it is unfinished. */
function progressFact(
  action: 'initialise' | 'restore' | 'recover' | 'catch-up' | undefined,
): Facts['PROGRESS'] {
  return action === undefined || action === 'recover' ? 'none' : action;
}

/** Two clusters that share a vault, a declaration, and a log of what was acknowledged outside of both. */
export class World {
  readonly vault = new Vault();
  private readonly clusters = [new Volume(), new Volume()] as [Volume, Volume];
  private attic: Volume[] = [];
  private snapshots: Volume[] = [];
  /** What the deploy tells each cluster's pod of its volume: the snapshot that it was made from; 0: nothing. */
  private readonly told: [number, number] = [0, 0];
  private tellings = 0;
  private clock = 0;
  private systemIds = 0;
  private order: Order | undefined;
  private orders = 0;
  private initialize = false;
  private full = false;
  /** Acknowledged and archived: what may never be lost. */
  private truth: readonly Commit[] = [];
  /** Recoveries whose result is in the archive. */
  private readonly finished = new Set<string>();

  constructor(private readonly decide: Decide) {}

  /** A database of commits, backed up and archived, on cluster 0. */
  establish(): void {
    const steps = ['initialize', 'start', 'write', 'backup', 'write', 'archive'] as const;
    for (const what of steps) this.take({ what, cluster: 0, n: NEVER });
    this.initialize = false;
  }

  /** As one that was made before there were leases. */
  forgetLeases(): void {
    this.vault.leases.clear();
    this.vault.lineage.clear();
    const [volume] = this.clusters;
    volume.lease = undefined;
    if (volume.marker !== undefined) volume.marker = { ...volume.marker, lease: 0 };
  }

  take({ what, cluster, n }: Step): void {
    this.clock += 1;
    const volume = this.clusters[cluster];
    switch (what) {
      case 'write':
        if (volume.running) volume.commits.push({ at: this.clock });
        break;
      case 'archive':
        this.archive(volume);
        break;
      case 'backup':
        if (this.archive(volume)) this.vault.backups.push({ timeline: volume.timeline, at: this.clock });
        break;
      case 'crash':
        volume.running = false;
        break;
      case 'start':
        this.start(volume, n);
        break;
      case 'lose':
        this.clusters[cluster] = new Volume();
        break;
      case 'lose and keep':
        volume.running = false;
        this.attic.push(volume);
        this.clusters[cluster] = new Volume();
        break;
      case 'attach kept': {
        const old = this.attic.pop();
        if (old !== undefined) this.clusters[cluster] = old;
        break;
      }
      case 'attach foreign':
        this.clusters[cluster] = this.foreign(n % 2 === 0);
        break;
      case 'wipe':
        if (volume.data !== 'empty')
          Object.assign(volume, { data: 'empty', commits: [], running: false, control: true, litter: false });
        break;
      case 'unmark':
        if (!volume.running) volume.marker = undefined;
        break;
      case 'damage':
        if (!volume.running && volume.data === 'whole') volume.control = false;
        break;
      case 'restore by hand':
        // Begun and not finished: the old pg_control is there until the end.
        if (!volume.running && volume.data === 'whole') volume.data = 'half';
        break;
      case 'records down':
        this.vault.records = false;
        break;
      case 'vault down':
        Object.assign(this.vault, { up: false, records: false });
        break;
      case 'empty the vault':
        this.vault.empty();
        break;
      case 'repository down':
        this.vault.up = false;
        break;
      case 'litter':
        if (volume.data === 'empty')
          Object.assign(volume, {
            data: 'partial',
            litter: volume.progress?.action !== 'restore' || volume.marker !== undefined,
          });
        break;
      case 'vault up':
        Object.assign(this.vault, { up: true, records: true });
        break;
      case 'order':
        this.orders += 1;
        this.order = { id: `undo-${this.orders}`, to: Math.max(1, this.clock - n) };
        break;
      case 'withdraw':
        this.order = undefined;
        break;
      case 'initialize':
        this.initialize = !this.initialize;
        break;
      case 'stray':
        // A clone that was promoted with archiving on, long ago: a higher history file, and nothing else. Where no
        // lineage was recorded yet, nobody can tell it from the database's own.
        if (this.vault.lineage.size > 0)
          this.vault.histories.set(this.vault.highestTimeline + 1, [{ timeline: 1, end: 1 }]);
        break;
      case 'fill':
        this.full = !this.full;
        break;
      case 'snapshot':
        this.snapshots.push(volume.snapshot());
        break;
      case 'attach snapshot':
      case 'attach told snapshot': {
        const shot = this.snapshots.at(-1 - (n % Math.max(1, this.snapshots.length)));
        if (shot === undefined) break;
        this.clusters[cluster] = shot.snapshot();
        this.tellings += 1;
        this.told[cluster] = what === 'attach told snapshot' ? this.tellings : 0;
        break;
      }
      case 'expire':
        this.expire();
        break;
    }
  }

  /** Of the backups the newest is kept, and the WAL from there on. */
  private expire(): void {
    const newest = Math.max(0, ...this.vault.backups.map(({ at }) => at));
    this.vault.backups = this.vault.backups.filter(({ at }) => at === newest);
    this.vault.begin = newest;
  }

  /** With a vault in order and nobody who kills, the life that holds the lease comes up, or a new one does. */
  settle(): void {
    Object.assign(this.vault, { up: true, records: true });
    this.full = false;
    this.order = undefined;
    this.initialize = true;
    const holder = this.clusters.find((one) => this.holds(one));
    const volume = holder ?? new Volume();
    if (volume.running) return;
    this.start(volume, NEVER);
    if (volume.running) return;
    this.clock += 1;
    const facts = this.facts(volume);
    const nothing =
      this.vault.backups.length === 0 && this.vault.stanza !== undefined && volume.data !== 'whole';
    if (!nothing && !this.strange(volume))
      throw new Error(`does not come up again: ${this.decide(facts)} for ${JSON.stringify(facts)}`);
  }

  private holds(volume: Volume): boolean {
    const { lease } = volume;
    if (lease === undefined || this.vault.newestLease === 0) return false;
    return this.vault.leases.get(this.vault.newestLease) === lease.holder;
  }

  /** What people did to it by hand, and what was lost before it was archived, is theirs to put right. */
  private strange(volume: Volume): boolean {
    const { backups, emptied, stanza } = this.vault;
    if (emptied || this.clashes(volume)) return true;
    // What an order needs has expired.
    const unfinished = volume.data !== 'whole' || volume.marker === undefined;
    if (this.vault.begin > 0 && unfinished && this.facts(volume).BACKUP === 'none') return true;
    if (this.isTold(volume) && stanza === undefined) return true;
    if (volume.data === 'whole' && /gap|left/.test(this.archiveFact(volume))) return true;
    if (!volume.control || volume.litter || (volume.data === 'half' && volume.marker !== undefined))
      return true;
    if (volume.data !== 'whole' && backups.length === 0) return true;
    if (volume.data === 'whole' && !volume.marker && !volume.progress && stanza === undefined) return true;
    return (
      stanza !== undefined &&
      [volume.systemId, volume.marker?.systemId ?? stanza].some((id) => id !== stanza && id !== 0)
    );
  }

  private foreign(marked: boolean): Volume {
    this.systemIds += 1;
    const volume = new Volume();
    Object.assign(volume, { systemId: this.systemIds, data: 'whole', commits: [{ at: this.clock }] });
    if (marked) volume.marker = { systemId: volume.systemId, lease: 0 };
    return volume;
  }

  // What facts.sh, lease.sh and recover.sh find out.

  private facts(volume: Volume): Facts {
    const { vault } = this;
    const order = this.pending(volume);
    const identified = volume.data === 'whole' ? volume.systemId : volume.marker?.systemId;
    const other =
      volume.marker !== undefined && volume.data === 'whole' && volume.marker.systemId !== volume.systemId;
    const { timeline } = vault.followed();
    const backup = vault.up ? vault.choose(timeline, order?.to ?? Number.POSITIVE_INFINITY) : undefined;
    const present = volume.data === 'half' || volume.data === 'whole';
    return {
      DATA: present ? 'present' : volume.data === 'partial' ? 'partial' : 'empty',
      MARKER: volume.marker === undefined ? 'none' : other ? 'other' : 'complete',
      PROGRESS: progressFact(volume.progress?.action),
      MANIFEST: volume.data === 'half' ? 'yes' : 'no',
      CONTROL: this.identified(volume) ? 'readable' : 'unreadable',
      MAJOR: 'same',
      HISTORY:
        !vault.up || vault.stanza === undefined ? 'none' : identified === vault.stanza ? 'member' : 'absent',
      REPOSITORIES: !vault.up
        ? 'unknown'
        : vault.backups.length > 0
          ? 'backup'
          : vault.stanza !== undefined
            ? 'history'
            : vault.emptied
              ? 'deleted'
              : 'empty',
      BACKUP: backup === undefined ? 'none' : this.full ? 'too-big' : 'fits',
      LEASE: this.leaseFact(volume),
      INITIALIZE: this.initialize ? 'true' : 'false',
      RECOVER: order === undefined ? 'none' : 'ordered',
      ARCHIVE: this.archiveFact(volume),
      SNAPSHOT: this.isTold(volume) ? 'yes' : 'no',
      REACHES: order === undefined || volume.position <= order.to ? 'yes' : 'no',
      ROLE: 'primary',
    };
  }

  /** behind.sh. */
  private archiveFact(volume: Volume): Facts['ARCHIVE'] {
    const { vault } = this;
    const restoring =
      volume.marker === undefined && (volume.data === 'half' || volume.progress?.action === 'restore');
    if (volume.data !== 'whole' || !volume.control || restoring) return 'level';
    if (!vault.up) return 'unknown';
    if (vault.stanza !== volume.systemId) return 'level';
    const { own, timeline } = volume.place;
    const reached = (of: number) => (vault.wal.get(of) ?? []).every(({ at }) => at <= volume.position);
    const quick = !volume.recovering && !this.isTold(volume) && volume.progress?.action !== 'catch-up';
    const highest = Math.max(vault.highestTimeline, ...vault.wal.keys());
    if (quick && highest <= timeline && reached(timeline)) return 'level';
    if (!vault.records) return 'unknown';
    const followed = vault.followed();
    if (vault.lineage.size > 0 && followed.lease < (volume.marker?.lease ?? 0)) return 'level';
    const tip = vault.lineage.size > 0 ? followed.timeline : timeline;
    const ancestors = tip === timeline && vault.lineage.size === 0 ? own : vault.ancestors(tip);
    let behind = false;
    if (tip === timeline) {
      if (own.length > 0 && !sameEnds(own, ancestors)) return 'left';
      behind = !volume.recovering && !reached(tip);
    } else if (ancestors.some((one) => one.timeline === timeline)) {
      const end = ancestors.find((one) => one.timeline === timeline)?.end ?? 0;
      if (!volume.recovering || volume.position > end || !sameEnds(own, ancestors.slice(0, own.length)))
        return 'left';
      behind = true;
    } else if (!own.some((one) => one.timeline === tip)) {
      return 'left';
    }
    if (!behind) return 'level';
    return volume.position < vault.begin ? 'gap' : 'behind';
  }

  private isTold(volume: Volume): boolean {
    const told = this.told[this.clusters.indexOf(volume)] ?? 0;
    return volume.data === 'whole' && told > 0 && told !== volume.noted;
  }

  /** Two that were one have written different WAL: pgBackRest takes the first, and the other one's waits for people. */
  private clashes(volume: Volume): boolean {
    const archived = this.vault.wal.get(volume.timeline) ?? [];
    return (
      !volume.recovering &&
      archived.some(({ at }) => at <= volume.position && !volume.commits.some((one) => one.at === at))
    );
  }

  /** A restore of ours writes pg_control last; one by hand began over another. */
  private identified({ control, data, marker }: Volume): boolean {
    return control && (data === 'whole' || (data === 'half' && marker !== undefined));
  }

  private isNew({ data, marker, progress }: Volume): boolean {
    return data === 'empty' && marker === undefined && progress === undefined;
  }

  private leaseFact(volume: Volume): Facts['LEASE'] {
    if (!this.vault.records) return 'unknown';
    const { lease } = volume;
    if (!this.isNew(volume) && this.outrun(lease)) return 'superseded';
    return lease === undefined || this.outrun(lease) ? 'none' : 'own';
  }

  private outrun(lease: Lease | undefined): boolean {
    const newest = this.vault.newestLease;
    if (newest > (lease?.number ?? 0)) return true;
    return lease !== undefined && newest === lease.number && this.vault.leases.get(newest) !== lease.holder;
  }

  private pending(volume: Volume): Order | undefined {
    const order = this.undone(volume, this.order) ? this.order : this.begun(volume);
    if (order === undefined || !this.vault.up || !this.vault.records) return order;
    const recorded = this.vault.recoveries.get(order.id);
    return recorded !== undefined && recorded <= this.vault.followed().lease ? undefined : order;
  }

  private undone(volume: Volume, order: Order | undefined): boolean {
    if (order === undefined) return false;
    if (volume.marker?.recovery === order.id) return volume.data !== 'whole' && volume.marker.lease > 0;
    return volume.progress?.order?.id === order.id || !volume.done.has(order.id);
  }

  private begun(volume: Volume): Order | undefined {
    const order = volume.progress?.order;
    if (volume.marker !== undefined && volume.data === 'whole') return undefined;
    return this.undone(volume, order) ? order : undefined;
  }

  // What prepare.sh and start.sh do. Each yield is a moment at which it may be killed.

  private start(volume: Volume, kill: number): void {
    if (volume.running) return;
    const facts = this.facts(volume);
    const order = this.pending(volume);
    const action = this.decide(facts);
    this.judge(volume, facts, action);
    if (action.startsWith('refuse:')) return;
    let moment = 0;
    for (const _ of this.act(volume, action, order)) {
      if (moment === kill) return;
      moment += 1;
    }
    if (volume.data !== 'whole' || volume.marker === undefined || !volume.control)
      throw new Error(`a server is started on data that is ${volume.control ? volume.data : 'damaged'}`);
    if (volume.recovering) this.promote(volume);
    volume.running = true;
  }

  private *act(volume: Volume, action: string, order: Order | undefined): Generator<void> {
    switch (action) {
      case 'start':
        volume.progress = undefined;
        return;
      case 'adopt':
        this.note(volume);
        volume.marker = { systemId: volume.systemId, lease: volume.lease?.number ?? 0 };
        return;
      case 'initialise':
        yield* this.initialiseInto(volume);
        return;
      case 'recover-in-place':
        if (order === undefined) throw new Error('a recovery in place without an order');
        yield* this.takeLease(volume);
        volume.progress = { action: 'recover', order };
        yield;
        volume.kept.push({ id: order.id, commits: volume.commits });
        Object.assign(volume, { data: 'empty', commits: [], control: true });
        yield;
        yield* this.restore(volume, order);
        return;
      case 'restore':
      case 'resume-restore':
        yield* this.restore(volume, order);
        return;
      case 'catch-up':
        yield* this.catchUp(volume, order);
        return;
      default:
        throw new Error(`nobody knows what "${action}" means`);
    }
  }

  private *initialiseInto(volume: Volume): Generator<void> {
    if (volume.data === 'empty') {
      yield* this.takeLease(volume);
      this.vault.lineage.set(volume.lease?.number ?? 0, 1);
      volume.progress = { action: 'initialise' };
      yield;
      this.systemIds += 1;
      Object.assign(volume, {
        systemId: this.systemIds,
        data: 'whole',
        commits: [],
        timeline: 1,
        history: [],
      });
      yield;
    }
    if (this.truth.length > 0) throw new Error('an empty database takes the place of an archived one');
    if (volume.commits.length > 0) throw new Error('a database with rows counts as new');
    this.note(volume);
    volume.marker = { systemId: volume.systemId, lease: volume.lease?.number ?? 0 };
    yield;
    volume.progress = undefined;
  }

  private *restore(volume: Volume, order: Order | undefined): Generator<void> {
    const { vault } = this;
    yield* this.takeLease(volume);
    volume.progress = { action: 'restore', ...(order === undefined ? {} : { order }) };
    yield;
    volume.marker = undefined;
    yield;
    // What a restore before had just made may be made again.
    if (volume.data === 'whole' && !volume.recovering) throw new Error('whole data is restored over');
    if (order !== undefined && this.finished.has(order.id)) throw new Error(`${order.id} returns`);
    const to = order?.to ?? Number.POSITIVE_INFINITY;
    const { timeline } = vault.followed();
    const backup = vault.choose(timeline, to);
    if (backup === undefined) throw new Error('a restore without a backup');
    if (volume.litter) throw new Error('files of somebody else are restored over');
    volume.data = 'partial';
    yield;
    volume.data = 'half';
    volume.control = true;
    yield;
    const commits = vault.replayed(timeline, to);
    const expected = this.truth.filter(({ at }) => at <= to);
    const lost = expected.filter(({ at }) => !commits.some((one) => one.at === at));
    if (lost.length > 0) throw new Error(`acknowledged, archived, lost: ${JSON.stringify(lost)}`);
    const end = Math.max(0, ...commits.map(({ at }) => at), backup.at);
    Object.assign(volume, {
      systemId: vault.stanza,
      data: 'whole',
      commits,
      history: [...vault.ancestors(timeline), { timeline, end }],
      recovering: true,
    });
    yield;
    if (order !== undefined) volume.done.add(order.id);
    yield;
    this.note(volume);
    volume.marker = {
      systemId: volume.systemId,
      lease: volume.lease?.number ?? 0,
      ...(order === undefined ? {} : { recovery: order.id }),
    };
    yield;
    volume.progress = undefined;
  }

  private note(volume: Volume): void {
    volume.noted = this.told[this.clusters.indexOf(volume)] ?? 0;
  }

  /** What lies on the volume is replayed first, then the archive. */
  private *catchUp(volume: Volume, order: Order | undefined): Generator<void> {
    const { vault } = this;
    volume.progress = { action: 'catch-up', ...(order === undefined ? {} : { order }) };
    yield;
    yield* this.takeLease(volume);
    if (order !== undefined && this.finished.has(order.id)) throw new Error(`${order.id} returns`);
    if (vault.emptied || vault.stanza !== volume.systemId) throw new Error('it catches up with nothing');
    const to = order?.to ?? Number.POSITIVE_INFINITY;
    const { place, position } = volume;
    const followed = vault.followed();
    const unrecorded = vault.lineage.size > 0 && followed.lease < (volume.marker?.lease ?? 0);
    const timeline = unrecorded || vault.lineage.size === 0 ? place.timeline : followed.timeline;
    const onto =
      timeline === place.timeline || vault.ancestors(timeline).some((one) => one.timeline === place.timeline);
    const tip = onto ? timeline : place.timeline;
    const ancestors = tip === place.timeline ? place.own : vault.ancestors(tip);
    const archived = [...ancestors, { timeline: tip, end: Number.POSITIVE_INFINITY }].flatMap((one) =>
      (vault.wal.get(one.timeline) ?? []).filter(({ at }) => at <= one.end),
    );
    const newer = archived.filter(({ at }) => at > position && at <= to);
    if (position > to) throw new Error(`it goes past ${order?.id}`);
    if (newer.length > 0 && position < vault.begin) throw new Error('it goes over a hole in the archive');
    if (newer.length > 0 && volume.commits.some(({ at }) => !archived.some((one) => one.at === at)))
      throw new Error('rows that were given up come back');
    const commits = [...volume.commits, ...newer];
    const lost = this.truth.filter(({ at }) => at <= to && !commits.some((one) => one.at === at));
    if (lost.length > 0) throw new Error(`acknowledged, archived, lost: ${JSON.stringify(lost)}`);
    const end = Math.max(0, ...commits.map(({ at }) => at));
    Object.assign(volume, {
      commits,
      history: [...ancestors, { timeline: tip, end }],
      recovering: true,
    });
    yield;
    if (order !== undefined) volume.done.add(order.id);
    this.note(volume);
    yield;
    volume.marker = {
      systemId: volume.systemId,
      lease: volume.lease?.number ?? 0,
      ...(order === undefined ? {} : { recovery: order.id }),
    };
    // What a kill leaves here of it is known to be done.
    volume.progress = undefined;
    yield;
  }

  /** The number is noted before it is taken; an attempt that took it keeps it. */
  private *takeLease(volume: Volume): Generator<void> {
    const { leases, records } = this.vault;
    if (!records) throw new Error('a lease is taken in a vault that cannot be read');
    const { lease, marker } = volume;
    if (lease === undefined || this.outrun(lease) || lease.number === marker?.lease) {
      holders += 1;
      volume.lease = { number: Math.max(this.vault.newestLease, lease?.number ?? 0) + 1, holder: holders };
      yield;
    }
    const { number = 0, holder = 0 } = volume.lease ?? {};
    if (!leases.has(number)) leases.set(number, holder);
    yield;
  }

  private promote(volume: Volume): void {
    volume.recovering = false;
    volume.traced = false;
    volume.timeline = Math.max(this.vault.highestTimeline, ...volume.history.map((one) => one.timeline)) + 1;
  }

  /** archive.sh and pgBackRest: true when everything up to now is in the archive. */
  private archive(volume: Volume): boolean {
    const { vault } = this;
    if (
      vault.emptied ||
      !volume.running ||
      !vault.up ||
      !vault.records ||
      this.leaseFact(volume) === 'superseded'
    )
      return false;
    if (vault.stanza !== undefined && vault.stanza !== volume.systemId) return false;
    // Its own WAL comes back as it is; what another has pushed under its names stays, and its own waits.
    const archived = vault.wal.get(volume.timeline) ?? [];
    if (archived.some(({ at }) => !volume.commits.some((one) => one.at === at))) return false;
    vault.stanza = volume.systemId;
    if (volume.lease !== undefined && !vault.leases.has(volume.lease.number))
      vault.leases.set(volume.lease.number, volume.lease.holder);
    if (!volume.traced) {
      vault.lineage.set(volume.lease?.number ?? 0, volume.timeline);
      const recovery = volume.marker?.recovery;
      if (recovery !== undefined) {
        vault.recoveries.set(recovery, volume.lease?.number ?? 0);
        if (this.finished.has(recovery)) throw new Error(`${recovery} was done twice`);
        this.finished.add(recovery);
      }
      vault.histories.set(volume.timeline, volume.history);
      volume.traced = true;
    }
    const before = Math.max(0, ...volume.history.map(({ end }) => end));
    vault.wal.set(
      volume.timeline,
      volume.commits.filter(({ at }) => at > before),
    );
    this.truth = [...volume.commits];
    return true;
  }

  /** Of its own life more is in the archive than on the volume, which could be known. */
  private lacks(volume: Volume): boolean {
    const { records, up, wal } = this.vault;
    const { lease, timeline } = this.vault.followed();
    if (!up || !records || lease < (volume.marker?.lease ?? 0)) return false;
    if (volume.recovering && volume.place.timeline === timeline) return false;
    return (wal.get(timeline) ?? []).some(({ at }) => at > volume.position);
  }

  /** What must hold of every decision, whatever led to it. */
  private judge(volume: Volume, facts: Facts, action: string): void {
    const refused = action.startsWith('refuse:');
    const { records, stanza, up } = this.vault;
    const wrong = (what: string): never => {
      throw new Error(`${what}: ${action} for ${JSON.stringify(facts)}`);
    };
    const ours = volume.control && volume.data === 'whole' && volume.marker?.systemId === volume.systemId;
    const superseded = records && !this.isNew(volume) && this.outrun(volume.lease);
    if (superseded && !refused) wrong('a superseded volume goes on');
    if (up && stanza !== undefined && volume.data === 'whole' && volume.systemId !== stanza && !refused)
      wrong('foreign data goes on');
    const begun = volume.progress?.action === 'catch-up' || this.isTold(volume);
    if (!up && begun && ours && !refused) wrong('a snapshot is started without its archive');
    if (/^(start|adopt)$/.test(action) && this.lacks(volume))
      wrong('data is started without what followed it');
    if (!up && ours && !superseded && !begun && action !== 'start')
      wrong('an unreadable vault keeps complete data from starting');
    if (!up && !ours && !refused) wrong('something is made of nothing known');
    if (up && stanza !== undefined && (volume.marker?.systemId ?? stanza) !== stanza && !refused)
      wrong('a volume of another database goes on');
    if (
      action === 'initialise' &&
      volume.data === 'empty' &&
      (volume.marker !== undefined || volume.progress?.action === 'restore')
    )
      wrong('a volume that held a database begins anew');
    if (action === 'initialise' && facts.RECOVER === 'ordered') wrong('an order ends in an empty database');
    if (action === 'start' && up && records && facts.RECOVER === 'ordered') wrong('an order is left out');
    if (action === 'recover-in-place' && this.full) wrong('a recovery in place without the space for it');
    if (action === 'initialise' && !this.initialize)
      wrong('a database that nobody called new is initialised');
  }
}
