import type { Alerting } from '../alerts';
import { Certificate, CertificateIssuer, type IssuerReference } from '../certificates';
import { Construct, type Duration, type Finding, specHash } from '../core';
import type { TlsPairProps } from './tls-pair';

/** Certificates between backup jobs and the sidecar from cert-manager, in place of those that a Job makes. */
export interface TlsProps {
  /**
   * Who signs both: an authority of one's own, or a Vault; it has to put `ca.crt` into their Secrets. Whoever gets it to
   * sign a client's certificate for `<name>-backup.<namespace>` can read the database where the network lets them.
   */
  readonly issuer: CertificateIssuer | IssuerReference;
  /** @default 90 days */
  readonly duration?: Duration;
  /** How long before their end they are renewed. @default - a third of their life, at most 30 days */
  readonly renewBefore?: Duration;
  /** How the certificates are watched. @default - as the database is; those of a `PgBackRestSidecar` not at all */
  readonly alerting?: Alerting;
}

/** What an X.509 common name can hold. */
const LONGEST_COMMON_NAME = 64;

interface Named {
  readonly name: string;
  readonly namespace: string;
  readonly tls?: TlsProps;
}

/**
 * Common name of the backup jobs. An issuer may sign for other namespaces as well, so theirs is part of it; each pair of
 * our own has an authority of its own.
 */
export function clientNameOf({ name, namespace, tls }: Named): string {
  if (tls === undefined) return `${name}-backup`;
  const full = `${name}-backup.${namespace}`;
  return full.length <= LONGEST_COMMON_NAME ? full : `${name}-backup.${specHash(namespace)}`;
}

/** Names of the Certificates and of their Secrets. */
export function issuedSecrets({ name }: Pick<Named, 'name'>): {
  readonly server: string;
  readonly client: string;
} {
  return { server: `${name}-tls-server`, client: `${name}-tls-client` };
}

export interface IssuedTlsProps extends TlsPairProps {
  readonly tls: TlsProps;
}

/** The two certificates as cert-manager keeps them: the sidecar's for its host names, the jobs' for their common name. */
export class IssuedTls extends Construct {
  constructor(scope: Construct, id: string, { clientName, context, serverNames, tls }: IssuedTlsProps) {
    super(scope, id);
    const { client, server } = issuedSecrets(context);
    const common = { ...tls, namespace: context.namespace, servedBy: 'itself' } as const;
    new Certificate(this, 'server', {
      ...common,
      name: server,
      dnsNames: serverNames,
      usages: ['digital signature', 'server auth'],
    });
    new Certificate(this, 'client', {
      ...common,
      name: client,
      commonName: clientName,
      usages: ['digital signature', 'client auth'],
    });
  }
}

/** An issuer that cannot do it. Of one that is only named nothing is known here. */
export function checkTls({ tls }: { readonly tls?: TlsProps }): Finding[] {
  if (!(tls?.issuer instanceof CertificateIssuer)) return [];
  const { by, name } = tls.issuer.props;
  const wrong = (why: string): Finding[] => [
    {
      rule: 'postgres/tls',
      message: `tls.issuer is "${name}"; ${why}`,
      fix: 'use an issuer with a key pair of its own (by: { ca }) or a Vault, or leave tls out',
    },
  ];
  if ('acme' in by) return wrong('no ACME authority signs for names inside a cluster, or for clients');
  if ('selfSigned' in by)
    return wrong(
      'each certificate would be its own authority, and each renewal would have to reach the other side first',
    );
  return [];
}
