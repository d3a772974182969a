import { join } from 'node:path';
import { scriptFiles } from '../core';
import { storeScripts } from '../object-storage';
import { shellScripts } from '../workloads';

/** What the job's pod runs, by file name. */
export function snapshotScripts(): Readonly<Record<string, string>> {
  return { ...shellScripts(), ...storeScripts(), ...scriptFiles(join(__dirname, 'scripts')) };
}
