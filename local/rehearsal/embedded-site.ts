import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { imageName } from '../images';
import { type Cluster, type Instance, openInstance, type VaultServer } from '../instance';
import type { OpenSite, Site } from './site';

type EmbeddedSiteOptions = Parameters<OpenSite>[0] & {
  /** Another instance, whose vault this one's cluster uses. @default - one of its own */
  readonly vaultOf?: string;
};

/** A cluster that can have more than a rehearsal needs. */
export interface EmbeddedSite extends Site, Pick<Instance, 'install'> {}

/** A cluster and a vault of their own, on this machine, for this rehearsal. */
export const openEmbeddedSite = async ({
  name,
  progress,
  vaultOf,
}: EmbeddedSiteOptions): Promise<EmbeddedSite> => {
  const instance = await openInstance(name, progress);
  let vault: VaultServer | undefined;
  let cluster: Cluster | undefined;
  return {
    description: 'embedded single-node Kubernetes 1.33, vault on an S3 server outside it',
    async openVault() {
      if (vaultOf !== undefined) return instance.useVaultOf(vaultOf);
      vault = await instance.startVault();
      writeFileSync(join(instance.directory, 'vault-ca.crt'), vault.caPem);
    },
    async openCluster() {
      cluster = await instance.startCluster();
    },
    importImages: (names) => instance.importImages(names),
    install: (addon) => instance.install(addon),
    destroy: () => instance.destroyCluster(),
    keep() {
      instance.leaveRunning();
      return `instance ${name} runs on; \`npm run local -- down --name ${name}\` ends it`;
    },
    close: () => instance.down(),
    variables() {
      return {
        POSTGRES_IMAGE: imageName('postgres'),
        ...(vault === undefined
          ? {}
          : {
              VAULT_ENDPOINT: `https://${vault.endpointHost}:${vault.port}`,
              VAULT_ADDRESS: vault.address,
              VAULT_CA_FILE: join(instance.directory, 'vault-ca.crt'),
              AWS_ACCESS_KEY_ID: vault.accessKey,
              AWS_SECRET_ACCESS_KEY: vault.secretKey,
            }),
        ...(cluster === undefined
          ? {}
          : {
              KUBECONFIG: cluster.kubeconfig,
              KUBE_CONFIG_PATH: cluster.kubeconfig,
              KUBECTL: cluster.kubectl,
            }),
      };
    },
  };
};
