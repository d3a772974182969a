import type { Vault } from '../../vault';
import { keysFromEnvironment, type StoreKeys } from '../store';
import { VersitygwMinter } from './versitygw';

/** A pair of keys, and what it is for. */
export interface Grant {
  /** Id of the access key; it says whose it is. */
  readonly name: string;
  /** Objects of the vault's bucket that it may list, read, write and delete, never a version of them: `production/`; empty: all. */
  readonly prefix: string;
  /** @default false - it may write and delete as well */
  readonly readOnly?: boolean;
}

/** Makes and ends keys of a store. Both may be repeated; what was interrupted is completed by the next call. */
export interface Minter {
  /** The pair of this name, made unless it is there: the same one for as long as it lives. */
  mint(grant: Grant): Promise<StoreKeys>;
  /** Ends keys for good. Returns those that were still there. */
  revoke(names: readonly string[]): Promise<string[]>;
  /** Lets go of connections. */
  close(): void;
}

/**
 * How keys are made in a vault's store; undefined when it makes none.
 * @param keys an administrator's. @default - from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY
 */
export function openMinter(vault: Vault, keys: StoreKeys = keysFromEnvironment()): Minter | undefined {
  // Another store's way (at Amazon a role or a user per incarnation) is one more file beside versitygw.ts.
  switch (vault.store.mints) {
    case 'versitygw':
      return new VersitygwMinter(vault, keys);
    default:
      return undefined;
  }
}
