import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { claimIncarnation, openStore, publish } from '../constructs/object-storage/client';
import { type Environment, findEnvironment } from '../environments';
import type { EnvironmentRepository } from '../environments/environment';
import { alone } from './alone';
import { apply, chooseEngine, type Engine } from './engine';
import { requireEscrow, sealSecrets } from './escrow';
import { fence } from './fence';
import { growVolumes } from './grow';
import { takeBackInitialize } from './initialize';
import { tellOfFailedJobs } from './jobs';
import { Kubectl } from './kubectl';
import { applyMonitoring } from './monitoring';
import { lastLine, run } from './process';
import { DeclarationFaulty, EnvironmentProblem, type Progress } from './progress';
import { backUpRecovered, pendingRecoveries, startRecoveries } from './recover';
import { keepPrimaries } from './replicas';
import { restartFailed } from './restart';
import { giveUpUnbound, offerSnapshots, type SnapshotsOptions, withWayBack } from './snapshots';
import { bringBackByVelero } from './velero';
import { excludeEscrowed } from './velero/escrowed';
import { recordVolumes, tellOfFormerVolumes } from './volumes';
import { waitForDatabases } from './wait';

export interface DeployOptions {
  readonly environment: string;
  readonly engine: Engine | 'auto';
  /** How long databases may take until they answer; a restore counts. */
  readonly timeoutSeconds: number;
  /** Whether databases may come back from snapshots. */
  readonly snapshots: boolean;
  /** How long a driver may take to find a snapshot, and then to make a volume of it, before the repository is taken. */
  readonly snapshotSeconds: number;
  /** Root of the project. */
  readonly directory: string;
  readonly progress: Progress;
}

/**
 * Brings an environment to what it declares, from whatever is left of it: the
 * same call makes it the first time, updates it, and brings it back after a
 * complete loss. Nothing says which of the three it is. One at a time in a checkout.
 */
export function deploy(options: DeployOptions): Promise<void> {
  return alone(options.directory, options.progress, () => deployAlone(options));
}

