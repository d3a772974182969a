import { Command, Option } from 'commander';
import {
  describeAge,
  drillsOf,
  exportLines,
  listSealed,
  openSealed,
  secretManifests,
} from '../constructs/escrow/client';
import { openStore } from '../constructs/object-storage/client';
import { Kubectl } from '../deploy/kubectl';
import { EnvironmentProblem } from '../deploy/progress';
import type { Environment } from '../environments';
import { drill } from '../escrow/drill';
import { readIdentityFile } from '../escrow/identity-file';
import { environmentArgument } from './argument';
import { EXIT, failOnCluster } from './failure';

/** Standard output is for what a shell reads: secrets, and nothing else. */
const say = (message: string): void => console.error(message);

const identity = () =>
  new Option('--identity <file>', 'identity file of a recipient; - for standard input').makeOptionMandatory();

function actions(environment: Environment): Command {
  const { cluster, name, vault } = environment;
  const command = new Command(`escrow ${name}`);
  command
    .command('list')
    .description('what was sealed, newest first, for whom, and when each of them last opened it')
    .action(async () => {
      const store = openStore(vault);
      const [newest, ...earlier] = await listSealed(store, name);
      if (newest === undefined) return say(`nothing of ${name} was ever sealed`);
      for (const { key, record } of [newest, ...earlier]) {
        console.log(
          record === undefined
            ? `${key}  (sealed by a deploy that was interrupted)`
            : `${key}  for ${record.recipients.map((one) => one.name).join(', ')}: ${record.secrets.join(', ')}`,
        );
      }
      for (const one of await drillsOf(store, name, newest.record?.recipients ?? []))
        console.log(
          `${one.recipient.name}: last drill ${describeAge(one)}${one.overdue ? `, due: npm run escrow -- ${name} drill --identity FILE` : ''}`,
        );
    });
  command
    .command('open')
    .description('print the secrets, for a shell to source or kubectl to apply')
    .addOption(identity())
    .option('--name <secret>', 'this one alone, by its name')
    .option('--sealed <key>', 'this one of `list` (default: the newest)')
    .addOption(
      new Option('--as <form>', 'exports: lines for a shell; secrets: manifests of existing Secrets')
        .choices(['exports', 'secrets'])
        .default('exports'),
    )
    .action(async (options: { identity: string; name?: string; sealed?: string; as: string }) => {
      const identities = await readIdentityFile(options.identity);
      const { content, key } = await openSealed(openStore(vault), name, identities, options.sealed);
      const wanted = content.secrets.filter((secret) => (options.name ?? secret.name) === secret.name);
      if (wanted.length === 0)
        throw new EnvironmentProblem(
          `${key} holds no "${options.name}" — FIX: choose one of ${content.secrets.map((secret) => secret.name).join(', ')}`,
        );
      say(`opened ${key}, sealed at ${content.sealedAt}`);
      if (options.as === 'secrets')
        console.log(JSON.stringify(secretManifests({ secrets: wanted }), null, 2));
      else for (const line of exportLines({ secrets: wanted })) console.log(line);
      const others = wanted.filter((secret) => 'secret' in secret);
      if (options.as === 'exports' && others.length > 0)
        say(
          `not printed, for it is in a Secret of the cluster: ${others.map((one) => one.name).join(', ')} (--as secrets)`,
        );
    });
  command
    .command('drill')
    .description('open the newest one, hold it against what is in use, and record the outcome in the vault')
    .addOption(identity())
    .action(async (options: { identity: string }) => {
      const store = openStore(vault);
      const identities = await readIdentityFile(options.identity);
      const kubectl = new Kubectl({ context: cluster.context });
      const { drill: outcome, record } = await drill({ environment, store, kubectl, identities });
      console.log(`${outcome.recipient.name} opened ${outcome.opened}`);
      for (const { passed, secret, words } of outcome.checks)
        console.log(`${passed ? 'ok     ' : 'FAILED '} ${secret}: ${words}`);
      console.log(`recorded in the vault as ${record}`);
      if (!outcome.passed) process.exitCode = EXIT.faultyDeclaration;
    });
  return command;
}

const program = new Command('escrow')
  .description('the secrets of an environment, sealed in its vault for named people')
  .usage('<environment> list|open|drill …')
  .argument('<environment>', 'its name', environmentArgument)
  .argument('[action...]', 'list, open, drill; each tells its options by --help')
  .passThroughOptions()
  .addHelpText(
    'after',
    `
Exit code of drill: 0 it holds what is in use, 1 it does not, 2 it was not found out.

Environment variables:
  AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY   a key that may read the vault; for drill, also write to it`,
  )
  .action(async (environment: Environment, rest: readonly string[]) => {
    await actions(environment).parseAsync([...rest], { from: 'user' });
  });

program.parseAsync().catch((error: unknown) => failOnCluster(error, 'its databases use these secrets'));
