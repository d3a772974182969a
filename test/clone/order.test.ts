import fc from 'fast-check';
import type { Table } from '../../clone/catalogue';
import { inOrder } from '../../clone/order';

const table = (name: string, ...references: readonly string[]): Table => ({
  name,
  partitioned: false,
  columns: [],
  key: [],
  triggers: [],
  sequences: [],
  referrers: [],
  foreignKeys: references.map((parent) => ({
    name: `${name}_${parent}`,
    references: parent,
    deferrable: false,
    definition: '',
  })),
});
const names = (tables: readonly Table[]): readonly string[] => tables.map(({ name }) => name);

test('parents come first; what is not copied does not matter, nor does a table that refers to itself', () => {
  const { tables, backward } = inOrder([table('c', 'b', 'elsewhere'), table('b', 'a'), table('a', 'a')]);
  expect(names(tables)).toEqual(['a', 'b', 'c']);
  expect(backward).toEqual([]);
});

test('every foreign key leads back to an earlier table, or is named as backward', () => {
  const graphs = fc.array(fc.uniqueArray(fc.nat(7)), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(graphs, (graph) => {
      const given = graph.map((parents, index) =>
        table(`t${index}`, ...parents.map((parent) => `t${parent}`)),
      );
      const { tables, backward } = inOrder(given);
      expect([...names(tables)].sort()).toEqual([...names(given)].sort());
      const at = (name: string): number => names(tables).indexOf(name);
      for (const child of tables) {
        for (const foreignKey of child.foreignKeys) {
          const ahead = at(foreignKey.references) > at(child.name);
          expect(backward.some((one) => one.foreignKey === foreignKey)).toBe(ahead);
        }
      }
    }),
  );
});

test('a circle of two needs one foreign key to wait, not both', () => {
  expect(inOrder([table('egg', 'hen'), table('hen', 'egg')]).backward).toHaveLength(1);
});
