import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VOLUMES } from '../../local/cluster/addons/storage';
import { eventually, type LocalSite } from './local-site';

/**
 * A volume for the database that is a small file system of its own: a pod on the node mounts it, and only the claim of
 * `orders-0` may have it. Others are folders of one disk, which nobody fills.
 */
export async function giveSmallVolume(site: LocalSite, megabytes: number): Promise<void> {
  const path = `${VOLUMES}/small`;
  const mount = `mkdir ${path} && mount -t tmpfs -o size=${megabytes}m,mode=0777 small ${path} && exec sleep infinity`;
  const volumes = { name: 'volumes', mountPath: VOLUMES, mountPropagation: 'Bidirectional' };
  await eventually('pods may be made', 60, async () => {
    const accounts = ['get', 'serviceaccount', 'default', '--namespace=kube-system', '--ignore-not-found'];
    return (await site.kubectl(...accounts)) !== '';
  });
  const first = (kind: string) => site.kubectl('get', kind, '--output=jsonpath={.items[0].metadata.name}');
  const [storageClassName, node] = [await first('storageclass'), await first('node')];
  await create(
    site,
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'mounter', namespace: 'kube-system' },
      spec: {
        volumes: [{ name: volumes.name, hostPath: { path: VOLUMES } }],
        containers: [
          {
            name: 'mounter',
            image: site.variables()['POSTGRES_IMAGE'] ?? '',
            command: ['bash', '-ec', mount],
            securityContext: { privileged: true, runAsUser: 0, runAsGroup: 0 },
            volumeMounts: [volumes],
            readinessProbe: { exec: { command: ['mountpoint', '--quiet', path] }, periodSeconds: 1 },
          },
        ],
      },
    },
    {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: 'small' },
      spec: {
        capacity: { storage: '10Gi' },
        accessModes: ['ReadWriteOnce'],
        storageClassName,
        claimRef: { namespace: 'local', name: 'data-orders-0' },
        // Of a hostPath nobody would tell how full it is.
        local: { path },
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [
              { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [node] }] },
            ],
          },
        },
      },
    },
  );
  const ready = ['--namespace=kube-system', '--for=condition=ready', '--timeout=60s', 'pod/mounter'];
  await site.kubectl('wait', ...ready);
}

async function create(site: LocalSite, ...objects: object[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'objects-'));
  const file = join(folder, 'objects.json');
  writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
  await site.kubectl('create', `--filename=${file}`);
  rmSync(folder, { recursive: true });
}
