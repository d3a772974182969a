import { type Construct, TerraformStack, TerraformVariable } from './framework';

/** Values that people leave in templates and forget: these words alone, in any case. */
export const PLACEHOLDERS = [
  'change_me',
  'changeme',
  'placeholder',
  'todo',
  'tbd',
  'xxx',
  'secret',
  'password',
] as const;

/** The same, and what begins or ends otherwise: `CHANGE-ME-now`, `<password>`. The kit's `apply` refuses alike. */
const PLACEHOLDER = `(?i)^(${PLACEHOLDERS.join('|')}|<.*>)$|change[-_ ]?me|replace[-_ ]?me`;

/**
 * A secret that is given at run time by `TF_VAR_<name>`. It is sensitive and
 * ephemeral, so neither state nor a saved plan holds it, and a forgotten or
 * placeholder value is refused before anything is planned.
 * The same name asked for twice in a stack is the same variable.
 */
export function secretVariable(scope: Construct, name: string, description: string): TerraformVariable {
  return variableOf(scope, name, () => {
    const stack = TerraformStack.of(scope);
    const variable = new TerraformVariable(stack, `variable-${name}`, {
      type: 'string',
      description,
      sensitive: true,
      nullable: false,
      validation: [
        {
          condition: `\${length(trimspace(var.${name})) > 0}`,
          errorMessage: `${name} is empty: set TF_VAR_${name} to its real value.`,
        },
        {
          condition: `\${!can(regex(${JSON.stringify(PLACEHOLDER)}, trimspace(var.${name})))}`,
          errorMessage: `${name} still holds a placeholder: set TF_VAR_${name} to its real value.`,
        },
      ],
    });
    variable.addOverride('ephemeral', true);
    return variable;
  });
}

/** A setting that is given at run time and is no secret; `fallback` holds when it is not given. */
export function runtimeVariable(
  scope: Construct,
  name: string,
  options: {
    readonly description: string;
    readonly fallback: string;
    /** `bool` where it becomes a truth value: `true` or `false`. @default 'string' */
    readonly type?: 'string' | 'bool';
    /** @default - any text */
    readonly oneOf?: readonly string[];
  },
): TerraformVariable {
  return variableOf(scope, name, () => {
    const stack = TerraformStack.of(scope);
    return new TerraformVariable(stack, `variable-${name}`, {
      type: options.type ?? 'string',
      description: options.description,
      default: options.type === 'bool' ? options.fallback === 'true' : options.fallback,
      nullable: false,
      ...(options.oneOf === undefined
        ? {}
        : {
            validation: [
              {
                condition: `\${contains(${JSON.stringify(options.oneOf)}, var.${name})}`,
                errorMessage: `TF_VAR_${name} must be one of ${options.oneOf.join(', ')}.`,
              },
            ],
          }),
    });
  });
}

function variableOf(scope: Construct, name: string, create: () => TerraformVariable): TerraformVariable {
  const existing = TerraformStack.of(scope).node.tryFindChild(`variable-${name}`);
  if (existing instanceof TerraformVariable) return existing;
  const variable = create();
  // The name is what TF_VAR_ takes: it must not grow a hash.
  variable.overrideLogicalId(name);
  return variable;
}
