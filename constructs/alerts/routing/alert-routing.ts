import { addCheck, addWarning, Construct, type SecretRef } from '../../core';
import { Recovery } from '../../recovery';
import { CustomResource, Secrets } from '../../workloads';
import type { Alerting } from '../alerting';
import { routingFaults, routingWarnings } from './checks';
import { type RoutingPlan, routingFile, routingObject, secretKey } from './plan';

export interface AlertRoutingProps extends RoutingPlan {
  readonly alerting: Alerting;
  /** Of the AlertmanagerConfig. @default 'platform' */
  readonly name?: string;
  /** Where Alertmanager runs, and existing Secrets of receivers are. @default 'monitoring' */
  readonly namespace?: string;
  /**
   * Where Alertmanager finds Secrets as files, for `alertmanager.yml`: `<directory>/<secret>/<key>`.
   * @default '/etc/alertmanager/secrets', where its operator mounts those that it is told to
   */
  readonly secretsDirectory?: string;
}

/**
 * Who is told of what: an AlertmanagerConfig, and the same as `alertmanager.yml`. For alerts of all namespaces it has to be the
 * Alertmanager's `alertmanagerConfiguration`, or that one's `alertmanagerConfigMatcherStrategy` to be `None`.
 */
export class AlertRouting extends Construct {
  constructor(scope: Construct, id: string, props: AlertRoutingProps) {
    super(scope, id);
    const {
      alerting,
      name = 'platform',
      namespace = 'monitoring',
      secretsDirectory = '/etc/alertmanager/secrets',
    } = props;
    addCheck(this, () => routingFaults(props));
    addWarning(this, () => routingWarnings(props));
    const labels = { ...alerting.objectLabels };
    const delivered = alerting.scopeFor(this);
    const secrets = new Secrets(delivered, 'secrets', {
      name: `${name}-receivers`,
      namespace,
      labels,
      entries: secretsOf(props),
    });
    const file = (key: string): string => {
      const at = secrets.selector(key);
      return `${secretsDirectory}/${at.name}/${at.key}`;
    };
    Recovery.of(this).writes(() => {
      const { stringify } = require('yaml') as typeof import('yaml');
      const options = { lineWidth: 0, aliasDuplicateObjects: false };
      return { 'alertmanager.yml': stringify(routingFile(props, file), options) };
    });
    if (alerting.delivery === 'files') return;
    new CustomResource(delivered, 'routing', {
      apiVersion: 'monitoring.coreos.com/v1alpha1',
      kind: 'AlertmanagerConfig',
      metadata: { name, namespace, labels },
      spec: routingObject(props, (key) => secrets.selector(key)),
      validate,
    });
  }
}

function secretsOf({ receivers }: RoutingPlan): Record<string, SecretRef> {
  return Object.fromEntries(
    receivers.flatMap(({ name, via }) =>
      via.flatMap(({ secrets }, index) =>
        Object.entries(secrets).map(([secret, reference]) => [secretKey(name, index, secret), reference]),
      ),
    ),
  );
}

/** Its model is loaded when something is validated: it takes longer than all the rest. */
function validate(object: object): void {
  const { AlertmanagerConfig } =
    require('@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1alpha1/AlertmanagerConfig') as typeof import('@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1alpha1/AlertmanagerConfig');
  new AlertmanagerConfig(object as ConstructorParameters<typeof AlertmanagerConfig>[0]).validate();
}
