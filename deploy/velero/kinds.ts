/** Velero's objects, as far as they matter here. */
export interface Backup {
  readonly metadata: {
    readonly name: string;
    readonly uid?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status?: {
    readonly phase?: string;
    readonly startTimestamp?: string;
    readonly completionTimestamp?: string;
    readonly expiration?: string;
    readonly errors?: number;
    readonly warnings?: number;
    readonly [other: string]: unknown;
  };
}

export interface PodVolumeBackup {
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly pod: { readonly namespace: string; readonly name: string };
    readonly volume: string;
    readonly [other: string]: unknown;
  };
  readonly status?: { readonly phase?: string; readonly message?: string; readonly [other: string]: unknown };
}

export interface PodVolumeRestore {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly pod: { readonly namespace: string; readonly name: string };
    readonly volume: string;
  };
  readonly status?: {
    readonly phase?: string;
    readonly message?: string;
    readonly progress?: { readonly totalBytes?: number; readonly bytesDone?: number };
  };
}

export interface Restore {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec: { readonly backupName?: string };
  readonly status?: {
    readonly phase?: string;
    readonly errors?: number;
    readonly warnings?: number;
    readonly failureReason?: string;
    readonly validationErrors?: readonly string[];
    readonly progress?: { readonly totalItems?: number; readonly itemsRestored?: number };
  };
}

export interface StorageLocation {
  readonly spec: { readonly accessMode?: string };
  readonly status?: { readonly phase?: string; readonly message?: string };
}

export interface ScheduleObject {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly paused?: boolean; readonly schedule: string };
  readonly status?: {
    readonly phase?: string;
    readonly lastBackup?: string;
    readonly validationErrors?: readonly string[];
  };
}

/** The label by which a backup tells whose it is. */
export const SCHEDULE_LABEL = 'velero.io/schedule-name';
