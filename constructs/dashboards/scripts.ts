import { join } from 'node:path';
import { scriptFiles } from '../core';
import { storeScripts } from '../object-storage';
import { shellScripts } from '../workloads';

/** What the pods that export and restore dashboards run, by file name. */
export function dashboardScripts(): Readonly<Record<string, string>> {
  return { ...shellScripts(), ...storeScripts(), ...scriptFiles(join(__dirname, 'scripts')) };
}
