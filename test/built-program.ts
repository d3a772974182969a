import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { BinaryName } from '../local/binaries/catalogue';
import { cacheDirectory } from '../local/cache/directory';

/** The newest build of a program in the cache, if any; tests build nothing themselves. */
export function builtProgram(name: BinaryName): string | undefined {
  const artefacts = join(cacheDirectory(), 'artefacts');
  if (!existsSync(artefacts)) return undefined;
  const built = readdirSync(artefacts)
    .filter((entry) => new RegExp(`^binary-${name}-[0-9a-f]{16}$`).test(entry))
    .map((entry) => join(artefacts, entry, name))
    .filter(existsSync);
  return built.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0];
}
