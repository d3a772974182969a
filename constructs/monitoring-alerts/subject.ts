import type { Subject } from '../alerts';

/** What the rules about the monitoring read. */
export interface MonitoringSubject extends Subject {
  /** Values of the label `job` of what must be scraped at least. */
  readonly jobs: readonly string[];
  /** Of Prometheus, Alertmanager and their operator themselves; `undefined` where there is no operator. */
  readonly prometheus: string;
  readonly alertmanager: string;
  readonly operator: string | undefined;
}
