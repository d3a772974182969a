import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { ADDONS, type AddonName } from '../local/cluster/addons/catalogue';
import { clusterPaths } from '../local/cluster/context';
import { attachInstance, openInstance } from '../local/instance';
import { instanceDirectory, instanceLockPath, instanceNames, readState } from '../local/instance-state';
import { lockHolder } from '../local/processes/lock';
import { timedProgress } from '../local/processes/progress';

const DEFAULT_NAME = 'local';

interface NameOption {
  readonly name: string;
}

interface UpOptions extends NameOption {
  readonly with: readonly AddonName[];
}

async function up(options: UpOptions): Promise<void> {
  const progress = timedProgress();
  const instance = await openInstance(options.name, progress);
  try {
    progress('starting the vault');
    const vault = await instance.startVault();
    progress('starting the cluster');
    const cluster = await instance.startCluster();
    progress('the node is Ready; importing images');
    await instance.importImages();
    progress('images are imported');
    for (const addon of options.with) {
      progress(`installing ${addon}`);
      await instance.install(addon);
    }
    instance.leaveRunning();
    progress(`instance ${options.name} is up`);
    process.stdout.write(
      [
        `export KUBECONFIG=${cluster.kubeconfig}`,
        `# kubectl:    ${cluster.kubectl}`,
        `# vault:      https://${vault.address}:${vault.port}, in pods https://${vault.endpointHost}:${vault.port}, region ${vault.region}`,
        `# its facts:  ${instance.directory}/vault/vault.json (keys), ${instance.directory}/vault/ca.crt`,
        `# end it:     npm run local -- down --name ${options.name}`,
        '',
      ].join('\n'),
    );
  } catch (error) {
    await instance.down();
    throw error;
  }
}

async function down(options: NameOption): Promise<void> {
  const progress = timedProgress();
  const instance = await attachInstance(options.name, progress);
  if (instance === undefined) {
    progress(`there is no instance ${options.name}`);
    return;
  }
  await instance.down();
  progress(`instance ${options.name} and all it had is gone`);
}

function status(): void {
  const names = instanceNames();
  if (names.length === 0) process.stdout.write('No instance is running.\n');
  for (const name of names) {
    const state = readState(name);
    const holder = lockHolder(instanceLockPath(name));
    const held =
      holder !== undefined
        ? `held by process ${holder.pid}`
        : state?.leftRunning === true
          ? 'left running'
          : `left behind by a process that died; clean up with: npm run local -- down --name ${name}`;
    process.stdout.write(`${name}: since ${state?.since ?? '?'}, ${held}\n`);
    const { kubeconfig } = clusterPaths(instanceDirectory(name));
    if (existsSync(kubeconfig)) process.stdout.write(`  export KUBECONFIG=${kubeconfig}\n`);
    process.stdout.write(`  logs: ${join(instanceDirectory(name), 'logs')}\n`);
  }
}

const program = new Command('local').description('A Kubernetes cluster and an S3 vault on this machine.');
const name = ['--name <name>', 'name of the instance', DEFAULT_NAME] as const;
program
  .command('up')
  .description('builds what is missing, starts both, and leaves them running')
  .option(...name)
  .addOption(
    new Option('--with <addons...>', 'what not every cluster has').choices(Object.keys(ADDONS)).default([]),
  )
  .action(up);
program.command('status').description('lists instances').action(status);
program
  .command('down')
  .description('ends an instance and removes all it had, the vault too')
  .option(...name)
  .action(down);
program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
