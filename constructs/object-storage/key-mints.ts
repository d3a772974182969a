/** Stores that are known to make keys. */
export const KEY_MINTS = ['versitygw'] as const;
export type KeyMint = (typeof KEY_MINTS)[number];
