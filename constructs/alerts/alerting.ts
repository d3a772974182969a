import { Construct, Duration, type Finding, specHash, TerraformStack } from '../core';
import type { Severity } from './definition';
import type { Rule } from './rule';

/** What an environment has differently about one alert; each value as in the catalogue where it is left out. */
export interface AlertOverride {
  /** In the unit of the catalogue's table; for all its cases. */
  readonly threshold?: number;
  readonly for?: Duration;
  readonly severity?: Severity;
  /** Added to the rule's. */
  readonly labels?: Readonly<Record<string, string>>;
  /** PromQL in place of the catalogue's. Its test is left out of `rules.test.yaml`. */
  readonly expr?: string;
}

export interface AlertingProps {
  /** Where runbooks can be read when the platform is down: `https://git.example.com/platform/runbooks`. */
  readonly runbookBaseUrl: string;
  /**
   * `prometheus-operator` makes PrometheusRule objects and monitors, and needs that operator's CRDs; `files` writes
   * `rules.yaml` alone, for a Prometheus that is told otherwise.
   * @default 'prometheus-operator'
   */
  readonly delivery?: 'prometheus-operator' | 'files';
  /**
   * Where objects of the operator are declared for whatever is watched: rules, monitors, probes, routes. A stack that is
   * applied after what holds state keeps that from waiting for the operator's definitions; it needs a Kubernetes provider.
   * @default - beside what is watched, whose stack then cannot be applied where these definitions are missing
   */
  readonly stack?: TerraformStack;
  /** Labels by which the Prometheus finds rules and monitors: `{ release: 'kube-prometheus-stack' }`. @default none */
  readonly objectLabels?: Readonly<Record<string, string>>;
  /** Label `responsible` of every alert: who is told. @default 'platform' */
  readonly responsible?: string;
  /** How often targets are scraped. @default Duration.seconds(30) */
  readonly scrapeInterval?: Duration;
  /** By alert id; `false` drops the alert. An id that no catalogue has is a fault. @default none */
  readonly overrides?: Readonly<Record<string, false | AlertOverride>>;
  /** Last word on every rule; `undefined` drops it. Rules it changes are not in `rules.test.yaml`. @default none */
  readonly mapRule?: (rule: Rule, id: string) => Rule | undefined;
}

/** Whom the catalogues' tests expect to be told. */
export const DEFAULT_RESPONSIBLE = 'platform';

/** How an environment is alerted: handed to every construct whose metrics it is to watch. */
export class Alerting {
  /** Tells it from the one that it was made of: rules of the one leave alone what is watched by the other. */
  readonly name: string | undefined;
  readonly delivery: 'prometheus-operator' | 'files';
  readonly objectLabels: Readonly<Record<string, string>>;
  readonly responsible: string;
  readonly scrapeInterval: Duration;
  readonly overrides: Readonly<Record<string, false | AlertOverride>>;

  constructor(
    readonly props: AlertingProps,
    name?: string,
  ) {
    this.name = name;
    this.delivery = props.delivery ?? 'prometheus-operator';
    this.objectLabels = props.objectLabels ?? {};
    this.responsible = props.responsible ?? DEFAULT_RESPONSIBLE;
    this.scrapeInterval = props.scrapeInterval ?? Duration.seconds(30);
    this.overrides = props.overrides ?? {};
  }

  /** The same with other overrides on top, for one construct. */
  with(different: Partial<AlertingProps>): Alerting {
    return new Alerting(
      { ...this.props, ...different, overrides: { ...this.overrides, ...different.overrides } },
      nameOf(this.name, different),
    );
  }

  /**
   * Under which an object that watches this construct is declared: itself, or its like in the stack that is there for it.
   */
  scopeFor(watched: Construct): Construct {
    const { stack } = this.props;
    if (stack === undefined || TerraformStack.of(watched) === stack) return watched;
    // With the names of its own stack: constructs of two stacks may have the same path below them.
    const [, ...path] = watched.node.scopes;
    return path.reduce<Construct>(
      (scope, { node: { id } }) =>
        (scope.node.tryFindChild(id) as Construct | undefined) ?? new Construct(scope, id),
      stack,
    );
  }

  /** What is wrong with it. */
  faults(): Finding[] {
    const { delivery, overrides, props, scrapeInterval } = this;
    const found: Finding[] = [];
    const fault = (property: string, value: unknown, expected: string, fix: string): void => {
      found.push({
        rule: `alerts/${property.toLowerCase()}`,
        message: `alerting.${property} is ${JSON.stringify(value)}; ${expected}`,
        fix,
      });
    };
    if (!['prometheus-operator', 'files'].includes(delivery))
      fault('delivery', delivery, 'it must be prometheus-operator or files', 'one of the two');
    const host = URL.canParse(props.runbookBaseUrl) ? new URL(props.runbookBaseUrl) : undefined;
    if (host === undefined || !['https:', 'http:'].includes(host.protocol))
      fault(
        'runbookBaseUrl',
        props.runbookBaseUrl,
        'it must be a URL',
        'for example https://git.example.com/runbooks',
      );
    else if (/\.svc(\.|$)|\.cluster\.local$/.test(host.hostname))
      fault(
        'runbookBaseUrl',
        props.runbookBaseUrl,
        'it leads into the cluster that the runbooks are to bring back',
        'a place that is up when the platform is down: the repository that holds this code, or a bucket elsewhere',
      );
    if (scrapeInterval.toSeconds() < 5 || scrapeInterval.toSeconds() > 120)
      fault(
        'scrapeInterval',
        `${scrapeInterval.toSeconds()} s`,
        'it must be 5 to 120 s',
        'Prometheus takes a series for gone after 5 minutes, and rules look at five of them',
      );
    for (const [id, override] of Object.entries(overrides))
      if (override !== false && override.threshold !== undefined && !Number.isFinite(override.threshold))
        fault(
          'overrides',
          { [id]: override },
          'its threshold is no number',
          'a number in the unit of the table',
        );
    return found;
  }

  runbookUrl(file: string): string {
    return `${this.props.runbookBaseUrl.replace(/\/+$/, '')}/${file}`;
  }
}

/** What makes other rules. */
function nameOf(
  base: string | undefined,
  { mapRule, overrides, responsible, runbookBaseUrl }: Partial<AlertingProps>,
): string | undefined {
  const different = JSON.stringify({ mapRule, overrides, responsible, runbookBaseUrl }, (_, value) =>
    textOf(value),
  );
  return different === '{}' ? base : specHash([base ?? '', different]);
}

const functions = new Map<unknown, string>();

/** Functions have no JSON: each is told by when it was first seen. */
function textOf(value: unknown): unknown {
  if (typeof value !== 'function') return value;
  if (!functions.has(value)) functions.set(value, `function ${functions.size}`);
  return functions.get(value);
}
