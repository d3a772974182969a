import { eventually } from '../local-site';
import { FaultyVault, lastLine } from './faulty-vault';

/**
 * A vault that is away, or full: nothing that was acknowledged and archived is lost, nothing starts empty, and the same command
 * succeeds as soon as the vault is well again.
 */
let vault: FaultyVault;

beforeAll(async () => {
  vault = await FaultyVault.open('vault-away');
}, 3_600_000);

afterAll(() => vault?.close(), 120_000);

test('unreachable when the database is lost: refused though the deploy calls it new, and brought back later', async () => {
  await vault.writeAndLose();
  await vault.proxy.set({ path: '/local/orders', do: 'reset' });
  const { exitCode, output } = await vault.site.deploy({ TF_VAR_initialize: 'true' });
  expect(exitCode).toBe(2);
  expect(lastLine(output)).toMatch(/^ERROR .*could not be read.*never starts empty.* — FIX: /);
  await vault.proxy.set();
  await vault.recovered();
});

test('unreachable in the middle of the replay: the recovery waits, and does not end early', async () => {
  await vault.writeAndLose();
  await vault.proxy.set({ path: '00000000/0', do: 'answer', status: 503, code: 'Down' });
  const deploying = vault.site.deploy();
  await eventually('a segment was asked for in vain', 120, async () => {
    const said = await vault.site
      .kubectl('logs', '--namespace=local', 'orders-0', '--container=postgres')
      .catch(() => '');
    return /WAL \S+ of orders cannot be fetched/.test(said);
  });
  await vault.proxy.set();
  expect((await deploying).exitCode).toBe(0);
  await vault.complete();
});

test('full: the database goes on, and all that was written meanwhile is archived once there is room', async () => {
  await vault.proxy.set({ method: 'PUT', do: 'answer', status: 507, code: 'XMinioStorageFull' });
  await vault.write();
  const segment = (await vault.site.sql('select pg_walfile_name(pg_switch_wal())')).trim();
  await eventually('archiving fails', 120, async () => {
    const failed = await vault.site.sql(`select last_failed_wal >= '${segment}' from pg_stat_archiver`);
    return failed.trim() === 't';
  });
  await vault.write();
  expect((await vault.proxy.set()).answer).toBeGreaterThan(0);
  await vault.site.archived(150);
  await vault.site.lose();
  await vault.recovered();
});
