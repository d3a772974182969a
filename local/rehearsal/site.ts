import type { Progress } from '../instance';

/**
 * Where a rehearsal takes place: a cluster that can be lost and a vault that
 * cannot. The embedded one is made for it; an existing one is borrowed.
 */
export interface Site {
  /** In words, for the report. */
  readonly description: string;
  /** Makes the vault, empty, and says how it is reached. */
  openVault(): Promise<void>;
  /** Resolves when the API answers and the node is ready, its image store empty. */
  openCluster(): Promise<void>;
  /** Makes the images available to the node. @param names of those beyond the usual ones */
  importImages(names?: readonly string[]): Promise<void>;
  /** The disaster: nothing of the cluster is left, and nothing was warned. */
  destroy(): Promise<void>;
  /** Environment variables under which commands find cluster and vault; never a secret of the platform. */
  variables(): Readonly<Record<string, string>>;
  /** Leaves everything running, to be looked at; says how it is found and ended. */
  keep(): string;
  /** Everything that was made goes. */
  close(): Promise<void>;
}

export type OpenSite = (options: { name: string; progress: Progress }) => Promise<Site>;
