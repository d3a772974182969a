import { type Alerting, AlertRules } from '../alerts';
import { addCheck, Construct, type Duration, type Finding } from '../core';
import type { Asset } from '../recovery';
import { SEAWEEDFS_ALERTS } from './alerts/server/catalogue';

/** A part of a SeaweedFS that Prometheus scrapes. */
export interface SeaweedFsPart {
  /** What it does. */
  readonly part: 'master' | 'volume' | 'filer' | 's3';
  /** Value of the label `job` of its series: with a ServiceMonitor the name of its Service. @default - `<name>-<part>`, as its chart names it */
  readonly job?: string;
  /** What its pods are of, as kubectl names it. @default - `statefulset/<name>-<part>`, of S3 `deployment/<name>-s3` */
  readonly workload?: string;
}

export interface SeaweedFsAlertsProps {
  readonly alerting: Alerting;
  /** Of the SeaweedFS: the label `seaweedfs` of its alerts. With its chart, the name of the release. */
  readonly name: string;
  /** Where it runs: the label `namespace` of its series. */
  readonly namespace: string;
  /** What is to be there. @default - master, volume and filer; the S3 gateway where it is in the filer's pods */
  readonly parts?: readonly SeaweedFsPart[];
  /** Labels that its series have besides, where several are in one namespace. @default - none */
  readonly labels?: Readonly<Record<string, string>>;
  /** How far a copy by `filer.sync`, whose metrics are scraped in this namespace, may be behind. @default - there is none */
  readonly replicationLag?: Duration;
  /** Names of its claims, for the runbook; that they fill up is told by `WorkloadAlerts`. @default - none are named */
  readonly claims?: readonly string[];
  /** The CronJob that is the template of its restore, for the runbook. @default - `<name>-restore` */
  readonly restore?: string;
  /** What it holds; the report names the alerts. @default - nothing that holds state */
  readonly asset?: Asset;
}

/** Alerts on a SeaweedFS, by its own metrics (`metricsPort`, in its chart `global.seaweedfs.monitoring.enabled`). */
export class SeaweedFsAlerts extends Construct {
  constructor(scope: Construct, id: string, props: SeaweedFsAlertsProps) {
    super(scope, id);
    const { alerting, asset, claims = [], labels = {}, name, namespace, replicationLag, restore } = props;
    const parts = props.parts ?? [{ part: 'master' }, { part: 'volume' }, { part: 'filer' }];
    addCheck(this, () => check(props, parts));
    new AlertRules(this, 'rules', {
      alerting,
      catalogue: SEAWEEDFS_ALERTS,
      subject: {
        name,
        namespace,
        labels,
        claims,
        restore: restore ?? `${name}-restore`,
        replicationLag,
        parts: parts.map(({ job, part, workload }) => ({
          part,
          job: job ?? `${name}-${part}`,
          workload: workload ?? `${part === 's3' ? 'deployment' : 'statefulset'}/${name}-${part}`,
        })),
      },
      ...(asset === undefined ? {} : { asset }),
    });
  }
}

function check(
  { labels = {}, name, namespace, replicationLag }: SeaweedFsAlertsProps,
  parts: readonly SeaweedFsPart[],
): Finding[] {
  const found: Finding[] = [];
  const wrong = (property: string, value: unknown, why: string, fix: string): void => {
    found.push({ rule: 'seaweedfs/alerts', message: `${property} is ${JSON.stringify(value)}; ${why}`, fix });
  };
  for (const [property, value] of Object.entries({ name, namespace }))
    if (!/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(value))
      wrong(property, value, 'it must be a DNS label', 'for example seaweedfs');
  if (parts.length === 0) wrong('parts', parts, 'nobody would be told when it is down', 'leave it out');
  for (const [index, { job, part }] of parts.entries()) {
    if (parts.findIndex((other) => other.part === part) !== index)
      wrong(`parts[${index}].part`, part, 'it is there twice', 'name each once');
    if (job !== undefined && !/^[\w./:-]+$/.test(job))
      wrong(`parts[${index}].job`, job, 'it must be the value of a label', `for example ${name}-${part}`);
  }
  for (const [label, value] of Object.entries(labels))
    if (!/^[a-zA-Z_]\w*$/.test(label) || !/^[\w./:-]*$/.test(value))
      wrong(
        `labels.${label}`,
        value,
        'it must be a label and a plain value',
        'for example { pod_label: "a" }',
      );
  const lag = replicationLag?.toSeconds();
  if (lag !== undefined && lag < 60)
    wrong('replicationLag', `${lag} s`, 'it is scraped once a minute or so', 'give a minute or more');
  return found;
}
