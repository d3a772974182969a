import { parser } from '@prometheus-io/lezer-promql';

/** Names of the metrics that an expression reads, each once. */
export function metricsOf(expression: string): string[] {
  const names = new Set<string>();
  const cursor = parser.parse(expression).cursor();
  do {
    if (cursor.name !== 'VectorSelector') continue;
    const name = cursor.node.getChild('Identifier');
    if (name !== null) names.add(expression.slice(name.from, name.to));
  } while (cursor.next());
  return [...names];
}
