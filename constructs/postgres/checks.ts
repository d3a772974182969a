import { type Duration, environmentOf, type Finding, NO_ENVIRONMENT, SecretRef } from '../core';
import type { AssetProps } from '../recovery';
import { BACKUP_KINDS } from './backups';
import type { PostgresDatabase, PostgresDatabaseProps } from './database';
import { checkDumps } from './dumps';
import { checkExistingVolume } from './existing-volume';
import { checkExporters } from './exporters';
import { checkTls } from './issued-tls';
import { DEFAULT_ARCHIVE_TIMEOUT, DEFAULT_MAJOR, type PgBackRestOptions, PUSH_ALLOWANCE } from './pgbackrest';
import { checkRecoveryOrder } from './recovery-order';
import { checkReplicas } from './replicas';
import { checkRepository } from './repository';
import { checkSnapshots } from './snapshots';
import { duplicateStanzas, type ProtectedDatabase } from './stanza';

const NAME = /^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/;
/** The oldest that pg_upgrade takes and pgBackRest archives. */
const OLDEST_MAJOR = 10;
const ROLE = /^[a-z_][a-z0-9_]{0,62}$/;

/** Everything that is wrong with a database's backups, and with them beside those of others. */
export function checkBackups(database: ProtectedDatabase, options: PgBackRestOptions): Finding[] {
  return [
    ...name(options),
    ...schedules(options),
    ...archiveTimeout(options),
    ...processMax(options),
    ...repositories(database, options),
    ...checkTls(options),
    ...homelessPaths(database, options),
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
    ...overrides(props),
    ...cloneLifetime(props),
    ...upgrade(props),
    ...checkExistingVolume(props),
    ...checkRecoveryOrder(props.recover),
    ...checkDumps(props.dumps),
    ...checkSnapshots(props),
    ...checkReplicas(props),
    ...checkExporters(props),
    ...SecretRef.faults(props.superuserPassword, 'superuserPassword'),
  ];
}

/** An objective that the archive cannot meet by its own settings. */
export function checkObjectives(
  { objectives }: Pick<AssetProps, 'objectives'>,
  timeout: Duration | undefined,
): Finding[] {
  const rpo = objectives?.rpo?.toSeconds();
  const seconds = (timeout ?? DEFAULT_ARCHIVE_TIMEOUT).plus(PUSH_ALLOWANCE).toSeconds();
  if (rpo === undefined || rpo >= seconds) return [];
  return [
    {
      rule: 'postgres/archive-timeout',
      message: `objectives.rpo is ${rpo} s, but archiveTimeout and ${PUSH_ALLOWANCE.toSeconds()} s of pushing let ${seconds} s of writes wait`,
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

/** Settings that something else says or rests on: saying them twice would make one of both untrue. */
const RESERVED: Readonly<Record<string, string>> = {
  archive_command: 'the archive is what brings the database back',
  archive_library: 'the archive is what brings the database back',
  archive_mode: 'the archive is what brings the database back',
  archive_timeout: 'say archiveTimeout, from which the RPO is computed',
  hot_standby: 'a recovery would pause for ever where limits are smaller than at the backup',
  listen_addresses: 'Services and probes rest on it',
  port: 'Services and probes rest on it',
  unix_socket_directories: 'sidecar and probes share the socket',
  wal_level: 'below replica nothing can be archived',
};

function overrides({ overrides: settings = {} }: PostgresDatabaseProps): Finding[] {
  return Object.entries(settings).flatMap(([setting, value]) => {
    const why = RESERVED[setting.toLowerCase()];
    if (why !== undefined) {
      return [
        {
          rule: 'postgres/overrides',
          message: `overrides.${setting} is ${JSON.stringify(value)}, but this construct says it: ${why}`,
          fix: `drop overrides.${setting}`,
        },
      ];
    }
    if (!/^[A-Za-z_][A-Za-z0-9_.]*$/.test(setting) || /[\n\r]/.test(String(value))) {
      return [
        {
          rule: 'postgres/overrides',
          message: `overrides has ${JSON.stringify(setting)} = ${JSON.stringify(value)}, which is no line of postgresql.conf`,
          fix: 'one setting of PostgreSQL per key, its value on one line',
        },
      ];
    }
    return [];
  });
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

function upgrade({ upgradeFrom: from, postgresMajor = DEFAULT_MAJOR }: PostgresDatabaseProps): Finding[] {
  if (from === undefined || (Number.isInteger(from) && from >= OLDEST_MAJOR && from < postgresMajor))
    return [];
  return [
    {
      rule: 'postgres/upgrade',
      message: `upgradeFrom is ${from}; it must be a major version from ${OLDEST_MAJOR} to below postgresMajor, which is ${postgresMajor}`,
      fix: 'the major version that the data has now; drop it when it was upgraded',
    },
  ];
}

function cloneLifetime({ cloneLifetime: lifetime }: PostgresDatabaseProps): Finding[] {
  const seconds = lifetime?.toSeconds();
  if (seconds === undefined || (Number.isInteger(seconds) && seconds >= 60 && seconds <= 31_536_000))
    return [];
  return [
    {
      rule: 'postgres/clone-lifetime',
      message: `cloneLifetime is ${seconds} s; it must be whole seconds, from a minute to a year`,
      fix: 'leave it out for 8 hours, or say how long somebody may need to look',
    },
  ];
}

/** Without an environment two applications of one bucket would share a path, and restore each other's data. */
function homelessPaths(database: ProtectedDatabase, options: PgBackRestOptions): Finding[] {
  if (environmentOf(database) !== NO_ENVIRONMENT) return [];
  return options.repositories.flatMap(({ path }, index) =>
    path === undefined
      ? [
          {
            rule: 'postgres/repository-path',
            message: `repositories[${index}].path is not set, and the stack names no environment to derive it from`,
            fix: 'set the path, for example /production/orders, or declare the database in an EnvironmentStack',
          },
        ]
      : [],
  );
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
  return [
    ...database.repositories.flatMap((repository, index) =>
      checkRepository(repository, `repositories[${index}]`, backups.differential !== undefined),
    ),
    ...duplicateNumbers(database),
    ...duplicatePlaces(database),
  ];
}

function duplicateNumbers({ repositories }: ProtectedDatabase): Finding[] {
  const numbers = repositories.map(({ number }) => number);
  return numbers.flatMap((number, index) =>
    numbers.indexOf(number) === index
      ? []
      : [
          {
            rule: 'postgres/repository-number',
            message: `repositories[${index}].number is ${number}, which repositories[${numbers.indexOf(number)}] has`,
            fix: 'leave the older one its number, and give the newer one the next',
          },
        ],
  );
}

/** Two repositories in one place are one, with two passphrases. */
function duplicatePlaces({ repositories }: ProtectedDatabase): Finding[] {
  const places = repositories.map(({ path, vault }) => vault.locate(path));
  return places.flatMap((place, index) =>
    places.indexOf(place) === index
      ? []
      : [
          {
            rule: 'postgres/repository-path',
            message: `repositories[${index}] is in ${place}, where repositories[${places.indexOf(place)}] is`,
            fix: 'give the newer one a path of its own, for example /production/2026/orders, or another vault',
          },
        ],
  );
}
