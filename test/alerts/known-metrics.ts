import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

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
