import { spawnSync } from 'node:child_process';
import { Alerting } from '../../constructs/alerts';
import { declaredGroups } from '../../constructs/alerts/declared';
import { alertFiles } from '../../constructs/alerts/outputs';
import { Duration } from '../../constructs/core';
import { Recovery } from '../../constructs/recovery';
import { SeaweedFsAlerts, type SeaweedFsAlertsProps } from '../../constructs/seaweedfs';
import { knownMetrics } from '../alerts/known-metrics';
import { metricsOf } from '../alerts/metrics-of';
import { shellBlocks } from '../alerts/runbook-commands';
import { Template } from '../helpers/template';

const alerting = new Alerting({ runbookBaseUrl: 'https://git.example.com/runbooks' });
const props = (different: Partial<SeaweedFsAlertsProps> = {}): SeaweedFsAlertsProps => ({
  alerting,
  name: 'files',
  namespace: 'storage',
  ...different,
});
const rules = (different?: Partial<SeaweedFsAlertsProps>): string =>
  JSON.stringify([
    ...Template.of((stack) => {
      new SeaweedFsAlerts(stack, 'alerts', props(different));
    })
      .resources('kubernetes_manifest')
      .values(),
  ]);

describe('alerts on a SeaweedFS', () => {
  test('know its parts by the names of its chart, or by those that are said', () => {
    const chart = rules();
    for (const job of ['files-master', 'files-volume', 'files-filer'])
      expect(chart).toContain(`job=\\"${job}\\"`);
    expect(chart).not.toContain('files-s3');
    const said = rules({ parts: [{ part: 'filer', job: 'storage/filer' }, { part: 's3' }] });
    expect(said).toContain('job=\\"storage/filer\\"');
    expect(said).toContain('job=\\"files-s3\\"');
    expect(said).not.toContain('files-master');
  });

  test('tell of a copy in another place where there is one', () => {
    expect(rules()).not.toContain('SeaweedFsReplicationLag');
    expect(rules({ replicationLag: Duration.minutes(15) })).toMatch(/sync_offset.*\/ 1e9 > 900/);
  });

  test('keep to their own series', () => {
    const found = rules({ labels: { release: 'a' } });
    expect(found).toContain('SeaweedFS_master_is_leader{namespace=\\"storage\\",release=\\"a\\"}');
  });

  test('read metrics that SeaweedFS has, and runbooks have the names of this one', () => {
    let files: Record<string, string> = {};
    Template.of((stack) => {
      new SeaweedFsAlerts(
        stack,
        'alerts',
        props({ replicationLag: Duration.minutes(15), claims: ['data-files-volume-0'] }),
      );
      const groups = declaredGroups(stack);
      files = alertFiles(groups);
      const read = groups.flatMap(({ rules }) => rules.flatMap(({ rule }) => metricsOf(rule.expr)));
      expect(read.length).toBeGreaterThan(7);
      expect([...new Set(read)].filter((name) => name !== 'up' && !knownMetrics().has(name))).toEqual([]);
    });
    const runbook = files['runbooks/seaweedfs-storage-files-SeaweedFsDown.md'] ?? '';
    for (const text of [
      'get statefulset/files-master statefulset/files-volume statefulset/files-filer --namespace storage',
      'persistentvolumeclaims --namespace storage data-files-volume-0',
      'cronjob/files-restore',
    ])
      expect(runbook).toContain(text);
    for (const text of Object.values(files)) {
      expect(text).not.toMatch(/undefined|\[object|NaN/);
      for (const block of shellBlocks(text)) {
        const { stderr } = spawnSync('bash', ['-n'], { input: block, encoding: 'utf8' });
        expect({ block, stderr }).toEqual({ block, stderr: '' });
      }
    }
  });

  test('are named by the report', () => {
    let watches: readonly string[] = [];
    Template.of((stack) => {
      const asset = Recovery.of(stack).asset({
        id: 'files',
        kind: 'seaweedfs',
        criticality: 'moderate',
        recoveredBy: 'dump',
      });
      new SeaweedFsAlerts(stack, 'alerts', props({ asset }));
      watches = asset.watches.map(({ alert }) => alert);
    });
    expect(watches).toEqual(
      expect.arrayContaining(['SeaweedFsDown', 'SeaweedFsLeader', 'SeaweedFsDiskHigh', 'SeaweedFsDiskError']),
    );
  });

  test.each<[Partial<SeaweedFsAlertsProps>, string]>([
    [{ name: 'Files"' }, 'name is "Files\\""'],
    [{ namespace: 'a b' }, 'namespace is "a b"'],
    [{ parts: [] }, 'parts is []'],
    [
      { parts: [{ part: 'filer' }, { part: 'filer', job: 'other' }] },
      'parts[1].part is "filer"; it is there twice',
    ],
    [{ parts: [{ part: 'filer', job: 'a"b' }] }, 'parts[0].job is "a\\"b"'],
    [{ labels: { 'a-b': 'c' } }, 'labels.a-b is "c"'],
    [{ replicationLag: Duration.seconds(10) }, 'replicationLag is "10 s"'],
  ])('are refused with %j', (different, message) => {
    const faults = Template.faults((stack) => {
      new SeaweedFsAlerts(stack, 'alerts', props({ ...different, alerting }));
    });
    expect(faults.map((fault) => fault.message).join('\n')).toContain(message);
  });
});
