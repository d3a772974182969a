import type { SecretRef } from '../core';
import type { NodeAgent, VeleroInstallation } from './installation';
import type { VeleroCredentials, VeleroLocation } from './location';
import type { VeleroSchedule } from './schedule';

/** Restores from a backup, once: the id is remembered in the cluster, and a done one is never carried out again there. */
export interface VeleroRecoveryOrder {
  /** A name of your choice, new for each incident: `incident-2026-05-04`. It is part of the Restores' names. */
  readonly id: string;
  /**
   * `latest`: of each schedule its newest complete backup of an earlier life of the cluster, or of this one. Otherwise the name of
   * one, as `npm run velero -- <environment> status` lists it.
   * @default 'latest'
   */
  readonly backup?: 'latest' | (string & {});
  /** Only these namespaces. @default - all of the backup */
  readonly namespaces?: readonly string[];
}

/** Velero in an environment. Without it none of this is declared. */
export interface VeleroSettings {
  /** @default 'velero' */
  readonly namespace?: string;
  readonly installation: VeleroInstallation;
  /** @default - the vault's bucket, below `velero/<environment>` */
  readonly location?: VeleroLocation;
  readonly credentials: VeleroCredentials;
  /**
   * Encrypts the data of volumes. It has to be the same in every life of the environment, and there before Velero runs, which
   * otherwise takes one that everybody knows.
   */
  readonly repositoryKey: SecretRef;
  /** What is backed up, by name of the schedule. */
  readonly schedules: Readonly<Record<string, VeleroSchedule>>;
  /** @default - the chart's: no limits, one volume at once per node */
  readonly nodeAgent?: NodeAgent;
  /** @default - none: after the loss of a cluster the latest backups are restored, otherwise nothing is */
  readonly recover?: VeleroRecoveryOrder;
}

/** Where backups lie in the location's bucket: not below the environment's folder, which keys of databases may empty. */
export function locationPrefix(environment: string, location: VeleroLocation | undefined): string {
  return location?.prefix ?? `velero/${environment}`;
}
