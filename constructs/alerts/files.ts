import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const texts = new Map<string, string | undefined>();

/** A file of a catalogue's folder; `undefined` when there is none. Read once. */
function read(path: string): string | undefined {
  if (!texts.has(path)) texts.set(path, existsSync(path) ? readFileSync(path, 'utf8') : undefined);
  return texts.get(path);
}

export function runbookTemplate(directory: string, name: string): string | undefined {
  return read(join(directory, 'runbooks', `${name}.md`));
}

/** The hand-written tests of an alert. */
export function testTemplate(directory: string, id: string): string | undefined {
  return read(join(directory, 'tests', `${id}.yaml`));
}
