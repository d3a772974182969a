import { isIP, type LookupFunction } from 'node:net';
import {
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import type { StoreAddress } from '../store-address';
import type { Vault } from '../vault';
import { codesOf, explain, StoreProblem } from './problem';

/** What records need of a store; a fake of it is a few lines. */
export interface ObjectStore {
  /** Undefined when there is no such object. */
  read(key: string): Promise<string | undefined>;
  write(key: string, body: string | Uint8Array): Promise<void>;
  /** Writes only if there is no such object; false if there is one. */
  writeNew(key: string, body: string): Promise<boolean>;
  /** In alphabetical order. */
  keys(prefix: string, after?: string): Promise<string[]>;
}

export interface StoreKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface OpenStoreOptions {
  /** @default - from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN */
  readonly keys?: StoreKeys;
  /** @default - the vault's main bucket */
  readonly bucket?: string;
}

/** Where a bucket is: of a vault, or one with data. */
export interface StorePlace {
  readonly store: StoreAddress;
  /** Amazon's account; undefined for another store. */
  readonly account: string | undefined;
}

/**
 * The S3 client of a store, for this machine.
 * @param address at which the store is, whatever its name resolves to. @default - `VAULT_ADDRESS`, if it is set
 */
export function openClient(
  { store }: Pick<StorePlace, 'store'>,
  keys: StoreKeys = keysFromEnvironment(),
  address: string | undefined = process.env['VAULT_ADDRESS'],
): S3Client {
  // The SDK's advice on Node versions comes last on stderr, where cause and fix of a failure belong.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  const config: S3ClientConfig = {
    region: store.region,
    credentials: { ...keys },
    // A store under load is asked again for a while; one that does not answer is told of within two minutes.
    maxAttempts: 8,
    // For what it would ask leave to send (2 MiB and more) the SDK takes a connection that knows no authority of ours.
    expectContinueHeader: false,
    requestHandler: {
      connectionTimeout: 3_000,
      requestTimeout: 10_000,
      throwOnRequestTimeout: true,
      httpsAgent: {
        keepAlive: true,
        ...(store.caPem === undefined ? {} : { ca: store.caPem }),
        ...fixedAddress(address),
      },
    },
  };
  if (store.kind === 'aws') return new S3Client(config);
  return new S3Client({
    ...config,
    endpoint: store.endpoint,
    forcePathStyle: store.pathStyle,
    // Checksums in trailers are Amazon's own; other stores refuse them or read them as data.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
}

/**
 * Reaches the store at this address, whatever its name resolves to here: a vault may have a name that
 * only the cluster's own DNS knows. The certificate must still be that name's.
 */
function fixedAddress(address: string | undefined): { lookup?: LookupFunction } {
  if (address === undefined || address === '') return {};
  return {
    lookup: (_hostname, options, callback) => {
      const family = isIP(address);
      if (options.all === true) callback(null, [{ address, family }]);
      else callback(null, address, family);
    },
  };
}

/** Opens a bucket of a vault. Nothing is asked of the store yet. */
export function openStore(vault: Vault, options: OpenStoreOptions = {}): S3Store {
  return new S3Store(vault, openClient(vault, options.keys), options.bucket ?? vault.bucket);
}

/** A bucket of a store. Every failure is a `StoreProblem`, with cause and fix. */
export class S3Store implements ObjectStore {
  constructor(
    private readonly place: StorePlace,
    readonly client: S3Client,
    readonly bucket: string,
  ) {}

  async read(key: string): Promise<string | undefined> {
    try {
      const object = await this.client.send(new GetObjectCommand({ ...this.target, Key: key }));
      return (await object.Body?.transformToString()) ?? '';
    } catch (error) {
      if (codesOf(error).includes('NoSuchKey')) return undefined;
      throw this.explain(error, `read ${key}`);
    }
  }

  /** Undefined when there is no such object. */
  async readBytes(key: string): Promise<Uint8Array | undefined> {
    try {
      const object = await this.client.send(new GetObjectCommand({ ...this.target, Key: key }));
      return (await object.Body?.transformToByteArray()) ?? new Uint8Array();
    } catch (error) {
      if (codesOf(error).includes('NoSuchKey')) return undefined;
      throw this.explain(error, `read ${key}`);
    }
  }

  async write(key: string, body: string | Uint8Array): Promise<void> {
    await this.attempt(`write ${key}`, () =>
      this.client.send(new PutObjectCommand({ ...this.target, Key: key, Body: body })),
    );
  }

  async writeNew(key: string, body: string): Promise<boolean> {
    try {
      await this.client.send(
        new PutObjectCommand({ ...this.target, Key: key, Body: body, IfNoneMatch: '*' }),
      );
      return true;
    } catch (error) {
      const codes = codesOf(error);
      if (codes.includes('PreconditionFailed') || codes.includes('412')) return false;
      // Amazon's answer to two conditional writes at once: the other one may have won, or neither.
      if (codes.includes('ConditionalRequestConflict') || codes.includes('409'))
        return (await this.read(key)) === undefined ? this.writeNew(key, body) : false;
      throw this.explain(error, `write ${key}`);
    }
  }

  async keys(prefix: string, after?: string): Promise<string[]> {
    const keys: string[] = [];
    let token: string | undefined;
    do {
      const page = await this.attempt(`list ${prefix}`, () =>
        this.client.send(
          new ListObjectsV2Command({
            ...this.target,
            Prefix: prefix,
            StartAfter: after,
            ContinuationToken: token,
          }),
        ),
      );
      keys.push(...(page.Contents ?? []).flatMap(({ Key }) => Key ?? []));
      token = page.IsTruncated ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
    return keys;
  }

  /** Runs a request and explains its failure. */
  async attempt<T>(doing: string, request: () => Promise<T>): Promise<T> {
    try {
      return await request();
    } catch (error) {
      throw this.explain(error, doing);
    }
  }

  explain(error: unknown, doing: string): StoreProblem {
    const { endpoint, region } = this.place.store;
    return explain(error, { endpoint, region, bucket: this.bucket, doing });
  }

  /** Amazon refuses a request to a bucket that has, meanwhile, become somebody else's. */
  get target(): { readonly Bucket: string; readonly ExpectedBucketOwner?: string } {
    const { account } = this.place;
    return { Bucket: this.bucket, ...(account === undefined ? {} : { ExpectedBucketOwner: account }) };
  }
}

/** Read from the environment alone: a profile that happens to be set up here must not decide. */
export function keysFromEnvironment(environment: NodeJS.ProcessEnv = process.env): StoreKeys {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = environment;
  const missing = Object.entries({ AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY })
    .filter(([, value]) => value === undefined || value.trim() === '')
    .map(([name]) => name);
  if (!AWS_ACCESS_KEY_ID?.trim() || !AWS_SECRET_ACCESS_KEY?.trim())
    throw new StoreProblem(
      `no keys for the vault: ${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} not set`,
      `set ${missing.join(' and ')} to a key that may write to the vault's buckets`,
    );
  return {
    accessKeyId: AWS_ACCESS_KEY_ID.trim(),
    secretAccessKey: AWS_SECRET_ACCESS_KEY.trim(),
    ...(AWS_SESSION_TOKEN === undefined ? {} : { sessionToken: AWS_SESSION_TOKEN }),
  };
}
