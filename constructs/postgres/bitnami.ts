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
 * Values for the Bitnami PostgreSQL chart that put the sidecar and the archiver
 * into its primary. The chart's image must be one derived from Bitnami's with
 * pgBackRest in it, of the same release as the sidecar's, and bash, curl, jq and
 * openssl for the jobs. The sidecar speaks to the server over the socket as
 * `postgres`: the chart's pg_hba.conf must let it (`primary.pgHbaConfiguration`).
 * The values are rendered by the chart in a test; they were never run.
 */
export function bitnamiValues(sidecar: PgBackRestSidecar): KubernetesObject {
  const { archiver, props } = sidecar;
  const [registry, ...path] = props.image.split('/');
  const [repository, tag] = path.join('/').split(':');
  const volumes = new Map(
    [...sidecar.sidecar.volumes, ...archiver.volumes].map((volume) => [
      volume.name,
      kubernetesVolume(volume),
    ]),
  );
  const { socketVolume } = props.layout;
  volumes.set(socketVolume.name, { name: socketVolume.name, emptyDir: {} });
  return {
    image: { registry, repository, tag },
    primary: {
      sidecars: [kubernetesContainer(sidecar.sidecar.container)],
      extraPodSpec: archiver.pod,
      networkPolicy: { extraIngress: [sidecar.ingress] },
      extraEnvVars: archiver.env,
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
