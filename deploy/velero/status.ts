import type { Environment } from '../../environments';
import { type BackupBucket, scheduleOf } from './bucket';
import type { VeleroInCluster } from './cluster';

/** What is there, for people. */
export async function veleroStatus(
  environment: Pick<Environment, 'velero'>,
  { bucket, cluster }: { readonly bucket: BackupBucket; readonly cluster: VeleroInCluster },
): Promise<string[]> {
  const [location, schedules, backups, restores, done] = await Promise.all([
    cluster.storageLocation(),
    cluster.schedules(),
    bucket.backups(),
    cluster.restores(),
    cluster.done(),
  ]);
  const lines = [
    `location    ${location?.status?.phase ?? 'not looked at yet'}, ${location?.spec.accessMode ?? 'ReadWrite'}${location?.status?.message === undefined ? '' : `: ${location.status.message}`}`,
  ];
  for (const name of Object.keys(environment.velero?.schedules ?? {})) {
    const schedule = schedules.find(({ metadata }) => metadata.name === name);
    const words =
      schedule === undefined
        ? 'NOT THERE: deploy'
        : `${schedule.spec.schedule}, ${schedule.spec.paused === true ? 'PAUSED' : (schedule.status?.phase ?? 'New')}, last begun ${schedule.status?.lastBackup ?? 'never'}${(schedule.status?.validationErrors ?? []).map((one) => `, ${one}`).join('')}`;
    lines.push(`schedule    ${name}: ${words}`);
  }
  for (const backup of backups) {
    const { metadata, status } = backup;
    const volumes = await bucket.podVolumeBackups(metadata.name);
    const failed = volumes.filter((one) => one.status?.phase !== 'Completed');
    const skipped = await bucket.skippedVolumes(metadata.name);
    const warnings = await bucket.backupWarnings(metadata.name);
    lines.push(
      `backup      ${metadata.name}  ${status?.phase}, ${status?.startTimestamp}, of ${scheduleOf(backup) ?? 'no schedule'}, ${volumes.length - failed.length} volumes${failed.length === 0 ? '' : `, ${failed.length} FAILED`}${skipped.length === 0 ? '' : `, ${skipped.length} LEFT OUT`}${warnings.length === 0 ? '' : `, ${warnings.length} warnings`}, until ${status?.expiration ?? '?'}`,
    );
    for (const { spec, status: of } of failed)
      lines.push(
        `  FAILED    ${spec.volume} of ${spec.pod.namespace}/${spec.pod.name}: ${of?.message ?? of?.phase}`,
      );
    for (const { pvcName, pvcNamespace, pvName, skippedReason } of skipped)
      lines.push(
        `  left out  ${pvcName ? `claim ${pvcNamespace}/${pvcName}` : `volume ${pvName}`}: ${skippedReason}`,
      );
    for (const warning of warnings) lines.push(`  warning   ${warning}`);
  }
  if (backups.length === 0) lines.push('backup      none in the bucket');
  for (const { metadata, spec, status } of restores)
    lines.push(
      `restore     ${metadata.name}  ${status?.phase ?? 'New'}, of ${spec.backupName}, ${status?.errors ?? 0} errors`,
    );
  lines.push(`recoveries  ${done.length === 0 ? 'none in this cluster' : done.join(', ')}`);
  return lines;
}
