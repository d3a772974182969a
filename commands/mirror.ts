import { Command, InvalidArgumentError } from 'commander';
import { openStore } from '../constructs/object-storage/client';
import type { Environment } from '../environments';
import { restoreMirror, runMirror } from '../mirror/jobs';
import { listRuns, megabytes, renderRun } from '../mirror/runs';
import { subjectOf } from '../mirror/subject';
import { environmentArgument } from './argument';
import { failOnCluster } from './failure';

const say = (message: string): void => console.log(message);

function whole(text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('a whole number from 1 is expected.');
}

/** A zone is required: at 3 a.m. nobody agrees on which clock was meant. */
function moment(text: string): string {
  const date = new Date(text);
  if (text === 'latest' || text === 'current') return text;
  if (/T.*(Z|[+-]\d\d:?\d\d)$/.test(text) && !Number.isNaN(date.getTime())) return date.toISOString();
  throw new InvalidArgumentError('latest, current, or an instant with its zone: 2026-05-04T03:02:01Z.');
}

interface RestoreArguments {
  readonly prefix: string;
  readonly at: string;
  readonly into?: string;
  readonly delete?: true;
  readonly yes?: true;
  readonly timeout: number;
}

/** The commands on the mirror of one bucket. */
function actions(environment: Environment, bucket: string): Command {
  const subject = subjectOf(environment, bucket);
  const command = new Command(`mirror <environment> ${bucket}`).description(
    `the copy of ${bucket} in the vault`,
  );
  command
    .command('now')
    .description('copy now; returns when it was checked and recorded')
    .option('--accept-loss', 'so many deletions as there are were meant')
    .option('--read-back', 'read everything back, byte for byte')
    .option('--timeout <seconds>', 'how long it may take', whole, 43_200)
    .action(async (options: { acceptLoss?: true; readBack?: true; timeout: number }) => {
      const record = await runMirror({
        subject,
        acceptLoss: options.acceptLoss === true,
        readBack: options.readBack === true,
        seconds: options.timeout,
        progress: say,
      });
      say(renderRun({ id: record.id, record }));
    });
  command
    .command('list')
    .description('the moments that can be had back, oldest first; read from the vault, without the cluster')
    .option('--json', 'with everything that the records say')
    .addHelpText(
      'after',
      '\nEnvironment variables:\n  AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY   a key that may read the vault',
    )
    .action(async ({ json }: { json?: true }) => {
      const store = openStore(environment.vault);
      const runs = await listRuns(store, `${environment.name}/mirrors/${bucket}`);
      store.client.destroy();
      if (json === true) say(JSON.stringify(runs));
      else if (runs.length === 0) say(`${bucket} was never mirrored`);
      else for (const run of runs) say(renderRun(run));
    });
  command
    .command('restore')
    .description('bring the bucket, or a part of it, back; without --yes it only tells')
    .option('--prefix <prefix>', 'only keys that begin with it', '')
    .option(
      '--at <instant>',
      'as the last run before it left it; latest; current: whatever lies there',
      moment,
      'latest',
    )
    .option('--into <bucket>', 'into another bucket of the same store, which is there')
    .option('--delete', 'delete what is there and was not then')
    .option('--yes', 'do it')
    .option('--timeout <seconds>', 'how long it may take', whole, 43_200)
    .action(async (options: RestoreArguments) => {
      const { at, into, prefix, timeout } = options;
      const restored = await restoreMirror({
        subject,
        at,
        prefix,
        ...(into === undefined ? {} : { into }),
        apply: options.yes === true,
        deleteOthers: options.delete === true,
        seconds: timeout,
        progress: say,
      });
      const { asOf, bytes, deleted, different, missing, objects, target, written } = restored;
      say(`${objects} objects as of ${asOf ?? 'what lies there'}, into ${target}`);
      say(`${missing} are missing there, ${different} are different (${megabytes(bytes)})`);
      if (options.yes === true) say(`brought back and checked: ${written} objects; deleted: ${deleted}`);
      else say('nothing was changed; --yes does it');
    });
  return command;
}

const program = new Command('mirror')
  .description('the copy of a bucket in the vault')
  .usage('<environment> <bucket> now|list|restore …')
  .argument('<environment>', 'its name', environmentArgument)
  .argument('<bucket>', 'its name in the environment')
  .argument('[action...]', 'now, list, restore; each tells its options by --help')
  .passThroughOptions()
  .action(async (environment: Environment, bucket: string, rest: readonly string[]) => {
    await actions(environment, bucket).parseAsync([...rest], { from: 'user' });
  });

program.parseAsync().catch(failOnCluster);
