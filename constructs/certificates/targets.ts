import { Duration } from '../core';

export const DEFAULT_WARN_BEFORE = Duration.days(30);

/** A run that takes longer is ended; the next one is due. */
export const RUN_LIMIT = Duration.minutes(30);

/** By whom a certificate has to be signed: text, or where its certificates are in the check's namespace. */
export type CertificateAuthority =
  | { readonly pem: string }
  /** @default key 'ca.crt' */
  | { readonly secret: string; readonly key?: string }
  /** @default key 'ca.crt' */
  | { readonly configMap: string; readonly key?: string };

/** Who has to load a renewed certificate. Runbooks restart it, one pod after the other. */
export interface ServedBy {
  /** As kubectl names it: `deployment/front`, `statefulset/orders`, `daemonset/ingress`. */
  readonly workload: string;
  /** @default - that of the certificate or its check */
  readonly namespace?: string;
}

/** What is spoken before TLS; as `openssl s_client -starttls` knows it. */
export const START_TLS = [
  'postgres',
  'mysql',
  'smtp',
  'lmtp',
  'imap',
  'pop3',
  'ftp',
  'ldap',
  'nntp',
  'sieve',
  'xmpp',
  'xmpp-server',
  'irc',
] as const;
export type StartTls = (typeof START_TLS)[number];

interface Target {
  /** Unique in its check; in labels of metrics and alerts: `shop`. */
  readonly name: string;
  /** @default - those of the system: what browsers trust */
  readonly authority?: CertificateAuthority;
  /**
   * What ends within this time is told; at half of it more urgently, and at 7/30 of it somebody is woken.
   * @default - the check's
   */
  readonly warnBefore?: Duration;
}

/** A server, seen as its clients see it. */
export interface EndpointTarget extends Target {
  /** Name or address to connect to. */
  readonly host: string;
  /** @default 443 */
  readonly port?: number;
  /** Name that the server is asked for (SNI), and that its certificate must have. @default `host` */
  readonly serverName?: string;
  /** @default - none: TLS from the first byte */
  readonly startTls?: StartTls;
  /** Names that the certificate must have; none: nobody asks. @default - `serverName` */
  readonly hostNames?: readonly string[];
  /**
   * Name of the Secret's target whose certificate it is to serve: told when it serves another one.
   * @default - none: a renewed certificate that nobody loaded is told when the old one ends
   */
  readonly serves?: string;
  /** @default - unknown: the runbook tells how to find it */
  readonly servedBy?: ServedBy;
}

/** A Secret of the check's namespace. Only the certificate is mounted, never the key. */
export interface SecretTarget extends Target {
  readonly secret: string;
  /** Its key with the certificate. @default 'tls.crt' */
  readonly key?: string;
  /** Names that the certificate must have. @default - none: nobody asks */
  readonly hostNames?: readonly string[];
}

/** Where the check's pod finds what it mounts. */
export const CERTIFICATES = '/certificates';

/** A target as check.sh reads it. */
export interface ScriptTarget {
  readonly name: string;
  readonly kind: 'endpoint' | 'secret';
  readonly warnSeconds: number;
  readonly authority?: string;
  readonly host?: string;
  readonly port?: number;
  readonly serverName?: string;
  readonly startTls?: string;
  readonly hostNames?: readonly string[];
  readonly certificate?: string;
}

/** A file that the pod mounts: a key of a Secret or a config map. */
export interface MountedFile {
  readonly path: string;
  readonly secret?: string;
  readonly configMap?: string;
  readonly key: string;
}

/** What the script is told, what it has to be given, and texts that have to be put into the check's own config map. */
export interface ResolvedTargets {
  readonly targets: readonly ScriptTarget[];
  readonly files: readonly MountedFile[];
  readonly texts: Readonly<Record<string, string>>;
}

export function resolveTargets(
  endpoints: readonly EndpointTarget[],
  secrets: readonly SecretTarget[],
  warnBefore: Duration,
): ResolvedTargets {
  const files: MountedFile[] = [];
  const texts: Record<string, string> = {};
  const common = (target: Target) => ({
    name: target.name,
    warnSeconds: (target.warnBefore ?? warnBefore).wholeSeconds(),
    ...authorityOf(target),
  });
  const authorityOf = ({ authority, name }: Target): { readonly authority?: string } => {
    if (authority === undefined) return {};
    if ('pem' in authority) {
      texts[`${name}.ca.crt`] = authority.pem;
      return { authority: `/config/${name}.ca.crt` };
    }
    const path = `${name}/ca.crt`;
    files.push({ key: 'ca.crt', ...authority, path });
    return { authority: `${CERTIFICATES}/${path}` };
  };
  return {
    targets: [
      ...endpoints.map(({ host, hostNames, port = 443, serverName, startTls, ...target }) => ({
        ...common(target),
        kind: 'endpoint' as const,
        host,
        port,
        ...(serverName === undefined ? {} : { serverName }),
        ...(startTls === undefined ? {} : { startTls }),
        ...(hostNames === undefined ? {} : { hostNames }),
      })),
      ...secrets.map(({ hostNames, key = 'tls.crt', secret, ...target }) => {
        const path = `${target.name}/tls.crt`;
        files.push({ path, secret, key });
        return {
          ...common(target),
          kind: 'secret' as const,
          certificate: `${CERTIFICATES}/${path}`,
          ...(hostNames === undefined ? {} : { hostNames }),
        };
      }),
    ],
    files,
    texts,
  };
}

/** For templates of runbooks. */
export function servedByOf(
  servedBy: ServedBy | undefined,
  namespace: string,
): { readonly workload: string; readonly namespace: string } | undefined {
  return servedBy === undefined ? undefined : { namespace, ...servedBy };
}

/** Whether kubectl can restart what has this name. */
export function isWorkload({ workload }: ServedBy): boolean {
  return /^(deployment|statefulset|daemonset)\/[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(workload);
}
