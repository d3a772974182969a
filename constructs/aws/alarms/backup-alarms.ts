import { aws } from '../../bindings/aws';
import { addCheck, addWarning, Construct, type Finding } from '../../core';
import { Recovery } from '../../recovery';
import type { BackupPlan, RestoreTestingPlan } from '../backup';
import type { EbsSnapshotPolicy } from '../ebs';
import type { ProtectedFileSystem } from '../efs';
import { type AwsPlace, inPlace, placeFaults } from '../place';
import { alarmTopicPolicy, policyJson } from '../policies';
import { type Alarm, absenceWarnings, alarmsOf, type EventAlarm, type MetricAlarm } from './alarms';
import { runbook } from './runbooks';

export interface BackupAlarmsProps extends AwsPlace {
  /** Beginning of the names of all that is declared here, and of the topic: letters, digits, `-` and `_`, 40 at most. */
  readonly name: string;
  /** @default none */
  readonly plans?: readonly BackupPlan[];
  /** @default none */
  readonly restoreTests?: readonly RestoreTestingPlan[];
  /** @default none */
  readonly snapshotPolicies?: readonly EbsSnapshotPolicy[];
  /** Those whose replication has an `assumedLag`. @default none */
  readonly fileSystems?: readonly ProtectedFileSystem[];
  /**
   * Topic of SNS that people or a paging service are subscribed to; its policy lets EventBridge and CloudWatch publish.
   * @default - one of its own, to be subscribed to by `topicArn`: without a subscription nobody is told
   */
  readonly topicArn?: string;
  /** Where runbooks are published: `https://…/runbooks`. @default - messages name the file */
  readonly runbookBaseUrl?: string;
}

/**
 * What AWS tells of backups goes to a topic: jobs that failed by EventBridge as they do, and backups that were not made by a
 * CloudWatch alarm, whose threshold follows from the plan's schedules. Prometheus is not asked: nothing feeds it these.
 *
 * The absence of backups is seen for a vault, not for each resource in it: a plan of several resources should have a vault of
 * its own where that matters. EventBridge delivers at best effort; what it misses, the absence tells.
 */
export class BackupAlarms extends Construct {
  readonly topicArn: string;
  /** Names of what can fire. */
  readonly alarms: readonly string[];

  constructor(scope: Construct, id: string, props: BackupAlarmsProps) {
    super(scope, id);
    addCheck(this, () => faults(props));
    addWarning(this, () => absenceWarnings(props));
    this.topicArn = props.topicArn ?? this.declareTopic(props);
    const alarms = alarmsOf(props);
    this.alarms = alarms.map(({ name }) => name);
    for (const alarm of alarms) {
      if ('pattern' in alarm) this.declareRule(alarm, props);
      else this.declareMetricAlarm(alarm, props);
      for (const asset of alarm.assets)
        Recovery.of(this).watches(asset, { alert: alarm.name, runbook: `runbooks/${runbookFile(alarm)}` });
    }
    Recovery.of(this).writes(() =>
      Object.fromEntries(
        alarms.map((alarm) => [`runbooks/${runbookFile(alarm)}`, runbook(alarm.runbook, alarm.variables)]),
      ),
    );
  }

  private declareTopic(props: BackupAlarmsProps): string {
    const topic = new aws.SnsTopic(this, 'topic', { ...inPlace(props), name: `${props.name}-backup-alarms` });
    new aws.SnsTopicPolicy(this, 'topic-policy', {
      ...inPlace(props),
      arn: topic.arn,
      policy: policyJson(alarmTopicPolicy({ topicArn: topic.arn, account: props.account })),
    });
    return topic.arn;
  }

  private declareRule(alarm: EventAlarm, props: BackupAlarmsProps): void {
    const rule = new aws.CloudwatchEventRule(this, `rule-${alarm.name}`, {
      ...inPlace(props),
      name: alarm.name,
      description: alarm.summary,
      eventPattern: JSON.stringify(alarm.pattern),
      state: 'ENABLED',
    });
    new aws.CloudwatchEventTarget(this, `target-${alarm.name}`, {
      ...inPlace(props),
      rule: rule.name,
      targetId: 'topic',
      arn: this.topicArn,
      inputTransformer: {
        inputPaths: { ...alarm.paths },
        inputTemplate: JSON.stringify(`${alarm.message} Runbook: ${this.runbookOf(alarm, props)}`),
      },
    });
  }

  private declareMetricAlarm(alarm: MetricAlarm, props: BackupAlarmsProps): void {
    new aws.CloudwatchMetricAlarm(this, `alarm-${alarm.name}`, {
      ...inPlace(props),
      alarmName: alarm.name,
      alarmDescription: `${alarm.summary} Runbook: ${this.runbookOf(alarm, props)}`,
      namespace: alarm.namespace,
      metricName: alarm.metric,
      dimensions: { ...alarm.dimensions },
      statistic: alarm.statistic,
      comparisonOperator: alarm.comparison,
      threshold: alarm.threshold,
      period: alarm.periodSeconds,
      evaluationPeriods: alarm.periods,
      datapointsToAlarm: alarm.periods,
      // Absence fires.
      treatMissingData: 'breaching',
      actionsEnabled: true,
      alarmActions: [this.topicArn],
      okActions: [this.topicArn],
    });
  }

  private runbookOf(alarm: Alarm, { runbookBaseUrl }: BackupAlarmsProps): string {
    const file = runbookFile(alarm);
    return runbookBaseUrl === undefined
      ? `runbooks/${file}`
      : `${runbookBaseUrl.replace(/\/+$/, '')}/${file}`;
  }
}

/** One file for each thing that it is about: names differ in it. */
function runbookFile({ name }: Alarm): string {
  return `${name}.md`;
}

function faults(props: BackupAlarmsProps): Finding[] {
  const { fileSystems = [], name, plans = [], restoreTests = [], snapshotPolicies = [] } = props;
  const wrong = (message: string, fix: string): Finding => ({ rule: 'aws-alarms/declaration', message, fix });
  const watched = [...plans, ...snapshotPolicies, ...fileSystems];
  return [
    ...placeFaults(props),
    ...(/^[a-zA-Z0-9_-]{1,40}$/.test(name)
      ? []
      : [wrong(`name is "${name}"`, "use 1 to 40 letters, digits, '-' and '_'")]),
    ...(watched.length + restoreTests.length > 0
      ? []
      : [wrong('nothing is watched', 'name plans, restore tests, snapshot policies or file systems')]),
    ...watched
      .filter(({ account, region }) => region !== props.region || account !== props.account)
      .map((one) =>
        wrong(
          `"${one.name}" is in ${one.region}, ${one.account}, whose events and metrics are not seen in ${props.region}, ${props.account}`,
          'declare alarms in each region and account',
        ),
      ),
    ...fileSystems
      .filter(({ replica }) => replica?.assumedLag === undefined)
      .map((one) =>
        wrong(
          `"${one.name}" has no replication with an assumedLag: there is nothing to compare`,
          'give it one, or leave it out here',
        ),
      ),
  ];
}
