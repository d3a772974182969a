import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { SecretRef } from '../../../constructs/core';
import { Bucket, Vault } from '../../../constructs/object-storage';
import {
  openMinter,
  openStore,
  prepareVault,
  type S3Store,
  type StoreKeys,
} from '../../../constructs/object-storage/client';
import type { BucketMirrorProps } from '../../../constructs/object-storage/mirror';
import { mirrorScripts } from '../../../constructs/object-storage/mirror/scripts';
import type { Result } from '../../postgres/scripts/processes';
import { writeScripts } from '../../postgres/scripts/scripts-folder';
import { findVersitygw, Versitygw } from '../versitygw';
import { RCLONE } from './program';
import { Running } from './running';

const program = findVersitygw();
const runnable = program !== undefined && existsSync(RCLONE);
if (!runnable) console.warn('Skipped: rclone or a built versitygw (npm run local) is missing.');

/** Like `describe`; skipped, and counted as such, where rclone or a real S3 server is missing. */
export const describeWithRclone = runnable ? describe : describe.skip;

export interface MirrorRecord {
  readonly id: string;
  readonly run: number;
  readonly previous: string | null;
  readonly objects: number;
  readonly bytes: number;
  readonly copied: { readonly objects: number; readonly bytes: number };
  readonly replaced: number;
  readonly removed: number;
  readonly repaired: number;
  readonly versions: number;
  readonly check: {
    readonly readBack: number;
    readonly changedMeanwhile: number;
    readonly differences: number;
    readonly differing: readonly string[];
  };
}

type Environment = Readonly<Record<string, string>>;

const PATH = 'test/mirrors/uploads';

/** The pod of a mirror, with two real stores; each has its own authority, and the pod keys that may do no more than it needs. */
export class MirrorPod {
  static async start(): Promise<MirrorPod> {
    if (program === undefined) throw new Error('versitygw was not built here.');
    const [source, vault] = [await Versitygw.start(program), await Versitygw.start(program)];
    const keysOf = async (
      server: Versitygw,
      bucket: string,
      prefix: string,
      readOnly: boolean,
    ): Promise<StoreKeys> => {
      const reference = vaultAt(server, bucket);
      await prepareVault(reference, { keys: server.keys });
      const minter = openMinter(reference, server.keys);
      const minted = await minter?.mint({ name: `mirror-${bucket}`, prefix, readOnly });
      minter?.close();
      if (minted === undefined) throw new Error('versitygw mints no keys');
      return minted;
    };
    const reader = await keysOf(source, 'uploads', '', true);
    const writer = await keysOf(vault, 'vault', 'test/', false);
    return new MirrorPod(mkdtempSync(join(tmpdir(), 'mirror-')), { source, vault, reader, writer });
  }

  readonly store: S3Store;
  private logs = 0;

  private constructor(
    readonly dir: string,
    private readonly stores: {
      readonly source: Versitygw;
      readonly vault: Versitygw;
      readonly reader: StoreKeys;
      readonly writer: StoreKeys;
    },
  ) {
    for (const name of ['scripts', 'tmp', 'etc']) mkdirSync(join(dir, name));
    writeScripts(join(dir, 'scripts'), mirrorScripts());
    writeFileSync(join(dir, 'etc/source.crt'), stores.source.caPem);
    writeFileSync(join(dir, 'etc/vault.crt'), stores.vault.caPem);
    writeFileSync(join(dir, 'etc/both.crt'), `${stores.source.caPem}${stores.vault.caPem}`);
    this.store = openStore(vaultAt(stores.source, 'uploads'), { keys: stores.source.keys });
  }

  environment(): Environment {
    const { reader, source, vault, writer } = this.stores;
    return {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      LANG: 'C.UTF-8',
      NAMESPACE: 'shop',
      MIRROR_NAME: 'uploads',
      SOURCE_BUCKET: 'uploads',
      VAULT_BUCKET: 'vault',
      MIRROR_PATH: PATH,
      CA_FILES: `${join(this.dir, 'etc/source.crt')} ${join(this.dir, 'etc/vault.crt')}`,
      ...remote('SOURCE', source.endpoint, reader),
      ...remote('TARGET', source.endpoint, source.keys),
      ...remote('VAULT', vault.endpoint, writer),
      TERMINATION_LOG: join(this.dir, 'tmp/termination-log'),
      TMPDIR: join(this.dir, 'tmp'),
      RCLONE_CONTIMEOUT: '2s',
      RCLONE_LOW_LEVEL_RETRIES: '2',
      RCLONE_RETRIES: '1',
    };
  }

  run(script: 'mirror.sh' | 'restore.sh', env: Environment = {}): Promise<Result> {
    return this.background(script, env).finished();
  }

  /** A run that must end well. */
  async mirrored(env: Environment = {}): Promise<MirrorRecord> {
    const result = await this.run('mirror.sh', env);
    if (result.status !== 0) throw new Error(`it ended with ${result.status}:\n${result.stderr}`);
    return JSON.parse(result.stdout) as MirrorRecord;
  }

  background(script: string, env: Environment = {}): Running {
    this.logs += 1;
    const file = join(this.dir, `log-${this.logs}`);
    return new Running(
      [join(this.dir, 'scripts', script)],
      { ...this.environment(), ...env },
      this.dir,
      file,
    );
  }

