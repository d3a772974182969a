import { type KubernetesObject, kubernetesContainer, kubernetesVolume } from '../workloads';
import type { DataLayout } from './paths';
import type { PgBackRestSidecar } from './pgbackrest-sidecar';

/**
 * The layout of the Bitnami PostgreSQL chart: one volume `data` at
 * /bitnami/postgresql, user 1001. Its socket directory is inside the container;
 * a volume of its own lets the sidecar share it.
 */
export const BITNAMI_LAYOUT: DataLayout = {
  dataVolume: { name: 'data', mountPath: '/bitnami/postgresql' },
  dataDirectory: '/bitnami/postgresql/data',
  spoolDirectory: '/bitnami/postgresql/pgbackrest-spool',
  socketVolume: { name: 'pgbackrest-socket', mountPath: '/var/run/pgbackrest-socket' },
  uid: 1001,
};

/**
 * Who may log in, and how. By itself the chart asks everybody for a password, the
 * sidecar too, which has none: user 1001, whom images/bitnami-postgresql calls
 * postgres, comes in by the socket; for all others it is what the chart writes
 * itself. `md5` takes SCRAM as well. The image puts the file in force after it
 * has initialised the database.
 */
const PG_HBA = `local all postgres peer
local all all md5
host all all all md5
host replication all all md5
`;

/**
 * Values for the Bitnami PostgreSQL chart that put the sidecar and the archiver
 * into its primary. `image` must be one that images/bitnami-postgresql builds.
 * Where the chart is to ask an LDAP server or for client certificates, write a
 * `primary.pgHbaConfiguration` of your own below the first line of this one.
 * They were run with chart 17.1.0 on a stand-in for Bitnami's image: Debian 13
 * with its PostgreSQL and a copy of their scripts.
 */
export function bitnamiValues(sidecar: PgBackRestSidecar): KubernetesObject {
  const { archiver, props } = sidecar;
  const { container } = sidecar.sidecar;
  const { socketVolume, uid } = props.layout;
  const [registry, ...path] = props.image.split('/');
  const [repository, ...tag] = path.join('/').split(':');
  const volumes = new Map(
    [...sidecar.sidecar.volumes, ...archiver.volumes].map((volume) => [
      volume.name,
      kubernetesVolume(volume),
    ]),
  );
  volumes.set(socketVolume.name, { name: socketVolume.name, emptyDir: {} });
  return {
    // The chart refuses every image but Bitnami's own.
    global: { security: { allowInsecureImages: true } },
    image: { registry, repository, tag: tag.join(':'), pullPolicy: container.imagePullPolicy },
    primary: {
      // The chart says it of its own container only.
      podSecurityContext: { runAsUser: uid, runAsGroup: uid },
      pgHbaConfiguration: PG_HBA,
      sidecars: [kubernetesContainer(container)],
      networkPolicy: { extraIngress: [sidecar.ingress] },
      // Without it the image deletes recovery.signal, and a restored database does not start. Some readers of YAML
      // would take a plain `yes` for more than a string.
      extraEnvVars: [...archiver.env, { name: 'POSTGRESQL_PERFORM_RESTORE', value: 'true' }],
      extraVolumeMounts: archiver.volumeMount,
      extraVolumes: [...volumes.values()],
      extendedConfiguration: Object.entries({
        ...archiver.settings,
        unix_socket_directories: `/tmp,${socketVolume.mountPath}`,
      })
        .map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`)
        .join(''),
    },
  };
}
