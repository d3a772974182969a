import { Construct, type Finding } from '../core';
import type { Repository } from './pgbackrest';

/** A database as its stanza sees it, whoever runs its server. */
export interface ProtectedDatabase extends Construct {
  readonly stanza: string;
  readonly repositories: readonly Repository[];
}

function isProtectedDatabase(value: unknown): value is ProtectedDatabase {
  return value instanceof Construct && 'stanza' in value && 'repositories' in value;
}

/** Two databases that write one stanza destroy each other's backups. */
export function duplicateStanzas(database: ProtectedDatabase): Finding[] {
  const others = database.node.root.node
    .findAll()
    .filter(
      (other): other is typeof other & ProtectedDatabase => isProtectedDatabase(other) && other !== database,
    );
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
