import { join } from 'node:path';

/** One Go module under this folder, and what is built from it. */
export interface BinaryModule {
  readonly name: BinaryName;
  /** Version for messages; the pins that count are in go.mod and go.sum. */
  readonly version: string;
  /** The package to build. @default the module's own main package */
  readonly package?: string;
  /** Link-time settings beyond stripping. @default none */
  readonly linkerFlags?: readonly string[];
  /** Minutes or seconds of a first build on two cores, for the progress line. */
  readonly firstBuild: string;
}

export type BinaryName = 'kubernetes' | 'coredns' | 'local-path-provisioner' | 'versitygw' | 'pause';

const kubernetesVersion = 'v1.33.4';
const [major = '', minor = ''] = kubernetesVersion.slice(1).split('.');

export const BINARIES: readonly BinaryModule[] = [
  { name: 'pause', version: '1', firstBuild: '5 seconds' },
  {
    name: 'kubernetes',
    version: kubernetesVersion.slice(1),
    // Without these the node calls itself v0.0.0-master, and clients that ask for the version go astray.
    linkerFlags: [
      `-X k8s.io/component-base/version.gitVersion=${kubernetesVersion}`,
      `-X k8s.io/component-base/version.gitMajor=${major}`,
      `-X k8s.io/component-base/version.gitMinor=${minor}`,
    ],
    firstBuild: '8 to 11 minutes',
  },
  { name: 'coredns', version: '1.12.4', firstBuild: '1 minute' },
  {
    name: 'local-path-provisioner',
    version: '0.0.30',
    package: 'github.com/rancher/local-path-provisioner',
    firstBuild: '1 minute',
  },
  {
    name: 'versitygw',
    version: '1.8.0',
    package: 'github.com/versity/versitygw/cmd/versitygw',
    firstBuild: '1 minute',
  },
];

export function binaryModule(name: BinaryName): BinaryModule {
  const found = BINARIES.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`There is no module ${name} under local/binaries.`);
  return found;
}

export function moduleDirectory(name: BinaryName): string {
  return join(__dirname, name);
}