  /** Objects of the source, by an administrator. */
  async put(key: string, body: string): Promise<void> {
    await this.store.write(key, body);
  }
  /** Many at once, and large ones. */
  putAll(objects: Readonly<Record<string, string | Uint8Array>>): void {
    const folder = mkdtempSync(join(this.dir, 'tmp/objects-'));
    for (const [key, body] of Object.entries(objects)) {
      mkdirSync(dirname(join(folder, key)), { recursive: true });
      writeFileSync(join(folder, key), body);
    }
    this.rclone('copy', '--transfers', '16', folder, 'target:uploads');
    rmSync(folder, { recursive: true });
  }
  /** rclone with the pod's keys to the vault, and as an administrator of the source, which is `target:`. */
  rclone(...args: readonly string[]): string {
    const env = {
      ...this.environment(),
      RCLONE_CONFIG: '/dev/null',
      RCLONE_CA_CERT: join(this.dir, 'etc/both.crt'),
    };
    return execFileSync(RCLONE, args, { env, encoding: 'utf8' });
  }
  async remove(...keys: readonly string[]): Promise<void> {
    const { DeleteObjectCommand } = await import('@aws-sdk/client-s3');
    for (const key of keys)
      await this.store.client.send(new DeleteObjectCommand({ ...this.store.target, Key: key }));
  }
  empty(): void {
    this.rclone('delete', 'target:uploads');
  }

  /** Keys of the mirror below a part of it. Deleted ones have files, too: asking the disk would not do. */
  mirrorKeys(part: string): string[] {
    const listed = this.rclone('lsf', '-R', '--files-only', `vault:vault/${PATH}/${part}`);
    return listed
      .split('\n')
      .filter((line) => line !== '')
      .sort();
  }
  /** The file in which the vault keeps an object of the mirror. */
  mirrorFile(path: string): string {
    return this.stores.vault.path('vault', `${PATH}/${path}`);
  }
  /** Ids of the runs that have left anything. */
  runs(): string[] {
    return [...new Set(this.mirrorKeys('runs').map((key) => key.split('/')[0] ?? ''))];
  }
  plan(id: string): string {
    return gunzipSync(readFileSync(this.mirrorFile(`runs/${id}/plan.gz`))).toString();
  }
  /** Lets everything in the vault look as old as so many days. */
  forgetMirror(): void {
    for (const part of ['current', 'replaced', 'runs'])
      rmSync(this.mirrorFile(part), { recursive: true, force: true });
  }

  /** What is mirrored, as it is declared. */
  get bucket(): Bucket {
    const { caPem, endpoint } = this.stores.source;
    return Bucket.s3Compatible({ endpoint, caPem, name: 'uploads' });
  }
  /** Of the source. */
  get administrator(): StoreKeys {
    return this.stores.source.keys;
  }
  /** The source as an application has it, by a key that may do everything which is not denied to all. */
  async applicationStore(): Promise<S3Store> {
    const reference = vaultAt(this.stores.source, 'uploads');
    const minter = openMinter(reference, this.administrator);
    const keys = await minter?.mint({ name: 'application', prefix: '' });
    minter?.close();
    const { GetBucketPolicyCommand, PutBucketPolicyCommand } = await import('@aws-sdk/client-s3');
    const { client, target } = this.store;
    const policy = JSON.parse((await client.send(new GetBucketPolicyCommand(target))).Policy ?? '{}');
    const everything = { Action: 's3:*', Resource: ['arn:aws:s3:::uploads', 'arn:aws:s3:::uploads/*'] };
    policy.Statement.push({ Effect: 'Allow', Principal: { AWS: ['application'] }, ...everything });
    await client.send(new PutBucketPolicyCommand({ ...target, Policy: JSON.stringify(policy) }));
    return openStore(reference, { keys: keys ?? this.administrator });
  }
  /** Where the copy goes, as it is declared. */
  get vault(): Vault {
    const { caPem } = this.stores.vault;
    // Its address is that of this machine: a name of another one stands for it.
    return Vault.s3Compatible({ endpoint: 'https://vault.example.com', caPem, bucket: 'vault' });
  }

  async stop(): Promise<void> {
    this.store.client.destroy();
    await this.stores.source.stop();
    await this.stores.vault.stop();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

function vaultAt(server: Versitygw, bucket: string): Vault {
  return Vault.s3Compatible({ endpoint: server.endpoint, bucket, caPem: server.caPem, mints: 'versitygw' });
}

function remote(name: string, endpoint: string, keys: StoreKeys): Environment {
  const settings = {
    TYPE: 's3',
    PROVIDER: 'Other',
    ENDPOINT: endpoint,
    REGION: 'us-east-1',
    FORCE_PATH_STYLE: 'true',
    NO_CHECK_BUCKET: 'true',
    ACCESS_KEY_ID: keys.accessKeyId,
    SECRET_ACCESS_KEY: keys.secretAccessKey,
  };
  return Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [`RCLONE_CONFIG_${name}_${key}`, value]),
  );
}

/** Other bytes of the same number, and no other time: as a disk does it. */
export function damage(file: string): void {
  const { atime, mtime } = statSync(file);
  const bytes = readFileSync(file);
  bytes[0] = (bytes[0] ?? 0) ^ 0xff;
  writeFileSync(file, bytes);
  utimesSync(file, atime, mtime);
}

/** The rest of a mirror's declaration, for tests of what is declared. */
export function mirrorProps(pod: MirrorPod): Omit<BucketMirrorProps, 'of'> {
  const keys = (who: string) => ({
    accessKey: SecretRef.existing({ name: who, key: 'access' }),
    secretKey: SecretRef.existing({ name: who, key: 'secret' }),
  });
  return {
    name: 'uploads',
    namespace: 'test',
    image: 'registry.example.com/rclone:1.60',
    vault: pod.vault,
    sourceKeys: keys('uploads'),
    vaultKeys: keys('vault'),
  };
}
