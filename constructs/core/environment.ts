import type { IConstruct } from 'constructs';
import { type Construct, TerraformStack } from './framework';

const KEY = 'cdktf-disaster-recovery/environment';

/** Order in which the stacks of an environment are applied. */
export const LAYERS = ['vault', 'cluster', 'operators', 'platform', 'velero', 'monitoring'] as const;
export type Layer = (typeof LAYERS)[number];

export interface EnvironmentStackProps {
  /** Name of the environment: `production`. */
  readonly environment: string;
  /** Which layer of the environment this stack is. */
  readonly layer: Layer;
}

/**
 * A stack of an environment: `<environment>-<layer>`, the vault alone
 * `vault-<environment>`, so that `cdktf deploy '<environment>-*'` can never
 * touch what survives a disaster.
 */
export class EnvironmentStack extends TerraformStack {
  readonly environment: string;
  readonly layer: Layer;

  constructor(scope: Construct, props: EnvironmentStackProps) {
    super(
      scope,
      props.layer === 'vault' ? `vault-${props.environment}` : `${props.environment}-${props.layer}`,
    );
    this.environment = props.environment;
    this.layer = props.layer;
    this.node.setContext(KEY, props.environment);
  }
}

/** What `environmentOf` answers for a stack that names no environment. */
export const NO_ENVIRONMENT = 'default';

/** The environment a construct belongs to. */
export function environmentOf(scope: IConstruct): string {
  return (scope.node.tryGetContext(KEY) as string | undefined) ?? NO_ENVIRONMENT;
}
