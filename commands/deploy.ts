import { Command, Option } from 'commander';
import { deploy } from '../deploy/deploy';
import { ENGINES } from '../deploy/engine';
import { fail } from './failure';

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
  .action(async (environment: string, options: { engine: 'auto'; timeout: number; snapshots: boolean }) => {
    await deploy({
      environment,
      engine: options.engine,
      timeoutSeconds: options.timeout,
      snapshots: options.snapshots,
      directory: process.cwd(),
      progress: (message) => console.log(message),
    });
  });

command.parseAsync().catch(fail);
