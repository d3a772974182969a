import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mirrorScripts } from '../../constructs/object-storage/mirror/scripts';
import { binary } from '../../local/binaries/build';
import type { Figure } from '../figure';
import { run, withScratch } from '../program';
import { byTurns, listed, median } from '../statistics';
import { BenchStore } from './store';

const ROUNDS = 5;
const LARGE = { count: 40, bytes: 8 * 1024 * 1024 };
const SMALL = { count: 600, bytes: 16 * 1024 };
const MEGABYTES = Math.round((LARGE.count * LARGE.bytes + SMALL.count * SMALL.bytes) / 1_048_576);

/**
 * A bucket that is mirrored for the first time, as the pod does it with its defaults (plan, copy, check, a part read back,
 * record), against `rclone sync` and `rclone check` by hand: the same data, stores, and numbers of transfers, by turns.
 */
export function measureMirror(): Promise<readonly Figure[]> {
  return withScratch(async (directory) => {
    if (!existsSync('/usr/bin/rclone')) throw new Error('rclone is not installed: apt-get install rclone jq');
    const program = await binary('versitygw', console.log);
    const source = await BenchStore.start(program, join(directory, 'source'));
    const vault = await BenchStore.start(program, join(directory, 'vault'));
    try {
      const env = await prepare(directory, source, vault);
      let count = 0;
      const timed = async (work: (path: string) => Promise<unknown>): Promise<number> => {
        count += 1;
        const begin = performance.now();
        await work(`bench/${count}`);
        const seconds = (performance.now() - begin) / 1000;
        rmSync(join(directory, 'vault/data/vault/bench'), { recursive: true, force: true });
        return seconds;
      };
      const rounds = await byTurns(ROUNDS, {
        raw: () =>
          timed(async (path) => {
            const [from, to] = ['source:uploads', `vault:vault/${path}`];
            await run('rclone', ['sync', '--fast-list', '--metadata', from, to], env);
            await run('rclone', ['check', '--fast-list', from, to], env);
          }),
        ours: () =>
          timed((path) => run(join(directory, 'scripts/mirror.sh'), [], { ...env, MIRROR_PATH: path })),
      });
      const raw = rounds.map((round) => round.raw);
      const ours = rounds.map((round) => round.ours);
      const rate = (seconds: number): string => `${(MEGABYTES / seconds).toFixed(0)} MB/s`;
      return [
        {
          name: `mirroring ${MEGABYTES} MB / rclone alone`,
          value: median(rounds.map((round) => round.ours / round.raw)),
          unit: '×',
          // 0.9 of its throughput.
          budget: 1.11,
          detail: `${LARGE.count + SMALL.count} objects; ours ${rate(median(ours))} (${listed(ours, 1)} s), rclone ${rate(median(raw))} (${listed(raw, 1)} s)`,
        },
      ];
    } finally {
      await source.stop();
      await vault.stop();
    }
  });
}

async function prepare(
  directory: string,
  source: BenchStore,
  vault: BenchStore,
): Promise<Record<string, string>> {
  const scripts = join(directory, 'scripts');
  mkdirSync(scripts);
  for (const [name, text] of Object.entries(mirrorScripts()))
    writeFileSync(join(scripts, name), text, { mode: 0o755 });
  const authorities = join(directory, 'authorities.crt');
  await run('sh', ['-c', `cat ${source.caFile} ${vault.caFile} >${authorities}`]);
  const env = {
    ...source.remote('SOURCE'),
    ...vault.remote('VAULT'),
    AWS_CA_BUNDLE: '',
    RCLONE_CONFIG: '/dev/null',
    RCLONE_CA_CERT: authorities,
    CA_FILES: authorities,
    MIRROR_NAME: 'bench',
    SOURCE_BUCKET: 'uploads',
    VAULT_BUCKET: 'vault',
    RCLONE_TRANSFERS: '4',
    RCLONE_CHECKERS: '8',
  };
  const data = join(directory, 'objects');
  for (const [folder, { bytes, count }] of Object.entries({ large: LARGE, small: SMALL })) {
    mkdirSync(join(data, folder), { recursive: true });
    for (let n = 0; n < count; n += 1) writeFileSync(join(data, folder, String(n)), randomBytes(bytes));
  }
  await run('rclone', ['mkdir', 'vault:vault'], env);
  await run('rclone', ['copy', data, 'source:uploads'], env);
  return env;
}
