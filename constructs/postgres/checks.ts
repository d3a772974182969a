import { type Duration, type Finding, SecretRef } from '../core';
import type { AssetProps } from '../recovery';
import { BACKUP_KINDS } from './backups';
import type { PostgresDatabase, PostgresDatabaseProps } from './database';
import { DEFAULT_ARCHIVE_TIMEOUT, type PgBackRestOptions } from './pgbackrest';
import { checkRepository } from './repository';
import { duplicateStanzas, type ProtectedDatabase } from './stanza';

const NAME = /^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/;
const ROLE = /^[a-z_][a-z0-9_]{0,62}$/;

/** Everything that is wrong with a database's backups, and with them beside those of others. */
export function checkBackups(database: ProtectedDatabase, options: PgBackRestOptions): Finding[] {
  return [
    ...name(options),
    ...schedules(options),
    ...archiveTimeout(options),
    ...processMax(options),
    ...repositories(database, options),
    ...duplicateStanzas(database),
  ];
}

/** Everything that is wrong with a database of ours. */
export function checkDatabase(database: PostgresDatabase): Finding[] {
  const { props } = database;
  return [
    ...checkBackups(database, props),
    ...checkObjectives(props, props.archiveTimeout),
    ...application(props),
    ...storage(props),
    ...SecretRef.faults(props.superuserPassword, 'superuserPassword'),
  ];
}

/** An objective that the archive cannot meet by its own settings. */
export function checkObjectives(
  { objectives }: Pick<AssetProps, 'objectives'>,
  timeout: Duration | undefined,
): Finding[] {
  const rpo = objectives?.rpo?.toSeconds();
  const seconds = (timeout ?? DEFAULT_ARCHIVE_TIMEOUT).toSeconds();
  if (rpo === undefined || rpo >= seconds) return [];
  return [
    {
      rule: 'postgres/archive-timeout',
      message: `objectives.rpo is ${rpo} s, but archiveTimeout lets ${seconds} s of writes wait`,
      fix: 'lower archiveTimeout below the objective, or raise the objective',
    },
  ];
}

function name(options: PgBackRestOptions): Finding[] {
  if (NAME.test(options.name)) return [];
  return [
    {
      rule: 'postgres/name',
      message: `name is "${options.name}"; it must be lower-case letters, digits and -, begin with a letter, and be at most 40 long`,
      fix: 'for example orders-eu',
    },
  ];
}

function application({ application: declared }: PostgresDatabaseProps): Finding[] {
  if (declared === undefined) return [];
  const findings = [...SecretRef.faults(declared.password, 'application.password')];
  if (!ROLE.test(declared.role) || declared.role === 'postgres') {
    findings.push({
      rule: 'postgres/role',
      message: `application.role is "${declared.role}"; it must be lower-case letters, digits and _, and not the superuser`,
      fix: 'for example orders_app',
    });
  }
  if (!ROLE.test(declared.database)) {
    findings.push({
      rule: 'postgres/role',
      message: `application.database is "${declared.database}"; it must be lower-case letters, digits and _`,
      fix: 'for example orders',
    });
  }
  return findings;
}

function schedules({ backups }: PgBackRestOptions): Finding[] {
  return BACKUP_KINDS.flatMap((kind) => backups[kind]?.faults(`backups.${kind}`) ?? []);
}

function archiveTimeout({ archiveTimeout: timeout }: PgBackRestOptions): Finding[] {
  const seconds = timeout?.toSeconds();
  if (seconds === undefined || (Number.isInteger(seconds) && seconds >= 1 && seconds <= 86_400)) return [];
  return [
    {
      rule: 'postgres/archive-timeout',
      message: `archiveTimeout is ${seconds} s; it must be whole seconds from 1 to 86400`,
      fix: 'leave it out for 60 s, or choose what may be lost',
    },
  ];
}

function processMax({ processMax: processes }: PgBackRestOptions): Finding[] {
  if (processes === undefined || (Number.isInteger(processes) && processes >= 1 && processes <= 999))
    return [];
  return [
    {
      rule: 'postgres/process-max',
      message: `processMax is ${processes}; pgBackRest takes a whole number from 1 to 999`,
      fix: 'about the number of cores that a backup may use',
    },
  ];
}

function storage({ storage: size }: PostgresDatabaseProps): Finding[] {
  if (size.bytes > 0) return [];
  return [
    {
      rule: 'postgres/storage',
      message: `storage is ${size.bytes} bytes`,
      fix: 'for example Size.gibibytes(10)',
    },
  ];
}

function repositories(database: ProtectedDatabase, { backups }: PgBackRestOptions): Finding[] {
  if (database.repositories.length === 0) {
    return [
      {
        rule: 'postgres/no-repository',
        message: 'repositories is empty: nothing of this database would survive',
        fix: 'add one repository in a vault',
      },
    ];
  }
  return database.repositories.flatMap((repository, index) =>
    checkRepository(repository, `repositories[${index}]`, backups.differential !== undefined),
  );
}
