import type { Fields } from './map-block';
import type { Resource } from './stack';
import type { Waiting } from './wait';

/** The field manager that Terraform's `kubernetes_manifest` uses, so that adoption meets no conflict. */
export const FIELD_MANAGER = 'Terraform';

/** A Kubernetes object of the kit. */
export interface KitObject {
  readonly resource: Resource;
  readonly apiVersion: string;
  readonly kind: string;
  /** Empty for objects of the whole cluster. */
  readonly namespace: string;
  readonly name: string;
  readonly rank: number;
  readonly manifest: Fields;
  /**
   * The kind may be namespaced, and the manifest names no namespace: Terraform
   * means `default` then, kubectl the current context's.
   * @default false
   */
  readonly unscoped?: boolean;
  /** @default FIELD_MANAGER */
  readonly fieldManager?: string;
  /** @default false; a field that another manager owns is then a conflict, and the run says so */
  readonly forceConflicts?: boolean;
  readonly waits: readonly Waiting[];
}
