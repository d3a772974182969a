import { join } from 'node:path';

/** A program, and how it is built from the Go module of its folder. */
export interface BinaryDefinition {
  readonly name: BinaryName;
  /** Folder of the Go module, which several programs may share. @default the program's name */
  readonly module?: string;
  /** Version for messages; the pins that count are in go.mod and go.sum. */
  readonly version: string;
  /** The package to build. @default the module's own main package */
  readonly package?: string;
  /** Build constraints that are fulfilled. @default none */
  readonly tags?: readonly string[];
  /** Link-time settings beyond stripping. @default none */
  readonly linkerFlags?: readonly string[];
  /** Programs that are built into the same folder, by name: their packages. @default none */
  readonly companions?: Readonly<Record<string, string>>;
  /** Further names by which it is called, where it is several programs in one. @default none */
  readonly alsoCalled?: readonly string[];
  /** Minutes or seconds of a first build on two cores, for the progress line. */
  readonly firstBuild: string;
  /** Built only when it is asked for by name. @default false - every cluster needs it */
  readonly onDemand?: boolean;
}

export type BinaryName =
  | 'kubernetes'
  | 'coredns'
  | 'local-path-provisioner'
  | 'versitygw'
  | 'pause'
  | 'prometheus'
  | 'promtool'
  | 'amtool'
  | 'kube-state-metrics'
  | 'prometheus-operator'
  | 'prometheus-config-reloader'
  | 'cert-manager-controller'
  | 'cert-manager-webhook'
  | 'cert-manager-cainjector'
  | 'cert-manager-chart'
  | 'snapshot-controller'
  | 'velero'
  | 'velero-plugin-for-aws'
  | 'kopia';

/** The programs that the kubernetes binary becomes, by the name it is called with. */
const KUBERNETES_PROGRAMS = [
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kube-proxy',
  'kubelet',
  'kubectl',
];

const kubernetesVersion = 'v1.33.4';
const [major = '', minor = ''] = kubernetesVersion.slice(1).split('.');

/** What both programs of Prometheus share: of all service discovery only that of Kubernetes. */
const prometheus = {
  module: 'prometheus',
  version: '3.5.0',
  tags: ['netgo', 'remove_all_sd', 'enable_kubernetes_sd'],
  linkerFlags: ['-X github.com/prometheus/common/version.Version=3.5.0'],
  onDemand: true,
} as const;

const prometheusOperator = {
  module: 'prometheus-operator',
  version: '0.85.0',
  linkerFlags: ['-X github.com/prometheus/common/version.Version=0.85.0'],
  onDemand: true,
} as const;

const certManager = {
  module: 'cert-manager',
  // The last one that is a Go module with its programs: later ones have a module for each, which nobody can require.
  version: '1.11.5',
  linkerFlags: ['-X github.com/cert-manager/cert-manager/pkg/util.AppVersion=v1.11.5'],
  onDemand: true,
} as const;

const velero = {
  module: 'velero',
  version: '1.18.3',
  linkerFlags: ['-X github.com/vmware-tanzu/velero/pkg/buildinfo.Version=v1.18.3'],
  onDemand: true,
} as const;

const VELERO = 'github.com/vmware-tanzu/velero';
const VELERO_FOR_AWS = 'github.com/vmware-tanzu/velero-plugin-for-aws';

export const BINARIES: readonly BinaryDefinition[] = [
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
    alsoCalled: KUBERNETES_PROGRAMS,
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
  {
    ...prometheus,
    name: 'promtool',
    package: 'github.com/prometheus/prometheus/cmd/promtool',
    firstBuild: '3 minutes',
  },
  {
    ...prometheus,
    name: 'prometheus',
    package: 'github.com/prometheus/prometheus/cmd/prometheus',
    firstBuild: '3 minutes',
  },
  {
    name: 'amtool',
    // That of Debian's package, which the image alertmanager has; since 0.28 it knows the workflows of Teams.
    module: 'alertmanager',
    version: '0.28.1',
    package: 'github.com/prometheus/alertmanager/cmd/amtool',
    linkerFlags: ['-X github.com/prometheus/common/version.Version=0.28.1'],
    firstBuild: '1 minute',
    onDemand: true,
  },
  {
    name: 'kube-state-metrics',
    version: '2.15.0',
    package: 'k8s.io/kube-state-metrics/v2',
    // It ends at the first CronJob whose time zone it does not know, and an image of this program alone has none.
    tags: ['timetzdata'],
    linkerFlags: ['-X github.com/prometheus/common/version.Version=2.15.0'],
    firstBuild: '2 minutes',
    onDemand: true,
  },
  {
    ...prometheusOperator,
    name: 'prometheus-operator',
    package: 'github.com/prometheus-operator/prometheus-operator/cmd/operator',
    firstBuild: '3 minutes',
  },
  {
    ...prometheusOperator,
    name: 'prometheus-config-reloader',
    package: 'github.com/prometheus-operator/prometheus-operator/cmd/prometheus-config-reloader',
    firstBuild: '5 seconds',
  },
  {
    ...certManager,
    name: 'cert-manager-controller',
    package: 'github.com/cert-manager/cert-manager/cmd/controller',
    firstBuild: '3 minutes',
  },
  {
    ...certManager,
    name: 'cert-manager-webhook',
    package: 'github.com/cert-manager/cert-manager/cmd/webhook',
    firstBuild: '30 seconds',
  },
  {
    ...certManager,
    name: 'cert-manager-cainjector',
    package: 'github.com/cert-manager/cert-manager/cmd/cainjector',
    firstBuild: '10 seconds',
  },
  // Writes the objects of the chart that the module brings.
  { ...certManager, name: 'cert-manager-chart', package: './chart', firstBuild: '20 seconds' },
  {
    name: 'snapshot-controller',
    version: '8.7.0',
    package: 'github.com/kubernetes-csi/external-snapshotter/v8/cmd/snapshot-controller',
    linkerFlags: ['-X main.version=v8.7.0'],
    firstBuild: '2 minutes',
    onDemand: true,
  },
  {
    ...velero,
    name: 'velero',
    package: `${VELERO}/cmd/velero`,
    // Schedules name their time zone, and an image of these programs alone has none.
    tags: ['timetzdata'],
    // What its pods run beside it, out of the same image.
    companions: {
      'velero-helper': `${VELERO}/cmd/velero-helper`,
      'velero-restore-helper': `${VELERO}/cmd/velero-restore-helper`,
    },
    firstBuild: '5 minutes',
  },
  {
    ...velero,
    name: 'velero-plugin-for-aws',
    version: '1.14.3',
    package: `${VELERO_FOR_AWS}/velero-plugin-for-aws`,
    companions: { 'cp-plugin': `${VELERO_FOR_AWS}/hack/cp-plugin` },
    firstBuild: '2 minutes',
  },
  // The library by which Velero copies volumes, as a program: what its throughput can be held against.
  {
    ...velero,
    name: 'kopia',
    // Velero's fork of it, by date.
    version: '20251230',
    package: 'github.com/kopia/kopia',
    tags: ['nohtmlui'],
    firstBuild: '2 minutes',
  },
];

/** Those that every cluster needs. */
export const USUAL_BINARIES = BINARIES.filter(({ onDemand }) => onDemand !== true);

export function binaryDefinition(name: BinaryName): BinaryDefinition {
  const found = BINARIES.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`There is no program ${name} in local/binaries/catalogue.ts.`);
  return found;
}

/** The folder of the Go module that a program is built from. */
export function moduleDirectory(name: BinaryName): string {
  return join(__dirname, binaryDefinition(name).module ?? name);
}
