import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DeleteBucketCommand, DeleteObjectCommand } from '@aws-sdk/client-s3';
import { type EnvironmentStack, Schedule } from '../../constructs/core';
import { DashboardBackup } from '../../constructs/dashboards';
import { PrimaryBucket } from '../../constructs/object-storage';
import { prepareBucket } from '../../constructs/object-storage/client';
import { BucketMirror } from '../../constructs/object-storage/mirror';
import type { Asset } from '../../constructs/recovery';
import { Velero } from '../../constructs/velero';
import { veleroFromSettings } from '../../environments/velero';
import { secret, VAULT } from '../helpers/database';
import { get, Template } from '../helpers/template';
import { describeWithRclone, MirrorPod, mirrorProps } from '../object-storage/mirror/mirror-pod';
import { declared } from './declared';

/*
 * Grove's hosting clusters: many instances of one application, managed databases, applied from a
 * laptop or by GitLab CI.
 *
 *   const vault = Vault.aws({ region: 'eu-north-1', account: '210987654321', bucket: 'grove-vault' });
 *   new VaultBuckets(vaultStack, 'vault', { vault });                     // another account, another region
 *   const mysql = new ManagedDatabase(this, 'mysql', {
 *     engine: 'mysql', criticality: 'critical', recoveredBy: 'provider',
 *     backups: { retention: Duration.days(35), copyTo: vault },
 *   });
 *   for (const instance of instances) new Instance(this, instance.name, { database: mysql, … });
 *   new VolumeAsset(this, 'search', { claim: searchClaim, recoveredBy: velero });
 *   const assets = new PrimaryBucket(this, 'assets', { bucket: Bucket.s3Compatible({ … }), criticality: 'critical' });
 *   new BucketMirror(this, 'assets-mirror', { of: assets, vault, sourceKeys, vaultKeys, … });
 *   new DashboardExport(this, 'dashboards', { grafana, to: vault, schedule: Schedule.daily({ hour: 4 }) });
 *   Recovery.of(this).asset({ id: 'celery-queues', kind: 'queue', criticality: 'low', recoveredBy: 'people',
 *     degradedMode: { impact: 'tasks that waited are lost', workaround: 'start them again by hand: …' } });
 *   const velero = new Velero(this, 'velero', { vault, enabled: environment.velero });        // off by default
 *   new Incidents(this, 'incidents', { levels: { complete: 'everyone', partial: 'every firefighter', restore: 'one' } });
 */
