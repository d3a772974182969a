import { eventually } from '../local-site';
import { CertifiedSite, NAMESPACE, OPERATOR } from './site';

/** cert-manager keeps no database from coming back. */
let certified: CertifiedSite;

beforeAll(async () => {
  certified = await CertifiedSite.open('without-operator');
}, 3_600_000);

afterAll(() => certified?.close(), 120_000);

test('a database comes back while cert-manager does not, and is backed up as soon as it does', async () => {
  const operators = ['deployment', OPERATOR, '--all'] as const;
  await certified.site.sql('create table kept as select n from generate_series(1, 1000) n');
  await certified.site.archived();
  await certified.site.kubectl('scale', ...operators, '--replicas=0');
  await eventually('cert-manager is gone', 60, async () => {
    return Object.keys(await certified.fields('pods', OPERATOR, 'kind')).length === 0;
  });
  await certified.site.lose();
  const { exitCode, output } = await certified.site.deploy();
  // It says what is missing; the database was applied before that.
  expect(exitCode).not.toBe(0);
  expect(output).toContain('webhook');
  const count = () => certified.site.sql('select count(*) from kept').catch(String);
  await eventually('it answers', 240, async () => /^\d+\s*$/.test(await count())).catch(async (error) => {
    const logs = ['prepare', 'postgres'].map((container) =>
      certified.site.kubectl('logs', NAMESPACE, 'orders-0', `--container=${container}`, '--timestamps'),
    );
    throw new Error([error, ...(await Promise.all(logs))].join('\n'));
  });
  expect(Number(await count())).toBe(1000);
  expect(Object.keys(await certified.fields('secrets', NAMESPACE, 'kind'))).not.toContain(
    'orders-tls-server',
  );

  await certified.site.kubectl('scale', ...operators, '--replicas=1');
  await certified.site.kubectl(
    'wait',
    OPERATOR,
    '--for=condition=Available',
    '--timeout=100s',
    'deployment',
    '--all',
  );
  const life = await certified.life();
  await eventually('the deploy succeeds', 120, async () => (await certified.site.deploy()).exitCode === 0, 5);
  // The kubelet looks ever less often whether a Secret that was missing is there.
  const backedUp = () =>
    certified.site.backedUp().then(
      () => true,
      () => false,
    );
  await eventually('it is backed up', 300, backedUp);
  expect(await certified.life()).toBe(life);
}, 900_000);
