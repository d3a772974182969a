/**
 * What a rule has to know of the things that it watches: a series for each of them, with their labels. A rule that joins
 * it is one for all of a namespace; a rule for each of three hundred databases costs Prometheus 0.1 ms each, whatever it
 * selects.
 */
export interface Fact {
  /** Name of the series: `disaster_recovery_cron_job_age_limit_seconds`. */
  readonly name: string;
  /**
   * What is compared: the case's threshold, or another number.
   * @default - that of another alert with the same fact, else 1: it only names what is watched
   */
  readonly value?: number | 'threshold';
  /**
   * Beside the subject's and the case's: what a rule has in its text rather than compares, such as a window.
   * @default none
   */
  readonly labels?: Readonly<Record<string, string>>;
  /** Which of these the rule selects by: it is one for each of their values. @default none */
  readonly select?: readonly string[];
}

/** A rule by which Prometheus records a series. */
export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Label of facts: which rules join them. Those of another catalogue, or with other overrides, leave them alone. */
const LABEL = 'rules';

/** A fact as PromQL selects it, for all of a namespace. */
export function selectFact(
  { labels = {}, name, select = [] }: Fact,
  namespace: string,
  rules: string,
): string {
  const matchers = {
    [LABEL]: rules,
    namespace,
    ...Object.fromEntries(select.map((label) => [label, labels[label] ?? ''])),
  };
  return `${name}{${Object.entries(matchers).map(([label, value]) => `${label}=${JSON.stringify(value)}`)}}`;
}

/** A fact whose value may be another alert's to say. */
export interface DeclaredFact {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number | undefined;
}

export function declareFact(
  { labels, name, value }: Fact,
  threshold: number,
  own: Readonly<Record<string, string>>,
  rules: string,
): DeclaredFact {
  return {
    name,
    labels: { ...own, ...labels, [LABEL]: rules },
    value: value === 'threshold' ? threshold : value,
  };
}

/**
 * One rule for each series.
 * @throws when two alerts want different values of one
 */
export function recordFacts(facts: readonly (DeclaredFact | undefined)[]): RecordingRule[] {
  const known = new Map<string, DeclaredFact>();
  for (const fact of facts) {
    if (fact === undefined) continue;
    const key = JSON.stringify([fact.name, fact.labels]);
    const other = known.get(key);
    if (other?.value !== undefined && fact.value !== undefined && other.value !== fact.value)
      throw new Error(`${fact.name} is ${other.value} for one alert and ${fact.value} for another`);
    if (other?.value === undefined) known.set(key, fact);
  }
  return [...known.values()].map(({ labels, name, value = 1 }) => ({
    record: name,
    expr: `vector(${value})`,
    labels,
  }));
}
