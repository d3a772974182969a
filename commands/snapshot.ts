import { Command, InvalidArgumentError } from 'commander';
import { Size } from '../constructs/core';
import { openStore } from '../constructs/object-storage/client';
import { Kubectl } from '../deploy/kubectl';
import type { Environment } from '../environments';
import { findRecord, listRecords, type RecordPlace, renderRecord } from '../snapshot/records';
import { attach, chosen, restoreClaim } from '../snapshot/restore';
import { environmentArgument } from './argument';
import { failOnCluster } from './failure';

const say = (message: string): void => console.log(message);

function whole(text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('a whole number from 1 is expected.');
}

/** A zone is required: at 3 a.m. nobody agrees on which clock was meant. */
function instant(text: string): Date {
  const date = new Date(text);
  if (/T.*(Z|[+-]\d\d:?\d\d)$/.test(text) && !Number.isNaN(date.getTime())) return date;
  throw new InvalidArgumentError('give an instant with its zone, for example 2026-05-04T03:02:01Z.');
}

function sizeOf(text: string): Size {
  try {
    return Size.parse(text);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

interface RestoreArguments {
  readonly snapshot?: string;
  readonly at?: Date;
  readonly to?: string;
  readonly size?: Size;
  readonly storageClass?: string;
  readonly timeout: number;
}

function actions({ cluster: { context }, name, vault }: Environment): Command {
  const kubectl = new Kubectl(context === undefined ? {} : { context });
  const place = (path: string): RecordPlace => ({
    store: openStore(vault),
    path: path.replace(/^\/+|\/+$/g, ''),
  });
  const command = new Command(`snapshot ${name}`).description(
    'volume snapshots, as the records in the vault know them: also those of a cluster that is gone',
  );
  const withPath = (one: Command): Command =>
    one.option('--path <path>', 'where the records are in the bucket', `/${name}`);
  withPath(command.command('list'))
    .description('what there is, the newest first')
    .argument('[namespace]', 'only its claims')
    .option('--json', 'the records as they are')
    .action(async (namespace: string | undefined, { json, path }: { json?: true; path: string }) => {
      const records = await listRecords(place(path), namespace);
      if (json === true) say(JSON.stringify(records));
      else if (records.length === 0) say('the vault has no record of snapshots');
      else for (const record of records) say(renderRecord(record));
    });
  withPath(command.command('attach'))
    .description('make all snapshots of a claim known to this cluster, by their handles in the record')
    .argument('<namespace>')
    .argument('<claim>', 'that they were taken of')
    .option('--timeout <seconds>', 'how long the driver may take to find one', whole, 120)
    .action(
      async (namespace: string, claim: string, { path, timeout }: { path: string; timeout: number }) => {
        const record = await findRecord(place(path), namespace, claim);
        for (const snapshot of record.snapshots)
          await attach(snapshot, { kubectl, record, progress: say, seconds: timeout });
        say(`${record.snapshots.length} snapshots of ${namespace}/${claim} are ready to use`);
      },
    );
  withPath(command.command('restore'))
    .description('a claim of a snapshot; one that exists is never touched')
    .argument('<namespace>')
    .argument('<claim>', 'that it was taken of')
    .option('--snapshot <name>', 'this one of `list` (default: the newest)')
    .option('--at <instant>', 'the newest that was made then or before: 2026-05-04T03:02:01Z', instant)
    .option('--to <name>', 'name of the new claim (default: that of the old one)')
    .option('--size <quantity>', 'of the new claim (default: what the snapshot needs)', sizeOf)
    .option('--storage-class <name>', 'of the new claim (default: that of the old one)')
    .option('--timeout <seconds>', 'how long the driver may take to find it', whole, 120)
    .action(async (namespace: string, claim: string, options: RestoreArguments & { path: string }) => {
      const { at, size, snapshot: wanted, storageClass, timeout, to = claim } = options;
      const record = await findRecord(place(options.path), namespace, claim);
      const snapshot = chosen(record, { at, name: wanted });
      say(`restoring ${snapshot.name} of ${snapshot.createdAt} as claim ${namespace}/${to}`);
      await restoreClaim(snapshot, {
        kubectl,
        record,
        to,
        progress: say,
        seconds: timeout,
        ...(size === undefined ? {} : { size }),
        ...(storageClass === undefined ? {} : { storageClass }),
      });
      say(
        `claim ${namespace}/${to} is made of ${snapshot.name}; its driver fills the volume, with some classes when the first pod uses it`,
      );
    });
  return command;
}

const program = new Command('snapshot')
  .description('volume snapshots in the records of the vault: listed, attached to a new cluster, restored')
  .usage('<environment> list|attach|restore …')
  .argument('<environment>', 'its name', environmentArgument)
  .argument('[action...]', 'list, attach, restore; each tells its options by --help')
  .passThroughOptions()
  .addHelpText(
    'after',
    `
Environment variables:
  AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY   a key that may read the vault
  KUBECONFIG                                 the cluster`,
  )
  .action(async (environment: Environment, rest: readonly string[]) => {
    await actions(environment).parseAsync([...rest], { from: 'user' });
  });

program
  .parseAsync()
  .catch((error: unknown) => failOnCluster(error, 'it has the definitions of volume snapshots'));
