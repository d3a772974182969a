import type { KitFault } from './fault';
import type { KitSecret } from './lists';
import type { KitObject } from './object';
import type { KitRelease } from './release';
import type { KitVariable } from './variables';

export interface KitFile {
  /** Relative to the kit's folder, with `/`. */
  readonly path: string;
  readonly content: string;
  /** @default false */
  readonly executable?: boolean;
}

/** A chart that is copied from the machine that synthesises. */
export interface KitChart {
  readonly from: string;
  /** Relative to the kit's folder. */
  readonly to: string;
}

/** Everything that recovery without Terraform needs, still in memory. */
export interface Kit {
  readonly environment: string;
  readonly files: readonly KitFile[];
  readonly charts: readonly KitChart[];
  readonly objects: readonly KitObject[];
  readonly releases: readonly KitRelease[];
  readonly variables: readonly KitVariable[];
  readonly secrets: readonly KitSecret[];
  readonly images: readonly string[];
  /** Addresses of resources that are needed and are not in the kit, with their stack. */
  readonly outside: readonly string[];
  /** A kit with faults cannot be written. */
  readonly faults: readonly KitFault[];
}
