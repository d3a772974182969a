import { readFileSync } from 'node:fs';

/**
 * Which process is meant, for good: a number is used again after its process
 * has gone, the pair of boot and start time is not.
 */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks after boot, field 22 of /proc/<pid>/stat. */
  readonly startTime: string;
  readonly bootId: string;
}

let bootId: string | undefined;

export function currentBootId(): string {
  bootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return bootId;
}

/** Start time and state out of the text of /proc/<pid>/stat, whose second field may hold spaces and brackets. */
export function parseStat(stat: string): { readonly state: string; readonly startTime: string } | undefined {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const state = fields[0];
  const startTime = fields[19];
  return state === undefined || startTime === undefined || startTime === ''
    ? undefined
    : { state, startTime };
}

/** The identity of a live process, or undefined when there is none of this number (a zombie is none). */
export function identify(pid: number): ProcessIdentity | undefined {
  try {
    const stat = parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    if (stat === undefined || stat.state === 'Z' || stat.state === 'X') return undefined;
    return { pid, startTime: stat.startTime, bootId: currentBootId() };
  } catch {
    return undefined;
  }
}

/** Whether exactly this process still runs, and not another one under its number. */
export function isAlive(identity: ProcessIdentity): boolean {
  if (identity.bootId !== currentBootId()) return false;
  return identify(identity.pid)?.startTime === identity.startTime;
}

/** Sends a signal to exactly this process. @returns whether it was there to receive it */
export function signal(identity: ProcessIdentity, name: NodeJS.Signals): boolean {
  if (!isAlive(identity)) return false;
  try {
    process.kill(identity.pid, name);
    return true;
  } catch {
    return false;
  }
}
