import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packages } from '../../bindings/packages';

/** Files of the folder `runbooks`. */
export const RUNBOOKS = [
  'AwsBackupCopyFailed',
  'AwsBackupJobFailed',
  'AwsBackupMissing',
  'AwsReplicationLag',
  'AwsRestoreTestFailed',
  'AwsSnapshotPolicyFailed',
] as const;
export type RunbookName = (typeof RUNBOOKS)[number];

/**
 * A runbook with the names of what it is about.
 * @throws when the template names a value that nobody gave
 */
export function runbook(name: RunbookName, variables: Readonly<Record<string, unknown>>): string {
  const template = readFileSync(join(__dirname, 'runbooks', `${name}.md`), 'utf8');
  return packages.handlebars.compile(template, { strict: true, noEscape: true })(variables);
}
