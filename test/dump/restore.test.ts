import { jobFrom, type Template } from '../../clone/template';
import { onServerOf } from '../../dump/restore';

/** The CronJob `<database>-dump-load` as a cluster gives it. */
function template(database: string, image: string, major: string): Template {
  const labels = { 'app.kubernetes.io/instance': database, 'app.kubernetes.io/component': 'dump' };
  const container = {
    name: 'load',
    image,
    env: [
      { name: 'STANZA', value: database },
      { name: 'DATABASE_NAME', value: database },
      { name: 'PG_MAJOR', value: major },
      { name: 'PG_HOST', value: `${database}.shop.svc` },
      { name: 'PG_PORT', value: '5432' },
      {
        name: 'PGBACKREST_REPO1_S3_KEY',
        valueFrom: { secretKeyRef: { name: `${database}-keys`, key: 'key' } },
      },
    ],
  };
  const volumes = [
    { name: 'roles', projected: { sources: [{ secret: { name: `${database}-roles` } }] } },
    { name: 'pgbackrest-job', configMap: { name: `${database}-pgbackrest-job` } },
  ];
  const pod = { metadata: { labels }, spec: { containers: [container], volumes } };
  return {
    metadata: { name: `${database}-dump-load`, namespace: 'shop', uid: database },
    spec: { jobTemplate: { metadata: { labels }, spec: { backoffLimit: 0, template: pod } } },
  };
}

test('a dump goes into the server of another database: its address, programs and password, our keys and dumps', () => {
  const chosen = onServerOf(template('orders', 'postgres:15', '15'), template('newer', 'postgres:18', '18'));
  const job = jobFrom(chosen, { name: 'one', environment: { RESTORE_GLOBALS: 'true' } });
  const pod = job.spec.template as unknown as {
    metadata: { labels: Record<string, string> };
    spec: {
      containers: { image: string; env: { name: string; value?: string; valueFrom?: unknown }[] }[];
      volumes: unknown[];
    };
  };
  const [container] = pod.spec.containers;
  expect(container?.image).toBe('postgres:18');
  expect(
    Object.fromEntries(
      (container?.env ?? []).map(({ name, value, valueFrom }) => [name, value ?? valueFrom]),
    ),
  ).toEqual({
    STANZA: 'orders',
    DATABASE_NAME: 'newer',
    PG_MAJOR: '18',
    PG_HOST: 'newer.shop.svc',
    PG_PORT: '5432',
    PGBACKREST_REPO1_S3_KEY: { secretKeyRef: { name: 'orders-keys', key: 'key' } },
    RESTORE_GLOBALS: 'true',
  });
  expect(pod.spec.volumes).toEqual([
    { name: 'roles', projected: { sources: [{ secret: { name: 'newer-roles' } }] } },
    { name: 'pgbackrest-job', configMap: { name: 'orders-pgbackrest-job' } },
  ]);
  // The network policy of the other one lets its own jobs in.
  expect(pod.metadata.labels['app.kubernetes.io/instance']).toBe('newer');
  expect(job.metadata.name).toBe('one');
});
