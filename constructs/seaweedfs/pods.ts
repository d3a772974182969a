import type { Construct } from '../core';
import { environmentOf, literal, type SecretRef } from '../core';
import { storeOptions } from '../object-storage';
import { pushFragment } from '../pushgateway';
import {
  type Container,
  type EnvironmentVariable,
  jobPod,
  RESTRICTED_CONTAINER,
  type Secrets,
  type Volume,
} from '../workloads';
import type { SeaweedFsBackupProps } from './seaweedfs-backup';

const MOUNTS = {
  scripts: { name: 'scripts', mountPath: '/scripts', readOnly: true },
  store: { name: 'store', mountPath: '/etc/store', readOnly: true },
  secrets: { name: 'secrets', mountPath: '/run/secrets/seaweedfs', readOnly: true },
  weed: { name: 'weed', mountPath: '/weed' },
  tmp: { name: 'tmp', mountPath: '/tmp' },
};
/** Where `weed` looks for security.toml, and where ours says that the certificates are. */
const SECURITY = { name: 'security', mountPath: '/etc/seaweedfs', readOnly: true };
const CERTIFICATES = { name: 'certificates', mountPath: '/run/secrets/weed', readOnly: true };

/** Keys of the vault, which are variables of the pod; the others are files. */
export const VAULT_KEYS = ['PGBACKREST_REPO1_S3_KEY', 'PGBACKREST_REPO1_S3_KEY_SECRET'] as const;

/** The secrets of the pods by the name of a file or variable. The backup's has not the key for writing. */
export function secretEntries(props: SeaweedFsBackupProps): Readonly<Record<string, SecretRef>> {
  const { accessKey, passphrase, readKey, secretKey, writeKey } = props;
  return {
    [VAULT_KEYS[0]]: accessKey,
    [VAULT_KEYS[1]]: secretKey,
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(readKey === undefined ? {} : { 'filer-read-key': readKey }),
    ...(writeKey === undefined ? {} : { 'filer-write-key': writeKey }),
  };
}

export interface PodProps {
  readonly script: 'backup.sh' | 'restore.sh';
  readonly labels: Readonly<Record<string, string>>;
  readonly secrets: Secrets;
  readonly configMaps: { readonly scripts: string; readonly store: string };
  readonly env: readonly EnvironmentVariable[];
}

/**
 * The pod of a backup or a restore. SeaweedFS' own program is copied from its image, so that it is of the version that
 * runs, and everything else from the image of the other jobs.
 */
export function seaweedFsPod(props: SeaweedFsBackupProps, pod: PodProps) {
  const { grpcTls, imagePullPolicy = 'IfNotPresent', uid = 999, weedPath = '/usr/bin/weed' } = props;
  const push = pod.script === 'backup.sh' ? pushFragment(props.pushgateway) : { env: [], labels: {} };
  const common = {
    imagePullPolicy,
    securityContext: RESTRICTED_CONTAINER,
    terminationMessagePolicy: 'FallbackToLogsOnError',
  };
  const weed: Container = {
    ...common,
    name: 'weed',
    image: props.weedImage,
    command: ['cp', weedPath, `${MOUNTS.weed.mountPath}/weed`],
    env: [],
    volumeMount: [MOUNTS.weed],
    resources: { requests: { cpu: '20m', memory: '16Mi' } },
  };
  const container: Container = {
    ...common,
    name: 'seaweedfs',
    image: props.image,
    command: [`${MOUNTS.scripts.mountPath}/${pod.script}`],
    env: [
      ...seaweedEnvironment(props),
      ...pod.env,
      ...push.env,
      ...VAULT_KEYS.map((name) => ({ name, valueFrom: { secretKeyRef: pod.secrets.selector(name) } })),
    ],
    volumeMount: [...Object.values(MOUNTS), ...(grpcTls === undefined ? [] : [SECURITY, CERTIFICATES])],
    resources: props.resources ?? { requests: { cpu: '100m', memory: '256Mi' } },
  };
  return {
    metadata: { labels: { ...pod.labels, ...push.labels } },
    spec: { ...jobPod(uid), initContainer: [weed], container: [container], volume: volumes(props, pod) },
  };
}

