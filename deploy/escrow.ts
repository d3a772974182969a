import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeAge, drillsOf, newestSealed, sealEscrow } from '../constructs/escrow/client';
import type { ObjectStore } from '../constructs/object-storage/client';
import type { EscrowFile } from '../constructs/recovery';
import type { Environment } from '../environments';
import type { Kubectl } from './kubectl';
import { EnvironmentProblem, type Progress } from './progress';

export interface RequireEscrowOptions {
  readonly environment: Pick<Environment, 'name' | 'escrow'>;
  readonly store: ObjectStore;
  readonly progress: Progress;
}

/**
 * Refuses to begin where nobody could ever open the secrets. What was sealed once is enough to go on: after a
 * disaster nothing that can be put right later may stand in the way.
 * @throws EnvironmentProblem naming both ways out
 */
export async function requireEscrow({ environment, store, progress }: RequireEscrowOptions): Promise<void> {
  const { escrow, name } = environment;
  if (escrow.recipients.length > 0 || escrow.without === 'accept') return;
  const newest = await newestSealed(store, name);
  if (newest !== undefined) {
    const who = newest.record?.recipients.map((recipient) => recipient.name).join(', ');
    progress(
      `WARNING ESCROW_RECIPIENTS is not set: secrets that change now are not sealed; what was last sealed is of ${newest.at.toISOString()}${who === undefined ? '' : `, for ${who}`}`,
    );
    return;
  }
  if (escrow.without === 'warn') {
    progress(`WARNING the secrets of ${name} are in no escrow: without its passphrase no backup can be read`);
    return;
  }
  throw new EnvironmentProblem(
    `the secrets of ${name} are in no escrow: whoever loses its passphrase has lost every backup — FIX: set ESCROW_RECIPIENTS="Name=age1…, Other name=age1…" to the public keys (age-keygen) of two who shall be able to open them; or ESCROW=none, if the secrets are kept elsewhere`,
  );
}

export interface SealSecretsOptions {
  readonly environment: Pick<Environment, 'name' | 'namespace'>;
  /** Name of the incarnation. */
  readonly incarnation: string;
  readonly store: ObjectStore;
  readonly kubectl: Kubectl;
  /** Root of the project, where `cdktf.out` is. */
  readonly directory: string;
  /** Where `TF_VAR_*` are. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly progress: Progress;
}

/**
 * Seals what the synthesised escrow declares, with the values that this deploy has; nothing of them is ever told.
 * @throws EnvironmentProblem naming every value that cannot be had
 */
export async function sealSecrets(options: SealSecretsOptions): Promise<void> {
  const { environment, incarnation, kubectl, progress, store } = options;
  const file = join(options.directory, 'cdktf.out/recovery', environment.name, 'escrow.json');
  if (!existsSync(file)) return;
  const escrow = JSON.parse(readFileSync(file, 'utf8')) as EscrowFile;
  const { key, sealed } = await sealEscrow({
    store,
    escrow,
    incarnation,
    values: await readValues(escrow, options),
    digestKey: await digestKey(kubectl, environment.namespace),
  });
  const names = escrow.recipients.map(({ name }) => name).join(', ');
  progress(`escrow: ${sealed ? 'sealed' : 'unchanged'} for ${names}: ${key}`);
  const overdue = (await drillsOf(store, environment.name, escrow.recipients)).filter((one) => one.overdue);
  if (overdue.length > 0)
    progress(
      `WARNING escrow: drills are due: ${overdue.map((one) => `${one.recipient.name} (last: ${describeAge(one)})`).join(', ')}; each of them runs npm run escrow -- ${environment.name} drill --identity FILE`,
    );
}

type Values = Map<string, string | Uint8Array>;

async function readValues(escrow: EscrowFile, { kubectl, variables }: SealSecretsOptions): Promise<Values> {
  const values: Values = new Map();
  const missing: string[] = [];
  for (const secret of escrow.secrets) {
    if ('variable' in secret) {
      const value = variables[secret.variable];
      if (value === undefined || value.trim() === '') missing.push(`${secret.name} (${secret.variable})`);
      else values.set(secret.name, value);
      continue;
    }
    const { key, name, namespace } = secret.secret;
    const value = await readSecret(kubectl, namespace, name, key);
    if (value === undefined || value.length === 0)
      missing.push(`${secret.name} (key ${key} of Secret ${namespace}/${name})`);
    else values.set(secret.name, value);
  }
  if (missing.length === 0) return values;
  throw new EnvironmentProblem(
    `the escrow is not sealed, for these values are not to be had: ${missing.join(', ')} — FIX: set the variables, make the Secrets, and deploy again`,
  );
}

async function readSecret(
  kubectl: Kubectl,
  namespace: string,
  name: string,
  key: string,
): Promise<Buffer | undefined> {
  // Of a Secret that is not there, kubectl then says nothing and succeeds.
  const text = await kubectl.run([
    'get',
    'secret',
    name,
    `--namespace=${namespace}`,
    '--ignore-not-found',
    '--output=json',
  ]);
  if (text.trim() === '') return undefined;
  const { data = {} } = JSON.parse(text) as { data?: Record<string, string> };
  return data[key] === undefined ? undefined : Buffer.from(data[key], 'base64');
}

const DIGEST_SECRET = 'escrow-digest';

/** Made once for each cluster, and kept where the secrets are anyway; see `digestOf`. */
async function digestKey(kubectl: Kubectl, namespace: string): Promise<Buffer> {
  const read = () => readSecret(kubectl, namespace, DIGEST_SECRET, 'key');
  const known = await read();
  if (known !== undefined) return known;
  const manifest = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: DIGEST_SECRET, namespace },
    data: { key: randomBytes(32).toString('base64') },
  };
  await kubectl
    .run(['create', '--filename=-'], { input: JSON.stringify(manifest) })
    .catch((error: unknown) => {
      // Another deploy was faster.
      if (!String(error).includes('AlreadyExists')) throw error;
    });
  const made = await read();
  if (made !== undefined) return made;
  throw new EnvironmentProblem(
    `the Secret ${DIGEST_SECRET} of ${namespace} has no key — FIX: delete it; the next deploy makes it again`,
  );
}
