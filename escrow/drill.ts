import {
  bytesOf,
  type DrillCheck,
  type EscrowDrill,
  type Identity,
  openSealed,
  recordDrill,
  type Secret,
} from '../constructs/escrow/client';
import type { ObjectStore } from '../constructs/object-storage/client';
import type { Kubectl } from '../deploy/kubectl';
import type { Environment } from '../environments';
import { repositoryPassphrases } from '../environments/environment';
import { findHolders, readSecrets } from './held';
import { opensRepository } from './repository';

export interface DrillOptions {
  readonly environment: Pick<
    Environment,
    'name' | 'namespace' | 'databases' | 'repositoryKeys' | 'repositories'
  >;
  readonly store: ObjectStore;
  readonly kubectl: Kubectl;
  readonly identities: readonly Identity[];
  /** @default - now */
  readonly at?: Date;
}

/**
 * Opens the newest escrow, holds everything in it against what is in use, and records the outcome in the vault,
 * passed or not. What it cannot find out counts as not passed.
 * @throws StoreProblem when it does not open, which is recorded nowhere: whose identity it was is then not known
 */
export async function drill(options: DrillOptions): Promise<{ drill: EscrowDrill; record: string }> {
  const { environment, identities, kubectl, store } = options;
  const at = (options.at ?? new Date()).toISOString();
  const { content, key, recipient } = await openSealed(store, environment.name, identities);
  const checks = [
    ...(await heldChecks(kubectl, environment.namespace, content.secrets)),
    ...(await repositoryChecks(options, content.secrets)),
  ];
  const outcome: EscrowDrill = {
    at,
    environment: environment.name,
    opened: key,
    recipient: { name: recipient.name, key: recipient.key },
    passed: checks.length > 0 && checks.every(({ passed }) => passed),
    checks,
  };
  return { drill: outcome, record: await recordDrill(store, outcome) };
}

/** Every value is that of a Secret in the running cluster. */
async function heldChecks(
  kubectl: Kubectl,
  namespace: string,
  secrets: readonly Secret[],
): Promise<DrillCheck[]> {
  const namespaces = new Set([
    namespace,
    ...secrets.flatMap((secret) => ('secret' in secret ? [secret.secret.namespace] : [])),
  ]);
  const held = await readSecrets(kubectl, [...namespaces]);
  return secrets.map((secret) => {
    const holders = findHolders(held, bytesOf(secret)).filter(
      (holder) =>
        !('secret' in secret) ||
        (holder.namespace === secret.secret.namespace &&
          holder.name === secret.secret.name &&
          holder.key === secret.secret.key),
    );
    const [first] = holders;
    return {
      secret: secret.name,
      passed: first !== undefined,
      words:
        first !== undefined
          ? `the running cluster has the same value: Secret ${first.namespace}/${first.name}, key ${first.key}`
          : 'no Secret of the running cluster has this value: it was changed since and not sealed again, or belongs to another cluster',
    };
  });
}

/** The passphrase opens the repository of each database, from within its pod. */
async function repositoryChecks(options: DrillOptions, secrets: readonly Secret[]): Promise<DrillCheck[]> {
  const checks: DrillCheck[] = [];
  for (const repository of repositoryPassphrases(options.environment))
    checks.push(...(await checksOf(repository, options, secrets)));
  return checks;
}

async function checksOf(
  { number, passphrase }: ReturnType<typeof repositoryPassphrases>[number],
  { environment, kubectl }: DrillOptions,
  secrets: readonly Secret[],
): Promise<DrillCheck[]> {
  const sealed = secrets.find((secret) =>
    passphrase.kind === 'variable'
      ? 'variable' in secret && secret.variable === passphrase.environmentVariable
      : 'secret' in secret && secret.secret.name === passphrase.name && secret.secret.key === passphrase.key,
  );
  if (sealed === undefined)
    return [
      {
        secret: passphrase.describe(),
        passed: false,
        words: 'the passphrase of the repositories is not in the escrow',
      },
    ];
  const checks: DrillCheck[] = [];
  for (const { name } of environment.databases) {
    const refused = await opensRepository({
      kubectl,
      namespace: environment.namespace,
      database: name,
      repository: number,
      passphrase: bytesOf(sealed).toString(),
    });
    checks.push({
      secret: sealed.name,
      passed: refused === undefined,
      words: refused ?? `pgBackRest in the pod of ${name} opened its repository with it`,
    });
  }
  return checks;
}
