import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { freePort } from '../free-port';
import { PUSHGATEWAY } from './program';

/** A test that pushes for real: skipped, and counted as such, where Debian's prometheus-pushgateway is not installed. */
export function testWithPushgateway(name: string, run: (gateway: Gateway) => Promise<void>): void {
  (existsSync(PUSHGATEWAY) ? test : test.skip)(name, async () => {
    const gateway = await Gateway.start();
    try {
      await run(gateway);
    } finally {
      await gateway.stop();
    }
  });
}

/** A real Pushgateway on the loopback. */
export class Gateway {
  static async start(): Promise<Gateway> {
    const port = await freePort();
    const child = spawn(PUSHGATEWAY, [`--web.listen-address=127.0.0.1:${port}`, '--persistence.file='], {
      stdio: 'ignore',
    });
    const gateway = new Gateway(child, `http://127.0.0.1:${port}`);
    for (let attempt = 0; attempt < 100; attempt++) {
      if (await gateway.ready()) return gateway;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await gateway.stop();
    throw new Error('the Pushgateway did not become ready within 10 s');
  }

  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {}

  private async ready(): Promise<boolean> {
    return fetch(`${this.url}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  }

  /** What a scrape with `honorLabels` would have, by series: `name{label="value",…}`, without its empty `instance`. */
  async metrics(): Promise<ReadonlyMap<string, number>> {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    return new Map(
      text
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#'))
        .map((line) => {
          const [series, value] = [line.slice(0, line.lastIndexOf(' ')), line.slice(line.lastIndexOf(' '))];
          return [series.replace('instance="",', ''), Number(value)];
        }),
    );
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    if (this.child.exitCode === null && this.child.kill()) await ended;
  }
}
