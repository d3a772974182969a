import type { Location } from '../recovery';
import { isInsideCluster } from './inside-cluster';
import type { KeyMint } from './key-mints';

/** How a program reaches a store. */
export interface StoreAddress {
  readonly kind: 's3-compatible' | 'aws';
  /** With scheme, and port if it is not the scheme's own. */
  readonly endpoint: string;
  readonly host: string;
  readonly port: number;
  readonly region: string;
  readonly pathStyle: boolean;
  readonly caPem?: string;
  /** Undefined: it makes no keys. */
  readonly mints?: KeyMint;
}

/** Where a store that speaks S3 is: what a vault and a bucket have in common. */
export interface S3CompatibleAddress {
  /** `https://host[:port]` */
  readonly endpoint: string;
  /** @default 'us-east-1', which stores without regions expect; a wrong one is refused as a bad signature */
  readonly region?: string;
  /**
   * Buckets as a path (`https://host/bucket`) rather than as a host name.
   * @default true: host style needs a DNS name and a certificate for every bucket
   */
  readonly pathStyle?: boolean;
  /**
   * PEM of the authority that signed the endpoint's certificate. It is public.
   * @default - the authorities that the images trust
   */
  readonly caPem?: string;
}

export function s3CompatibleAddress(props: S3CompatibleAddress & { readonly mints?: KeyMint }): StoreAddress {
  const url = URL.canParse(props.endpoint) ? new URL(props.endpoint) : undefined;
  return {
    kind: 's3-compatible',
    endpoint: props.endpoint.replace(/\/+$/, ''),
    host: url?.hostname ?? '',
    port: Number(url?.port || (url?.protocol === 'http:' ? 80 : 443)),
    region: props.region ?? 'us-east-1',
    pathStyle: props.pathStyle ?? true,
    ...(props.caPem === undefined ? {} : { caPem: props.caPem }),
    ...(props.mints === undefined ? {} : { mints: props.mints }),
  };
}

export function awsAddress(region: string): StoreAddress {
  const host = `s3.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
  return { kind: 'aws', endpoint: `https://${host}`, host, port: 443, region, pathStyle: false };
}

/** The fact that rules compare: a copy must not die with what it protects. @param place as it was declared */
export function locationOf(
  name: string,
  { endpoint, host }: StoreAddress,
  place: { readonly region?: string | undefined; readonly account?: string },
): Location {
  return {
    vault: name,
    endpoint,
    ...(place.region === undefined ? {} : { region: place.region }),
    ...(place.account === undefined ? {} : { account: place.account }),
    ...(isInsideCluster(host) ? { cluster: host } : {}),
  };
}
