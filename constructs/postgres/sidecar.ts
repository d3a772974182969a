import { type Container, RESTRICTED_CONTAINER, type Resources, type Volume } from '../workloads';
import {
  configVolume,
  type DatabaseContext,
  dataMounts,
  identity,
  MOUNTS,
  repositoryConfig,
  temporary,
  tlsVolume,
} from './context';
import { PATHS, PGBACKREST_PORT } from './paths';

/** A container and the volumes it brings, to be put into a pod that somebody else declares. */
export interface PodFragment {
  readonly container: Container;
  readonly volumes: readonly Volume[];
}

/**
 * The pgBackRest TLS server beside a PostgreSQL server. It shares the data
 * volume and the socket directory with it, runs as the same user, and holds neither repository nor keys.
 */
export function sidecar(context: DatabaseContext, resources: Resources): PodFragment {
  const config = repositoryConfig(context.configMaps.sidecarRepository);
  const tmp = temporary('pgbackrest');
  return {
    container: {
      name: 'pgbackrest',
      image: context.image,
      imagePullPolicy: context.imagePullPolicy,
      command: [`${PATHS.scripts}/server.sh`],
      env: identity(context),
      port: [{ name: 'pgbackrest', containerPort: PGBACKREST_PORT, protocol: 'TCP' }],
      volumeMount: [MOUNTS.scripts, ...dataMounts(context.layout), MOUNTS.tls, config.mount, tmp.mount],
      resources,
      securityContext: RESTRICTED_CONTAINER,
      terminationMessagePolicy: 'FallbackToLogsOnError',
    },
    volumes: [
      config.volume,
      tmp.volume,
      tlsVolume(context, 'server'),
      configVolume(MOUNTS.scripts.name, context.configMaps.scripts, '0555'),
    ],
  };
}
