import { ALERTMANAGER_API, PROMETHEUS_API } from '../../../local/cluster/addons/monitoring';
import type { LocalSite } from '../local-site';

/** One series of an answer. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A rule as Prometheus has loaded it. */
export interface LoadedRule {
  readonly name: string;
  readonly health: 'ok' | 'err' | 'unknown';
  readonly lastError?: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Of alerts: each set of labels for which it is pending or firing. */
  readonly alerts?: readonly { readonly labels: Readonly<Record<string, string>>; readonly state: string }[];
}

/** The monitoring of a site, asked by its own APIs through that of the cluster. */
export class Monitoring {
  constructor(private readonly site: LocalSite) {}

  /** An instant query that answers with a vector. @throws Error for an expression that Prometheus refuses */
  async query(expression: string): Promise<readonly Sample[]> {
    const { result } = await this.prometheus<{
      result: { metric: Record<string, string>; value: [number, string] }[];
    }>(`query?query=${encodeURIComponent(expression)}`);
    return result.map(({ metric: labels, value: [, value] }) => ({ labels, value: Number(value) }));
  }

  async rules(): Promise<readonly LoadedRule[]> {
    const { groups } = await this.prometheus<{ groups: { rules: LoadedRule[] }[] }>('rules');
    return groups.flatMap(({ rules }) => rules);
  }

  /** The jobs of all targets that answer a scrape, and of those that do not, each once. */
  async jobs(): Promise<{ readonly up: readonly string[]; readonly down: readonly string[] }> {
    const samples = await this.query('min by (job) (up)');
    const names = (value: number) =>
      samples.filter((sample) => sample.value === value).map(({ labels }) => labels['job'] ?? '');
    return { up: names(1).sort(), down: names(0).sort() };
  }

  /** @param path below `/api/v1/` */
  async prometheus<T>(path: string): Promise<T> {
    const answer = JSON.parse(await this.site.kubectl('get', `--raw=${PROMETHEUS_API}/api/v1/${path}`));
    return (answer as { data: T }).data;
  }

  /** @param path below `/api/v2/` */
  async alertmanager<T>(path: string): Promise<T> {
    return JSON.parse(await this.site.kubectl('get', `--raw=${ALERTMANAGER_API}/api/v2/${path}`)) as T;
  }
}
