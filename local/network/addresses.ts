/** The addresses of one instance. Each end has one address, whichever link a packet takes. */
export interface Addresses {
  readonly index: number;
  readonly host: string;
  readonly node: string;
  readonly vault: string;
}

/** 10.118.0.0/16, in blocks of eight: room for every instance a machine can carry, and easy to recognise. */
const PREFIX = '10.118';
export const MAX_INSTANCES = 256;

export function addressesAt(index: number): Addresses {
  const at = (offset: number): string => {
    const number = index * 8 + offset;
    return `${PREFIX}.${number >> 8}.${number & 255}`;
  };
  return { index, host: at(1), node: at(2), vault: at(3) };
}

/**
 * The first block that no other instance holds and that the machine does not
 * use or route anywhere itself.
 * @param taken indexes of other instances
 * @param routes destinations of the machine's routes, e.g. `10.0.0.0/8`; a default route does not count
 */
export function pickAddresses(taken: ReadonlySet<number>, routes: readonly string[]): Addresses {
  for (let index = 0; index < MAX_INSTANCES; index++) {
    if (taken.has(index)) continue;
    const candidate = addressesAt(index);
    if (!routes.some((route) => covers(route, candidate.host))) return candidate;
  }
  throw new Error(
    `No addresses are left in ${PREFIX}.0.0/16: they are routed elsewhere or ${taken.size} instances hold them. ` +
      'End instances with `npm run local -- down --name <name>`.',
  );
}

/** Whether a route's destination overlaps the block of eight around an address. */
function covers(route: string, address: string): boolean {
  const [network, length] = route.split('/');
  if (network === undefined || route === 'default') return false;
  const a = toNumber(network);
  const b = toNumber(address);
  if (a === undefined || b === undefined) return false;
  const bits = Math.min(length === undefined ? 32 : Number(length), 29);
  return a >>> (32 - bits) === b >>> (32 - bits);
}

function toNumber(address: string): number | undefined {
  const parts = address.split('.').map(Number);
  if (parts.length !== 4 || parts.some((part) => !Number.isInteger(part) || part < 0 || part > 255))
    return undefined;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}
