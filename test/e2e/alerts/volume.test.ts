import { Platform } from './platform';

/** A volume that fills is told before it is full, and resolves when there is room again. */
const NAMESPACE = '--namespace=local';
const SMALL_MEGABYTES = 600;
let platform: Platform;

beforeAll(async () => {
  platform = await Platform.open('alert-volume', { volumeMegabytes: SMALL_MEGABYTES });
}, 3_600_000);

afterAll(() => platform?.close(), 120_000);

test('a volume fills, and is emptied', async () => {
  const inPod = (...command: string[]) =>
    platform.site.kubectl('exec', NAMESPACE, 'orders-0', '--container=postgres', '--', ...command);
  const [, available = '0'] = (await inPod('df', '--block-size=1M', '--output=avail', '/var/lib/postgresql'))
    .trim()
    .split('\n');
  const leave = Math.floor(SMALL_MEGABYTES * 0.1);
  await inPod(
    'dd',
    'if=/dev/zero',
    'of=/var/lib/postgresql/filler',
    'bs=1M',
    `count=${Number(available) - leave}`,
    'status=none',
  );
  await platform.fires('PvcUsageHigh', 'warning', 300);
  await inPod('rm', '/var/lib/postgresql/filler');
  await platform.resolves('PvcUsageHigh', 'warning', 300);
}, 900_000);
