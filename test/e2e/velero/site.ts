import { gunzipSync } from 'node:zlib';
import { type Deployed, eventually, LocalSite } from '../local-site';

/** Of Velero's repository; never the one that everybody knows. */
export const REPOSITORY_KEY = 'not-the-one-that-everybody-knows';

interface Backup {
  readonly name: string;
  readonly phase: string;
}

/** The environment `local` with Velero, which backs up what else is in the cluster, every minute: that schedules run is seen by that. */
export class VeleroSite {
  static async open(instance: string): Promise<VeleroSite> {
    const opened = await LocalSite.open(instance);
    const site = opened.with({
      VELERO: 'others',
      VELERO_SCHEDULE: '* * * * *',
      // Part of the cluster, as it comes.
      VELERO_EXCLUDED_NAMESPACES: 'local-path-storage',
      TF_VAR_velero_repository_key: REPOSITORY_KEY,
    });
    try {
      await site.install('velero');
      await site.initialised();
    } catch (error) {
      await site.close();
      throw error;
    }
    return new VeleroSite(site);
  }

  private constructor(readonly site: LocalSite) {}

  velero(...args: readonly string[]): Promise<Deployed> {
    return this.site.npmRun('velero', ['local', ...args]);
  }

  field(kind: string, name: string, path: string): Promise<string> {
    return this.site.kubectl('get', kind, name, '--namespace=velero', `--output=jsonpath=${path}`);
  }

  /** A file of the vault that Velero wrote, unpacked. */
  async written<T>(path: string): Promise<T> {
    const bytes = await this.site.vault('local-vault').store.readBytes(`velero/local/${path}`);
    return JSON.parse(gunzipSync(bytes ?? new Uint8Array()).toString('utf8')) as T;
  }

  /** The newest backup that began after this moment and has ended. */
  async backupSince(moment: Date): Promise<Backup> {
    let found: Backup | undefined;
    await eventually('a backup begins and ends', 240, async () => {
      const { items } = JSON.parse(
        await this.site.kubectl('get', 'backups.velero.io', '--namespace=velero', '--output=json'),
      ) as {
        items: { metadata: { name: string }; status?: { phase?: string; startTimestamp?: string } }[];
      };
      const [one] = items.filter(
        ({ status }) =>
          new Date(status?.startTimestamp ?? 0) > moment &&
          /^(Completed|Failed|PartiallyFailed)$/.test(status?.phase ?? ''),
      );
      if (one !== undefined) found = { name: one.metadata.name, phase: one.status?.phase ?? '' };
      return one !== undefined;
    });
    return found as Backup;
  }

  /** Everything but the vault is lost; the new cluster has Velero's own objects, and nothing of an environment. */
  async loseCluster(): Promise<void> {
    await this.site.loseCluster();
    await this.site.install('velero');
  }
}
