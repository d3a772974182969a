import { HelmProvider } from '@cdktf/provider-helm/lib/provider';
import { type App, EnvironmentStack } from '../constructs/core';
import { Operator } from '../constructs/operators';
import { veleroOperator } from '../constructs/velero';
import type { Environment } from '../environments/environment';
import { keepState } from './state';

/** Operators from charts; a stack of its own, since what they define must exist before anything plans against it. */
export class OperatorsStack extends EnvironmentStack {
  constructor(app: App, environment: Environment) {
    super(app, { environment: environment.name, layer: 'operators' });
    keepState(this, environment);
    const velero = environment.velero === undefined ? undefined : veleroOperator(environment.velero);
    const operators = [...(environment.operators ?? []), ...(velero === undefined ? [] : [velero])];
    // An environment without charts does not need the provider that installs them.
    if (operators.length === 0) return;
    const { context } = environment.cluster;
    new HelmProvider(this, 'helm', {
      kubernetes: context === undefined ? {} : { configContext: context },
    });
    for (const operator of operators) new Operator(this, operator.name, operator);
  }
}
