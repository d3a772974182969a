import { Command } from 'commander';
import { formatFault } from '../constructs/core';
import { prepareVault, probeMinting } from '../constructs/object-storage/client';
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
  AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY   a key that may create buckets and write to them;
                                             an administrator's where the vault mints keys`,
  )
  .action(async ({ name, state, vault }: Environment) => {
    const faults = vault.faults();
    if (faults.length > 0) {
      for (const fault of faults) console.error(formatFault({ ...fault, path: `environments/${name}` }));
      process.exitCode = EXIT.faultyDeclaration;
      return;
    }
    const [main] = await prepareVault(vault, { progress: (message) => console.log(message) });
    if (state === 'vault' && main?.locksState === false) console.warn(cannotLock(name));
    if (await probeMinting(vault)) console.log('keys: one was made, held to its prefix, and ended');
    console.log(`the vault ${vault.name} of ${name} is ready at ${vault.store.endpoint}`);
  });

function cannotLock(environment: string): string {
  return `WARNING this store takes a deleted name for one that exists, so Terraform could lock its state only once — FIX: deploy ${environment} with STATE_LOCK=off and never twice at once, or use a store without this fault`;
}

command.parseAsync().catch(fail);
