import { join } from 'node:path';
import { type BinaryName, binaryDefinition, moduleDirectory } from '../binaries/catalogue';

export type ImageName =
  | 'postgres'
  | 'postgres-upgrade'
  | 'blackbox-exporter'
  | 'pushgateway'
  | 'rclone'
  | 'pause'
  | 'coredns'
  | 'local-path-provisioner'
  | 'prometheus'
  | 'prometheus-operator'
  | 'prometheus-config-reloader'
  | 'kube-state-metrics'
  | 'alertmanager'
  | 'cert-manager-controller'
  | 'cert-manager-webhook'
  | 'cert-manager-cainjector'
  | 'snapshot-controller'
  | 'velero'
  | 'velero-plugin-for-aws';

export interface ImageDefinition {
  readonly name: ImageName;
  /** Human half of the tag. */
  readonly version: string;
  /** The binary whose folder is the build context. @default the Dockerfile's own folder is the context */
  readonly binary?: BinaryName;
  /** The Dockerfile's folder. @default the image's name */
  readonly folder?: string;
  /** Arguments of the build. @default none */
  readonly args?: Readonly<Record<string, string>>;
  /** Built and imported only where it is asked for by name. @default false */
  readonly onDemand?: boolean;
  /** Whether the Dockerfile builds on Debian. */
  readonly onDebian: boolean;
  /** Part of the cluster itself: imported first. */
  readonly system: boolean;
}

/** Images of programs alone, for addons of the cluster. */
const ADDON_PROGRAMS = [
  'prometheus',
  'prometheus-operator',
  'prometheus-config-reloader',
  'kube-state-metrics',
  'cert-manager-controller',
  'cert-manager-webhook',
  'cert-manager-cainjector',
  'snapshot-controller',
  'velero',
  'velero-plugin-for-aws',
] as const;

export const IMAGES: readonly ImageDefinition[] = [
  { name: 'pause', version: '1', binary: 'pause', onDebian: false, system: true },
  { name: 'coredns', version: '1.12.4', binary: 'coredns', onDebian: false, system: true },
  {
    name: 'local-path-provisioner',
    version: '0.0.30',
    binary: 'local-path-provisioner',
    onDebian: true,
    system: true,
  },
  { name: 'postgres', version: '17', onDebian: true, system: false },
  {
    name: 'postgres-upgrade',
    folder: 'postgres',
    version: '17',
    args: { OLDER_MAJOR: '15', OLDER_SUITE: 'bookworm' },
    onDemand: true,
    onDebian: true,
    system: false,
  },
  { name: 'blackbox-exporter', version: '0.26', onDemand: true, onDebian: true, system: false },
  { name: 'pushgateway', version: '1.11', onDemand: true, onDebian: true, system: false },
  { name: 'rclone', version: '1.60', onDemand: true, onDebian: true, system: false },
  ...ADDON_PROGRAMS.map((name) => ({
    name,
    version: binaryDefinition(name).version,
    binary: name,
    onDemand: true,
    onDebian: false,
    system: false,
  })),
  { name: 'alertmanager', version: '0.28', onDemand: true, onDebian: true, system: false },
];

export function imageDefinition(name: string): ImageDefinition {
  const found = IMAGES.find((candidate) => candidate.name === name);
  if (found === undefined) {
    throw new Error(`There is no image ${name}. Known: ${IMAGES.map((image) => image.name).join(', ')}.`);
  }
  return found;
}

/** The folder of all Dockerfiles, one folder per image. */
export const IMAGES_DIRECTORY = join(__dirname, '../../images');

/** Those that every cluster has. */
export const USUAL_IMAGES = IMAGES.filter(({ onDemand }) => onDemand !== true);

/** The folder with an image's Dockerfile. */
export function dockerfileFolder(image: ImageDefinition): string {
  return join(IMAGES_DIRECTORY, image.folder ?? image.name);
}

/** What decides an image's contents, apart from the packages Debian has that day. */
export function imageSources(image: ImageDefinition): string[] {
  return [
    dockerfileFolder(image),
    ...(image.onDebian ? [join(IMAGES_DIRECTORY, 'base')] : []),
    ...(image.binary === undefined ? [] : [moduleDirectory(image.binary)]),
  ];
}
