import { addCheck, Construct, environmentOf, type Finding, SecretRef } from '../core';
import { Recovery } from '../recovery';
import type { Recipient } from './recipient';

export interface EscrowProps {
  /** Who can open it, each alone; at least two. */
  readonly recipients: readonly Recipient[];
  /** What is kept, by what people call it: `{ 'repository passphrase': SecretRef.variable(…) }`. */
  readonly secrets: Readonly<Record<string, SecretRef>>;
  /**
   * Namespace of those that are existing Secrets.
   * @default - none: an existing Secret is then a fault
   */
  readonly namespace?: string;
}

/**
 * What must be known at 3 a.m., kept in the vault for people who can open it with a key of their own. It makes no
 * object and holds no value: it declares what is kept and for whom. `npm run deploy` seals the values, which only a
 * deploy knows; so they are in no synthesised file, no plan and no state.
 */
export class Escrow extends Construct {
  constructor(
    scope: Construct,
    id: string,
    private readonly props: EscrowProps,
  ) {
    super(scope, id);
    const { namespace, recipients, secrets } = props;
    Recovery.of(this).escrows({
      recipients,
      secrets: Object.entries(secrets).map(([name, reference]) => ({
        name,
        reference,
        ...(namespace === undefined ? {} : { namespace }),
      })),
    });
    addCheck(this, () => [...this.recipients(), ...this.secrets(), ...this.second()]);
  }

  private recipients(): Finding[] {
    const { recipients } = this.props;
    const found = recipients.flatMap((recipient, index) => recipient.faults(`recipients[${index}]`));
    for (const property of ['name', 'key'] as const) {
      const values = recipients.map((recipient) => recipient[property]);
      for (const [index, value] of values.entries()) {
        const first = values.indexOf(value);
        if (first === index) continue;
        found.push({
          rule: 'escrow/recipient',
          message: `recipients[${index}] (${recipients[index]?.name}) has the ${property} of recipients[${first}] (${recipients[first]?.name})`,
          fix: 'give everybody a name and a key of their own, or drop one of both',
        });
      }
    }
    const keys = new Set(recipients.map(({ key }) => key)).size;
    if (keys < 2)
      found.push({
        rule: 'escrow/recipients',
        message: `recipients has ${keys === 1 ? 'one key' : 'none'}: one person on holiday, or one lost file, must not be the end`,
        fix: 'give at least two, whose identity files are kept in different places',
      });
    return found;
  }

  private secrets(): Finding[] {
    const { namespace, secrets } = this.props;
    const entries = Object.entries(secrets);
    if (entries.length === 0)
      return [
        {
          rule: 'escrow/secrets',
          message: 'secrets is empty: there is nothing to keep',
          fix: "give the passphrases of the repositories: { 'repository passphrase': SecretRef.variable(…) }",
        },
      ];
    return entries.flatMap(([name, reference]) => {
      const found = SecretRef.faults(reference, `secrets[${JSON.stringify(name)}]`);
      if (!/^[\p{L}\p{N}][\p{L}\p{N} ._,/-]{0,127}$/u.test(name))
        found.push({
          rule: 'escrow/secrets',
          message: `secrets has ${JSON.stringify(name)}, by which nobody finds it`,
          fix: 'letters, digits, spaces and . _ , / -, at most 128: repository passphrase',
        });
      if (SecretRef.is(reference) && reference.kind === 'existing' && !isNamespace(namespace))
        found.push({
          rule: 'escrow/namespace',
          message: `secrets[${JSON.stringify(name)}] is ${reference.describe()}, and namespace is ${JSON.stringify(namespace ?? null)}`,
          fix: 'set namespace to where the Secret is',
        });
      return found;
    });
  }

  /** One place to look: of two, somebody opens the wrong one. */
  private second(): Finding[] {
    const environment = environmentOf(this);
    const first = Recovery.escrows(this).find((declared) => declared.environment === environment);
    if (first === undefined || first.path === this.node.path) return [];
    return [
      {
        rule: 'escrow/second',
        message: `${environment} has an escrow already: ${first.path}`,
        fix: 'put the secrets of both into one',
      },
    ];
  }
}

function isNamespace(name: string | undefined): boolean {
  return name !== undefined && /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name);
}
