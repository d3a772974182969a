import type { Kubectl } from '../../deploy/kubectl';

interface Job {
  readonly metadata: { readonly name: string };
  readonly status: {
    readonly succeeded?: number;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly message?: string;
    }[];
  };
}

/** Starts a run of a CronJob now, as an operator would, and waits for its end. */
export async function runNow(
  kubectl: Kubectl,
  namespace: string,
  cronJob: string,
  seconds: number,
): Promise<void> {
  const name = `${cronJob}-${Date.now().toString(36)}`;
  await kubectl.run(['create', 'job', name, `--from=cronjob/${cronJob}`, `--namespace=${namespace}`]);
  await waitForJob(kubectl, namespace, (job) => job.metadata.name === name, seconds);
}

/** Waits until a job that fits has succeeded. */
export async function waitForJob(
  kubectl: Kubectl,
  namespace: string,
  fits: (job: Job) => boolean,
  seconds: number,
): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const { items } = await kubectl.json<{ items: Job[] }>(['get', 'jobs', `--namespace=${namespace}`]);
    const job = items.find(fits);
    if ((job?.status.succeeded ?? 0) > 0) return;
    const failed = job?.status.conditions?.find(({ type, status }) => type === 'Failed' && status === 'True');
    if (job !== undefined && failed !== undefined) {
      throw new Error(
        `job ${job.metadata.name} failed: ${failed.message ?? ''}\n${await logs(kubectl, namespace, job)}`,
      );
    }
    if (Date.now() > deadline) {
      const last = job === undefined ? 'it was never created' : await logs(kubectl, namespace, job);
      throw new Error(`job ${job?.metadata.name ?? ''} did not succeed in ${seconds} s: ${last}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function logs(kubectl: Kubectl, namespace: string, job: Job): Promise<string> {
  return kubectl
    .run(['logs', `--namespace=${namespace}`, `job/${job.metadata.name}`, '--tail=5'])
    .catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
}
