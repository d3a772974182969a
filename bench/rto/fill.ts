import type { Progress } from '../../local/instance';
import { type checksum, loadBallast } from '../../local/rehearsal/ballast';
import { runNow } from '../../local/rehearsal/jobs';
import { firstBackup, kubectlOf, NAMESPACE, openTunnel } from '../../local/rehearsal/subject';
import { DATABASE, MARKER, type Subject } from './subject';

export type Checksum = Awaited<ReturnType<typeof checksum>>;

/** Data, a full backup of it, then a tenth of it changed, so that a restore has WAL to replay; all of it archived. */
export async function fill(subject: Subject, bytes: number, progress: Progress): Promise<void> {
  await firstBackup(subject.variables);
  const tunnel = await openTunnel(subject.variables);
  try {
    progress(`loading ${Math.round(bytes / 1e6)} MB …`);
    await tunnel.use((client) => loadBallast(client, bytes));
  } finally {
    tunnel.close();
  }
  progress('backing it up …');
  const kubectl = kubectlOf(subject.variables);
  await runNow(kubectl, NAMESPACE, `${DATABASE}-backup-full`, 1800);
  progress('changing a tenth of it …');
  await subject.sql('update ballast set payload = reverse(payload) where id % 10 = 0');
  await subject.sql(`create table marker (text text); insert into marker values ('${MARKER}')`);
  await subject.sql('grant select on marker to orders_app');
  await archiveAll(subject);
}

async function archiveAll(subject: Subject): Promise<void> {
  const segment = (await subject.sql('select pg_walfile_name(pg_switch_wal())')).trim();
  const deadline = Date.now() + 600_000;
  for (;;) {
    const archived = await subject.sql(
      `select coalesce(last_archived_wal, '') >= '${segment}' from pg_stat_archiver`,
    );
    if (archived.trim() === 't') return;
    if (Date.now() > deadline) throw new Error(`${segment} was not archived in 10 minutes`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
