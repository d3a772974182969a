import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Checkout } from '../checkout';
import { FaultProxy } from '../faults/fault-proxy';
import { eventually, LocalSite } from '../local-site';
import { Monitoring } from '../monitoring/monitoring';
import { Webhook } from '../monitoring/webhook';
import { giveSmallVolume } from '../small-volume';

/** Windows of minutes become one minute, and what pends fires after seconds; nothing else is different. */
const SHORTER = `
      scrapeInterval: Duration.seconds(5),
      mapRule: (rule) => ({ ...rule, expr: rule.expr.replaceAll(/\\[\\d+[smh]\\]/g, '[1m]'), for: '5s' }),`;

/** The platform of the environment `local` with monitoring and a receiver of its alerts; only their times are shorter. */
export class Platform {
  /**
   * @param how.overrides of alerts, as the environment would write them
   * @param how.volumeMegabytes of a volume for the database that is a small file system of its own
   */
  static async open(
    instance: string,
    how: { readonly overrides?: string; readonly volumeMegabytes?: number } = {},
  ): Promise<Platform> {
    const checkout = await Checkout.copy();
    shorten(checkout, how.overrides ?? '{}');
    const direct = await LocalSite.open(instance);
    const open: { stop(): Promise<void> }[] = [{ stop: () => direct.close() }];
    try {
      const proxy = await FaultProxy.start(instance);
      open.unshift(proxy);
      let site = direct
        .in(checkout.directory)
        .with({ VAULT_ENDPOINT: proxy.endpoint, MONITORING: 'prometheus-operator' });
      if (how.volumeMegabytes !== undefined) await giveSmallVolume(site, how.volumeMegabytes);
      await site.install('monitoring');
      const webhook = await Webhook.start(instance);
      open.unshift(webhook);
      site = site.with({
        ALERT_WEBHOOK_URL: `${webhook.url}/alerts`,
        DEAD_MANS_SWITCH_URL: `${webhook.url}/switch`,
      });
      await site.initialised();
      await site.backedUp();
      return new Platform(site, checkout, proxy, webhook, open);
    } catch (error) {
      for (const one of open) await one.stop();
      checkout.remove();
      throw error;
    }
  }

  private constructor(
    readonly site: LocalSite,
    private readonly checkout: Checkout,
    readonly proxy: FaultProxy,
    readonly webhook: Webhook,
    private readonly opened: readonly { stop(): Promise<void> }[],
  ) {}

  get monitoring(): Monitoring {
    return new Monitoring(this.site);
  }

  /** Of what the deploy wrote for recovery. */
  file(path: string): string {
    return join(this.checkout.directory, 'cdktf.out/recovery/local', path);
  }

  /** The alert reaches the receiver, with its labels and a runbook that is there. */
  async fires(alertname: string, severity: string, seconds = 240): Promise<void> {
    await eventually(`${alertname} (${severity}) reaches the receiver`, seconds, async () => {
      return this.last(alertname, severity)?.status === 'firing';
    });
    const { annotations = {}, labels = {} } = this.last(alertname, severity) ?? {};
    expect(labels).toMatchObject({ namespace: 'local', responsible: 'platform' });
    const runbook = annotations['runbook_url']?.split('/').at(-1) ?? '';
    expect(readFileSync(this.file(`runbooks/${runbook}`), 'utf8')).toContain('## Immediate actions');
  }

  resolves(alertname: string, severity: string, seconds = 300): Promise<void> {
    return eventually(`${alertname} (${severity}) resolves`, seconds, async () => {
      return this.last(alertname, severity)?.status === 'resolved';
    });
  }

  async close(): Promise<void> {
    for (const one of this.opened) await one.stop();
    this.checkout.remove();
  }

  /** The last word on an alert that reached the receiver. */
  private last(alertname: string, severity: string) {
    return this.webhook
      .notifications('/alerts')
      .flatMap(({ alerts }) => alerts)
      .filter(({ labels }) => labels['alertname'] === alertname && labels['severity'] === severity)
      .at(-1);
  }
}

function shorten(checkout: Checkout, overrides: string): void {
  checkout.change('environments/alerting.ts', (text) => {
    const shorter = text
      .replace(
        "from '../constructs/alerts';",
        "from '../constructs/alerts';\nimport { Duration } from '../constructs/core';",
      )
      .replace(
        '      otherwise:',
        '      groupWait: Duration.seconds(1),\n      groupInterval: Duration.seconds(5),\n      otherwise:',
      )
      .replace(
        '    alerting: new Alerting({',
        `    alerting: new Alerting({${SHORTER}\n      overrides: ${overrides},`,
      );
    expect(shorter).toMatch(/import \{ Duration \}[\s\S]*mapRule[\s\S]*groupWait/);
    return shorter;
  });
}
