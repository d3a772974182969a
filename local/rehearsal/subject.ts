import { Kubectl } from '../../deploy/kubectl';
import { local } from '../../environments/local';
import { Tunnel } from './database';
import { waitForJob } from './jobs';

/** What is rehearsed: the database of the environment `local`, and how the rehearsal reaches it. */
const DATABASE = local.databases[0];
if (DATABASE?.application === undefined)
  throw new Error('the environment local declares no database with an application');

export const NAMESPACE = local.namespace;
export const ARCHIVE_TIMEOUT_SECONDS = DATABASE.archiveTimeout?.toSeconds() ?? 60;
export const DIFFERENTIAL_BACKUP = `${DATABASE.name}-backup-diff`;

const { name, application } = DATABASE;
export const POD = `${name}-0`;

export type Variables = Readonly<Record<string, string>>;

export function kubectlOf(variables: Variables): Kubectl {
  return new Kubectl({
    binary: variables['KUBECTL'],
    environment: { KUBECONFIG: variables['KUBECONFIG'] ?? '' },
  });
}

export function openTunnel(variables: Variables): Promise<Tunnel> {
  return Tunnel.open({
    kubectl: variables['KUBECTL'] ?? 'kubectl',
    kubeconfig: variables['KUBECONFIG'] ?? '',
    namespace: NAMESPACE,
    pod: POD,
    login: {
      user: application.role,
      database: application.database,
      password: variables[`TF_VAR_${name}_app_password`] ?? '',
    },
  });
}

/** Waits until the job that follows every deploy has found or made a full backup of the current timeline. */
export function firstBackup(variables: Variables): Promise<void> {
  const fits = (job: { metadata: { name: string } }): boolean =>
    job.metadata.name.startsWith(`${name}-first-`);
  return waitForJob(kubectlOf(variables), NAMESPACE, fits, 900);
}
