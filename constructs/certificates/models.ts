/** Models of cert-manager's kinds, loaded when something is validated: they take longer than all the rest. */
type Kind = 'Certificate' | 'ClusterIssuer' | 'Issuer';

type Model = new (object: never) => { validate(): void };

/** @throws what is wrong with the object */
export function validateKind(kind: Kind, object: object): void {
  const model = require(`@kubernetes-models/cert-manager/cert-manager.io/v1/${kind}`) as Record<Kind, Model>;
  new model[kind](object as never).validate();
}
