import fc from 'fast-check';
import { Size } from '../../constructs/core/size';

describe('reading', () => {
  test.each([
    ['10Gi', 10_737_418_240],
    ['1.5Gi', 1_610_612_736],
    ['500M', 500_000_000],
    ['1k', 1000],
    ['128974848', 128_974_848],
    ['1e9', 1_000_000_000],
    ['1E9', 1_000_000_000],
    ['129e6', 129_000_000],
    ['2P', 2_000_000_000_000_000],
    ['0.3Ki', 308],
    ['.5Mi', 524_288],
  ])('%s', (text, bytes) => expect(Size.parse(text).bytes).toBe(bytes));

  test.each(['', 'Gi', '10 Gi', '-1Gi', '10GB', '10gi', '10K', '1e9Gi', '10Ei'])(
    '%p is refused, saying what to write',
    (text) => expect(() => Size.parse(text)).toThrow(/Size .* write a number and one of Ki/),
  );

  test('thousandths of a byte are a slip, and the fix says so', () => {
    expect(() => Size.parse('500m')).toThrow(/thousandths of a byte in Kubernetes; write 500Mi/);
  });

  test.each([-1, Number.NaN, 2 ** 54])('%p bytes are refused', (count) => {
    expect(() => Size.bytes(count)).toThrow(/not between 0 and 8 PiB/);
  });
});

describe('writing', () => {
  test.each([
    [Size.bytes(0), '0', '0B', '0 B'],
    [Size.bytes(1000), '1000', '1000B', '1000 B'],
    [Size.kibibytes(64), '64Ki', '64kB', '64 KiB'],
    [Size.mebibytes(512), '512Mi', '512MB', '512 MiB'],
    [Size.gibibytes(1.5), '1536Mi', '1536MB', '1.5 GiB'],
    [Size.gibibytes(10), '10Gi', '10GB', '10 GiB'],
    [Size.tebibytes(2), '2Ti', '2TB', '2 TiB'],
    [Size.tebibytes(1024), '1Pi', '1024TB', '1 PiB'],
  ])('%s: Kubernetes %s, PostgreSQL %s, %s', (size, kubernetes, postgres, human) => {
    expect([size.kubernetes(), size.postgres(), size.human()]).toEqual([kubernetes, postgres, human]);
  });

  test('what is written for Kubernetes is read back as the same', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (bytes) => {
        expect(Size.parse(Size.bytes(bytes).kubernetes()).bytes).toBe(bytes);
      }),
    );
  });
});

test('arithmetic and comparison', () => {
  const gibibyte = Size.gibibytes(1);
  expect(gibibyte.plus(Size.mebibytes(512)).kubernetes()).toBe('1536Mi');
  expect(gibibyte.times(2).equals(Size.gibibytes(2))).toBe(true);
  expect(gibibyte.isLargerThan(Size.parse('1G'))).toBe(true);
  expect(gibibyte.isLargerThan(gibibyte)).toBe(false);
});
