import type { Addon } from './addon';
import { certManager } from './cert-manager';
import { monitoring } from './monitoring';
import { snapshots } from './snapshots';

export type AddonName = 'monitoring' | 'cert-manager' | 'snapshots';

/** What a cluster gets when it is asked for; every cluster has DNS and storage. */
export const ADDONS: Readonly<Record<AddonName, Addon>> = {
  monitoring,
  'cert-manager': certManager,
  snapshots,
};
