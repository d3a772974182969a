import { addressesAt, MAX_INSTANCES, pickAddresses } from '../../local/network/addresses';

describe('the addresses of an instance', () => {
  test('are three in a block of their own', () => {
    expect(addressesAt(0)).toEqual({ index: 0, host: '10.118.0.1', node: '10.118.0.2', vault: '10.118.0.3' });
    expect(addressesAt(33)).toEqual({
      index: 33,
      host: '10.118.1.9',
      node: '10.118.1.10',
      vault: '10.118.1.11',
    });
  });

  test('never meet those of another instance', () => {
    const all = Array.from({ length: MAX_INSTANCES }, (_, index) => addressesAt(index));
    const each = all.flatMap(({ host, node, vault }) => [host, node, vault]);
    expect(new Set(each).size).toBe(3 * MAX_INSTANCES);
  });

  test('skip blocks that other instances hold', () => {
    expect(pickAddresses(new Set([0, 1, 3]), []).index).toBe(2);
  });

  test.each([
    ['a single address inside the block', '10.118.0.3', 1],
    ['a network that covers several blocks', '10.118.0.0/27', 4],
    ['the default route', 'default', 0],
    ['a network elsewhere', '10.119.0.0/16', 0],
    ['a route that is no IPv4 network', 'broadcast', 0],
  ])('heed %s among the routes of the machine', (_, route, index) => {
    expect(pickAddresses(new Set(), [route]).index).toBe(index);
  });

  test('run out with a message that says what to do', () => {
    const all = new Set(Array.from({ length: MAX_INSTANCES }, (_, index) => index));
    expect(() => pickAddresses(all, [])).toThrow('npm run local -- down');
    expect(() => pickAddresses(new Set(), ['10.0.0.0/8'])).toThrow('10.118.0.0/16');
  });
});