function seaweedEnvironment(props: SeaweedFsBackupProps): EnvironmentVariable[] {
  const { caPem, filer, filerUrl, masters, name, namespace, root } = props;
  return [
    { name: 'SEAWEEDFS_NAME', value: name },
    { name: 'NAMESPACE', value: namespace },
    { name: 'SEAWEEDFS_FILER', value: literal(filer) },
    ...(filerUrl === undefined ? [] : [{ name: 'SEAWEEDFS_FILER_URL', value: literal(filerUrl) }]),
    { name: 'SEAWEEDFS_MASTERS', value: literal(masters.join(',')) },
    ...(root === undefined ? [] : [{ name: 'SEAWEEDFS_PATH', value: literal(root) }]),
    ...(caPem === undefined
      ? []
      : [{ name: 'SEAWEEDFS_CA_FILE', value: `${MOUNTS.store.mountPath}/filer.crt` }]),
    { name: 'WEED', value: `${MOUNTS.weed.mountPath}/weed` },
  ];
}

function volumes(props: SeaweedFsBackupProps, { configMaps, script, secrets }: PodProps): Volume[] {
  const { grpcTls, scratch } = props;
  const files = Object.keys(secretEntries(props)).filter(
    (entry) =>
      !(VAULT_KEYS as readonly string[]).includes(entry) &&
      (entry !== 'filer-write-key' || script === 'restore.sh'),
  );
  return [
    { name: MOUNTS.scripts.name, configMap: { name: configMaps.scripts, defaultMode: '0555' } },
    { name: MOUNTS.store.name, configMap: { name: configMaps.store, defaultMode: '0444' } },
    // Without any, an empty folder is where they would be.
    files.length === 0
      ? { name: MOUNTS.secrets.name, emptyDir: {} }
      : {
          name: MOUNTS.secrets.name,
          projected: [
            {
              defaultMode: '0400',
              sources: files.map((path) => {
                const { key, name } = secrets.selector(path);
                return { secret: [{ name, items: [{ key, path }] }] };
              }),
            },
          ],
        },
    { name: MOUNTS.weed.name, emptyDir: {} },
    {
      name: MOUNTS.tmp.name,
      emptyDir: scratch === undefined ? {} : { sizeLimit: scratch.kubernetes() },
    },
    ...(grpcTls === undefined
      ? []
      : [
          {
            name: SECURITY.name,
            configMap: { name: configMaps.store, items: [{ key: 'security.toml', path: 'security.toml' }] },
          },
          {
            name: CERTIFICATES.name,
            projected: [
              {
                defaultMode: '0400',
                sources: [
                  { secret: [{ name: grpcTls.authority, items: [{ key: 'tls.crt', path: 'ca.crt' }] }] },
                  {
                    secret: [
                      {
                        name: grpcTls.client,
                        items: [
                          { key: 'tls.crt', path: 'tls.crt' },
                          { key: 'tls.key', path: 'tls.key' },
                        ],
                      },
                    ],
                  },
                ],
              },
            ],
          },
        ]),
  ];
}

/** How the pods reach the vault, and SeaweedFS where it wants certificates. */
export function storeFiles(scope: Construct, props: SeaweedFsBackupProps): Readonly<Record<string, string>> {
  const { caPem, grpcTls, path = `/${environmentOf(scope)}`, vault } = props;
  const options = storeOptions(vault, { number: 1, path, caFile: `${MOUNTS.store.mountPath}/store.crt` });
  const at = CERTIFICATES.mountPath;
  const security = [
    '[grpc]',
    `ca = "${at}/ca.crt"`,
    '[grpc.client]',
    `cert = "${at}/tls.crt"`,
    `key = "${at}/tls.key"`,
    '',
  ];
  return {
    'store.conf': options.map(([option, value]) => `${option}=${value}\n`).join(''),
    ...(vault.store.caPem === undefined ? {} : { 'store.crt': vault.store.caPem }),
    ...(caPem === undefined ? {} : { 'filer.crt': caPem }),
    // Of SeaweedFS' own security.toml only this: it has the keys that tokens are signed with, too.
    ...(grpcTls === undefined ? {} : { 'security.toml': security.join('\n') }),
  };
}
