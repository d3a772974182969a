import { EnvironmentProblem } from '../deploy/progress';
import type { Target } from './instant';

/** What `pgbackrest info --output=json` says of a stanza, as far as it is read here. */
export interface StanzaInfo {
  readonly backup: readonly {
    readonly label: string;
    /** First WAL segment after it; its first eight digits are the timeline. */
    readonly archive: { readonly start: string | null; readonly stop: string | null };
    /** Seconds since the epoch. */
    readonly lsn?: { readonly start: string; readonly stop: string };
    readonly timestamp: { readonly start: number; readonly stop: number };
  }[];
  readonly status: { readonly code: number; readonly message: string };
}

/** How far back a database can be restored. */
export interface Window {
  /** The first instant that a backup serves; a backup serves what comes after it. */
  readonly from: Date;
  /** The newest backup. */
  readonly newest: string;
}

/** A timeline that another one comes from, and where it was left. */
export interface Ancestor {
  readonly timeline: number;
  readonly leftAt: bigint;
}

/** PostgreSQL's history file of a timeline: one line for each that it comes from. */
export function parseHistory(text: string): readonly Ancestor[] {
  return [...text.matchAll(/^\s*(\d+)\s+([0-9A-F]+\/[0-9A-F]+)/gim)].map(([, timeline = '', lsn = '']) => ({
    timeline: Number(timeline),
    leftAt: position(lsn),
  }));
}

function position(lsn: string): bigint {
  const [high = '0', low = '0'] = lsn.split('/');
  return (BigInt(`0x${high}`) << 32n) + BigInt(`0x${low}`);
}

/**
 * The window of a timeline: what its backups serve, and those of the timelines that it comes from, up to where it left
 * them. Without its history every earlier timeline counts; the restore itself looks closer.
 * @throws EnvironmentProblem when there is no backup to restore from
 */
export function recoverableWindow(
  database: string,
  info: StanzaInfo,
  timeline: string,
  history: readonly Ancestor[] = [],
): Window {
  const wanted = Number(timeline);
  const usable = info.backup.filter(({ archive, lsn }) => {
    const of = Number.parseInt((archive.stop ?? '').slice(0, 8), 16);
    if (of === wanted) return true;
    if (history.length === 0) return of < wanted;
    const ancestor = history.find((one) => one.timeline === of);
    return ancestor !== undefined && lsn !== undefined && position(lsn.stop) <= ancestor.leftAt;
  });
  const [first] = [...usable].sort((a, b) => a.timestamp.stop - b.timestamp.stop);
  const newest = usable.at(-1);
  if (first === undefined || newest === undefined) {
    const onTimeline = info.backup.length > 0 ? ` on timeline ${timeline} or before it` : '';
    throw new EnvironmentProblem(
      `${database} has no backup${onTimeline} to restore from (${info.status.message}) — FIX: look at \`pgbackrest info\`; the first backup is made by the job ${database}-first-…`,
    );
  }
  // prepare.sh compares whole seconds.
  return { from: new Date((first.timestamp.stop + 1) * 1000), newest: newest.label };
}

/** @throws EnvironmentProblem that names the window, when the target is outside it */
export function checkTarget(database: string, target: Target, window: Window, now: Date): void {
  if (target === 'latest') return;
  const range = `${database} can be restored to any instant from ${window.from.toISOString()} to now`;
  if (target.at > now) {
    throw new EnvironmentProblem(
      `${target.text} is in the future; it is ${now.toISOString()} now — FIX: ${range}; choose one of these`,
    );
  }
  if (target.at < window.from) {
    throw new EnvironmentProblem(
      `${target.text} is before the end of the oldest backup that is kept — FIX: ${range}; choose one of these`,
    );
  }
}
