import { join } from 'node:path';
import { checksum, loadBallast } from './ballast';
import type { Tunnel } from './database';
import { runNow } from './jobs';
import { LONGEST_PUSH_SECONDS, measurePush } from './push';
import {
  ARCHIVE_TIMEOUT_SECONDS,
  DIFFERENTIAL_BACKUP,
  firstBackup,
  kubectlOf,
  NAMESPACE,
  openTunnel,
  POD,
  type Variables,
} from './subject';
import type { Timeline } from './timeline';
import type { Acknowledgement, Checksum } from './verdict';
import { LEDGER, Writers } from './writers';

const WRITERS = 2;
const PAUSE_MILLISECONDS = 10;

/** A database in use: data in it, backed up, and clients that go on writing. */
export class Work {
  private constructor(
    private readonly tunnel: Tunnel,
    private readonly writers: Writers,
    readonly checksum: Checksum,
    /** How long a WAL segment took until the vault had it. */
    readonly pushSeconds: number,
  ) {}

  static async begin(options: {
    readonly timeline: Timeline;
    readonly variables: Variables;
    readonly bytes: number;
    /** Where the log of acknowledged commits is kept: outside the cluster. */
    readonly directory: string;
  }): Promise<Work> {
    const { timeline, variables, bytes } = options;
    const tunnel = await openTunnel(variables);
    await timeline.phase(`${Math.round(bytes / 1_000_000)} MB loaded`, () =>
      tunnel.use(async (client) => {
        await client.query(LEDGER);
        await loadBallast(client, bytes);
      }),
    );
    const sum = await tunnel.use(checksum);
    await timeline.phase('first full backup', () => firstBackup(variables));
    const writers = new Writers(tunnel.connection, join(options.directory, 'acknowledged.log'));
    await writers.start(WRITERS, PAUSE_MILLISECONDS);
    await timeline.phase('differential backup while clients write', () =>
      runNow(kubectlOf(variables), NAMESPACE, DIFFERENTIAL_BACKUP, 600),
    );
    const push = await timeline.phase('push of a WAL segment measured, under load', () =>
      measurePush(kubectlOf(variables), NAMESPACE, POD),
    );
    await timeline.phase('clients write for longer than archive_timeout', async () => {
      const seconds = ARCHIVE_TIMEOUT_SECONDS + LONGEST_PUSH_SECONDS + 10;
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    });
    return new Work(tunnel, writers, sum, push);
  }

  /** Every commit that the server acknowledged, once its clients have noticed that it is gone. */
  async end(): Promise<readonly Acknowledgement[]> {
    await this.writers.stop();
    this.tunnel.close();
    return this.writers.acknowledged;
  }
}
