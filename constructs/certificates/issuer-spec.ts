import type { SecretRef } from '../core';

/** A certificate authority that speaks ACME: Let's Encrypt, ZeroSSL, a step-ca. */
export interface AcmeIssuance {
  /** Let's Encrypt's, or the URL of another directory. */
  readonly server: 'letsencrypt' | 'letsencrypt-staging' | (string & {});
  /** Who is told of trouble with the account. @default - nobody */
  readonly email?: string;
  /**
   * Name of the Secret of the account's key; cert-manager makes it.
   * @default `<name>-account`
   */
  readonly accountSecret?: string;
  /**
   * Whether a lost account key may be replaced by a new account. False where the account is bound to something: a CAA
   * record (`accounturi`), an external account, a contract. Its key then has to be in the escrow.
   * @default true - without an external account
   */
  readonly recreatable?: boolean;
  /** How the authority sees whose a name is; the one that fits a name best is taken. At least one. */
  readonly solvers: readonly AcmeSolver[];
  /** Common name of the root that the chain is to lead to, where the authority offers several. @default - its own choice */
  readonly preferredChain?: string;
  /** An account at the authority that exists already. @default - none */
  readonly externalAccount?: { readonly keyId: string; readonly key: SecretRef };
  /** PEM of what has signed the server's own certificate. @default - the system's */
  readonly serverCaPem?: string;
}

/** For these names, or for all; by a file on a web server, or by a record in the DNS. */
export type AcmeSolver = {
  /** @default - any */
  readonly dnsNames?: readonly string[];
  /** These and all below. @default - any */
  readonly dnsZones?: readonly string[];
} & ({ readonly http01: Http01 } | { readonly dns01: Dns01 });

/** By whom the file is served. */
export type Http01 =
  | { readonly ingressClass: string }
  | { readonly gateway: { readonly name: string; readonly namespace?: string } };

/** Who keeps the zone. */
export type Dns01 =
  | {
      readonly route53: {
        readonly region: string;
        readonly hostedZoneId?: string;
        /** Role to assume. @default - none */
        readonly role?: string;
        /** @default - what cert-manager's own pod may do (IRSA, Pod Identity) */
        readonly key?: { readonly id: string; readonly secret: SecretRef };
      };
    }
  | { readonly cloudflare: { readonly apiToken: SecretRef } }
  | {
      readonly cloudDns: {
        readonly project: string;
        readonly hostedZone?: string;
        /** @default - what cert-manager's own pod may do (workload identity) */
        readonly serviceAccount?: SecretRef;
      };
    }
  | {
      readonly azureDns: {
        readonly subscription: string;
        readonly resourceGroup: string;
        readonly hostedZone?: string;
        /** Client id of a managed identity. */
        readonly managedIdentity: string;
      };
    }
  | { readonly digitalOcean: { readonly token: SecretRef } }
  | {
      readonly rfc2136: {
        /** Address and port: `192.0.2.53:53`. */
        readonly nameserver: string;
        /** @default - none: the server lets everybody change it */
        readonly key?: { readonly name: string; readonly algorithm?: string; readonly secret: SecretRef };
      };
    }
  | {
      readonly webhook: {
        readonly groupName: string;
        readonly solverName: string;
        readonly config?: Readonly<Record<string, unknown>>;
      };
    };

/** A key pair of one's own. */
export interface CaIssuance {
  /** Its certificate, and what has signed it if anything has. Of an existing Secret: key `tls.crt`. */
  readonly certificate: SecretRef;
  /** Of the same existing Secret: key `tls.key`. */
  readonly key: SecretRef;
  /**
   * Whether a new one may take its place after a loss, since nothing outside trusts it. Otherwise its key has to be in
   * the escrow.
   * @default false
   */
  readonly recreatable?: boolean;
}

/** The PKI engine of a HashiCorp Vault. */
export interface VaultIssuance {
  readonly server: string;
  /** `pki/sign/web` */
  readonly path: string;
  /** @default - none */
  readonly namespace?: string;
  /** PEM of what has signed the server's own certificate. @default - the system's */
  readonly serverCaPem?: string;
  readonly auth:
    | { readonly appRole: { readonly roleId: string; readonly secretId: SecretRef; readonly path?: string } }
    | { readonly token: SecretRef }
    | {
        readonly kubernetes: {
          readonly role: string;
          readonly serviceAccount: string;
          readonly path?: string;
        };
      };
}

export type Issuance =
  | { readonly acme: AcmeIssuance }
  | { readonly ca: CaIssuance }
  | { readonly selfSigned: true }
  | { readonly vault: VaultIssuance };

interface Selector {
  readonly name: string;
  readonly key: string;
}

const DIRECTORIES: Readonly<Record<string, string>> = {
  letsencrypt: 'https://acme-v02.api.letsencrypt.org/directory',
  'letsencrypt-staging': 'https://acme-staging-v02.api.letsencrypt.org/directory',
};

