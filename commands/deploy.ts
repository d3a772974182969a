import { Command, Option } from 'commander';
import { deploy } from '../deploy/deploy';
import { ENGINES, type Engine } from '../deploy/engine';
import { fail } from './failure';

interface Options {
  readonly engine: Engine | 'auto';
  readonly timeout: number;
  readonly snapshots: boolean;
  readonly snapshotTimeout: number;
}

const command = new Command('deploy')
  .description('make, update, or bring back an environment: the same command for all three')
  .argument('<environment>')
  .addOption(
    new Option('--engine <engine>', 'auto: Terraform when its providers can be had, else the kit')
      .choices(['auto', ...ENGINES])
      .default('auto'),
  )
  .option('--timeout <seconds>', 'how long databases may take until they answer', Number, 1800)
  .option('--no-snapshots', 'restore lost databases from their repositories, whatever snapshots there are')
  .option(
    '--snapshot-timeout <seconds>',
    'how long a driver may take to find a snapshot, and then to make a volume of it, before the repository is taken',
    Number,
    600,
  )
  .action(async (environment: string, options: Options) => {
    await deploy({
      environment,
      engine: options.engine,
      timeoutSeconds: options.timeout,
      snapshots: options.snapshots,
      snapshotSeconds: options.snapshotTimeout,
      directory: process.cwd(),
      progress: (message) => console.log(message),
    });
  });

command.parseAsync().catch(fail);