async function deployAlone(options: DeployOptions): Promise<void> {
  const { directory, progress } = options;
  const environment = findEnvironment(options.environment);
  const { cluster, databases, name, namespace, vault } = environment;
  const kubectl = new Kubectl({ context: cluster.context });
  const store = openStore(vault);

  await requireEscrow({ environment, store, progress });
  const incarnation = await claimIncarnation({
    store,
    environment: name,
    region: vault.store.region,
    clusterId: await clusterId(kubectl),
  });
  progress(`incarnation ${incarnation.name}`);

  const variables = { ...clusterVariables(), ENVIRONMENT: name, INCARNATION: incarnation.name };
  await synthesise(directory, variables);
  progress('synthesised');

  const recoveries = { kubectl, namespace, databases, progress };
  const pending = await pendingRecoveries(recoveries);

  const { context } = cluster;
  const engine = await chooseEngine(options.engine, {
    environment: name,
    incarnation: incarnation.name,
    store,
    progress,
  });
  const keys = await fence({ environment, incarnation, store, progress });
  const volumes = { kubectl, namespace, environment: name, databases, store, progress };
  await tellOfFormerVolumes(volumes);
  await keepPrimaries(volumes);
  await growVolumes(volumes);
  const how = { environment: name, context, directory, variables: { ...variables, ...keys }, progress };
  const snapshots = {
    ...volumes,
    databases: databases.map((database) => ({ ...database, ...cluster })),
    ...firstRepository(environment),
    makeNamespace: () => apply(engine, 'cluster', how),
    seconds: options.snapshotSeconds,
  };
  const offered = options.snapshots ? await offerSnapshots(snapshots) : [];
  await apply(engine, 'platform', how);
  // What was applied is what has to be found when all else is gone, whether or not it starts.
  const published = await publish(store, {
    directory: join(directory, 'cdktf.out/recovery', name),
    prefix: `published/${name}/${incarnation.name}`,
  });
  progress(`published ${published} files of the recovery kit into the vault`);

  // Before the wait, since backups are made from now on; what is in its way must not keep a database from coming back.
  const unsealed = await sealSecrets({
    environment,
    incarnation: incarnation.name,
    store,
    kubectl,
    directory,
    variables: { ...process.env, ...keys },
    progress,
  }).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (unsealed !== undefined) progress(`WARNING the escrow could not be sealed; why is told at the end`);

  const names = databases.map((database) => database.name);
  await startRecoveries(recoveries, pending);
  await restartFailed(kubectl, namespace, names, progress);
  // A restore that takes hours is watched meanwhile, and nothing about a database waits for that. Where it is not watched
  // any more, Terraform takes away what did.
  const watched = environment.alerting !== undefined || engine === 'terraform';
  const monitoring = watched ? applyMonitoring(engine, how) : undefined;
  const waited = new AbortController();
  const givingUp = giveUpUnbound(snapshots, offered, waited.signal);
  // One after the other: both write into the folder of one program.
  const velero = (async () => {
    await monitoring;
    await excludeEscrowed({ environment, directory, kubectl, progress });
    return bringBackByVelero(engine, how, {
      environment,
      incarnation: incarnation.name,
      kubectl,
      store: openStore(vault, veleroBucket(environment)),
      progress,
    });
  })();
  try {
    await waitForDatabases({
      kubectl,
      namespace,
      databases: names,
      seconds: options.timeoutSeconds,
      progress,
    }).catch((error: unknown) => {
      throw withWayBack(error, offered, snapshots);
    });
    await backUpRecovered(recoveries, pending);
    await takeBackInitialize(kubectl, namespace, names);
    await recordVolumes(volumes);
    await tellOfFailedJobs(kubectl, namespace, progress);
  } finally {
    waited.abort();
    await givingUp;
    await monitoring;
    await velero;
  }
  const [worst, ...others] = [unsealed, await velero, await monitoring].filter((one) => one !== undefined);
  for (const other of others) progress(`WARNING ${other instanceof Error ? other.message : String(other)}`);
  if (worst !== undefined) throw worst;
}

function veleroBucket({ velero }: Environment): { readonly bucket?: string } {
  return velero?.location?.bucket === undefined ? {} : { bucket: velero.location.bucket };
}

/** Where the first repository of each database is, in which the records of its snapshots lie, too. */
function firstRepository({
  name,
  repositories,
  vault,
}: Environment): Pick<SnapshotsOptions, 'store' | 'repositoryOf'> {
  const numbered = (repositories ?? [{ vault }]).map((repository: Partial<EnvironmentRepository>, index) => ({
    ...repository,
    number: repository.number ?? index + 1,
  }));
  const [first] = numbered.sort((a, b) => a.number - b.number);
  const folder = first?.folder === undefined ? '' : `${first.folder}/`;
  return {
    store: openStore(first?.vault ?? vault),
    repositoryOf: (database) => `${name}/${folder}${database}`,
  };
}

/** Terraform's provider reads another variable than kubectl: both must lead to one cluster. */
function clusterVariables(): Readonly<Record<string, string>> {
  const kubeconfig = process.env['KUBECONFIG'];
  return kubeconfig === undefined ? {} : { KUBE_CONFIG_PATH: kubeconfig };
}

/** A cluster is recognised by its oldest namespace: made with it, gone with it. */
async function clusterId(kubectl: Kubectl): Promise<string> {
  try {
    return await kubectl.run(['get', 'namespace', 'kube-system', '--output=jsonpath={.metadata.uid}']);
  } catch (error) {
    throw new EnvironmentProblem(
      `the cluster does not answer: ${lastLine(error instanceof Error ? error.message : String(error))} — FIX: point KUBECONFIG at a cluster that is up`,
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
