// Requires one module and tells how long it took: `node timed.js <module>`
import { createRequire } from 'node:module';

import Module = require('node:module');

/** What requiring a concern took. */
export interface Requiring {
  readonly milliseconds: number;
  /** The part that packages took, the framework and its bindings before all others. */
  readonly packageMilliseconds: number;
}

type Load = (request: string, ...rest: unknown[]) => unknown;
const internals = Module as unknown as { _load: Load };
const load = internals._load;
let insidePackage = false;
let packageMilliseconds = 0;

internals._load = (request, ...rest) => {
  if (insidePackage || request.startsWith('.') || request.startsWith('/')) return load(request, ...rest);
  const begin = performance.now();
  insidePackage = true;
  try {
    return load(request, ...rest);
  } finally {
    insidePackage = false;
    packageMilliseconds += performance.now() - begin;
  }
};

const begin = performance.now();
createRequire(__filename)(process.argv[2] ?? '');
const result: Requiring = { milliseconds: performance.now() - begin, packageMilliseconds };
console.log(JSON.stringify(result));
