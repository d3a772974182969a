import type { AlertCase, AlertDefinition, Catalogue, Severity, Subject } from '../../../alerts';
import { Duration } from '../../../core';

/** What the rules of a mirror read. */
export interface MirrorSubject extends Subject {
  /** Names of its CronJobs: the one that copies, the template of a restore. */
  readonly cronJob: string;
  readonly restore: string;
  /** The age of a success that no run of the schedule leaves behind. */
  readonly ageLimit: Duration;
}

const BY = 'namespace, mirror';
const SAME = `on (${BY})`;
const FACT = 'disaster_recovery_mirror_age_limit_seconds';

/** A figure of the last run, of all mirrors of the namespace. */
const figure = (name: string, { namespace }: MirrorSubject): string =>
  `max by (${BY}) (disaster_recovery_mirror_${name}{job="bucket-mirror",namespace="${namespace}"})`;

/** One whose figure says that something is wrong. @param is PromQL that compares it */
function told(
  id: string,
  [name, is]: readonly [figure: string, is: string],
  severity: Severity,
  words: Pick<AlertDefinition<MirrorSubject>, 'summary' | 'description' | 'for'> & {
    readonly runbook?: string;
  },
): AlertDefinition<MirrorSubject> {
  return {
    id,
    severity,
    category: 'backup',
    priority: severity === 'critical' ? 'P1' : 'P2',
    ...words,
    cases: (subject): AlertCase[] => [
      {
        fact: { name: FACT },
        expr: (_, fact) => `${figure(name, subject)} ${is} and ${SAME} ${fact}`,
      },
    ],
  };
}

const alerts: readonly AlertDefinition<MirrorSubject>[] = [
  {
    id: 'BucketMirrorTooOld',
    severity: 'critical',
    category: 'backup',
    priority: 'P2',
    summary: 'The copy of a bucket is older than its schedule allows',
    description:
      'Mirror {{ $labels.namespace }}/{{ $labels.mirror }} ended well {{ $value | humanizeDuration }} ago: what was written since is in one place.',
    for: Duration.minutes(10),
    runbook: 'BucketMirror',
    cases: (subject) => [
      {
        threshold: subject.ageLimit.toSeconds(),
        fact: { name: FACT, value: 'threshold' },
        expr: (_, fact) => `time() - ${figure('last_success_timestamp_seconds', subject)} > ${SAME} ${fact}`,
      },
    ],
  },
  {
    id: 'BucketMirrorNever',
    severity: 'critical',
    category: 'backup',
    priority: 'P2',
    summary: 'Nobody knows of a copy of a bucket',
    description:
      'Mirror {{ $labels.namespace }}/{{ $labels.mirror }} never ended well, or nobody scrapes what it pushes.',
    // A new one has its first result after its first run.
    for: Duration.minutes(10),
    runbook: 'BucketMirror',
    cases: (subject) => [
      {
        for: subject.ageLimit,
        fact: { name: FACT },
        expr: (_, fact) =>
          `max by (${BY}) (${fact}) unless ${SAME} ${figure('last_success_timestamp_seconds', subject)}`,
      },
    ],
  },
  told('BucketMirrorFailed', ['failed', '== 1'], 'warning', {
    summary: 'The last run of a mirror failed',
    description:
      'Mirror {{ $labels.namespace }}/{{ $labels.mirror }} failed; the last line of its Job says why and what to do.',
    // It is tried again twice.
    for: Duration.minutes(30),
    runbook: 'BucketMirror',
  }),
  told('BucketMirrorSourceUnreadable', ['source_unreadable', '== 1'], 'warning', {
    summary: 'A bucket cannot be read by its mirror',
    description:
      'Mirror {{ $labels.namespace }}/{{ $labels.mirror }} could not read its source: it is away, or its key is not accepted.',
    for: Duration.minutes(30),
    runbook: 'BucketMirror',
  }),
  told('BucketMirrorDeletionsRefused', ['refused_deletions', '> 0'], 'critical', {
    summary: 'Much of a bucket is gone at once',
    description:
      'Mirror {{ $labels.namespace }}/{{ $labels.mirror }} has {{ $value }} objects that are gone at the source, more than are taken for meant. It keeps them, and copies nothing until somebody decides.',
    for: Duration.ZERO,
  }),
  told('BucketMirrorDiffers', ['differences', '> 0'], 'critical', {
    summary: 'The copy of a bucket is not what the bucket is',
    description:
      'Mirror {{ $labels.namespace }}/{{ $labels.mirror }} has {{ $value }} objects that differ from the source, byte for byte or by their checksums.',
    for: Duration.ZERO,
  }),
];

/** What a mirror has found, or that it finds nothing any more. */
export const MIRROR_ALERTS: Catalogue<MirrorSubject> = {
  name: 'bucket-mirror',
  directory: __dirname,
  alerts,
  labels: ({ name }) => ({ mirror: name }),
  variables: ({ ageLimit, cronJob, restore }) => ({ ageLimit: ageLimit.toSeconds(), cronJob, restore }),
};
