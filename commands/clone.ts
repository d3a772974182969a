import { Command, InvalidArgumentError, Option } from 'commander';
import { findInstance, inDatabase, LIVE, type Subject } from '../clone/access';
import { listClones } from '../clone/clones';
import { compare } from '../clone/compare';
import { renderComparison } from '../clone/compare-report';
import { copy } from '../clone/copy';
import { renderCopy } from '../clone/copy-report';
import { create } from '../clone/create';
import { onTimeline, parseTarget } from '../clone/instant';
import { openPsql } from '../clone/psql';
import { remove } from '../clone/remove';
import { Kubectl } from '../deploy/kubectl';
import { EnvironmentProblem } from '../deploy/progress';
import type { Environment } from '../environments';
import { environmentArgument } from './argument';
import { failOnCluster } from './failure';

const DEFAULT_NAME = 'look';

const say = (message: string): void => console.log(message);

interface InDatabase {
  readonly database: string;
}

const several = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

function timeline(text: string): string {
  if (/^[1-9]\d{0,8}$/.test(text)) return text;
  throw new InvalidArgumentError('a timeline is a whole number; pgbackrest info shows which there are.');
}

function seconds(text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('a whole number of seconds is expected.');
}

/** The commands on the clones of one database. */
function actions(subject: Subject, application: string): Command {
  const command = new Command(`clone <environment> ${subject.database}`).description(
    `a second instance of ${subject.database}, as it was at an instant, beside the live one`,
  );
  const inside = () => new Option('--database <name>', 'database inside the server').default(application);
  command
    .command('create')
    .description('make a clone, or use the one of this name and target; returns when it can be read')
    .argument('[name]', 'its name', DEFAULT_NAME)
    .requiredOption('--to <instant>', 'latest, or an instant with its zone: 2026-05-04T03:02:01Z', target)
    .option('--timeline <number>', "the timeline to follow (default: the live database's)", timeline)
    .option('--timeout <seconds>', 'how long its restore may take', seconds, 7200)
    .action(
      async (
        name: string,
        options: { to: ReturnType<typeof target>; timeline?: string; timeout: number },
      ) => {
        const clone = await create({
          subject,
          name,
          target: options.to,
          ...(options.timeline === undefined ? {} : { timeline: options.timeline }),
          seconds: options.timeout,
          progress: say,
        });
        say(`the clone ${name} can be read; it ends by itself, or by \`remove ${name}\` (pod ${clone.pod})`);
      },
    );
  command
    .command('list')
    .description('the clones there are')
    .action(async () => {
      const clones = await listClones(subject);
      if (clones.length === 0) say(`${subject.database} has no clone`);
      for (const { name, state, to, timeline: of, since, words } of clones) {
        say(
          `${name}  ${state}  at ${to}${onTimeline(of)}  since ${since.toISOString()}${words === '' ? '' : `  ${words}`}`,
        );
      }
    });
  command
    .command('psql')
    .description('psql in the live database or in a clone; what follows -- is for psql')
    .argument('<instance>', `${LIVE}, or the name of a clone`)
    .argument('[arguments...]')
    .addOption(inside())
    .action(async (name: string, rest: readonly string[], { database }: InDatabase) => {
      process.exitCode = await openPsql(subject, await findInstance(subject, name), {
        database,
        arguments: rest,
      });
    });
  command
    .command('compare')
    .description('rows per table, schema, and answers to queries: live against a clone')
    .argument('[name]', 'its name', DEFAULT_NAME)
    .option('--table <schema.table>', 'only this one; may be repeated', several)
    .option('--query <sql>', 'a statement to ask both; may be repeated', several)
    .addOption(inside())
    .action(
      async (
        name: string,
        options: InDatabase & { table?: readonly string[]; query?: readonly string[] },
      ) => {
        const [live, clone] = [await findInstance(subject, LIVE), await findInstance(subject, name)];
        const { database, table: tables = [], query: queries = [] } = options;
        const comparison = await inDatabase(subject, live, database, () =>
          compare({ subject, live, clone, database, tables, queries }),
        );
        say(renderComparison(comparison, name));
      },
    );
  command
    .command('copy')
    .description('bring rows of tables from a clone back into the live database, in one transaction')
    .argument('[name]', 'its name', DEFAULT_NAME)
    .requiredOption('--table <schema.table>', 'may be repeated: parents and children together', several)
    .option(
      '--missing-rows',
      'insert the rows that the live table lacks; what was written since stays (the default)',
    )
    .option('--replace', 'make the live tables what they were: rows written since go')
    .option('--yes', 'do it; without, it only says what it would do')
    .addOption(inside())
    .action(
      async (
        name: string,
        options: InDatabase & { table: readonly string[]; missingRows?: true; replace?: true; yes?: true },
      ) => {
        if (options.missingRows === true && options.replace === true) {
          throw new EnvironmentProblem('--missing-rows and --replace exclude each other — FIX: choose one');
        }
        const [live, clone] = [await findInstance(subject, LIVE), await findInstance(subject, name)];
        const { database, table: tables } = options;
        const apply = options.yes === true;
        const mode = options.replace === true ? 'replace' : 'missing-rows';
        const result = await inDatabase(subject, live, database, () =>
          copy({ subject, live, clone, database, tables, mode, apply }),
        );
        say(renderCopy(result, apply));
        if (!apply) say('nothing was written; the same command with --yes does it');
      },
    );
  command
    .command('remove')
    .description('end a clone: its pod and its volume go')
    .argument('[name]', 'its name', DEFAULT_NAME)
    .action(async (name: string) => {
      const was = await remove(subject, name);
      say(
        was ? `the clone ${name} of ${subject.database} is gone` : `${subject.database} has no clone ${name}`,
      );
    });
  return command;
}

function target(text: string) {
  try {
    return parseTarget(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

function subjectOf({ cluster, databases, name, namespace }: Environment, database: string) {
  const declared = databases.find((one) => one.name === database);
  if (declared === undefined) {
    throw new EnvironmentProblem(
      `${name} has no database "${database}" — FIX: choose one of ${databases.map((one) => one.name).join(', ')}`,
    );
  }
  const subject = { kubectl: new Kubectl({ context: cluster.context }), namespace, database };
  return { subject, application: declared.application?.database ?? 'postgres' };
}

const program = new Command('clone')
  .description('a second instance of a database, as it was at an instant, beside the live one')
  .usage('<environment> <database> create|list|psql|compare|copy|remove …')
  .argument('<environment>', 'its name', environmentArgument)
  .argument('<database>', 'its name in the environment')
  .argument('[action...]', 'create, list, psql, compare, copy, remove; each tells its options by --help')
  .passThroughOptions()
  .action(async (environment: Environment, database: string, rest: readonly string[]) => {
    const { subject, application } = subjectOf(environment, database);
    await actions(subject, application).parseAsync([...rest], { from: 'user' });
  });

program.parseAsync().catch(failOnCluster);
