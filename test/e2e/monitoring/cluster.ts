import type { AddonName } from '../../../local/cluster/addons/catalogue';
import { LocalSite } from '../local-site';
import { Monitoring } from './monitoring';
import { Webhook } from './webhook';

/** Where what is watched lives. */
export const NAMESPACE = 'watched';

/** A cluster whose monitoring runs, without an environment: a namespace to watch, and a receiver of notifications. */
export class MonitoredCluster {
  static async open(instance: string, ...addons: readonly AddonName[]): Promise<MonitoredCluster> {
    const site = await LocalSite.open(instance);
    try {
      for (const addon of ['monitoring', ...addons] as const) await site.install(addon);
      await site.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
      return new MonitoredCluster(site, await Webhook.start(instance));
    } catch (error) {
      await site.close();
      throw error;
    }
  }

  private constructor(
    readonly site: LocalSite,
    readonly webhook: Webhook,
  ) {}

  get monitoring(): Monitoring {
    return new Monitoring(this.site);
  }

  async close(): Promise<void> {
    await this.webhook.stop();
    await this.site.close();
  }
}
