import { imageName } from '../../../local/images';
import type { LocalSite } from '../local-site';

/** Of all its files, without what Velero adds. */
const HASHES = 'cd /data && find . -type f -not -path "./.velero/*" | sort | xargs sha256sum';

const container = (mounts: readonly { name: string; mountPath: string }[]): object => ({
  name: 'web',
  image: imageName('postgres'),
  imagePullPolicy: 'IfNotPresent',
  command: ['sleep', 'infinity'],
  volumeMounts: mounts,
  securityContext: {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    runAsNonRoot: true,
    seccompProfile: { type: 'RuntimeDefault' },
  },
});

function workload(name: string, volume: object, more: object = {}): object {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name, namespace: 'shop', labels },
    spec: {
      serviceName: name,
      replicas: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: 0,
          securityContext: { runAsUser: 999, runAsGroup: 999, fsGroup: 999 },
          containers: [container([{ name: 'data', mountPath: '/data' }])],
          ...volume,
        },
      },
      ...more,
    },
  };
}

const claimTemplate = {
  volumeClaimTemplates: [
    {
      metadata: { name: 'data' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '200Mi' } } },
    },
  ],
};

const SHOP: readonly object[] = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels: { team: 'front' } } },
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'prices', namespace: 'shop' },
    data: { bread: '3.20' },
  },
  {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'api', namespace: 'shop' },
    stringData: { token: 'x' },
  },
  workload('web', {}, claimTemplate),
  // What is on a hostPath the node agent does not copy, and Velero calls the backup complete.
  {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'scratch' },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'none',
      hostPath: { path: '/var/lib/scratch', type: 'DirectoryOrCreate' },
      claimRef: { namespace: 'shop', name: 'scratch' },
    },
  },
  {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'scratch', namespace: 'shop' },
    spec: {
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'none',
      volumeName: 'scratch',
      resources: { requests: { storage: '1Gi' } },
    },
  },
  workload('scratch', { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'scratch' } }] }),
];

/** A namespace of somebody else: objects, a pod with a volume of 60 MB in 201 files, and one whose volume is a hostPath. */
export class Shop {
  static async open(site: LocalSite): Promise<Shop> {
    await site.apply(...SHOP);
    const pods = ['pod/web-0', 'pod/scratch-0'];
    await site.kubectl('wait', '--namespace=shop', '--for=condition=Ready', '--timeout=90s', ...pods);
    const shop = new Shop(site);
    await shop.inWeb(
      'head -c 60000000 /dev/urandom > /data/large; mkdir /data/many; for i in $(seq 200); do echo $i > /data/many/$i; done',
    );
    return shop;
  }

  private constructor(private readonly site: LocalSite) {}

  /** One line for each file of its volume, once its pod runs. */
  async hashes(): Promise<string> {
    await this.site.kubectl(
      'wait',
      '--namespace=shop',
      '--for=condition=Ready',
      '--timeout=90s',
      'pod/web-0',
    );
    return this.inWeb(HASHES);
  }

  private inWeb(script: string): Promise<string> {
    return this.site.kubectl('exec', '--namespace=shop', 'web-0', '--', 'bash', '-c', script);
  }
}
