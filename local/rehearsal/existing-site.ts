import { Kubectl } from '../../deploy/kubectl';
import { EnvironmentProblem } from '../../deploy/progress';
import { local } from '../../environments/local';
import type { OpenSite } from './site';

const NEEDED = [
  'KUBECONFIG',
  'VAULT_ENDPOINT',
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'POSTGRES_IMAGE',
] as const;
const OPTIONAL = ['VAULT_ADDRESS', 'VAULT_CA_FILE', 'VAULT_MINTS', 'KUBECTL'] as const;

/**
 * A cluster that others use, too: only the rehearsal's own namespace is made and
 * lost. The vault is a bucket of its own in the given store, and stays there.
 */
export const openExistingSite: OpenSite = async ({ progress }) => {
  const given = readVariables();
  const kubectl = new Kubectl({ binary: given['KUBECTL'] });
  const namespace = local.namespace;
  const bucket = `rehearsal-${new Date()
    .toISOString()
    .slice(0, 19)
    .toLowerCase()
    .replaceAll(/[^0-9t]/g, '')}`;
  const existing = await kubectl.run(['get', 'namespace', namespace, '--ignore-not-found', '--output=name']);
  if (existing !== '') {
    throw new EnvironmentProblem(
      `the cluster has a namespace ${namespace} already, and a rehearsal deletes it — FIX: rehearse on another cluster, or delete it if nobody needs it`,
    );
  }
  const lose = () =>
    kubectl.run(
      ['delete', 'namespace', namespace, '--ignore-not-found', '--grace-period=0', '--force', '--wait'],
      {
        seconds: 300,
      },
    );
  return {
    description: 'an existing cluster (its namespace only), vault on the given store',
    openVault: async () => progress(`vault: bucket ${bucket} at ${given['VAULT_ENDPOINT']}`),
    openCluster: async () => {
      await kubectl.run(['get', '--raw', '/readyz']);
    },
    importImages: async () => progress('images: pulled by the cluster'),
    destroy: async () => {
      // A namespace is emptied politely: the server would push its last WAL, and nothing would be lost.
      const pods = [
        'delete',
        'pods',
        '--all',
        `--namespace=${namespace}`,
        '--grace-period=0',
        '--force',
        '--wait=false',
      ];
      await kubectl.run(pods);
      await lose();
    },
    variables: () => ({
      VAULT_MINTS: 'none',
      ...given,
      KUBE_CONFIG_PATH: given['KUBECONFIG'] ?? '',
      VAULT_BUCKET: bucket,
    }),
    keep: () => `namespace ${namespace} and bucket ${bucket} stay as they are`,
    close: async () => {
      await lose();
      progress(`the backups of the rehearsal stay in bucket ${bucket}; delete it when nobody needs them`);
    },
  };
};

function readVariables(): Readonly<Record<string, string>> {
  const missing = NEEDED.filter((name) => !process.env[name]);
  if (missing.length > 0) {
    throw new EnvironmentProblem(
      `an existing cluster needs ${missing.join(', ')} — FIX: set them: the cluster, an S3 endpoint that cluster and this machine reach, its keys, and the image made from images/postgres`,
    );
  }
  return Object.fromEntries(
    [...NEEDED, ...OPTIONAL].flatMap((name) => {
      const value = process.env[name];
      return value ? [[name, value]] : [];
    }),
  );
}
