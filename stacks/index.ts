import type { App } from '../constructs/core';
import type { Environment } from '../environments/environment';
import { ClusterStack } from './cluster';
import { MonitoringStack } from './monitoring';
import { OperatorsStack } from './operators';
import { PlatformStack } from './platform';
import { VaultStack } from './vault';

/** All stacks of an environment; applied in this order, the vault by its own command before the others. */
export function declareEnvironment(app: App, environment: Environment): PlatformStack {
  new VaultStack(app, environment);
  const cluster = new ClusterStack(app, environment);
  const operators = new OperatorsStack(app, environment);
  const monitoring = new MonitoringStack(app, environment);
  const platform = new PlatformStack(app, environment, monitoring.alerting);
  monitoring.watch(platform);
  operators.addDependency(cluster);
  platform.addDependency(operators);
  monitoring.addDependency(platform);
  return platform;
}