export function acmeServer(server: string): string {
  return DIRECTORIES[server] ?? server;
}

export function accountSecret(name: string, { accountSecret = `${name}-account` }: AcmeIssuance): string {
  return accountSecret;
}

/**
 * The spec of an issuer, as cert-manager reads it.
 * @param secret where cert-manager finds a secret; told the entry's name, should one have to be made
 */
export function issuerSpec(
  name: string,
  issuance: Issuance,
  secret: (entry: string, reference: SecretRef) => Selector,
): object {
  if ('selfSigned' in issuance) return { selfSigned: {} };
  if ('ca' in issuance) {
    secret('tls.crt', issuance.ca.certificate);
    return { ca: { secretName: secret('tls.key', issuance.ca.key).name } };
  }
  if ('vault' in issuance) return { vault: vaultSpec(issuance.vault, secret) };
  const { acme } = issuance;
  return {
    acme: {
      server: acmeServer(acme.server),
      email: acme.email,
      preferredChain: acme.preferredChain,
      ...caBundle(acme.serverCaPem),
      privateKeySecretRef: { name: accountSecret(name, acme) },
      ...(acme.externalAccount === undefined
        ? {}
        : {
            externalAccountBinding: {
              keyID: acme.externalAccount.keyId,
              keySecretRef: secret('external-account', acme.externalAccount.key),
            },
          }),
      solvers: acme.solvers.map((solver, index) => ({
        ...selector(solver),
        ...('http01' in solver
          ? { http01: http01Spec(solver.http01) }
          : { dns01: dns01Spec(solver.dns01, (reference) => secret(`solver-${index + 1}`, reference)) }),
      })),
    },
  };
}

function selector({ dnsNames, dnsZones }: AcmeSolver): object {
  if (dnsNames === undefined && dnsZones === undefined) return {};
  return { selector: { dnsNames, dnsZones } };
}

function http01Spec(http01: Http01): object {
  if ('ingressClass' in http01) return { ingress: { ingressClassName: http01.ingressClass } };
  return { gatewayHTTPRoute: { parentRefs: [{ kind: 'Gateway', ...http01.gateway }] } };
}

function dns01Spec(dns01: Dns01, secret: (reference: SecretRef) => Selector): object {
  if ('route53' in dns01) {
    const { hostedZoneId, key, region, role } = dns01.route53;
    return {
      route53: {
        region,
        role,
        hostedZoneID: hostedZoneId,
        ...(key === undefined ? {} : { accessKeyID: key.id, secretAccessKeySecretRef: secret(key.secret) }),
      },
    };
  }
  if ('cloudflare' in dns01) return { cloudflare: { apiTokenSecretRef: secret(dns01.cloudflare.apiToken) } };
  if ('cloudDns' in dns01) {
    const { hostedZone, project, serviceAccount } = dns01.cloudDns;
    return {
      cloudDNS: {
        project,
        hostedZoneName: hostedZone,
        ...(serviceAccount === undefined ? {} : { serviceAccountSecretRef: secret(serviceAccount) }),
      },
    };
  }
  if ('azureDns' in dns01) {
    const { hostedZone, managedIdentity, resourceGroup, subscription } = dns01.azureDns;
    return {
      azureDNS: {
        subscriptionID: subscription,
        resourceGroupName: resourceGroup,
        hostedZoneName: hostedZone,
        managedIdentity: { clientID: managedIdentity },
      },
    };
  }
  if ('digitalOcean' in dns01) return { digitalocean: { tokenSecretRef: secret(dns01.digitalOcean.token) } };
  if ('rfc2136' in dns01) {
    const { key, nameserver } = dns01.rfc2136;
    return {
      rfc2136: {
        nameserver,
        ...(key === undefined
          ? {}
          : {
              tsigKeyName: key.name,
              tsigAlgorithm: key.algorithm ?? 'HMACSHA256',
              tsigSecretSecretRef: secret(key.secret),
            }),
      },
    };
  }
  return { webhook: { ...dns01.webhook } };
}

function vaultSpec(
  { auth, namespace, path, server, serverCaPem }: VaultIssuance,
  secret: (entry: string, reference: SecretRef) => Selector,
): object {
  return { server, path, namespace, ...caBundle(serverCaPem), auth: authSpec() };

  function authSpec(): object {
    if ('token' in auth) return { tokenSecretRef: secret('token', auth.token) };
    if ('appRole' in auth) {
      const { path: mount = 'approle', roleId, secretId } = auth.appRole;
      return { appRole: { path: mount, roleId, secretRef: secret('secret-id', secretId) } };
    }
    const { path: mount = '/v1/auth/kubernetes', role, serviceAccount } = auth.kubernetes;
    return { kubernetes: { mountPath: mount, role, serviceAccountRef: { name: serviceAccount } } };
  }
}

function caBundle(pem: string | undefined): object {
  return pem === undefined ? {} : { caBundle: Buffer.from(pem).toString('base64') };
}
