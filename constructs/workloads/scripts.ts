import { join } from 'node:path';
import { scriptFiles } from '../core';

/** What every pod's scripts source: `shell.sh`. */
export function shellScripts(): Readonly<Record<string, string>> {
  return scriptFiles(join(__dirname, 'scripts'));
}
