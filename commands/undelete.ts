import { Command, InvalidArgumentError } from 'commander';
import { findDamage, openStore, revert, undelete } from '../constructs/object-storage/client';
import type { Environment } from '../environments';
import { environmentArgument } from './argument';
import { fail } from './failure';

interface Options {
  readonly since: Date;
  readonly prefix?: string;
  readonly overwritten?: boolean;
  readonly yes?: boolean;
}

const SHOWN = 10;

const command = new Command('undelete')
  .description(
    'bring back what somebody deleted from the vault of an environment: the bucket keeps versions. Without --yes it only tells',
  )
  .argument('<environment>', 'its name', environmentArgument)
  .requiredOption(
    '--since <instant>',
    'when the deletions began, with its zone: 2026-05-04T03:02:01Z',
    instant,
  )
  .option('--prefix <prefix>', "only below this name; without it, the environment's repositories")
  .option('--overwritten', 'also what was overwritten since; mind that backups rewrite their lists')
  .option('--yes', 'do it')
  .addHelpText(
    'after',
    `
Environment variables:
  AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY   a key that may delete versions, or read and write
                                             them: never one that a cluster has`,
  )
  .action(async ({ name, vault }: Environment, options: Options) => {
    const store = openStore(vault);
    const prefix = options.prefix ?? `${name}/`;
    const { deleted, overwritten } = await findDamage({ store, prefix, since: options.since });
    tell(
      `deleted below ${prefix} since ${options.since.toISOString()}`,
      deleted.map(({ key, deletedAt }) => `${key} (${deletedAt.toISOString()})`),
    );
    tell(
      'overwritten since',
      overwritten.map(({ key, overwrittenAt }) => `${key} (${overwrittenAt.toISOString()})`),
    );
    if (options.yes !== true) {
      console.log(
        'nothing was changed; --yes brings back what was deleted, with --overwritten the rest, too',
      );
      return;
    }
    const anew = await undelete(store, deleted);
    console.log(`brought back: ${deleted.length} deleted objects`);
    if (anew > 0)
      console.log(
        `  ${anew} of them written anew, with the date of now: this key may not take their marks away`,
      );
    if (options.overwritten !== true) return;
    await revert(store, overwritten);
    console.log(`brought back: ${overwritten.length} overwritten objects, as they were before`);
  });

function tell(what: string, names: readonly string[]): void {
  console.log(`${names.length} objects ${what}`);
  for (const name of names.slice(0, SHOWN)) console.log(`  ${name}`);
  if (names.length > SHOWN) console.log(`  … and ${names.length - SHOWN} more`);
}

/** A zone is required: at 3 a.m. nobody agrees on which clock was meant. */
function instant(text: string): Date {
  const date = new Date(text);
  if (/T.*(Z|[+-]\d\d:?\d\d)$/.test(text) && !Number.isNaN(date.getTime())) return date;
  throw new InvalidArgumentError('give an instant with its zone, for example 2026-05-04T03:02:01Z.');
}

command.parseAsync().catch(fail);
