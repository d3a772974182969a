import { FaultyVault, lastLine } from './faulty-vault';

/** A vault that answers late, or not everything: the deploy either brings everything back, or refuses to bring back less. */
let vault: FaultyVault;

beforeAll(async () => {
  vault = await FaultyVault.open('vault-answers');
}, 3_600_000);

afterAll(() => vault?.close(), 120_000);

test('slow: a quarter of a second before every answer; the restore takes longer, nothing else', async () => {
  await vault.writeAndLose();
  await vault.proxy.set({ do: 'delay', ms: 250 });
  await vault.recovered();
  expect((await vault.proxy.set()).delay).toBeGreaterThan(20);
});

test('every third answer is 503: it is asked again, and nothing is missing', async () => {
  await vault.writeAndLose();
  await vault.proxy.set({ do: 'answer', status: 503, code: 'SlowDown', every: 3 });
  await vault.recovered();
  expect((await vault.proxy.set()).answer).toBeGreaterThan(10);
});

test('what tells the timeline cannot be read: refused, rather than restored along an abandoned one', async () => {
  // The first life is on timeline 1, which has no history.
  await vault.writeAndLose();
  await vault.recovered();
  await vault.writeAndLose();
  await vault.proxy.set({ path: '.history', do: 'answer', status: 503, code: 'Down' });
  const { exitCode, output } = await vault.site.deploy();
  expect(exitCode).toBe(2);
  expect(lastLine(output)).toMatch(/^ERROR .*could not be read.* — FIX: /);
  await vault.proxy.set();
  await vault.recovered();
});
