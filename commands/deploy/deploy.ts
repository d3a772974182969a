import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { claimIncarnation, openStore, publish } from '../../constructs/object-storage/client';
import { findEnvironment } from '../../environments';
import { apply, chooseEngine, type Engine } from './engine';
import { Kubectl } from './kubectl';
import { run } from './process';
import { DeclarationFaulty, EnvironmentProblem, type Progress } from './progress';
import { restartFailed } from './restart';
import { waitForDatabases } from './wait';

export interface DeployOptions {
  readonly environment: string;
  readonly engine: Engine | 'auto';
  /** How long databases may take until they answer; a restore counts. */
  readonly timeoutSeconds: number;
  /** Root of the project. */
  readonly directory: string;
  readonly progress: Progress;
}

/**
 * Brings an environment to what it declares, from whatever is left of it: the
 * same call makes it the first time, updates it, and brings it back after a
 * complete loss. Nothing says which of the three it is.
 */
export async function deploy(options: DeployOptions): Promise<{ readonly engine: Engine }> {
  const { directory, progress } = options;
  const environment = findEnvironment(options.environment);
  const kubectl = new Kubectl();
  const store = openStore(environment.vault);

  const incarnation = await claimIncarnation({
    store,
    environment: environment.name,
    region: environment.vault.store.region,
    clusterId: await clusterId(kubectl),
  });
  progress(`incarnation ${incarnation.name}`);

  const variables = { ENVIRONMENT: environment.name, INCARNATION: incarnation.name };
  await synthesise(directory, variables);
  progress('synthesised');

  const engine = await chooseEngine(options.engine, progress);
  await apply(engine, { environment: environment.name, directory, variables, progress });
  await restartFailed(kubectl, environment.namespace, progress);
  await waitForDatabases({
    kubectl,
    namespace: environment.namespace,
    databases: environment.databases.map(({ name }) => name),
    seconds: options.timeoutSeconds,
    progress,
  });
  const published = await publish(store, {
    directory: join(directory, 'cdktf.out/recovery', environment.name),
    prefix: `published/${environment.name}/${incarnation.name}`,
  });
  progress(`published ${published} files of the recovery kit into the vault`);
  return { engine };
}

/** A cluster is recognised by its oldest namespace: made with it, gone with it. */
async function clusterId(kubectl: Kubectl): Promise<string> {
  try {
    return await kubectl.run(['get', 'namespace', 'kube-system', '--output=jsonpath={.metadata.uid}']);
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n').at(-1) : String(error);
    throw new EnvironmentProblem(
      `the cluster does not answer: ${reason} — FIX: point KUBECONFIG at a cluster that is up`,
    );
  }
}

async function synthesise(directory: string, variables: Readonly<Record<string, string>>): Promise<void> {
  // What an earlier incarnation left here must not be taken for this one's.
  rmSync(join(directory, 'cdktf.out'), { recursive: true, force: true });
  const { exitCode, stderr } = await run('npm', ['run', '--silent', 'synth'], {
    cwd: directory,
    env: variables,
  });
  if (exitCode !== 0) throw new DeclarationFaulty(stderr.trim());
}
