import { Duration } from '../../constructs/core';
import { SEAWEEDFS_BACKUP_ALERTS } from '../../constructs/seaweedfs/alerts/backup/catalogue';
import { SEAWEEDFS_ALERTS } from '../../constructs/seaweedfs/alerts/server/catalogue';
import { describeCatalogue } from '../alerts/catalogue';

describeCatalogue(SEAWEEDFS_ALERTS, [
  {
    namespace: 'storage',
    name: 'files',
    labels: {},
    claims: ['data-files-volume-0'],
    restore: 'files-restore',
    replicationLag: Duration.minutes(15),
    parts: [
      { part: 'master', job: 'files-master', workload: 'statefulset/files-master' },
      { part: 'filer', job: 'files-filer', workload: 'statefulset/files-filer' },
    ],
  },
]);

describeCatalogue(SEAWEEDFS_BACKUP_ALERTS, [
  {
    namespace: 'storage',
    name: 'files',
    cronJob: 'files-backup',
    restore: 'files-restore',
    limit: Duration.hours(20),
  },
]);