describe('Grove', () => {
  test.todo('G1 complete disaster: reprovision, restore, spin up, network and DNS; everyone is called');
  test.todo('G2 partial disaster: every firefighter is called');
  test.todo('G3 need to restore: one firefighter is called');
  test.todo('G4 applied from a laptop or by GitLab CI, with a large number of instances');
  test.todo('G5 managed databases: provider backups, restore beside, one table back, all of it back');
  test.todo("G6 queues and functions' code are declared not backed up; lost queues name the manual work");
  test.todo('G7 volumes of Elasticsearch or OpenSearch are backed up and restored');
  // That they come back into an empty Grafana is shown by test/dashboards/scripts.
  test("G9 Grafana's hand-made dashboards are exported or persisted, and come back", () => {
    let asset: Asset | undefined;
    const { alert, files, template } = declared((stack, alerting) => {
      const grafana = { url: 'http://grafana.monitoring:3000', token: secret('grafana_reader') };
      ({ asset } = new DashboardBackup(stack, 'dashboards', {
        ...grafana,
        alerting,
        name: 'dashboards',
        namespace: 'monitoring',
        image: 'registry.example.com/postgres:17',
        restoreToken: secret('grafana_editor'),
        vault: VAULT,
        accessKey: secret('access_key'),
        secretKey: secret('secret_key'),
        schedule: Schedule.daily({ hour: 4 }),
      }));
    });
    expect(asset?.props).toMatchObject({ kind: 'dashboards', recoveredBy: 'dump' });
    expect(asset?.protections).toMatchObject([{ kind: 'dump', location: VAULT.location }]);
    const jobs = [...template.resources('kubernetes_cron_job_v1').values()];
    const [exported, restored] = [false, true].map((suspended) =>
      jobs.find((job) => (get(job, 'spec.suspend') ?? false) === suspended),
    );
    expect(get(exported, 'spec.schedule')).toMatch(/^\d+ 4 \* \* \*$/);
    expect(JSON.stringify(restored)).toContain('restore');
    // One that is not made any more is told.
    expect(files['rules.yaml']).toMatch(
      new RegExp(
        `record: disaster_recovery_cron_job_age_limit_seconds\\s[^]*?cronjob: ${get(exported, 'metadata.name')}\\s`,
      ),
    );
    expect(alert('CronJobStale').expr).toContain('disaster_recovery_cron_job_age_limit_seconds');
  });
  // That it does is shown by test/e2e/velero.
  test('G10 Velero backs up resources and volumes; off by default; a guide switches it on and off', () => {
    expect(veleroFromSettings()).toEqual({});
    process.env['VELERO'] = 'others';
    const { velero } = veleroFromSettings();
    delete process.env['VELERO'];
    if (velero === undefined) throw new Error('it was not switched on');
    let assets: readonly Asset[] = [];
    const { template } = declared((stack) => {
      assets = [
        ...new Velero(stack, 'velero', { ...velero, environment: 'grove', vault: VAULT }).assets.values(),
      ];
    });
    expect(assets.map(({ props }) => props.recoveredBy)).toEqual(['velero']);
    const objects = [...template.resources('kubernetes_manifest').values()].map(({ manifest }) => manifest);
    const [schedule] = objects.filter((object) => get(object, 'kind') === 'Schedule');
    // Volumes by their files, since not every cluster takes snapshots.
    expect(get(schedule, 'spec.template.defaultVolumesToFsBackup')).toBe(true);
    const guide = readFileSync(join(__dirname, '../../constructs/velero/README.md'), 'utf8');
    expect(guide).toMatch(/^## Switching it on$[\s\S]*^## Switching it off$/m);
  });
});

describeWithRclone('Grove, on real stores', () => {
  let pod: MirrorPod;
  beforeAll(async () => {
    pod = await MirrorPod.start();
  }, 60_000);
  afterAll(() => pod?.stop());

  test('G8 buckets are versioned and copied; neither a deprovisioning nor a wrong destroy deletes them', async () => {
    const declare = (mirrored: boolean) => (stack: EnvironmentStack) => {
      const assets = new PrimaryBucket(stack, 'assets', { bucket: pod.bucket, criticality: 'critical' });
      if (mirrored) new BucketMirror(stack, 'mirror', { of: assets, ...mirrorProps(pod) });
    };
    // Versions alone are no copy.
    expect(Template.faults(declare(false)).map(({ rule }) => rule)).toEqual(['bucket/no-mirror']);
    expect(Template.faults(declare(true))).toEqual([]);

    const { applied } = await prepareBucket(pod.bucket, { keys: pod.administrator });
    expect(applied).toEqual(['versioned', 'no key may destroy it, or a version']);

    pod.putAll({ 'courses/1': 'one', 'courses/2': 'two' });
    await pod.mirrored();
    // Whoever deprovisions has the application's key, which may do whatever a key of the environment may.
    const application = await pod.applicationStore();
    const refused = async (command: DeleteBucketCommand | DeleteObjectCommand): Promise<void> => {
      const request = application.client.send(command as DeleteBucketCommand);
      await expect(request).rejects.toMatchObject({ name: 'AccessDenied' });
    };
    for (const Key of await application.keys('')) {
      const { VersionId } = await application.client.send(
        new DeleteObjectCommand({ ...application.target, Key }),
      );
      await refused(new DeleteObjectCommand({ ...application.target, Key, VersionId }));
    }
    await refused(new DeleteBucketCommand(application.target));
    // What a wrong destroy has deleted is in the vault, and the mirror does not follow.
    expect((await pod.run('mirror.sh')).lastLine).toMatch(/2 of 2 objects are gone at the source at once/);
    expect((await pod.run('restore.sh', { RESTORE_APPLY: 'true' })).status).toBe(0);
    expect([await application.read('courses/1'), await application.read('courses/2')]).toEqual([
      'one',
      'two',
    ]);
    application.client.destroy();
  });
});
