import { bech32 } from '@scure/base';
import type { Finding } from '../core';

/** Somebody who can open an escrow alone: a person, a safe, a second site. */
export class Recipient {
  /** A key of age, as `age-keygen` prints it: `age1…`. It is public; who has its identity file can open. */
  static age(key: string, props: { readonly name: string }): Recipient {
    return new Recipient(props.name, key);
  }

  private constructor(
    /** What people call them: `Platform on-call`. */
    readonly name: string,
    readonly key: string,
  ) {}

  /** Everything that is wrong with it, for the property that holds it; never prints the key, which may be an identity. */
  faults(property: string): Finding[] {
    const found: Finding[] = [];
    if (!/^[\p{L}\p{N}][\p{L}\p{N} .@/+-]{0,63}$/u.test(this.name))
      found.push({
        rule: 'escrow/recipient',
        message: `${property}.name is ${JSON.stringify(this.name)}, by which nobody is found`,
        fix: 'name a person, a role or a place: letters, digits, spaces and . @ / + -, at most 64',
      });
    if (!isAgeKey(this.key))
      found.push({
        rule: 'escrow/recipient',
        message: this.key.toUpperCase().startsWith('AGE-SECRET-KEY-')
          ? `${property}.key of ${this.name} is an identity, which opens the escrow, and is in a configuration now`
          : `${property}.key of ${this.name} is no key of age (${this.key.length} characters), or has a slip in it`,
        fix: this.key.toUpperCase().startsWith('AGE-SECRET-KEY-')
          ? 'make a new one with age-keygen, give its public key (age1…), and use this one never again'
          : 'copy the public key that age-keygen prints: age1 and 58 letters and digits',
      });
    return found;
  }
}

/** X25519 alone: every age since 1.0 opens it. Its last six characters are a checksum. */
function isAgeKey(key: string): boolean {
  try {
    const { prefix, bytes } = bech32.decodeToBytes(key);
    return prefix === 'age' && bytes.length === 32 && key === key.toLowerCase();
  } catch {
    return false;
  }
}
