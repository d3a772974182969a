import { type Finding, SecretRef } from '../core';
import { BACKUP_KINDS } from './backups';
import { PostgresDatabase } from './database';
import { checkRepository } from './repository';

const NAME = /^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/;
const ROLE = /^[a-z_][a-z0-9_]{0,62}$/;

/** Everything that is wrong with a database, and with it beside the others of the application. */
export function checkDatabase(database: PostgresDatabase): Finding[] {
  return [
    ...names(database),
    ...schedules(database),
    ...sizes(database),
    ...repositories(database),
    ...secrets(database),
    ...duplicateStanzas(database),
  ];
}

function names({ props }: PostgresDatabase): Finding[] {
  const findings: Finding[] = [];
  if (!NAME.test(props.name)) {
    findings.push({
      rule: 'postgres/name',
      message: `name is "${props.name}"; it must be lower-case letters, digits and -, begin with a letter, and be at most 40 long`,
      fix: 'for example orders-eu',
    });
  }
  const { application } = props;
  if (application !== undefined && (!ROLE.test(application.role) || application.role === 'postgres')) {
    findings.push({
      rule: 'postgres/role',
      message: `application.role is "${application.role}"; it must be lower-case letters, digits and _, and not the superuser`,
      fix: 'for example orders_app',
    });
  }
  if (application !== undefined && !ROLE.test(application.database)) {
    findings.push({
      rule: 'postgres/role',
      message: `application.database is "${application.database}"; it must be lower-case letters, digits and _`,
      fix: 'for example orders',
    });
  }
  return findings;
}

function schedules({ props }: PostgresDatabase): Finding[] {
  return BACKUP_KINDS.flatMap((kind) => props.backups[kind]?.faults(`backups.${kind}`) ?? []);
}

function sizes({ props, archiveTimeout }: PostgresDatabase): Finding[] {
  const findings: Finding[] = [];
  const seconds = archiveTimeout.toSeconds();
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > 86_400) {
    findings.push({
      rule: 'postgres/archive-timeout',
      message: `archiveTimeout is ${seconds} s; it must be whole seconds from 1 to 86400`,
      fix: 'leave it out for 60 s, or choose what may be lost',
    });
  }
  const rpo = props.objectives?.rpo?.toSeconds();
  if (rpo !== undefined && rpo < seconds) {
    findings.push({
      rule: 'postgres/archive-timeout',
      message: `objectives.rpo is ${rpo} s, but archiveTimeout lets ${seconds} s of writes wait`,
      fix: 'lower archiveTimeout below the objective, or raise the objective',
    });
  }
  if (props.storage.bytes <= 0) {
    findings.push({
      rule: 'postgres/storage',
      message: `storage is ${props.storage.bytes} bytes`,
      fix: 'for example Size.gibibytes(10)',
    });
  }
  const processes = props.processMax;
  if (processes !== undefined && (!Number.isInteger(processes) || processes < 1 || processes > 999)) {
    findings.push({
      rule: 'postgres/process-max',
      message: `processMax is ${processes}; pgBackRest takes a whole number from 1 to 999`,
      fix: 'about the number of cores that a backup may use',
    });
  }
  return findings;
}

function repositories({ props, repositories: resolved }: PostgresDatabase): Finding[] {
  if (resolved.length === 0) {
    return [
      {
        rule: 'postgres/no-repository',
        message: 'repositories is empty: nothing of this database would survive',
        fix: 'add one repository in a vault',
      },
    ];
  }
  const hasDifferential = props.backups.differential !== undefined;
  return resolved.flatMap((repository, index) =>
    checkRepository(repository, `repositories[${index}]`, hasDifferential),
  );
}

function secrets({ props }: PostgresDatabase): Finding[] {
  return [
    ...SecretRef.faults(props.superuserPassword, 'superuserPassword'),
    ...(props.application === undefined
      ? []
      : SecretRef.faults(props.application.password, 'application.password')),
  ];
}

/** Two databases that write one stanza destroy each other's backups. */
function duplicateStanzas(database: PostgresDatabase): Finding[] {
  const others = database.node.root.node
    .findAll()
    .filter((other): other is PostgresDatabase => other instanceof PostgresDatabase && other !== database);
  return database.repositories.flatMap((repository) => {
    const place = repository.vault.locate(repository.path, database.stanza);
    const twin = others.find((other) =>
      other.repositories.some(({ vault, path }) => vault.locate(path, other.stanza) === place),
    );
    if (twin === undefined) return [];
    return [
      {
        rule: 'postgres/duplicate-stanza',
        message: `stanza "${database.stanza}" in ${place} is also written by ${twin.node.path}`,
        fix: 'give one of them another name, or another repository path',
      },
    ];
  });
}
