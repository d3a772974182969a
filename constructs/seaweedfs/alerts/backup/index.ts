import { type Alerting, AlertRules } from '../../../alerts';
import type { Construct } from '../../../core';
import type { Asset } from '../../../recovery';
import { SEAWEEDFS_BACKUP_ALERTS, type SeaweedFsBackupSubject } from './catalogue';

/** Loaded by whoever watches, and by no other. */
export function declareBackupAlerts(
  scope: Construct,
  props: { readonly alerting: Alerting; readonly asset: Asset; readonly subject: SeaweedFsBackupSubject },
): void {
  new AlertRules(scope, 'backup-alerts', { ...props, catalogue: SEAWEEDFS_BACKUP_ALERTS });
}
