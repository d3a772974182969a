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
 *   new BucketMirror(this, 'assets', { from: assets, to: vault, schedule: Schedule.daily({ hour: 3 }) });
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
  test.todo('G8 buckets are versioned and copied; neither a deprovisioning nor a wrong destroy deletes them');
  test.todo("G9 Grafana's hand-made dashboards are exported or persisted, and come back");
  test.todo('G10 Velero backs up resources and volumes; off by default; a guide switches it on and off');
});
