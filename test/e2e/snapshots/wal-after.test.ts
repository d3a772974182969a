import { describeWithBtrfs } from '../../postgres/scripts/btrfs';
import { BothWays } from './both-ways';

describeWithBtrfs('snapshot plus WAL, to what came after the snapshot', () => {
  let database: BothWays;

  beforeAll(async () => {
    database = await BothWays.open('snapshot-wal-after');
  }, 3_600_000);

  afterAll(() => database?.close(), 300_000);

  test('to the newest state', async () => {
    const shot = await database.snapshot();
    await database.write(10_000);
    await database.site.archived(300);
    const written = await database.rows();
    expect(await database.recovered(shot, 'latest', /: catch-up$/m)).toBe(written);
  }, 1_800_000);

  test('to a time', async () => {
    const shot = await database.snapshot();
    await database.write(10_000);
    const [to, written] = [await database.instant(), await database.rows()];
    await database.write(10_000);
    await database.site.archived(300);
    expect(await database.recovered(shot, to, /: catch-up$/m)).toBe(written);
  }, 1_800_000);
});
