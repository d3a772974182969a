import type { EnvironmentVariable, Probe, Volume, VolumeMount } from '../workloads';
import { type DataLayout, PATHS } from './paths';

/** One Secret with both halves, which a Job of ours fills, or one for each, which cert-manager does. */
export type TlsSecrets = { readonly pair: string } | { readonly server: string; readonly client: string };

/** What every part of one database is told, resolved once by `PgBackRest`. */
export interface DatabaseContext {
  /** Name of the database, and of its Kubernetes objects. */
  readonly name: string;
  readonly namespace: string;
  readonly image: string;
  readonly imagePullPolicy: string;
  readonly stanza: string;
  readonly layout: DataLayout;
  readonly postgresMajor: number;
  readonly labels: Readonly<Record<string, string>>;
  /** Where the certificates between sidecar and backup jobs are. */
  readonly tls: TlsSecrets;
  /** Config maps by what they hold. */
  readonly configMaps: {
    readonly scripts: string;
    readonly serverRepository: string;
    readonly sidecarRepository: string;
    readonly jobRepository: string;
    readonly vaultCa: string | undefined;
  };
  /** Changes whenever a script or a setting does, so that pods that read them are replaced. */
  readonly configHash: string;
  /** Keys and passphrases of the repositories, for whoever speaks to the vault. */
  readonly repositoryEnvironment: EnvironmentVariable[];
  /** The same for whoever only reads. */
  readonly readerEnvironment: EnvironmentVariable[];
  /** Said at run time whenever a key given by a variable has changed; `undefined` when none is. */
  readonly secretsRevision: string | undefined;
}

/** Name of the headless Service: a pod is reached as `<name>-<ordinal>.<this>.<namespace>.svc`. */
export function headlessName(context: Pick<DatabaseContext, 'name'>): string {
  return `${context.name}-pods`;
}

/** Labels of the backup jobs' pods. */
export function backupLabels(context: Pick<DatabaseContext, 'labels'>): Record<string, string> {
  return { ...context.labels, 'app.kubernetes.io/component': 'backup' };
}

/** Labels of the pods that dump, and restore dumps: they are clients of the server. */
export function dumpLabels(context: Pick<DatabaseContext, 'labels'>): Record<string, string> {
  return { ...context.labels, 'app.kubernetes.io/component': 'dump' };
}

/** Said to every container: who it works for. */
export function identity(context: DatabaseContext): EnvironmentVariable[] {
  return [
    { name: 'PGDATA', value: context.layout.dataDirectory },
    { name: 'STANZA', value: context.stanza },
    { name: 'DATABASE_NAME', value: context.name },
    { name: 'SPOOL_DIR', value: context.layout.spoolDirectory },
    { name: 'SOCKET_DIR', value: context.layout.socketVolume.mountPath },
    { name: 'PG_MAJOR', value: String(context.postgresMajor) },
  ];
}

/** `/tmp` is the only place besides its volumes where a container may write. */
export function temporary(container: string): { volume: Volume; mount: VolumeMount } {
  const name = `tmp-${container}`;
  return { volume: { name, emptyDir: {} }, mount: { name, mountPath: '/tmp' } };
}

/**
 * A script that waits up to two seconds for what it is asked about, every two seconds: so the kubelet knows it at once, and
 * does not start a process a second meanwhile. What is ready is asked again after two seconds.
 */
export function readiness(script: string, ...args: readonly string[]): Probe {
  return {
    exec: { command: [`${PATHS.scripts}/${script}`, ...args] },
    periodSeconds: 2,
    timeoutSeconds: 5,
    failureThreshold: 3,
  };
}

/** Mount names shared by the pods of a database. */
export const MOUNTS = {
  scripts: { name: 'scripts', mountPath: PATHS.scripts, readOnly: true },
  sharedMemory: { name: 'shared-memory', mountPath: '/dev/shm' },
  serverConfig: { name: 'server-config', mountPath: PATHS.serverConfig, readOnly: true },
  deploy: { name: 'deploy', mountPath: PATHS.deploy, readOnly: true },
  tls: { name: 'tls', mountPath: PATHS.tls, readOnly: true },
  roles: { name: 'roles', mountPath: PATHS.roles, readOnly: true },
  vaultCa: { name: 'vault-ca', mountPath: PATHS.vaultCa, readOnly: true },
} satisfies Record<string, VolumeMount>;

/** The server's data and its socket, as its pod has them. */
export function dataMounts(layout: DataLayout): VolumeMount[] {
  return [layout.dataVolume, layout.socketVolume];
}

/** A config map as a volume; scripts are executable, the rest is read. */
export function configVolume(name: string, configMap: string, mode = '0444'): Volume {
  return { name, configMap: { name: configMap, defaultMode: mode } };
}

/** pgbackrest.conf for one of the three parties: each mounts its own, at the same place. */
export function repositoryConfig(configMap: string): { volume: Volume; mount: VolumeMount } {
  const name = `pgbackrest-${configMap.slice(configMap.lastIndexOf('-') + 1)}`;
  return {
    volume: configVolume(name, configMap),
    mount: { name, mountPath: PATHS.pgbackrestConfig, readOnly: true },
  };
}

/** The other half of the pair. */
const OTHER_HALF = { server: 'client', client: 'server' } as const;

/**
 * One half of the TLS pair: `ca.crt`, `<half>.crt`, `<half>.key`. Secrets are filled after the pods were created:
 * the server's pod takes them as `optional`, since a database that has to restore
 * must not wait for a certificate; a backup job does wait, for it can do nothing
 * without. Keys become 0440 root:group by fsGroup, which pgBackRest accepts.
 * cert-manager tells each half its own authority alone, and while that is being replaced they have different ones: the
 * other half's is there as well, as `peer-ca.crt`.
 */
export function tlsVolume({ tls }: DatabaseContext, half: keyof typeof OTHER_HALF): Volume {
  const { name } = MOUNTS.tls;
  const optional = half === 'server';
  const defaultMode = '0400';
  const [certificate, key] = [`${half}.crt`, `${half}.key`];
  if ('pair' in tls) {
    const items = ['ca.crt', certificate, key].map((file) => ({ key: file, path: file }));
    return { name, secret: { secretName: tls.pair, optional, defaultMode, items } };
  }
  const own = [
    { key: 'ca.crt', path: 'ca.crt' },
    { key: 'tls.crt', path: certificate },
    { key: 'tls.key', path: key },
  ];
  const peer = [{ key: 'ca.crt', path: 'peer-ca.crt' }];
  return {
    name,
    projected: [
      {
        defaultMode,
        sources: [
          { secret: [{ name: tls[half], optional, items: own }] },
          { secret: [{ name: tls[OTHER_HALF[half]], optional: true, items: peer }] },
        ],
      },
    ],
  };
}

/** Whose certificates are accepted, in one file. */
export function tlsAuthorities(tls: TlsSecrets): string {
  return 'pair' in tls ? `${PATHS.tls}/ca.crt` : PATHS.authorities;
}
