import type { App } from '../constructs/core';
import type { Environment } from '../environments/environment';
import { ClusterStack } from './cluster';
import { MonitoringStack } from './monitoring';
import { OperatorsStack } from './operators';
import { PlatformStack } from './platform';
import { VaultStack } from './vault';
import { VeleroStack } from './velero';

/** All stacks of an environment; applied in this order, the vault by its own command before the others. */
export function declareEnvironment(app: App, environment: Environment): PlatformStack {
  new VaultStack(app, environment);
  const cluster = new ClusterStack(app, environment);
  const operators = new OperatorsStack(app, environment);
  const monitoring = new MonitoringStack(app, environment);
  const platform = new PlatformStack(app, environment, monitoring.alerting);
  monitoring.watch(platform);
  const velero = new VeleroStack(app, environment, {
    alerting: monitoring.alerting,
    owned: [cluster, platform, monitoring],
  });
  operators.addDependency(cluster);
  platform.addDependency(operators);
  velero.addDependency(platform);
  monitoring.addDependency(platform);
  return platform;
}
