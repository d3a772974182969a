import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { StoreProblem } from './problem';
import type { ObjectStore } from './store';

export interface PublishProps {
  /** What is published, with everything below it. */
  readonly directory: string;
  /** Where in the vault. */
  readonly prefix: string;
  /** @default - now */
  readonly at?: Date;
}

const AT_ONCE = 8;

/**
 * Copies a folder into the vault, under a time of its own: a file that is no longer there must not
 * stay among those that are, for somebody to apply it after a disaster. `<prefix>/latest.json` is
 * written last and names the newest complete copy. Returns the number of files.
 */
export async function publish(store: ObjectStore, props: PublishProps): Promise<number> {
  const files = await filesBelow(props.directory);
  if (files.length === 0)
    throw new StoreProblem(`there is nothing to publish in ${props.directory}`, 'run npm run synth first');
  const stamp = (props.at ?? new Date()).toISOString().replaceAll(/[-:.]/g, '');
  const folder = `${props.prefix}/${stamp}`;
  const names = files.map((file) => relative(props.directory, file).split(sep).join('/')).sort();
  const queue = [...names];
  const work = async (): Promise<void> => {
    for (let name = queue.shift(); name !== undefined; name = queue.shift())
      await store.write(`${folder}/${name}`, await readFile(join(props.directory, name)));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  await store.write(`${props.prefix}/latest.json`, `${JSON.stringify({ folder, files: names }, null, 2)}\n`);
  return names.length;
}

async function filesBelow(directory: string): Promise<string[]> {
  try {
    const entries = await readdir(directory, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  } catch {
    return [];
  }
}
