import type { Addon } from './addon';
import { certManager } from './cert-manager';
import { monitoring } from './monitoring';
import { snapshots } from './snapshots';
import { velero } from './velero';

export type AddonName = 'monitoring' | 'cert-manager' | 'snapshots' | 'velero';

/** What a cluster gets when it is asked for; every cluster has DNS and storage. */
export const ADDONS: Readonly<Record<AddonName, Addon>> = {
  monitoring,
  'cert-manager': certManager,
  snapshots,
  velero,
};
