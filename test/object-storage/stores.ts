import { randomUUID } from 'node:crypto';
import { type S3CompatibleVaultProps, Vault } from '../../constructs/object-storage';
import {
  openStore,
  prepareVault,
  type S3Store,
  type StoreKeys,
} from '../../constructs/object-storage/client';
import { FakeS3 } from './fake-s3';
import { findVersitygw, Versitygw } from './versitygw';

/** A running S3 server, and vaults in it. */
export interface Server {
  readonly keys: StoreKeys;
  vault(overrides?: Partial<S3CompatibleVaultProps>): Vault;
  stop(): Promise<void>;
}

async function fake(): Promise<Server> {
  const server = await FakeS3.start();
  return {
    keys: { accessKeyId: 'key', secretAccessKey: 'secret' },
    vault: (overrides = {}) => vaultAt(server.endpoint, server.caPem, overrides),
    stop: () => server.stop(),
  };
}

export const versitygw = findVersitygw();

async function real(): Promise<Server> {
  if (versitygw === undefined) throw new Error('versitygw is not built: npm run local builds it');
  const server = await Versitygw.start(versitygw);
  return {
    keys: server.keys,
    vault: (overrides = {}) => vaultAt(server.endpoint, server.caPem, overrides),
    stop: () => server.stop(),
  };
}

export function vaultAt(endpoint: string, caPem: string, overrides: Partial<S3CompatibleVaultProps>): Vault {
  return Vault.s3Compatible({ endpoint, bucket: `vault-${randomUUID()}`, caPem, ...overrides });
}

/** A bucket of its own, ready for use. */
export async function freshStore(server: Server): Promise<S3Store> {
  const vault = server.vault();
  await prepareVault(vault, { keys: server.keys });
  return openStore(vault, { keys: server.keys });
}

/** The same tests on the fake and on a real server; without one built they are skipped, and counted. */
export function onEveryStore(tests: (server: () => Server) => void): void {
  for (const { name, start, missing } of [
    { name: 'a fake store', start: fake, missing: false },
    { name: 'versitygw', start: real, missing: versitygw === undefined },
  ]) {
    (missing ? describe.skip : describe)(`on ${name}`, () => {
      let server: Server | undefined;
      beforeAll(async () => {
        server = await start();
      });
      afterAll(() => server?.stop());
      tests(() => {
        if (server === undefined) throw new Error('the server has not started');
        return server;
      });
    });
  }
}
