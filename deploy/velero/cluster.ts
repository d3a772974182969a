import { EXCLUDE_LABEL } from '../../constructs/velero/labels';
import type { Kubectl } from '../kubectl';
import { ProgramFailed } from '../process';
import { EnvironmentProblem } from '../progress';
import type {
  Backup,
  PodVolumeBackup,
  PodVolumeRestore,
  Restore,
  ScheduleObject,
  StorageLocation,
} from './kinds';

/** In the bucket some objects do not say it. */
const API_VERSION = 'velero.io/v1';
/** Remembers in the cluster which recoveries it has had. */
const MARKER = 'velero-recovery';
/** Name under which fields are set that an apply takes back when it has to. */
const MANAGER = 'velero-recovery';

/** Velero as the cluster has it. */
export class VeleroInCluster {
  constructor(
    readonly kubectl: Kubectl,
    readonly namespace: string,
    private readonly location: string,
  ) {}

  /** Ids of the recoveries that were carried out here, oldest first; none where Velero never was. */
  async done(): Promise<string[]> {
    const marker = await this.kubectl.find<{ data?: Record<string, string> }>(
      'configmap',
      MARKER,
      `--namespace=${this.namespace}`,
    );
    return Object.entries(marker?.data ?? {})
      .sort(([, a], [, b]) => (a < b ? -1 : 1))
      .map(([id]) => id);
  }

