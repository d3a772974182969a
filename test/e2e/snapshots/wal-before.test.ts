import { describeWithBtrfs } from '../../postgres/scripts/btrfs';
import { BothWays } from './both-ways';

describeWithBtrfs('snapshot plus WAL, to what was before the snapshot', () => {
  let database: BothWays;

  beforeAll(async () => {
    database = await BothWays.open('snapshot-wal-before');
  }, 3_600_000);

  afterAll(() => database?.close(), 300_000);

  test('to a time that the volume cannot reach: from the repository beside it', async () => {
    const [to, written] = [await database.instant(), await database.rows()];
    await database.write(10_000);
    const shot = await database.snapshot();
    await database.write(10_000);
    await database.site.archived(300);
    expect(await database.recovered(shot, to, /: recover-in-place$/m)).toBe(written);
  }, 1_800_000);
});
