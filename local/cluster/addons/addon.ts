import type { ImageName } from '../../images/catalogue';
import type { Progress } from '../../processes/progress';

/** Something that a cluster has when it was asked for. */
export interface Addon {
  readonly images: readonly ImageName[];
  /** Custom resource definitions. They need no image: they are applied while images are imported. */
  readonly definitions: (progress: Progress) => Promise<readonly object[]>;
  readonly stages: (progress: Progress) => Promise<readonly Stage[]>;
}

/** Objects that are applied together. */
export interface Stage {
  readonly objects: readonly object[];
  /** Commands of kubectl, one after the other: each ends when something is ready. */
  readonly ready: readonly (readonly string[])[];
  /** Objects that have to be accepted then, without being made: admission webhooks answer some moments later. @default none */
  readonly accepted?: readonly object[];
}

/** How long one thing of an addon may take to get ready. */
export const READY_TIMEOUT = '--timeout=180s';
