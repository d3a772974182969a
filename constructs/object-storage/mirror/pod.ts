import type { IConstruct } from 'constructs';
import { environmentOf, literal } from '../../core';
import { type PushFragment, pushFragment } from '../../pushgateway';
import {
  type Container,
  type EnvironmentVariable,
  jobPod,
  RESTRICTED_CONTAINER,
  type Secrets,
  type Volume,
} from '../../workloads';
import { type BucketMirrorProps, DEFAULTS } from './mirror-props';
import { keyEntries, type Remote, remoteVariables } from './remotes';

const MOUNTS = {
  scripts: { name: 'scripts', mountPath: '/scripts', readOnly: true },
  authorities: { name: 'authorities', mountPath: '/etc/mirror', readOnly: true },
  tmp: { name: 'tmp', mountPath: '/tmp' },
} as const;

export interface PodProps {
  readonly props: BucketMirrorProps;
  readonly script: 'mirror.sh' | 'restore.sh';
  readonly env: readonly EnvironmentVariable[];
  readonly secrets: Secrets;
  readonly labels: Readonly<Record<string, string>>;
  readonly configMaps: { readonly scripts: string; readonly authorities: string };
}

/** Where a mirror is in its vault's bucket, without a slash at either end. */
export function mirrorPath(
  scope: IConstruct,
  { name, path = `/${environmentOf(scope)}` }: BucketMirrorProps,
): string {
  return `${path.replace(/^\/|\/$/g, '')}/mirrors/${name}`;
}

/** PEM of the authorities of both stores, by file name. */
export function authorities({ of, vault }: BucketMirrorProps): Record<string, string> {
  return {
    ...(of.bucket.store.caPem === undefined ? {} : { 'source.crt': of.bucket.store.caPem }),
    ...(vault.store.caPem === undefined ? {} : { 'vault.crt': vault.store.caPem }),
  };
}

/** The pod of a run, or of a restore. */
export function mirrorPod(scope: IConstruct, pod: PodProps) {
  const { configMaps, env, labels, props, script, secrets } = pod;
  const {
    image,
    imagePullPolicy = 'IfNotPresent',
    name,
    namespace,
    of,
    resources = DEFAULTS.resources,
    vault,
  } = props;
  const push = script === 'mirror.sh' ? pushFragment(props.pushgateway) : NO_PUSH;
  const container: Container = {
    name: 'mirror',
    image,
    imagePullPolicy,
    command: [`${MOUNTS.scripts.mountPath}/${script}`],
    env: [
      { name: 'NAMESPACE', value: namespace },
      { name: 'MIRROR_NAME', value: name },
      { name: 'MIRROR_PATH', value: mirrorPath(scope, props) },
      { name: 'SOURCE_BUCKET', value: of.bucket.name },
      { name: 'SOURCE_PREFIX', value: literal(props.prefix ?? '') },
      { name: 'VAULT_BUCKET', value: vault.bucket },
      {
        name: 'CA_FILES',
        value: Object.keys(authorities(props))
          .map((file) => `${MOUNTS.authorities.mountPath}/${file}`)
          .join(' '),
      },
      ...throughput(props),
      ...remotes(props, script, secrets),
      ...env,
      ...push.env,
    ],
    volumeMount: Object.values(MOUNTS),
    resources,
    securityContext: RESTRICTED_CONTAINER,
    terminationMessagePolicy: 'FallbackToLogsOnError',
  };
  const volume: Volume[] = [
    { name: MOUNTS.scripts.name, configMap: { name: configMaps.scripts, defaultMode: '0555' } },
    { name: MOUNTS.authorities.name, configMap: { name: configMaps.authorities, defaultMode: '0444' } },
    { name: MOUNTS.tmp.name, emptyDir: {} },
  ];
  return {
    metadata: { labels: { ...labels, ...push.labels } },
    spec: { ...jobPod(props.uid ?? DEFAULTS.uid), container: [container], volume },
  };
}

const NO_PUSH: PushFragment = { env: [], labels: {} };

function throughput({ bandwidthPerSecond, checkers, transfers }: BucketMirrorProps): EnvironmentVariable[] {
  return [
    { name: 'RCLONE_TRANSFERS', value: String(transfers ?? DEFAULTS.transfers) },
    { name: 'RCLONE_CHECKERS', value: String(checkers ?? DEFAULTS.checkers) },
    ...(bandwidthPerSecond === undefined
      ? []
      : [{ name: 'RCLONE_BWLIMIT', value: `${Math.floor(bandwidthPerSecond.bytes / 1024)}k` }]),
  ];
}

/** A run reads the source; a restore writes to it, as the remote `target`. */
function remotes(
  props: BucketMirrorProps,
  script: PodProps['script'],
  secrets: Secrets,
): EnvironmentVariable[] {
  const opened: [Remote, BucketMirrorProps['vault']['store']][] = [
    [script === 'mirror.sh' ? 'SOURCE' : 'TARGET', props.of.bucket.store],
    ['VAULT', props.vault.store],
  ];
  return opened.flatMap(([remote, store]) => [
    ...remoteVariables(remote, store),
    ...keyEntries(remote).map((entry) => ({
      name: entry,
      valueFrom: { secretKeyRef: secrets.selector(entry) },
    })),
  ]);
}
