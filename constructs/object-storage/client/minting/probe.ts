import { randomUUID } from 'node:crypto';
import type { Vault } from '../../vault';
import { removeVersions } from '../probe';
import { StoreProblem } from '../problem';
import { openStore, type StoreKeys } from '../store';
import { openMinter } from './minter';

/**
 * Makes a key, sees that it may write where it should and nowhere else, ends it, and sees that it has ended.
 * Nothing happens when the store mints none.
 */
export async function probeMinting(vault: Vault, keys?: StoreKeys): Promise<boolean> {
  const minter = openMinter(vault, keys);
  if (minter === undefined) return false;
  const name = `probe.${randomUUID()}`;
  const prefix = `records/.probe/${name}/`;
  const key = `${prefix}object`;
  const beyond = `records/.probe/beyond.${name}`;
  const store = openStore(vault, keys === undefined ? {} : { keys });
  const may = async (write: Promise<void>): Promise<boolean> => {
    try {
      await write;
      return true;
    } catch (error) {
      if (error instanceof StoreProblem && error.codes.includes('403')) return false;
      throw error;
    }
  };
  try {
    const minted = openStore(vault, { keys: await minter.mint({ name, prefix }) });
    try {
      if (!(await may(minted.write(key, 'minted\n'))))
        throw broken(`a minted key may not write what its policy allows in ${vault.bucket}`);
      if (await may(minted.write(beyond, 'beyond its prefix\n')))
        throw broken(`a minted key may write beyond its prefix in ${vault.bucket}`);
      await minter.revoke([name]);
      if (await may(minted.write(key, 'revoked\n'))) throw broken('a revoked key may go on writing');
    } finally {
      minted.client.destroy();
    }
  } finally {
    await minter.revoke([name]);
    for (const left of [key, beyond]) await removeVersions(store, left);
    store.client.destroy();
    minter.close();
  }
  return true;
}

function broken(reason: string): StoreProblem {
  return new StoreProblem(
    reason,
    "look into the store's log, and for statements of others in the bucket's policy; until it works drop mints of the vault, and make keys by hand",
  );
}