  /** Said before anything else is done with its result: the one thing by which a restore is never repeated. */
  async markDone(id: string, at: Date): Promise<void> {
    const metadata = { name: MARKER, namespace: this.namespace, labels: { [EXCLUDE_LABEL]: 'true' } };
    const before = await this.kubectl.find<{ data?: Record<string, string> }>(
      'configmap',
      MARKER,
      `--namespace=${this.namespace}`,
    );
    const data = { ...before?.data, [id]: at.toISOString() };
    await this.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data });
  }

  async clusterSince(): Promise<Date> {
    const namespace = await this.kubectl.find<{ metadata: { creationTimestamp: string } }>(
      'namespace',
      'kube-system',
    );
    return new Date(namespace?.metadata.creationTimestamp ?? 0);
  }

  /** @throws EnvironmentProblem when server or node agents do not run in time */
  async runs(seconds: number): Promise<void> {
    await this.isRolledOut('deployment/velero', seconds);
    const agents = await this.kubectl.find('daemonset', 'node-agent', `--namespace=${this.namespace}`);
    if (agents !== undefined) await this.isRolledOut('daemonset/node-agent', seconds);
  }

  private async isRolledOut(what: string, seconds: number): Promise<void> {
    const args = ['rollout', 'status', what, `--namespace=${this.namespace}`];
    try {
      await this.kubectl.run([...args, `--timeout=${seconds}s`], { seconds: seconds + 10 });
    } catch (error) {
      if (!(error instanceof ProgramFailed)) throw error;
      throw new EnvironmentProblem(
        `${what} does not run in ${this.namespace}: ${error.message} — FIX: look at \`kubectl --namespace ${this.namespace} describe deployments,daemonsets,pods\`, put it right, then deploy again`,
      );
    }
  }

  storageLocation(): Promise<StorageLocation | undefined> {
    return this.kubectl.find(
      'backupstoragelocations.velero.io',
      this.location,
      `--namespace=${this.namespace}`,
    );
  }

  /** @throws EnvironmentProblem with Velero's own words when it is not available in time */
  async locationIsAvailable(seconds: number): Promise<void> {
    const deadline = Date.now() + seconds * 1000;
    for (;;) {
      const found = await this.storageLocation();
      if (found?.status?.phase === 'Available') return;
      if (Date.now() > deadline)
        throw new EnvironmentProblem(
          `Velero does not reach its location ${this.location}: ${found?.status?.message ?? 'it has not looked yet'} — FIX: check its bucket, keys and authority; \`kubectl --namespace ${this.namespace} logs deployment/velero\` tells more`,
        );
      await pause(1);
    }
  }

  async schedules(): Promise<readonly ScheduleObject[]> {
    const { items } = await this.kubectl.json<{ items: ScheduleObject[] }>([
      'get',
      'schedules.velero.io',
      `--namespace=${this.namespace}`,
    ]);
    return items;
  }

  /** No backup is made, and none expires, until `resume`. */
  async hold(): Promise<void> {
    await this.patch('backupstoragelocations.velero.io', this.location, { accessMode: 'ReadOnly' });
    for (const { metadata } of await this.schedules())
      await this.patch('schedules.velero.io', metadata.name, { paused: true });
  }

  /** Backups are made again, and old ones expire. */
  async resume(): Promise<void> {
    await this.patch('backupstoragelocations.velero.io', this.location, { accessMode: 'ReadWrite' });
    for (const { metadata } of await this.schedules())
      await this.patch('schedules.velero.io', metadata.name, { paused: false });
  }

  private async patch(kind: string, name: string, spec: object): Promise<void> {
    await this.kubectl.run([
      'patch',
      kind,
      name,
      `--namespace=${this.namespace}`,
      `--field-manager=${MANAGER}`,
      '--type=merge',
      `--patch=${JSON.stringify({ spec })}`,
    ]);
  }

  /**
   * Makes a backup known to the cluster as Velero's own look into the bucket would, a minute later: without hooks, which are
   * for making it, and without its owners, who are gone.
   */
  async adopt(backup: Backup, volumes: readonly PodVolumeBackup[]): Promise<void> {
    const { namespace } = this;
    const { hooks: _hooks, ...spec } = backup.spec as { hooks?: unknown };
    const { name } = backup.metadata;
    const labels = { ...backup.metadata.labels, 'velero.io/storage-location': this.location };
    await this.create({
      apiVersion: API_VERSION,
      kind: 'Backup',
      metadata: { name, namespace, labels, annotations: backup.metadata.annotations ?? {} },
      spec: { ...spec, storageLocation: this.location },
      status: backup.status,
    });
    const made = await this.kubectl.find<Backup>('backups.velero.io', name, `--namespace=${namespace}`);
    for (const volume of volumes)
      await this.create({
        apiVersion: API_VERSION,
        kind: 'PodVolumeBackup',
        metadata: {
          name: volume.metadata.name,
          namespace,
          labels: { ...volume.metadata.labels, 'velero.io/backup-uid': made?.metadata.uid ?? '' },
          annotations: volume.metadata.annotations ?? {},
          ownerReferences: [
            {
              apiVersion: API_VERSION,
              kind: 'Backup',
              name,
              uid: made?.metadata.uid,
              controller: true,
            },
          ],
        },
        spec: { ...volume.spec, backupStorageLocation: this.location },
        status: volume.status,
      });
  }

  /** What these Restores did with volumes, oldest first. */
  async volumeRestores(restores: readonly string[]): Promise<PodVolumeRestore[]> {
    const { items } = await this.kubectl.json<{ items: PodVolumeRestore[] }>([
      'get',
      'podvolumerestores.velero.io',
      `--namespace=${this.namespace}`,
      `--selector=velero.io/restore-name in (${restores.join(',')})`,
      '--sort-by=.metadata.creationTimestamp',
    ]);
    return items;
  }

  /** Name of the Restore by which a pod came back; empty where it came otherwise, `undefined` where there is none. */
  async restoredBy(namespace: string, pod: string): Promise<string | undefined> {
    const found = await this.kubectl.find<{ metadata: { labels?: Record<string, string> } }>(
      'pod',
      pod,
      `--namespace=${namespace}`,
    );
    return found && (found.metadata.labels?.['velero.io/restore-name'] ?? '');
  }

  /** Velero would not look again at a repository that it could not open, for minutes. Only what it knows of them goes. */
  async forgetBrokenRepositories(): Promise<void> {
    const { items } = await this.kubectl.json<{
      items: { metadata: { name: string }; status?: { phase?: string } }[];
    }>(['get', 'backuprepositories.velero.io', `--namespace=${this.namespace}`]);
    for (const { metadata, status } of items)
      if (status?.phase === 'NotReady')
        await this.kubectl.run([
          'delete',
          'backuprepositories.velero.io',
          metadata.name,
          `--namespace=${this.namespace}`,
        ]);
  }

  restore(name: string): Promise<Restore | undefined> {
    return this.kubectl.find('restores.velero.io', name, `--namespace=${this.namespace}`);
  }

  async restores(): Promise<readonly Restore[]> {
    const { items } = await this.kubectl.json<{ items: Restore[] }>([
      'get',
      'restores.velero.io',
      `--namespace=${this.namespace}`,
    ]);
    return items;
  }

  /** Nothing happens when there is one of its name; fields of another version of Velero are dropped. */
  async create(object: object): Promise<void> {
    try {
      await this.kubectl.run(['create', '--validate=false', '--filename=-'], {
        input: JSON.stringify(object),
      });
    } catch (error) {
      if (!(error instanceof ProgramFailed) || !error.message.includes('AlreadyExists')) throw error;
    }
  }

  private async apply(object: object): Promise<void> {
    await this.kubectl.run(['apply', '--server-side', `--field-manager=${MANAGER}`, '--filename=-'], {
      input: JSON.stringify(object),
    });
  }
}

export function pause(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
