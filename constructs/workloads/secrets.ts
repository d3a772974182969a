import { kubernetes } from '../bindings/kubernetes';
import { Construct, runtimeVariable, SecretRef, secretVariable, Token } from '../core';
import type { Volume } from './pod';

export interface SecretsProps {
  /** Name of the Secret that is made when any entry is given by a variable. */
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly entries: Readonly<Record<string, SecretRef>>;
}

/**
 * Secrets that a pod needs, wherever they come from: those of existing Secrets
 * are pointed at, those given at run time are put into one Secret by a
 * write-only attribute, so that no state, plan or synthesised file holds them.
 */
export class Secrets extends Construct {
  /** Known at run time; changes when a value given by a variable was said to have changed. */
  readonly revision: string | undefined;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: SecretsProps,
  ) {
    super(scope, id);
    const given = Object.entries(props.entries).flatMap(([key, reference]) =>
      SecretRef.is(reference) && reference.kind === 'variable' ? [[key, reference] as const] : [],
    );
    if (given.length === 0) return;
    const revision = runtimeVariable(this, 'secrets_revision', {
      description:
        'raise it by one when a secret given by a variable has changed: Terraform cannot see that by itself',
      fallback: '1',
    });
    new kubernetes.SecretV1(this, 'secret', {
      metadata: { name: props.name, namespace: props.namespace, labels: { ...props.labels } },
      dataWo: Object.fromEntries(
        given.map(([key, { name, description }]) => [
          key,
          secretVariable(this, name, description).stringValue,
        ]),
      ),
      dataWoRevision: Token.asNumber(revision.value),
    });
    this.revision = revision.stringValue;
  }

  /** Where a pod finds the entry. */
  selector(key: string): { readonly name: string; readonly key: string } {
    const reference = this.props.entries[key];
    // What is no reference is reported by the construct's check; the tree must stand until then.
    if (SecretRef.is(reference) && reference.kind === 'existing') {
      return { name: reference.name, key: reference.key };
    }
    return { name: this.props.name, key };
  }

  /** The entries as files, each named by its key. */
  volume(name: string): Volume {
    return {
      name,
      projected: [
        {
          defaultMode: '0400',
          sources: Object.keys(this.props.entries).map((key) => {
            const selector = this.selector(key);
            return { secret: [{ name: selector.name, items: [{ key: selector.key, path: key }] }] };
          }),
        },
      ],
    };
  }
}
