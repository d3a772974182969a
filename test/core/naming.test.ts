import fc from 'fast-check';
import { dnsName, specHash } from '../../constructs/core/naming';

describe('dnsName', () => {
  test('a name that is one stays as it is', () => {
    expect(dnsName('orders')).toBe('orders');
    expect(dnsName(['orders', 'backup', 'full'])).toBe('orders-backup-full');
    expect(dnsName('a'.repeat(63))).toBe('a'.repeat(63));
  });

  test('what is changed or cut gets a hash of the original', () => {
    expect(dnsName('Orders_DB')).toBe('orders-db-06a465a1');
    expect(dnsName('a'.repeat(64))).toMatch(/^a{54}-[0-9a-f]{8}$/);
    expect(dnsName('日本')).toMatch(/^x-[0-9a-f]{8}$/);
    expect(dnsName('orders-backup-differential', { maxLength: 20 })).toMatch(/^orders-back-[0-9a-f]{8}$/);
  });

  test('is always a DNS-1123 label within its length', () => {
    const name = fc.oneof(
      fc.string({ maxLength: 120 }),
      fc.string({ unit: fc.constantFrom('a', '-', 'B', '.', '0') }),
    );
    fc.assert(
      fc.property(
        fc.array(name, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 12, max: 63 }),
        (parts, maxLength) => {
          const result = dnsName(parts, { maxLength });
          expect(result).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
          expect(result.length).toBeLessThanOrEqual(maxLength);
          expect(dnsName(parts, { maxLength })).toBe(result);
        },
      ),
    );
  });

  test('different originals do not share a name', () => {
    const similar = fc.string({
      unit: fc.constantFrom('a', 'A', '-', '_', '.'),
      minLength: 1,
      maxLength: 80,
    });
    fc.assert(
      fc.property(similar, similar, (one, other) => {
        fc.pre(one !== other);
        expect(dnsName(one)).not.toBe(dnsName(other));
      }),
      { numRuns: 1000 },
    );
  });

  test('a limit that leaves no room, and a value that is not known yet, are refused', () => {
    expect(() => dnsName('a', { maxLength: 5 })).toThrow(/outside 12 to 63/);
    expect(() => dnsName('${TfToken[TOKEN.1]}')).toThrow(/known only at apply/);
  });
});

/** JSON as specifications hold it: no numbers of the size in which cdktf hides tokens. */
const spec = fc.object({
  values: [fc.string(), fc.integer(), fc.boolean(), fc.constant(null)],
  withBigInt: false,
});

describe('specHash', () => {
  test('is short, fit for a name, and pinned: a change of it would run every job again', () => {
    expect(specHash({ image: 'postgres:17', args: ['full'] })).toBe('27966d19f1');
  });

  test('does not depend on the order of keys, nor on absent ones', () => {
    fc.assert(
      fc.property(spec, (one) => {
        const reversed = Object.fromEntries(Object.entries(one).reverse());
        expect(specHash({ ...reversed, absent: undefined })).toBe(specHash(one));
      }),
    );
  });

  test('sees every other difference', () => {
    fc.assert(
      fc.property(spec, spec, (one, other) => {
        fc.pre(JSON.stringify(sorted(one)) !== JSON.stringify(sorted(other)));
        expect(specHash(one)).not.toBe(specHash(other));
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ['a string token', { host: 'x ${TfToken[TOKEN.1]}' }],
    ['a list token', { hosts: ['#{TfToken[TOKEN.2]}'] }],
    ['a number token', { port: -1.8881545897087626e289 }],
    ['a function', { f: () => 1 }],
  ])('%s is refused', (_, given) => {
    expect(() => specHash(given)).toThrow(/specHash|known only at apply/);
  });
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => [key, sorted(item)]);
}
