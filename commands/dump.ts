import { Command, InvalidArgumentError } from 'commander';
import type { Subject } from '../clone/access';
import { runJob } from '../dump/jobs';
import { type Dump, listDumps, type Manifest, renderDump } from '../dump/list';
import { restoreDump } from '../dump/restore';
import { subjectOf } from '../dump/subject';
import type { Environment } from '../environments';
import { environmentArgument } from './argument';
import { failOnCluster } from './failure';

const say = (message: string): void => console.log(message);

const several = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

function whole(text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('a whole number from 1 is expected.');
}

function idOf(text: string): string {
  if (text === 'latest' || /^\d{8}T\d{6}Z$/.test(text)) return text;
  throw new InvalidArgumentError('latest, or the id of a dump as `list` shows it: 20260504T020000Z');
}

interface RestoreArguments {
  readonly database?: readonly string[];
  readonly into?: string;
  readonly clean?: true;
  readonly globals?: true;
  readonly owners: boolean;
  readonly jobs: number;
  readonly server?: string;
  readonly timeout: number;
}

/** The commands on the dumps of one database. */
function actions(subject: Subject): Command {
  const command = new Command(`dump <environment> ${subject.database}`).description(
    `logical dumps of ${subject.database} in the vault`,
  );
  command
    .command('now')
    .description('make one now; returns when it was read back and listed')
    .option('--timeout <seconds>', 'how long it may take', whole, 7200)
    .action(async ({ timeout }: { timeout: number }) => {
      const environment = { DELAY_SECONDS: '0' };
      const printed = await runJob({
        subject,
        template: 'dump',
        environment,
        seconds: timeout,
        progress: say,
      });
      const line = printed.split('\n').find((one) => one.startsWith('{'));
      const manifest = JSON.parse(line ?? '{}') as Manifest;
      say(renderDump({ id: manifest.id, complete: true, manifest }));
    });
  command
    .command('list')
    .description('the dumps there are, oldest first')
    .option('--json', 'with everything that their manifests say')
    .action(async ({ json }: { json?: true }) => {
      const dumps: readonly Dump[] = await listDumps(subject);
      if (json === true) say(JSON.stringify(dumps));
      else if (dumps.length === 0) say(`${subject.database} has no dump`);
      else for (const dump of dumps) say(renderDump(dump));
    });
  command
    .command('restore')
    .description('restore a dump, by default into new databases beside the live ones')
    .argument('[dump]', 'latest, or its id', idOf, 'latest')
    .option('--database <name>', 'only this one of the dump; may be repeated', several)
    .option('--into <name>', 'name of the new database (default: <name>_restored_<id>)')
    .option('--clean', 'into the database that exists: what the dump has is dropped there first')
    .option('--globals', 'roles and tablespaces first')
    .option('--no-owners', 'leave owners and privileges out: everything is the superuser’s')
    .option('--jobs <number>', 'parallel processes', whole, 2)
    .option('--server <database>', 'into the server of another database of the environment')
    .option('--timeout <seconds>', 'how long it may take', whole, 7200)
    .action(async (dump: string, options: RestoreArguments) => {
      const { into, server } = options;
      const restored = await restoreDump({
        subject,
        dump,
        databases: options.database ?? [],
        ...(into === undefined ? {} : { into }),
        ...(server === undefined ? {} : { server }),
        clean: options.clean === true,
        globals: options.globals === true,
        owners: options.owners,
        jobs: options.jobs,
        seconds: options.timeout,
        progress: say,
      });
      for (const one of restored)
        say(`${one.name} of dump ${one.dump} is restored as ${one.into} in ${one.seconds} s`);
    });
  return command;
}

const program = new Command('dump')
  .description('logical dumps of a database in the vault')
  .usage('<environment> <database> now|list|restore …')
  .argument('<environment>', 'its name', environmentArgument)
  .argument('<database>', 'its name in the environment')
  .argument('[action...]', 'now, list, restore; each tells its options by --help')
  .passThroughOptions()
  .action(async (environment: Environment, database: string, rest: readonly string[]) => {
    await actions(subjectOf(environment, database)).parseAsync([...rest], { from: 'user' });
  });

program.parseAsync().catch(failOnCluster);
