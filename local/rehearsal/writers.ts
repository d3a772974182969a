import { appendFileSync, writeFileSync } from 'node:fs';
import { Client, type ClientConfig } from 'pg';
import type { Acknowledgement } from './verdict';

export const LEDGER = `
  create table if not exists ledger (
    id bigint generated always as identity primary key,
    writer int not null,
    payload text not null,
    at timestamptz not null default clock_timestamp()
  )`;

/**
 * Clients at work. Each commits row after row, and every commit that the server
 * acknowledged is logged outside the cluster, before the next one is sent.
 */
export class Writers {
  readonly #acknowledged: Acknowledgement[] = [];
  readonly #running: Promise<void>[] = [];
  #stopped = false;

  constructor(
    private readonly connection: ClientConfig,
    private readonly logFile: string,
  ) {
    writeFileSync(logFile, '');
  }

  get acknowledged(): readonly Acknowledgement[] {
    return [...this.#acknowledged];
  }

  async start(count: number, pauseMilliseconds: number): Promise<void> {
    for (let writer = 1; writer <= count; writer += 1) {
      const client = new Client(this.connection);
      // A killed server ends the connection: that is the disaster, not an error.
      client.on('error', () => {});
      await client.connect();
      this.#running.push(this.write(client, writer, pauseMilliseconds));
    }
  }

  /** Waits until every writer has noticed that its server is gone, or has been told to stop. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#running);
  }

  private async write(client: Client, writer: number, pauseMilliseconds: number): Promise<void> {
    const payload = 'x'.repeat(200);
    while (!this.#stopped) {
      try {
        const result = await withTimeout(
          client.query<{ id: string }>('insert into ledger (writer, payload) values ($1, $2) returning id', [
            writer,
            payload,
          ]),
          10_000,
        );
        const acknowledgement = { id: Number(result.rows[0]?.id), at: Date.now() };
        appendFileSync(this.logFile, `${acknowledgement.id} ${acknowledgement.at}\n`);
        this.#acknowledged.push(acknowledgement);
      } catch {
        break;
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMilliseconds));
    }
    void client.end().catch(() => {});
  }
}

/** A connection through a namespace that is gone gives no answer at all. */
function withTimeout<T>(work: Promise<T>, milliseconds: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no answer')), milliseconds);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
