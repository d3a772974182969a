import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parser } from '@prometheus-io/lezer-promql';

/** Names of metrics that an expression asks for, each once. */
export function metricNames(expression: string): string[] {
  const names = new Set<string>();
  const tree = parser.parse(expression);
  tree.iterate({
    enter: ({ name, node }) => {
      if (name !== 'VectorSelector') return;
      const identifier = node.getChild('Identifier');
      if (identifier !== null) names.add(expression.slice(identifier.from, identifier.to));
    },
  });
  return [...names];
}

/** Names that exporters are known to have, from `metrics/*.txt`: each says where it has them from. */
export function knownMetrics(): ReadonlySet<string> {
  const folder = join(__dirname, 'metrics');
  return new Set(
    readdirSync(folder).flatMap((file) =>
      readFileSync(join(folder, file), 'utf8')
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#')),
    ),
  );
}
