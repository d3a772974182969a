import { createHash } from 'node:crypto';

const TOKEN_IN_TEXT = /[$#]\{TfToken\[/;

export interface DnsNameOptions {
  /**
   * The longest name that is accepted where this one is used.
   * @default 63, the limit of a DNS label. A CronJob takes 52 (Kubernetes appends the run's time),
   * a StatefulSet 52 as well (a revision hash lands in a label).
   */
  readonly maxLength?: number;
}

/**
 * A DNS-1123 label from one or more parts: lower case letters, digits and hyphens.
 *
 * The same parts always give the same name. When something had to be changed or cut, a hash of the
 * original is appended, so that two parts which differ only in what was lost (`a_b` and `a.b`, or two
 * long names with the same beginning) do not end up as one object.
 */
export function dnsName(parts: string | readonly string[], options: DnsNameOptions = {}): string {
  const original = typeof parts === 'string' ? parts : parts.join('-');
  refuseTokens(original, 'dnsName');
  const maxLength = options.maxLength ?? 63;
  if (maxLength < 12 || maxLength > 63)
    throw new RangeError(`dnsName: maxLength ${maxLength} is outside 12 to 63; leave it out for 63.`);
  const clean = trimHyphens(original.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-'));
  if (clean === original && clean !== '' && clean.length <= maxLength) return clean;
  const suffix = shortHash(original, 8);
  const stem = trimHyphens(clean.slice(0, maxLength - suffix.length - 1));
  return stem === '' ? `x-${suffix}` : `${stem}-${suffix}`;
}

/**
 * A short hash of a specification, for names of objects that cannot be changed once they exist
 * (a Job): a new specification gets a new name. The order of keys does not matter, `undefined` is
 * the same as absent.
 *
 * cdktf's tokens are refused: their numbers depend on what else is in the tree, so a hash over one
 * would change, and run the Job again, because of an unrelated addition.
 */
export function specHash(spec: unknown): string {
  return shortHash(canonical(spec), 10);
}

/** Hexadecimal, because it is valid in every kind of name. */
function shortHash(text: string, length: number): string {
  return createHash('sha256').update(text, 'utf8').digest('hex').slice(0, length);
}

function canonical(value: unknown): string {
  if (typeof value === 'string') {
    refuseTokens(value, 'specHash');
    return JSON.stringify(value);
  }
  if (typeof value === 'number') {
    // cdktf hides tokens in numbers of this size; no specification has one.
    if (!Number.isFinite(value) || value < -1e280)
      throw new TypeError(`specHash: the number ${value} is a token or not finite; pass resolved values.`);
    return JSON.stringify(value);
  }
  if (value === null || typeof value === 'boolean') return JSON.stringify(value);
  if (typeof value !== 'object')
    throw new TypeError(`specHash: a ${typeof value} has no JSON form; pass plain values.`);
  if ('toJSON' in value && typeof value.toJSON === 'function') return canonical(value.toJSON());
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item ?? null)).join(',')}]`;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${entries.map(([key, item]) => `${canonical(key)}:${canonical(item)}`).join(',')}}`;
}

function trimHyphens(text: string): string {
  return text.replace(/^-+/, '').replace(/-+$/, '');
}

function refuseTokens(text: string, who: string): void {
  if (TOKEN_IN_TEXT.test(text))
    throw new TypeError(
      `${who}: ${JSON.stringify(text)} holds a value that is known only at apply; pass the plain value it is made from.`,
    );
}
