/** Where short-lived jobs leave their metrics: a Pushgateway of this platform, or the URL of one. */
export type PushTarget = string | { readonly url: string };

/** Of the pods of jobs that push: a Pushgateway of this library lets them in by it. */
export const PUSHES_METRICS: Readonly<Record<string, string>> = {
  'cdktf-disaster-recovery/pushes-metrics': 'true',
};

/** What a job's pod is given where its result is pushed. */
export interface PushFragment {
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly labels: Readonly<Record<string, string>>;
}

export function pushFragment(target: PushTarget | undefined): PushFragment {
  if (target === undefined) return { env: [], labels: {} };
  return { env: [{ name: 'PUSHGATEWAY_URL', value: pushUrl(target) }], labels: PUSHES_METRICS };
}

export function pushUrl(target: PushTarget): string {
  return typeof target === 'string' ? target : target.url;
}

/** Whether metrics can be sent there. */
export function isPushTarget(target: PushTarget): boolean {
  const url = pushUrl(target);
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
}
