import { gunzipSync } from 'node:zlib';
import type { S3Store } from '../../constructs/object-storage/client';
import { type Backup, type PodVolumeBackup, SCHEDULE_LABEL } from './kinds';

/** A volume as a backup tells of it. */
export interface VolumeInfo {
  readonly pvcName?: string;
  readonly pvcNamespace?: string;
  readonly pvName?: string;
  readonly skipped?: boolean;
  readonly skippedReason?: string;
}

/** What Velero has left in its bucket, which says more than a cluster that has just come back. */
export class BackupBucket {
  constructor(
    private readonly store: S3Store,
    /** Of the location, without slashes at its ends. */
    private readonly prefix: string,
  ) {}

  /** All that have ended, the newest first. */
  async backups(): Promise<Backup[]> {
    const keys = await this.store.keys(`${this.prefix}/backups/`);
    const found = await Promise.all(
      keys
        .filter((key) => key.endsWith('/velero-backup.json'))
        .map(async (key) => JSON.parse((await this.store.read(key)) ?? 'null') as Backup | null),
    );
    return found
      .filter((backup): backup is Backup => backup?.status?.completionTimestamp !== undefined)
      .sort((a, b) => (startOf(a) < startOf(b) ? 1 : -1));
  }

  async podVolumeBackups(backup: string): Promise<PodVolumeBackup[]> {
    return ((await this.json(`backups/${backup}/${backup}-podvolumebackups.json.gz`)) ??
      []) as PodVolumeBackup[];
  }

  /** Volumes that are not in the backup although their pods are, and why. */
  async skippedVolumes(backup: string): Promise<VolumeInfo[]> {
    const all = ((await this.json(`backups/${backup}/${backup}-volumeinfo.json.gz`)) ?? []) as VolumeInfo[];
    return all.filter(({ skipped }) => skipped === true);
  }

  /** What Velero said while it made a backup: of volumes that it passed over, above all. */
  async backupWarnings(backup: string): Promise<string[]> {
    const results = (await this.json(`backups/${backup}/${backup}-results.gz`)) as
      | { readonly errors?: Results; readonly warnings?: Results }
      | undefined;
    return [...linesOf(results?.errors), ...linesOf(results?.warnings)];
  }

  /** What a restore could not do, line by line; each begins with the namespace, if it is about one. */
  async restoreErrors(restore: string): Promise<string[]> {
    const results = (await this.json(`restores/${restore}/restore-${restore}-results.gz`)) as
      | { readonly errors?: Results }
      | undefined;
    return linesOf(results?.errors);
  }

  private async json(path: string): Promise<unknown> {
    const bytes = await this.store.readBytes(`${this.prefix}/${path}`);
    if (bytes === undefined) return undefined;
    return JSON.parse(gunzipSync(bytes).toString('utf8')) as unknown;
  }
}

interface Results {
  readonly velero?: readonly string[];
  readonly cluster?: readonly string[];
  readonly namespaces?: Readonly<Record<string, readonly string[]>>;
}

function linesOf(results: Results | undefined): string[] {
  const { cluster, namespaces, velero } = results ?? {};
  return [
    ...(velero ?? []),
    ...(cluster ?? []),
    ...Object.entries(namespaces ?? {}).flatMap(([namespace, lines]) =>
      lines.map((line) => `${namespace}: ${line}`),
    ),
  ];
}

export function startOf({ status }: Backup): string {
  return status?.startTimestamp ?? '';
}

export function scheduleOf({ metadata }: Backup): string | undefined {
  return metadata.labels?.[SCHEDULE_LABEL];
}
