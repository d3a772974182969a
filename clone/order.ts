import type { ForeignKey, Table } from './catalogue';

/** Tables so that each comes after those that it refers to, as far as that is possible. */
export interface Order {
  readonly tables: readonly Table[];
  /** Foreign keys of a circle: they refer to a table that comes later, so they are checked at the end. */
  readonly backward: readonly { readonly table: Table; readonly foreignKey: ForeignKey }[];
}

export function inOrder(tables: readonly Table[]): Order {
  const byName = new Map(tables.map((table) => [table.name, table]));
  const placed: Table[] = [];
  const entered = new Set<Table>();
  const place = (table: Table): void => {
    if (entered.has(table)) return;
    entered.add(table);
    for (const { references } of table.foreignKeys) {
      const parent = byName.get(references);
      if (parent !== undefined) place(parent);
    }
    placed.push(table);
  };
  for (const table of tables) place(table);
  const position = new Map(placed.map((table, index) => [table.name, index]));
  const backward = placed.flatMap((table, index) =>
    table.foreignKeys
      .filter(({ references }) => (position.get(references) ?? -1) > index)
      .map((foreignKey) => ({ table, foreignKey })),
  );
  return { tables: placed, backward };
}
