import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { openStore, putRecord } from '../constructs/object-storage/client';
import { EnvironmentProblem } from '../deploy/progress';
import type { Environment } from '../environments';
import { environmentArgument } from './argument';
import { fail } from './failure';

const command = new Command('record')
  .description("keep a dated record in an environment's vault: evidence that outlives the cluster")
  .argument('<environment>', 'its name', environmentArgument)
  .argument('<kind>', 'its folder: rehearsals, drills, incidents', kind)
  .argument('<file>', 'JSON; its `startedAt` or `at` is the date of the record, without either it is now')
  .addHelpText(
    'after',
    `
Environment variables:
  AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY   a key that may write to the vault`,
  )
  .action(async ({ name, vault }: Environment, kind: string, file: string) => {
    const record = readJson(file);
    const key = await putRecord(openStore(vault), { environment: name, kind, at: dateOf(record), record });
    console.log(`recorded in the vault as ${key}`);
  });

function kind(text: string): string {
  if (/^[a-z][a-z0-9-]{0,62}$/.test(text)) return text;
  throw new InvalidArgumentError('a kind is lower-case letters, digits and dashes, for example rehearsals.');
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new EnvironmentProblem(
      `${file} cannot be recorded: ${error instanceof Error ? error.message : String(error)} — FIX: name a file that holds JSON`,
    );
  }
}

function dateOf(record: unknown): Date {
  const { startedAt, at } = (record ?? {}) as { startedAt?: unknown; at?: unknown };
  const stated = startedAt ?? at;
  const date = typeof stated === 'string' ? new Date(stated) : new Date();
  if (!Number.isNaN(date.getTime())) return date;
  throw new EnvironmentProblem(`the record is dated "${String(stated)}" — FIX: write its date as ISO 8601`);
}

command.parseAsync().catch(fail);
