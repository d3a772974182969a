import type { Finding } from './validation';

/** A key of a Secret that is already in the namespace where it is used. */
export interface ExistingSecretProps {
  /** The Secret's name. */
  readonly name: string;
  /** The key in its data. */
  readonly key: string;
}

export interface SecretVariableProps {
  /** What the value is and where an operator finds it: read at 3 a.m. by somebody who has to supply it. */
  readonly description: string;
}

const BRAND: unique symbol = Symbol.for('cdktf-disaster-recovery.SecretRef');

/**
 * Where a secret is found; never the secret itself.
 *
 * A configuration is committed, synthesised, planned and published into the vault, so a value in it
 * is a value given away. There is no way to build a `SecretRef` from one, a string does not fit its
 * type, and `SecretRef.faults` finds a string that came in from JavaScript or by a cast.
 */
export type SecretRef = ExistingSecret | SecretVariable;

export const SecretRef = {
  /** A key of an existing Secret: made by hand, by External Secrets, by another stack. */
  existing: (props: ExistingSecretProps): ExistingSecret => new ExistingSecret(props.name, props.key),

  /** A Terraform variable, given at run time as `TF_VAR_<name>` and kept out of state. */
  variable: (name: string, props: SecretVariableProps): SecretVariable =>
    new SecretVariable(name, props.description),

  /** Also true for a reference made by another copy of this package. */
  is: (value: unknown): value is SecretRef => typeof value === 'object' && value !== null && BRAND in value,

  /** Everything that is wrong with what was given where a secret's reference belongs; never prints it. */
  faults(value: unknown, property: string): Finding[] {
    if (SecretRef.is(value)) return value.faults(property);
    const missing = value === undefined || value === null;
    return [
      {
        rule: missing ? 'secret/missing' : 'secret/literal',
        message: missing
          ? `${property} names no secret`
          : `${property} is a literal ${typeof value}, readable in the repository, the plan and the state`,
        fix: `give SecretRef.existing({ name, key }) or SecretRef.variable(NAME, { description })${missing ? '' : ', and change the secret if it was ever committed'}`,
      },
    ];
  },
} as const;

export class ExistingSecret {
  /** Makes the type nominal: an object that merely looks alike does not fit. */
  readonly [BRAND] = true;
  readonly kind = 'existing';

  constructor(
    readonly name: string,
    readonly key: string,
  ) {}

  faults(property: string): Finding[] {
    const found: Finding[] = [];
    // The values are not repeated in these messages: a slip here is often the secret itself.
    if (!/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(this.name))
      found.push({
        rule: 'secret/reference',
        message: `${property}.name is not the name of a Secret (lower case letters, digits, '-' and '.')`,
        fix: 'give the name of an existing Secret, not its content',
      });
    if (!/^[-._a-zA-Z0-9]{1,253}$/.test(this.key))
      found.push({
        rule: 'secret/reference',
        message: `${property}.key is not a key of a Secret (letters, digits, '-', '_' and '.')`,
        fix: "give the key's name, not its value",
      });
    return found;
  }

  /** Names the source for a person; safe to print. */
  describe(): string {
    return `Secret ${this.name}, key ${this.key}`;
  }

  toJSON(): string {
    return this.describe();
  }
}

export class SecretVariable {
  /** Makes the type nominal: an object that merely looks alike does not fit. */
  readonly [BRAND] = true;
  readonly kind = 'variable';

  constructor(
    readonly name: string,
    readonly description: string,
  ) {}

  /** What an operator sets before a deploy. */
  get environmentVariable(): string {
    return `TF_VAR_${this.name}`;
  }

  faults(property: string): Finding[] {
    const found: Finding[] = [];
    if (!/^[a-zA-Z_][a-zA-Z0-9_]{0,127}$/.test(this.name))
      found.push({
        rule: 'secret/reference',
        message: `${property} does not name a variable (letters, digits and '_', not beginning with a digit)`,
        fix: 'give a name such as DATABASE_PASSWORD, and its value at run time in TF_VAR_DATABASE_PASSWORD',
      });
    if (typeof this.description !== 'string' || this.description.trim() === '')
      found.push({
        rule: 'secret/reference',
        message: `${property} has no description`,
        fix: 'say what the value is and where an operator finds it after a disaster',
      });
    return found;
  }

  /** Names the source for a person; safe to print. */
  describe(): string {
    return `environment variable ${this.environmentVariable}`;
  }

  toJSON(): string {
    return this.describe();
  }
}
