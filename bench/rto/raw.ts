import { chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ImageMount, runInImage } from '../../local/images';
import { DATABASE, MARKER, QUERY, type Subject } from './subject';

export interface RawRestore {
  readonly restoreSeconds: number;
  /** Until the right answer, the replay included. */
  readonly seconds: number;
}

const POSTGRES_USER = 999;

/**
 * `pgbackrest restore` and the start of a server, by hand: in the image of the pods, with their configuration,
 * in the network of their node, on the disk of their volumes.
 */
export async function restoreRaw(options: {
  readonly subject: Subject;
  /** On the same disk as the cluster's volumes. */
  readonly directory: string;
  /** Path of the node's network namespace. */
  readonly network: string;
  readonly vault: { readonly host: string; readonly address: string };
}): Promise<RawRestore> {
  const { subject, network, vault } = options;
  const scratch = mkdtempSync(join(options.directory, 'raw-'));
  try {
    const volume = join(scratch, 'volume');
    for (const folder of ['', 'pgdata', 'spool']) {
      mkdirSync(join(volume, folder), { recursive: true, mode: 0o700 });
      chownSync(join(volume, folder), POSTGRES_USER, POSTGRES_USER);
    }
    const file = (name: string, text: string, target: string): ImageMount => {
      writeFileSync(join(scratch, name), text);
      return { source: join(scratch, name), target };
    };
    const files = (suffix: string, folder: string): ImageMount[] =>
      Object.entries(subject.config(suffix)).map(([name, text]) => file(name, text, `${folder}/${name}`));
    const { exitCode, stdout, stderr } = await runInImage('postgres', ['/bench/raw-restore.sh'], {
      network,
      mounts: [
        { source: volume, target: '/var/lib/postgresql', readOnly: false },
        { source: __dirname, target: '/bench' },
        ...files('pgbackrest-server', '/etc/pgbackrest'),
        ...files('config', '/etc/postgresql-server'),
        ...files('vault-ca', '/etc/vault-ca'),
        file('hosts', `127.0.0.1 localhost\n${vault.address} ${vault.host}\n`, '/etc/hosts'),
        // /var/run leads there.
        { emptyDir: '/run/postgresql' },
        { emptyDir: '/tmp' },
      ],
      env: {
        STANZA: DATABASE,
        MAJOR: '17',
        QUERY,
        EXPECTED: MARKER,
        PGBACKREST_REPO1_S3_KEY: subject.variables['TF_VAR_vault_access_key'] ?? '',
        PGBACKREST_REPO1_S3_KEY_SECRET: subject.variables['TF_VAR_vault_secret_key'] ?? '',
        PGBACKREST_REPO1_CIPHER_PASS: subject.variables['TF_VAR_repository_passphrase'] ?? '',
      },
      timeoutMs: 1_800_000,
    });
    if (exitCode !== 0) throw new Error(`the raw restore ended with ${exitCode}:\n${stderr.slice(-3000)}`);
    return JSON.parse(stdout) as RawRestore;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
