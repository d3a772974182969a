import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { cached, entryPath } from '../cache/entry';
import type { CacheInputs } from '../cache/key';
import type { Progress } from '../processes/progress';
import { run } from '../processes/run';
import {
  type BinaryDefinition,
  type BinaryName,
  binaryDefinition,
  moduleDirectory,
  USUAL_BINARIES,
} from './catalogue';

/** Builds what every cluster needs and is not built yet, one after the other: each build alone keeps all cores busy. */
export async function buildBinaries(progress: Progress): Promise<void> {
  for (const definition of USUAL_BINARIES) await build(definition, progress);
}

/** The path of a built binary; builds it when need be. */
export async function binary(name: BinaryName, progress: Progress): Promise<string> {
  return join(await build(binaryDefinition(name), progress), name);
}

/** The cache folder of a binary, built or not: what images that contain it are keyed by. */
export async function binaryDirectory(name: BinaryName): Promise<string> {
  return entryPath(`binary-${name}`, await inputs(binaryDefinition(name)));
}

async function build(definition: BinaryDefinition, progress: Progress): Promise<string> {
  const { name } = definition;
  return cached({
    name: `binary-${name}`,
    inputs: await inputs(definition),
    onWait: progress,
    build: async (directory) => {
      progress(
        `building ${name} ${definition.version}, about ${definition.firstBuild} on 2 cores the first time`,
      );
      for (const [program, source] of programs(definition)) {
        await run('go', [...buildArguments(definition), '-o', join(directory, program), source], {
          directory: moduleDirectory(name),
          environment: { ...process.env, ...BUILD_ENVIRONMENT },
        });
      }
      for (const program of definition.alsoCalled ?? []) symlinkSync(name, join(directory, program));
    },
  });
}

/** What is built into a binary's folder: each program's name and package. */
function programs({ companions, name, package: main = '.' }: BinaryDefinition): [string, string][] {
  return [[name, main], ...Object.entries(companions ?? {})];
}

/** No C library: the same binary runs on the machine and in an image that holds nothing else. */
const BUILD_ENVIRONMENT = { CGO_ENABLED: '0', GOWORK: 'off' } as const;

function buildArguments({ linkerFlags, tags }: BinaryDefinition): string[] {
  const linker = ['-s', '-w', ...(linkerFlags ?? [])].join(' ');
  const constraints = tags === undefined ? [] : ['-tags', tags.join(',')];
  return ['build', '-trimpath', '-buildvcs=false', ...constraints, '-ldflags', linker];
}

async function inputs(definition: BinaryDefinition): Promise<CacheInputs> {
  return {
    values: {
      go: await goVersion(),
      arguments: buildArguments(definition).join(' '),
      // Which of a module's programs it is; where there is but one, the module says it.
      ...(definition.module === undefined ? {} : { package: definition.package ?? '.' }),
      ...(definition.companions === undefined ? {} : { companions: JSON.stringify(definition.companions) }),
      ...BUILD_ENVIRONMENT,
    },
    paths: [moduleDirectory(definition.name)],
  };
}

let version: Promise<string> | undefined;

function goVersion(): Promise<string> {
  version ??= run('go', ['version']).then((text) => text.trim());
  return version;
}
