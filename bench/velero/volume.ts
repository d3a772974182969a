import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { imageName } from '../../local/images';
import type { BenchCluster } from './cluster';

export const NAMESPACE = 'files';
const LABELS = { app: 'files' };
const LARGE_MEGABYTES = 32;

/** A claim, and the pod that writes to it. */
export class Volume {
  /** @param programs folder of this machine with kopia */
  static async create(cluster: BenchCluster, programs: string): Promise<Volume> {
    await cluster.apply([
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
      {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name: 'data', namespace: NAMESPACE },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '10Gi' } } },
      },
      pod(programs),
    ]);
    await cluster.kubectl([
      'wait',
      `--namespace=${NAMESPACE}`,
      '--for=condition=Ready',
      '--timeout=90s',
      'pod/files',
    ]);
    return new Volume(cluster);
  }

  private constructor(private readonly cluster: BenchCluster) {}

  /**
   * Replaces what is there by as much that nobody has seen: large files, and a thousand small ones in folders; none of it in the
   * page cache.
   */
  async fill(megabytes: number): Promise<void> {
    await this.run(`
      rm -rf /data/*
      mkdir /data/large
      head --bytes=${megabytes}M /dev/urandom | split --bytes=${LARGE_MEGABYTES}M - /data/large/
      for folder in {1..20}; do
        mkdir -p /data/small/$folder
        head --bytes=800K /dev/urandom | split --bytes=16K - /data/small/$folder/
      done
      sync`);
    await forgetPages();
  }

  /** A script in the pod; the secrets of its text are in no list of processes. */
  run(script: string): Promise<string> {
    return this.cluster.kubectl(
      ['exec', '--stdin', `--namespace=${NAMESPACE}`, 'files', '--', 'bash', '-euo', 'pipefail', '-s'],
      { input: script, seconds: 1200 },
    );
  }
}

/**
 * A virtual machine may give free memory back to its host within seconds, and what is taken again costs a third more than what
 * it still had: of 4 GB into the page cache, whoever found the cache smaller was 15 % faster. So everybody begins with none.
 */
async function forgetPages(): Promise<void> {
  writeFileSync('/proc/sys/vm/drop_caches', '3');
  await sleep(10_000);
}

function pod(programs: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'files',
      namespace: NAMESPACE,
      labels: LABELS,
      annotations: { 'backup.velero.io/backup-volumes-excludes': 'programs,scratch' },
    },
    spec: {
      terminationGracePeriodSeconds: 0,
      securityContext: { runAsUser: 999, runAsGroup: 999, fsGroup: 999 },
      containers: [
        {
          name: 'files',
          image: imageName('postgres'),
          imagePullPolicy: 'IfNotPresent',
          command: ['sleep', 'infinity'],
          volumeMounts: [
            { name: 'data', mountPath: '/data' },
            { name: 'programs', mountPath: '/programs', readOnly: true },
            { name: 'scratch', mountPath: '/scratch' },
          ],
        },
      ],
      volumes: [
        { name: 'data', persistentVolumeClaim: { claimName: 'data' } },
        { name: 'programs', hostPath: { path: programs, type: 'Directory' } },
        { name: 'scratch', emptyDir: {} },
      ],
    },
  };
}
