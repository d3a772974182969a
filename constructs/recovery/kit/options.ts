import type { EscrowFile } from '../escrow';
import type { KitStack } from './stack';

export interface KitOptions {
  /** Name of the environment, for the kit's README. */
  readonly environment: string;
  /**
   * Who can open the escrow of the environment's secrets, for the README.
   * @default none: it says nothing about where values are found
   */
  readonly escrow?: EscrowFile;
  /**
   * Resource types, by their beginning, that have no counterpart in a cluster.
   * They are listed in the README as not in the kit; whoever uses the kit
   * needs them to be there already.
   * @default ['aws_']
   */
  readonly outside?: readonly string[];
  /**
   * Keys of Secrets whose literal value is no secret (a user name, an
   * address), as `namespace/name:key`. Their values stand in the kit in plain
   * text.
   * @default none: every literal value of a Secret is a fault
   */
  readonly plainSecretKeys?: readonly string[];
  /**
   * Stacks that are not applied by the kit and that its stacks refer to, such
   * as the vault: only their outputs are read.
   * @default none: a reference into another stack is a fault
   */
  readonly references?: readonly KitStack[];
  /**
   * Provider aliases (`kubernetes.admin`) that mean the kit's cluster.
   * @default none: a resource of an aliased provider is a fault, since it may belong to another cluster
   */
  readonly sameCluster?: readonly string[];
}
