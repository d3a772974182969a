import { type Alerting, AlertRules } from '../alerts';
import { addCheck, Construct, type Finding } from '../core';
import { CustomResource } from '../workloads';
import { PROBE_ALERTS } from './alerts/catalogue';

export interface EndpointProbeProps {
  /** Of what is asked: `shop`. */
  readonly name: string;
  readonly namespace: string;
  /** URLs, or host and port for the TCP modules. */
  readonly targets: readonly string[];
  /** Host and port of the blackbox exporter that asks: `exporter.address`, or one outside the platform. */
  readonly prober: string;
  /** @default 'http_2xx' */
  readonly module?: string;
  readonly alerting: Alerting;
}

/** Endpoints that are asked as their users ask them, and an alert for when they do not answer. */
export class EndpointProbe extends Construct {
  constructor(scope: Construct, id: string, props: EndpointProbeProps) {
    super(scope, id);
    const { alerting, module = 'http_2xx', name, namespace, prober, targets } = props;
    addCheck(this, () => faults(props));
    new AlertRules(this, 'alerts', {
      alerting,
      catalogue: PROBE_ALERTS,
      subject: { name, namespace, targets },
    });
    if (alerting.delivery === 'files') return;
    new CustomResource(alerting.scopeFor(this), 'probe', {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'Probe',
      metadata: { name, namespace, labels: alerting.objectLabels },
      spec: {
        jobName: 'probe',
        interval: `${alerting.scrapeInterval.wholeSeconds()}s`,
        module,
        prober: { url: prober },
        targets: { staticConfig: { static: [...targets], labels: { namespace, probe: name } } },
      },
      validate,
    });
  }
}

/** Its model is loaded when something is validated: it takes longer than all the rest. */
function validate(object: object): void {
  const { Probe } =
    require('@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/Probe') as typeof import('@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/Probe');
  new Probe(object as ConstructorParameters<typeof Probe>[0]).validate();
}

function faults({ module = 'http_2xx', targets }: EndpointProbeProps): Finding[] {
  const found: Finding[] = [];
  if (targets.length === 0)
    found.push({
      rule: 'probes/targets',
      message: 'targets is empty: nothing is asked, and nothing would ever fire',
      fix: "name the URLs that users ask: ['https://shop.example.com/healthz']",
    });
  for (const [index, target] of targets.entries()) {
    const fits = module.startsWith('http')
      ? /^https?:\/\/[^\s/]+/.test(target)
      : /^[^\s/]+:\d+$/.test(target);
    if (!fits)
      found.push({
        rule: 'probes/targets',
        message: `targets[${index}] is ${JSON.stringify(target)}, which the module ${module} cannot ask`,
        fix: module.startsWith('http') ? 'a URL with its scheme' : 'host:port',
      });
    if (targets.indexOf(target) !== index)
      found.push({
        rule: 'probes/targets',
        message: `targets[${index}] is ${JSON.stringify(target)}, as another one`,
        fix: 'drop one of both',
      });
  }
  return found;
}
