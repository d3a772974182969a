import { packages } from '../bindings/packages';

/** What is wrong with a PromQL expression, or `undefined`. Syntax only: whether a metric exists, nobody here knows. */
export function promqlFault(expression: string): string | undefined {
  if (expression.trim() === '') return 'it is empty';
  const cursor = packages.promql.parser.parse(expression).cursor();
  do {
    if (cursor.type.isError) {
      const at = cursor.from;
      const near = expression.slice(Math.max(0, at - 15), at + 15);
      return `it cannot be parsed at character ${at + 1}, near ${JSON.stringify(near)}`;
    }
  } while (cursor.next());
  return undefined;
}
