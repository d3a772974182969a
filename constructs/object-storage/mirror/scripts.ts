import { join } from 'node:path';
import { scriptFiles } from '../../core';
import { shellScripts } from '../../workloads';

/** What the pods of a mirror run, by file name. */
export function mirrorScripts(): Readonly<Record<string, string>> {
  return { ...shellScripts(), ...scriptFiles(join(__dirname, 'scripts')) };
}
