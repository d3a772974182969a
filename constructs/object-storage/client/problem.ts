/** Something outside this program is in the way: what it is, and what to do about it. */
export class StoreProblem extends Error {
  constructor(
    readonly reason: string,
    readonly fix: string,
    /** What the store or the network answered, most telling first; empty when nobody did. */
    readonly codes: readonly string[] = [],
  ) {
    super(`${reason} — FIX: ${fix}`);
    this.name = 'StoreProblem';
  }
}

/** What is known about the request that failed. */
export interface Attempt {
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  /** `create the bucket`, `write records/…`: after "could not". */
  readonly doing: string;
}

type Explanation = (attempt: Attempt) => readonly [cause: string, fix: string];

const untrusted: Explanation = ({ endpoint }) => [
  `the certificate of ${endpoint} is signed by an authority that is not trusted here`,
  "give the authority's certificate as caPem of the vault (for the local one: VAULT_CA_FILE)",
];
const expired: Explanation = ({ endpoint }) => [
  `the certificate of ${endpoint} is not valid at this time`,
  'renew it; if it is new, compare the clocks of both machines',
];
const wrongRegion: Explanation = ({ region, bucket }) => [
  `the bucket ${bucket} is not in the region ${region}`,
  'set the region of the vault to the one in which the bucket is',
];

const EXPLANATIONS: Readonly<Record<string, Explanation>> = {
  ENOTFOUND: ({ endpoint }) => [
    `no address is known for the host of ${endpoint}`,
    'check the endpoint of the vault for a slip, then the name server of this machine',
  ],
  EAI_AGAIN: ({ endpoint }) => [
    `the name server did not answer for the host of ${endpoint}`,
    'check the network and the name server of this machine, then try again',
  ],
  ECONNREFUSED: ({ endpoint }) => [
    `nothing listens at ${endpoint}`,
    'start the store, or correct host and port of the endpoint',
  ],
  TimeoutError: ({ endpoint }) => [
    `${endpoint} did not answer in time`,
    'check the network and firewalls between this machine and the store, then try again',
  ],
  ECONNRESET: ({ endpoint }) => [
    `${endpoint} closed the connection`,
    'check that the port is the one of the store, and what stands in between: a proxy, a firewall',
  ],
  EPROTO: ({ endpoint }) => [
    `${endpoint} does not speak TLS`,
    'serve the store by TLS, or correct the port of the endpoint',
  ],
  ERR_TLS_CERT_ALTNAME_INVALID: ({ endpoint }) => [
    `the certificate of the store is made out for other names than the one in ${endpoint}`,
    "use a name that is in the certificate, or add the endpoint's host to its subject alternative names",
  ],
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  CERT_SIGNATURE_FAILURE: untrusted,
  CERT_HAS_EXPIRED: expired,
  CERT_NOT_YET_VALID: expired,
  InvalidAccessKeyId: () => [
    'the store does not know the access key in AWS_ACCESS_KEY_ID',
    'set AWS_ACCESS_KEY_ID to a key of this store',
  ],
  SignatureDoesNotMatch: ({ region }) => [
    `the store refuses the signature: the secret key is not the access key's, or ${region} is not its region`,
    'set AWS_SECRET_ACCESS_KEY to the secret of AWS_ACCESS_KEY_ID, and check the region of the vault',
  ],
  RequestTimeTooSkewed: () => [
    'the clocks of this machine and of the store are more than 15 minutes apart',
    'synchronise both clocks (NTP); backups and restores fail for the same reason',
  ],
  PermanentRedirect: wrongRegion,
  AuthorizationHeaderMalformed: wrongRegion,
  IllegalLocationConstraintException: wrongRegion,
  301: wrongRegion,
  400: ({ region }) => [
    `the store refuses the request as malformed, as it does for another region than ${region}`,
    'check the region of the vault',
  ],
  BucketAlreadyExists: ({ bucket }) => [
    `the bucket ${bucket} belongs to somebody else`,
    'choose another name for the bucket of the vault: names are shared by all customers of a store',
  ],
  NoSuchBucket: ({ bucket }) => [
    `there is no bucket ${bucket}`,
    'make the vault first: npm run vault -- <environment>',
  ],
  AccessDenied: ({ bucket }) => [
    `the key in AWS_ACCESS_KEY_ID may not do this in the bucket ${bucket}`,
    'allow it, use another key, or choose another bucket if this one is not yours',
  ],
  MalformedPolicy: ({ bucket }) => [
    `the store does not take the policy of the bucket ${bucket}, as when a statement names a user who is gone`,
    'look at the policy, and remove what names users who are gone',
  ],
  XAdminAccessDenied: () => [
    'the key in AWS_ACCESS_KEY_ID is no administrator of the store, and only one may make keys',
    "use an administrator's key, or drop mints of the vault and make keys by hand",
  ],
  XAdminMethodNotSupported: ({ endpoint }) => [
    `${endpoint} has one user alone, or users that its admin API cannot make`,
    'start versitygw with users of its own (--iam-dir), or drop mints of the vault and make keys by hand',
  ],
  403: ({ bucket }) => [
    `the key in AWS_ACCESS_KEY_ID has no access to the bucket ${bucket}, or the bucket belongs to somebody else`,
    'use a key of the owner, or choose another name for the bucket',
  ],
  404: ({ bucket }) => [
    `there is no bucket ${bucket}`,
    'make the vault first: npm run vault -- <environment>',
  ],
};

const ALIASES: Readonly<Record<string, string>> = {
  ETIMEDOUT: 'TimeoutError',
  EHOSTUNREACH: 'TimeoutError',
  ENETUNREACH: 'TimeoutError',
};

const GENERIC = /^(\d+|Error|Unknown|UnknownError|NotFound|Forbidden|BadRequest|\$response)$/;

/** The HTTP status and the code of an error of the SDK or of the network below it. */
export function codesOf(error: unknown): readonly string[] {
  if (typeof error !== 'object' || error === null) return [];
  const { name, code, Code, $metadata, cause, errors } = error as Record<string, unknown>;
  const status = ($metadata as { httpStatusCode?: number } | undefined)?.httpStatusCode;
  const nested = [cause, ...(Array.isArray(errors) ? errors : [])].flatMap(codesOf);
  return [Code, code, name, ...nested, status].filter((it) => it !== undefined).map(String);
}

/** Whatever went wrong between here and the store, with its fix in the last line. */
export function explain(error: unknown, attempt: Attempt): StoreProblem {
  if (error instanceof StoreProblem) return error;
  const codes = codesOf(error);
  // A status alone explains only an answer that says nothing else, as one to HEAD.
  const silent = codes.every((code) => GENERIC.test(code));
  for (const code of codes.filter((it) => silent || !/^\d+$/.test(it))) {
    const found = EXPLANATIONS[ALIASES[code] ?? code];
    if (found === undefined) continue;
    const [cause, fix] = found(attempt);
    return new StoreProblem(`could not ${attempt.doing}: ${cause}`, fix, codes);
  }
  // On one line: the last line is all that a log may show.
  const reason = String(error).replaceAll(/\s+/g, ' ').trim();
  return new StoreProblem(
    `could not ${attempt.doing} in ${attempt.bucket} at ${attempt.endpoint}: ${reason}`,
    "look this answer up in the store's documentation; the store's own log tells more",
    codes,
  );
}
