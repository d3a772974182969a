import { Command } from 'commander';
import { formatFault } from '../constructs/core';
import { prepareVault } from '../constructs/object-storage/client';
import type { Environment } from '../environments';
import { environmentArgument } from './argument';
import { EXIT, fail } from './failure';

const command = new Command('vault')
  .description(
    'make what is missing of the vault of an environment, and check that it works; may be repeated at any time',
  )
  .argument('<environment>', 'its name', environmentArgument)
  .addHelpText(
    'after',
    `
Environment variables:
  AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY   a key that may create buckets and write to them`,
  )
  .action(async ({ name, vault }: Environment) => {
    const faults = vault.faults();
    if (faults.length > 0) {
      for (const fault of faults) console.error(formatFault({ ...fault, path: `environments/${name}` }));
      process.exitCode = EXIT.faultyDeclaration;
      return;
    }
    await prepareVault(vault, { progress: (message) => console.log(message) });
    console.log(`the vault ${vault.name} of ${name} is ready at ${vault.store.endpoint}`);
  });

command.parseAsync().catch(fail);
