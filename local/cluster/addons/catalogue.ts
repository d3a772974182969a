import type { Addon } from './addon';
import { monitoring } from './monitoring';

export type AddonName = 'monitoring';

/** What a cluster gets when it is asked for; every cluster has DNS and storage. */
export const ADDONS: Readonly<Record<AddonName, Addon>> = { monitoring };
