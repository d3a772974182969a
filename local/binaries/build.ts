import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { cached, entryPath } from '../cache/entry';
import type { CacheInputs } from '../cache/key';
import type { Progress } from '../processes/progress';
import { run } from '../processes/run';
import { BINARIES, type BinaryModule, type BinaryName, binaryModule, moduleDirectory } from './catalogue';

/** The programs that the kubernetes binary becomes, by the name it is called with. */
export const KUBERNETES_PROGRAMS = [
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kube-proxy',
  'kubelet',
  'kubectl',
] as const;

export type KubernetesProgram = (typeof KUBERNETES_PROGRAMS)[number];

/** Builds everything that is not built yet, one after the other: each build alone keeps all cores busy. */
export async function buildBinaries(progress: Progress): Promise<void> {
  for (const module of BINARIES) await build(module, progress);
}

/** The path of a built binary; builds it when need be. */
export async function binary(name: BinaryName, progress: Progress): Promise<string> {
  return join(await build(binaryModule(name), progress), name);
}

/** The path of one of Kubernetes' programs. */
export async function kubernetesProgram(name: KubernetesProgram, progress: Progress): Promise<string> {
  return join(await build(binaryModule('kubernetes'), progress), name);
}

/** The cache folder of a binary, built or not: what images that contain it are keyed by. */
export async function binaryDirectory(name: BinaryName): Promise<string> {
  return entryPath(`binary-${name}`, await inputs(binaryModule(name)));
}

async function build(module: BinaryModule, progress: Progress): Promise<string> {
  return cached({
    name: `binary-${module.name}`,
    inputs: await inputs(module),
    onWait: progress,
    build: async (directory) => {
      progress(
        `building ${module.name} ${module.version}, about ${module.firstBuild} on 2 cores the first time`,
      );
      const target = join(directory, module.name);
      await run('go', [...buildArguments(module), '-o', target, module.package ?? '.'], {
        directory: moduleDirectory(module.name),
        environment: { ...process.env, ...BUILD_ENVIRONMENT },
      });
      if (module.name !== 'kubernetes') return;
      for (const program of KUBERNETES_PROGRAMS) symlinkSync(module.name, join(directory, program));
    },
  });
}

/** No C library: the same binary runs on the machine and in an image that holds nothing else. */
const BUILD_ENVIRONMENT = { CGO_ENABLED: '0', GOWORK: 'off' } as const;

function buildArguments(module: BinaryModule): string[] {
  const linker = ['-s', '-w', ...(module.linkerFlags ?? [])].join(' ');
  return ['build', '-trimpath', '-buildvcs=false', '-ldflags', linker];
}

async function inputs(module: BinaryModule): Promise<CacheInputs> {
  return {
    values: { go: await goVersion(), arguments: buildArguments(module).join(' '), ...BUILD_ENVIRONMENT },
    paths: [moduleDirectory(module.name)],
  };
}

let version: Promise<string> | undefined;

function goVersion(): Promise<string> {
  version ??= run('go', ['version']).then((text) => text.trim());
  return version;
}
