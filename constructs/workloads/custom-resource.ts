import type { Manifest } from '@cdktf/provider-kubernetes/lib/manifest';
import { kubernetes } from '../bindings/kubernetes';
import { addCheck, Construct, type Finding, literal, type TerraformVariable } from '../core';

export interface CustomResourceProps {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  /** What it is to be, typed by whoever declares it. @default - none: its kind has `fields` in its place */
  readonly spec?: object;
  /** What it has beside metadata and spec, as classes do. @default none */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** Fields of the spec whose value is known when it is applied; a validator does not see them. @default none */
  readonly runtime?: Readonly<Record<string, TerraformVariable>>;
  /** Whether an apply takes back fields that somebody else has set. @default false - it is refused, and names who has */
  readonly force?: boolean;
  /**
   * Whether a validator of its kind accepts it: throws when not.
   * @default - none: the API server is the first to look
   */
  readonly validate?: (object: object) => void;
}

/** An object of a kind that an operator defines. Terraform reads its definition when it plans: it must be there before. */
export class CustomResource extends Construct {
  readonly #manifest: Manifest;
  readonly #runtime: Readonly<Record<string, TerraformVariable>>;
  #object: { readonly metadata: object; readonly spec?: object };

  constructor(
    scope: Construct,
    id: string,
    { fields, force = false, metadata, runtime = {}, spec, validate, ...type }: CustomResourceProps,
  ) {
    super(scope, id);
    this.#runtime = runtime;
    this.#object = {
      ...type,
      metadata: withoutEmpty(metadata),
      ...(spec === undefined ? {} : { spec }),
      ...fields,
    };
    if (validate !== undefined) addCheck(this, () => invalid(this.#object, validate));
    this.#manifest = new kubernetes.Manifest(this, 'manifest', {
      manifest: this.#written(),
      ...(force ? { fieldManager: { forceConflicts: true } } : {}),
    });
  }

  /** For one that grows while the app is declared. */
  set spec(spec: object) {
    this.#object = { ...this.#object, spec };
    this.#manifest.manifest = this.#written();
  }

  #written(): Record<string, unknown> {
    const object = literalObject(this.#object);
    if (Object.keys(this.#runtime).length === 0) return object;
    const fields = Object.entries(this.#runtime).map(([field, { friendlyUniqueId }]) => [
      field,
      `\${var.${friendlyUniqueId}}`,
    ]);
    return { ...object, spec: { ...(object['spec'] as object), ...Object.fromEntries(fields) } };
  }
}

function invalid(object: object, validate: (object: object) => void): Finding[] {
  try {
    validate(object);
    return [];
  } catch (error) {
    return [
      {
        rule: 'workloads/custom-resource',
        message: `the object is not valid: ${(error as Error).message}`,
        fix: 'correct the property that it names',
      },
    ];
  }
}

function withoutEmpty(metadata: CustomResourceProps['metadata']): object {
  return Object.fromEntries(
    Object.entries(metadata).filter(
      ([, value]) => typeof value === 'string' || Object.keys(value).length > 0,
    ),
  );
}

function literalObject(object: object): Record<string, unknown> {
  return literalDeep(object) as Record<string, unknown>;
}

/** Terraform would read `${` in any of its strings. */
function literalDeep(value: unknown): unknown {
  if (typeof value === 'string') return literal(value);
  if (Array.isArray(value)) return value.map(literalDeep);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) => (item === undefined ? [] : [[key, literalDeep(item)]])),
  );
}
