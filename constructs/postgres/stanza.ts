import type { Construct, Finding, IConstruct } from '../core';
import type { Repository } from './pgbackrest';

/** A database as its stanza sees it, whoever runs its server. */
export interface ProtectedDatabase extends Construct {
  readonly stanza: string;
  readonly repositories: readonly Repository[];
}

/** The databases of one tree, in order of declaration, and by the places where they write. */
interface Writers {
  readonly databases: ProtectedDatabase[];
  /** Made when a check first asks; a database that was declared since is missing in it. */
  index?: { readonly size: number; readonly byPlace: ReadonlyMap<string, readonly ProtectedDatabase[]> };
}

const writersOfTree = new WeakMap<IConstruct, Writers>();

/** Makes a database known to the checks of the others in its tree. */
export function registerStanza(database: ProtectedDatabase): void {
  const { root } = database.node;
  const known = writersOfTree.get(root);
  if (known === undefined) writersOfTree.set(root, { databases: [database] });
  else known.databases.push(database);
}

/** Two databases that write one stanza destroy each other's backups. */
export function duplicateStanzas(database: ProtectedDatabase): Finding[] {
  const writers = writersByPlace(database.node.root);
  return database.repositories.flatMap((repository) => {
    const place = placeOf(database, repository);
    const twin = writers.get(place)?.find((other) => other !== database);
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

function placeOf({ stanza }: ProtectedDatabase, { path, vault }: Repository): string {
  return vault.locate(path, stanza);
}

/** An index, since every database asks: three hundred of them that looked at each other would take seconds. */
function writersByPlace(root: IConstruct): ReadonlyMap<string, readonly ProtectedDatabase[]> {
  const writers = writersOfTree.get(root) ?? { databases: [] };
  const size = writers.databases.length;
  if (writers.index?.size === size) return writers.index.byPlace;
  const byPlace = new Map<string, ProtectedDatabase[]>();
  for (const database of writers.databases) {
    for (const repository of database.repositories) {
      const place = placeOf(database, repository);
      byPlace.set(place, [...(byPlace.get(place) ?? []), database]);
    }
  }
  writers.index = { size, byPlace };
  return byPlace;
}
