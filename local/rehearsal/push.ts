import type { Kubectl } from '../../deploy/kubectl';
import { tenth } from './timeline';

/** Longer than this a push may not take, or what is lost is not excused. */
export const LONGEST_PUSH_SECONDS = 10;

const TIMES = 3;
/** PostgreSQL's own timer of `archive_timeout` counts whole seconds. */
const TIMER_SECONDS = 1;

/**
 * How long a finished WAL segment takes until the vault has it, measured on this
 * cluster: the age at which an acknowledged commit has to survive depends on it.
 * @returns seconds, the longest of a few, at most `LONGEST_PUSH_SECONDS`
 */
export async function measurePush(kubectl: Kubectl, namespace: string, pod: string): Promise<number> {
  const sql = (statement: string): Promise<string> =>
    kubectl.run([
      'exec',
      `--namespace=${namespace}`,
      pod,
      '--container=postgres',
      '--',
      'psql',
      '--no-psqlrc',
      '--tuples-only',
      '--no-align',
      '--command',
      statement,
    ]);
  let longest = 0;
  for (let time = 0; time < TIMES; time += 1) longest = Math.max(longest, await pushOnce(sql));
  return tenth(Math.min(longest + TIMER_SECONDS, LONGEST_PUSH_SECONDS));
}

async function pushOnce(sql: (statement: string) => Promise<string>): Promise<number> {
  // A switch is nothing when nothing was written since the last one.
  const segment = (
    await sql("select pg_walfile_name(pg_logical_emit_message(true, 'rehearsal', 'push'))")
  ).trim();
  const begin = performance.now();
  await sql('select pg_switch_wal()');
  for (;;) {
    const seconds = (performance.now() - begin) / 1000;
    const archived = await sql(`select last_archived_wal >= '${segment}' from pg_stat_archiver`);
    if (archived.trim() === 't' || seconds >= LONGEST_PUSH_SECONDS) return seconds;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
