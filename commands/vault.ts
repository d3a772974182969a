import { Command } from 'commander';
import { formatFault } from '../constructs/core';
import {
  prepareBucket,
  prepareVault,
  probeMinting,
  type StoreKeys,
} from '../constructs/object-storage/client';
import type { Environment } from '../environments';
import { environmentArgument } from './argument';
import { EXIT, fail } from './failure';

const command = new Command('vault')
  .description(
    'make what is missing of the vault of an environment and of its buckets, and check that it works; may be repeated at any time',
  )
  .argument('<environment>', 'its name', environmentArgument)
  .addHelpText(
    'after',
    `
Environment variables:
  AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY   a key that may create buckets and write to them;
                                             an administrator's where the vault mints keys
  <BUCKET>_ADMIN_ACCESS_KEY_ID, <BUCKET>_ADMIN_SECRET_ACCESS_KEY
                                             the same for the store of a bucket (UPLOADS_…); without them the vault's
  BUCKET_ADDRESS                             where that store is, if its name is known to the cluster alone`,
  )
  .action(async ({ buckets = [], name, state, vault }: Environment) => {
    const faults = [
      ...vault.faults(),
      ...buckets.flatMap(({ bucket, name: one }) => bucket.faults(`buckets.${one}`)),
    ];
    if (faults.length > 0) {
      for (const fault of faults) console.error(formatFault({ ...fault, path: `environments/${name}` }));
      process.exitCode = EXIT.faultyDeclaration;
      return;
    }
    const [main] = await prepareVault(vault, { progress: (message) => console.log(message) });
    if (state === 'vault' && main?.locksState === false) console.warn(cannotLock(name));
    if (await probeMinting(vault)) console.log('keys: one was made, held to its prefix, and ended');
    for (const { bucket, name: one } of buckets) {
      if (bucket.store.kind === 'aws') {
        console.log(`bucket ${bucket.name}: at Amazon, where its stack makes it`);
        continue;
      }
      const keys = administratorOf(one);
      const address = process.env['BUCKET_ADDRESS'];
      const { cannot } = await prepareBucket(bucket, {
        ...(keys === undefined ? {} : { keys }),
        ...(address === undefined ? {} : { address }),
        progress: (message) => console.log(message),
      });
      for (const what of cannot) console.warn(`WARNING bucket ${bucket.name}: ${what}`);
    }
    console.log(`the vault ${vault.name} of ${name} is ready at ${vault.store.endpoint}`);
  });

function administratorOf(bucket: string): StoreKeys | undefined {
  const prefix = bucket.toUpperCase().replaceAll('-', '_');
  const accessKeyId = process.env[`${prefix}_ADMIN_ACCESS_KEY_ID`]?.trim();
  const secretAccessKey = process.env[`${prefix}_ADMIN_SECRET_ACCESS_KEY`]?.trim();
  return accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey } : undefined;
}

function cannotLock(environment: string): string {
  return `WARNING this store takes a deleted name for one that exists, so Terraform could lock its state only once — FIX: deploy ${environment} with STATE_LOCK=off and never twice at once, or use a store without this fault`;
}

command.parseAsync().catch(fail);
