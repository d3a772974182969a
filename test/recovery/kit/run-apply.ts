import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { type Kit, writeKit } from '../../../constructs/recovery/kit';

export interface Call {
  readonly argv: readonly string[];
  readonly stdin: string;
}

export interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly calls: readonly Call[];
  /** Everything that was applied, in order. */
  readonly objects: readonly unknown[];
  readonly directory: string;
}

/** Writes the kit and runs its `apply` against stand-ins for kubectl and helm. */
export function runApply(
  kit: Kit,
  options: { readonly args?: readonly string[]; readonly env?: Readonly<Record<string, string>> } = {},
): Run {
  const root = mkdtempSync(join(tmpdir(), 'apply-'));
  const directory = join(root, 'the kit');
  writeKit(kit, directory);
  const [bin, log] = [join(root, 'bin'), join(root, 'log')];
  mkdirSync(bin);
  mkdirSync(log);
  for (const name of ['kubectl', 'helm', 'other-kubectl']) {
    copyFileSync(join(__dirname, 'fake-kubectl.sh'), join(bin, name));
    chmodSync(join(bin, name), 0o755);
  }
  const result = spawnSync(join(directory, 'apply'), options.args ?? [], {
    encoding: 'utf8',
    // Nothing of the surroundings leaks in: neither variables nor a real kubectl.
    env: {
      PATH: `${bin}:/usr/bin:/bin`,
      FAKE_LOG: log,
      FAKE_NAMESPACES: 'default',
      TMPDIR: root,
      ...options.env,
    },
  });
  const calls = readdirSync(log)
    .filter((name) => name.endsWith('.argv'))
    .sort()
    .map((name) => ({
      argv: readFileSync(join(log, name), 'utf8').trimEnd().split('\n'),
      stdin: readFileSync(join(log, name.replace('.argv', '.stdin')), 'utf8'),
    }));
  const applied = calls.filter(({ argv }) => argv.includes('apply'));
  const objects = applied.flatMap(({ stdin }) =>
    parseAllDocuments(stdin).map((document): unknown => document.toJS()),
  );
  return { status: result.status, stdout: result.stdout, stderr: result.stderr, calls, objects, directory };
}
