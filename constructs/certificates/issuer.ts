import { addCheck, Construct, SecretRef } from '../core';
import { CustomResource, Secrets } from '../workloads';
import { checkIssuer } from './issuer-faults';
import { accountSecret, type Issuance, issuerSpec } from './issuer-spec';
import { declareKey } from './key-asset';
import { validateKind } from './models';

export interface CertificateIssuerProps {
  readonly name: string;
  /** @default - the whole cluster: a ClusterIssuer, whose Secrets are where cert-manager runs */
  readonly namespace?: string;
  /** Where cert-manager runs, and looks for the Secrets of a ClusterIssuer. @default 'cert-manager' */
  readonly certManagerNamespace?: string;
  /** Who signs. */
  readonly by: Issuance;
}

/** What a certificate names as its issuer. */
export interface IssuerReference {
  readonly name: string;
  readonly kind: 'Issuer' | 'ClusterIssuer' | (string & {});
  /** @default 'cert-manager.io' */
  readonly group?: string;
}

/**
 * Who signs certificates for cert-manager: by ACME, with a key pair of one's own, a Vault, or each certificate itself.
 * Keys that something outside knows are assets: in the escrow, or declared as ones that a new one may replace.
 */
export class CertificateIssuer extends Construct {
  readonly reference: IssuerReference;

  constructor(
    scope: Construct,
    id: string,
    readonly props: CertificateIssuerProps,
  ) {
    super(scope, id);
    const { by, certManagerNamespace = 'cert-manager', name } = props;
    const cluster = props.namespace === undefined;
    const namespace = props.namespace ?? certManagerNamespace;
    const kind = cluster ? 'ClusterIssuer' : 'Issuer';
    this.reference = { name, kind };
    addCheck(this, () => checkIssuer(props));

    const entries: Record<string, SecretRef> = {};
    issuerSpec(name, by, (entry, reference) => {
      entries[entry] = reference;
      return { name: '', key: entry };
    });
    const secrets = new Secrets(this, 'secrets', {
      name: `${name}-issuer`,
      namespace,
      labels: { 'app.kubernetes.io/name': name, 'app.kubernetes.io/component': 'issuer' },
      entries,
    });
    new CustomResource(this, 'issuer', {
      apiVersion: 'cert-manager.io/v1',
      kind,
      metadata: { name, ...(cluster ? {} : { namespace }) },
      spec: issuerSpec(name, by, (entry) => secrets.selector(entry)),
      validate: (object) => validateKind(kind, known(object)),
    });

    if ('ca' in by)
      declareKey(this, {
        id: `${name}-ca`,
        kind: 'certificate-authority',
        reference: by.ca.key,
        namespace,
        recreatable: by.ca.recreatable ?? false,
        impact:
          'nothing can be issued; certificates of a new authority are not trusted by whoever has this one',
      });
    if ('acme' in by)
      declareKey(this, {
        id: `${name}-account`,
        kind: 'acme-account',
        reference: SecretRef.existing({ name: accountSecret(name, by.acme), key: 'tls.key' }),
        namespace,
        recreatable: by.acme.recreatable ?? by.acme.externalAccount === undefined,
        impact:
          'nothing can be issued by this account; a new one is unknown to CAA records and contracts that name it',
      });
  }
}

/** The model is older than `serviceAccountRef`, and asks for a token's Secret in its place. */
function known(object: object): object {
  const model = structuredClone(object) as {
    spec: { vault?: { auth: { kubernetes?: { serviceAccountRef?: unknown; secretRef?: object } } } };
  };
  const kubernetes = model.spec.vault?.auth.kubernetes;
  if (kubernetes?.serviceAccountRef !== undefined) kubernetes.secretRef = { name: 'none' };
  return model;
}
