import { join } from 'node:path';
import { scriptFiles } from '../core';

/** What pods that keep small objects in a vault source, and which of dated sets go; they need `shellScripts`. */
export function storeScripts(): Readonly<Record<string, string>> {
  return scriptFiles(join(__dirname, 'scripts'));
}
