import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { App, EnvironmentStack, Testing } from '../../constructs/core';
import { openClient, openStore, prepareVault, type S3Store } from '../../constructs/object-storage/client';
import { type Finished, run } from '../../deploy/process';
import type { Environment } from '../../environments/environment';
import { staging } from '../../environments/staging';
import { keepState } from '../../stacks/state';
import { vaultAt } from '../object-storage/stores';
import { findVersitygw, Versitygw } from '../object-storage/versitygw';

const terraform = spawnSync('terraform', ['version'], { stdio: 'ignore' }).status === 0;
const versitygw = findVersitygw();

/** Terraform itself with its built-in resource, which needs no provider, keeps its state in a real store. */
(!terraform || versitygw === undefined ? describe.skip : describe)('state in the vault', () => {
  let server: Versitygw;
  let folder: string;
  let store: S3Store;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'state-'));
    server = await Versitygw.start(versitygw as string);
    const vault = vaultAt(server.endpoint, server.caPem, { bucket: 'staging-vault' });
    // Without versions: with them, this server's delete markers would keep a lock from being taken twice.
    await openClient(vault, server.keys).send(new CreateBucketCommand({ Bucket: vault.bucket }));
    store = openStore(vault, { keys: server.keys });
    writeFileSync(join(folder, 'ca.crt'), server.caPem);
    jest.replaceProperty(process, 'env', { ...process.env, VAULT_CA_FILE: join(folder, 'ca.crt') });
  });
  afterAll(async () => {
    jest.restoreAllMocks();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A stack of one life, with one resource, in a folder of its own as on a fresh machine. */
  function checkout(incarnation: string, value: string, different: Partial<Environment> = {}): string {
    process.env['INCARNATION'] = incarnation;
    const app = Testing.stubVersion(new App({ stackTraces: false, skipValidation: true }));
    const stack = new EnvironmentStack(app, { environment: 'staging', layer: 'platform' });
    keepState(stack, {
      ...staging,
      vault: vaultAt(server.endpoint, server.caPem, { bucket: 'staging-vault' }),
      ...different,
    });
    stack.addOverride('resource.terraform_data.it.input', value);
    const directory = mkdtempSync(join(folder, 'checkout-'));
    writeFileSync(join(directory, 'cdk.tf.json'), Testing.synth(stack));
    return directory;
  }

  function terraformIn(cwd: string, ...args: string[]): Promise<Finished> {
    const { accessKeyId, secretAccessKey } = server.keys;
    const env = {
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      TF_IN_AUTOMATION: '1',
    };
    return run('terraform', [...args, '-no-color', '-input=false'], { cwd, env, seconds: 60 });
  }

  async function apply(directory: string): Promise<string> {
    expect(await terraformIn(directory, 'init')).toMatchObject({ exitCode: 0 });
    const { stdout, stderr } = await terraformIn(directory, 'apply', '-auto-approve', '-lock-timeout=0s');
    return stdout + stderr;
  }

  const key = (incarnation: string) => `state/staging/${incarnation}/staging-platform.tfstate`;

  test('another machine of the same life finds it; the next life begins with none and leaves it as it was', async () => {
    expect(await apply(checkout('one-1', 'first'))).toContain('1 added, 0 changed, 0 destroyed');
    const state = await store.read(key('one-1'));
    expect(state).toContain('"terraform_data"');
    expect(await apply(checkout('one-1', 'second'))).toContain('0 added, 1 changed, 0 destroyed');

    const before = await store.read(key('one-1'));
    expect(await apply(checkout('one-2', 'second'))).toContain('1 added, 0 changed, 0 destroyed');
    expect(await store.read(key('one-1'))).toBe(before);
    expect(await store.keys('state/')).toEqual([key('one-1'), key('one-2')]);
  }, 120_000);

  test('two at once: the second is refused by the lock in the store', async () => {
    const directory = checkout('one-3', 'locked');
    const lock = `${key('one-3')}.tflock`;
    const holder = {
      ID: 'b4a39c8e-0000-0000-0000-000000000000',
      Operation: 'apply',
      Who: 'somebody@else',
      Version: '1.11.0',
    };
    await store.write(
      lock,
      JSON.stringify({ ...holder, Info: '', Created: new Date().toISOString(), Path: lock }),
    );
    const said = await apply(directory);
    expect(said).toContain('Error acquiring the state lock');
    expect(said).toContain('somebody@else');
    expect(await store.read(key('one-3'))).toBeUndefined();
  }, 120_000);

  test('a store that takes a deleted name for one that exists: the bootstrap tells, and the state is kept without a lock', async () => {
    const vault = vaultAt(server.endpoint, server.caPem, { bucket: 'versioned-vault' });
    expect(await prepareVault(vault, { keys: server.keys })).toMatchObject([{ locksState: false }]);
    expect(await apply(checkout('one-4', 'first', { vault }))).toContain('1 added');
    expect(await apply(checkout('one-4', 'second', { vault }))).toContain('Error acquiring the state lock');
    const unlocked = { vault, state: 'vault-unlocked' } as const;
    expect(await apply(checkout('one-4', 'second', unlocked))).toContain('0 added, 1 changed, 0 destroyed');
  }, 120_000);
});
