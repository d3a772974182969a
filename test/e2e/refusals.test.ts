import { LocalSite } from './local-site';

/**
 * Bad input at run time, on a real cluster: each is refused with cause and fix
 * in the last line of the command, and nothing ever starts empty instead.
 */
let site: LocalSite;

beforeAll(async () => {
  site = await LocalSite.open('e2e');
}, 3_600_000);

afterAll(async () => {
  await site?.close();
}, 120_000);

const lastLine = (output: string): string => output.trim().split('\n').at(-1) ?? '';

test('a vault that was never made: the deploy says so before it touches the cluster', async () => {
  const { exitCode, output } = await site.deploy();
  expect(exitCode).toBe(2);
  expect(lastLine(output)).toMatch(/^ERROR .*local-vault.* — FIX: /);
  await expect(site.kubectl('get', 'namespace', 'local')).rejects.toThrow('not found');
});

test('the bootstrap makes it, and may be repeated', async () => {
  expect((await site.npmRun('vault', ['local'])).exitCode).toBe(0);
  const again = await site.npmRun('vault', ['local']);
  expect(again).toMatchObject({ exitCode: 0, output: expect.stringContaining('was there') });
});

test('a vault that does not answer', async () => {
  const { exitCode, output } = await site.deploy({ VAULT_ENDPOINT: 'https://vault.e2e.test:1' });
  expect(exitCode).toBe(2);
  expect(lastLine(output)).toMatch(/^ERROR .* — FIX: /);
});

test('missing and placeholder secrets are refused, all at once, before the first object', async () => {
  const { exitCode, output } = await site.deploy({
    TF_VAR_orders_app_password: 'CHANGE_ME',
    TF_VAR_repository_passphrase: '',
  });
  expect(exitCode).toBe(2);
  expect(output).toContain('orders_app_password');
  expect(output).toContain('repository_passphrase');
  expect(lastLine(output)).toMatch(/FIX: /);
  await expect(site.kubectl('get', 'namespace', 'local')).rejects.toThrow('not found');
});

test('a new database that nobody said is new does not start empty', async () => {
  const { exitCode, output } = await site.deploy();
  expect(exitCode).toBe(2);
  expect(lastLine(output)).toMatch(/^ERROR .*nothing to restore.* — FIX: .*TF_VAR_initialize=true/i);
});

test('said so, it starts, and is backed up', async () => {
  const { exitCode, output } = await site.deploy({ TF_VAR_initialize: 'true' });
  expect({ exitCode, last: lastLine(output) }).toMatchObject({ exitCode: 0 });
  await site.sql('create table kept as select 42 as answer');
  await site.backedUp();
  await site.archived();
});

test('dropping `initialize` restarts nothing', async () => {
  const started = () =>
    site.kubectl(
      'get',
      'pod',
      '--namespace=local',
      'orders-0',
      '--output=jsonpath={.metadata.uid} {.status.containerStatuses[*].restartCount}',
    );
  const before = await started();
  expect((await site.deploy()).exitCode).toBe(0);
  expect(await started()).toBe(before);
  expect(
    await site.kubectl(
      'get',
      'configmap',
      '--namespace=local',
      'orders-deploy',
      '--output=jsonpath={.data.initialize}',
    ),
  ).toBe('false');
});

test('a wrong key of the repository: refused with its cause, though the deploy says that the database is new', async () => {
  await site.lose();
  const { exitCode, output } = await site.deploy({
    // A key that is minted is never wrong.
    VAULT_MINTS: 'none',
    TF_VAR_vault_secret_key: 'not-the-key',
    TF_VAR_initialize: 'true',
  });
  expect(exitCode).toBe(2);
  expect(lastLine(output)).toMatch(/^ERROR .*key.* — FIX: /i);
});

test('a wrong passphrase: likewise', async () => {
  await site.lose();
  const { exitCode, output } = await site.deploy({
    TF_VAR_repository_passphrase: 'not-the-passphrase',
    TF_VAR_initialize: 'true',
  });
  expect(exitCode).toBe(2);
  expect(lastLine(output)).toMatch(/^ERROR .*passphrase.* — FIX: /i);
});

test('with everything right again, the same command brings the data back', async () => {
  await site.lose();
  const { exitCode, output } = await site.deploy();
  expect({ exitCode, last: lastLine(output) }).toMatchObject({ exitCode: 0 });
  expect(await site.sql('select answer from kept')).toBe('42');
});

test('no secret is in what was synthesised or published', async () => {
  const { output } = await site.npmRun('deploy', ['local', '--engine', 'kit'], {
    TF_VAR_orders_app_password: 'S3CRET-MARK',
  });
  expect(output).not.toContain('S3CRET-MARK');
  const { execFileSync } = await import('node:child_process');
  expect(() => execFileSync('grep', ['-r', 'S3CRET-MARK', 'cdktf.out'])).toThrow();
});
