import { join } from 'node:path';
import { scriptFiles } from '../core';
import { storeScripts } from '../object-storage';
import { shellScripts } from '../workloads';

/** What the pods that keep a SeaweedFS and bring it back run, by file name. */
export function seaweedFsScripts(): Readonly<Record<string, string>> {
  return { ...shellScripts(), ...storeScripts(), ...scriptFiles(join(__dirname, 'scripts')) };
}
