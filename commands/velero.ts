import { Command } from 'commander';
import { newestIncarnation, openStore } from '../constructs/object-storage/client';
import type { VeleroRecoveryOrder } from '../constructs/velero/settings';
import { Kubectl } from '../deploy/kubectl';
import { EnvironmentProblem } from '../deploy/progress';
import {
  carryOut,
  finish,
  plannedRecovery,
  RESTORE_SECONDS,
  type VeleroOptions,
  veleroOf,
} from '../deploy/velero';
import { veleroStatus } from '../deploy/velero/status';
import type { Environment } from '../environments';
import { environmentArgument } from './argument';
import { failOnCluster } from './failure';

interface RestoreArguments {
  readonly id?: string;
  readonly backup?: string;
  readonly namespaces?: readonly string[];
  readonly timeout: number;
}

const progress = (message: string): void => console.log(message);

/** What everything here needs, of an environment that has Velero and a cluster that is its newest life's. */
async function optionsFor(environment: Environment): Promise<VeleroOptions> {
  const { cluster, name, vault, velero } = environment;
  if (velero === undefined)
    throw new EnvironmentProblem(
      `${name} has no Velero — FIX: switch it on in environments/${name}.ts (VELERO=chart, or others), then deploy`,
    );
  const kubectl = new Kubectl({ context: cluster.context });
  const uid = ['get', 'namespace', 'kube-system', '--output=jsonpath={.metadata.uid}'];
  const [clusterId, incarnation] = await Promise.all([
    kubectl.run(uid),
    newestIncarnation(openStore(vault), name),
  ]);
  if (incarnation === undefined || incarnation.clusterId !== clusterId)
    throw new EnvironmentProblem(
      `this cluster is not that of ${name}'s newest incarnation (${incarnation?.name ?? 'there is none'}) — FIX: \`npm run deploy -- ${name}\` first, which restores as well; or point KUBECONFIG at the other one`,
    );
  const bucket = velero.location?.bucket;
  return {
    environment,
    incarnation: incarnation.name,
    kubectl,
    store: openStore(vault, bucket === undefined ? {} : { bucket }),
    progress,
  };
}

function orderOf({ backup, id, namespaces }: RestoreArguments): VeleroRecoveryOrder | undefined {
  if (id === undefined) {
    if (backup === undefined && namespaces === undefined) return undefined;
    throw new EnvironmentProblem(
      'a restore that is ordered needs a name, by which it is never repeated — FIX: --id incident-2026-05-04',
    );
  }
  return {
    id,
    ...(backup === undefined ? {} : { backup }),
    ...(namespaces === undefined ? {} : { namespaces }),
  };
}

async function restore(environment: Environment, given: RestoreArguments): Promise<void> {
  const recover = orderOf(given);
  const { velero } = environment;
  const options = await optionsFor({
    ...environment,
    ...(velero === undefined || recover === undefined ? {} : { velero: { ...velero, recover } }),
  });
  const plan = await plannedRecovery(options);
  const { bucket, cluster } = veleroOf(options);
  if (plan === undefined) {
    progress(
      recover === undefined
        ? 'there is nothing to restore: the backups are of this cluster (--id NAME restores one of them)'
        : `${recover.id} was carried out before; another name restores again`,
    );
    return;
  }
  await cluster.runs(240);
  await cluster.hold();
  await cluster.locationIsAvailable(90);
  progress('the location is read-only and the schedules are paused until all is restored');
  await carryOut(plan, {
    cluster,
    bucket,
    environment: environment.name,
    seconds: given.timeout,
    progress,
  });
  await finish(cluster, plan.id, progress);
}

async function resume(environment: Environment, withoutRestore: boolean): Promise<void> {
  const options = await optionsFor(environment);
  const { cluster } = veleroOf(options);
  const pending = await plannedRecovery(options).catch((error: unknown) => {
    if (withoutRestore) return undefined;
    throw error;
  });
  if (pending !== undefined && !withoutRestore)
    throw new EnvironmentProblem(
      `${pending.backups.map(({ metadata }) => metadata.name).join(', ')} is still to be restored: ${pending.why} — FIX: \`npm run velero -- ${environment.name} restore\`; or, to begin to back up what is here, resume --without-restore`,
    );
  await finish(cluster, pending?.id ?? `resumed-${options.incarnation}`, progress);
}

function actions(environment: Environment): Command {
  const command = new Command(`velero ${environment.name}`);
  command
    .command('status')
    .description('location, schedules, backups in the bucket, restores: what is there, and what is wrong')
    .action(async () => {
      const options = await optionsFor(environment);
      for (const line of await veleroStatus(environment, veleroOf(options))) console.log(line);
    });
  command
    .command('restore')
    .description('what a deploy after a loss restores, again; or what is ordered by --id, once')
    .option('--id <name>', 'a name of your choice, new for each incident')
    .option('--backup <name>', 'one that `status` lists (default: the newest complete one of each schedule)')
    .option('--namespaces <names...>', 'only these (default: all of the backup)')
    .option('--timeout <seconds>', 'how long to wait; a restore goes on by itself', Number, RESTORE_SECONDS)
    .action((given: RestoreArguments) => restore(environment, given));
  command
    .command('resume')
    .description('the location read-write and the schedules running, where a restore did not see to it')
    .option('--without-restore', 'although something is still to be restored', false)
    .action((given: { withoutRestore: boolean }) => resume(environment, given.withoutRestore));
  return command;
}

const program = new Command('velero')
  .description('objects and volumes that Velero brings back')
  .usage('<environment> status|restore|resume …')
  .argument('<environment>', 'its name', environmentArgument)
  .argument('[action...]', 'status, restore, resume; each tells its options by --help')
  .passThroughOptions()
  .addHelpText(
    'after',
    `
Exit code: 0 all is done; 2 it is not: what did not come back is named, and the last line has the fix.

Environment variables:
  AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY   a key that may read the vault
  VELERO and those of the environment        as for npm run deploy`,
  )
  .action(async (environment: Environment, rest: readonly string[]) => {
    await actions(environment).parseAsync([...rest], { from: 'user' });
  });

program.parseAsync().catch((error: unknown) => failOnCluster(error, 'Velero is installed there'));
