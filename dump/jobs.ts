import type { Subject } from '../clone/access';
import { jobFrom, type Template } from '../clone/template';
import { lastLine } from '../deploy/process';
import { EnvironmentProblem, type Progress } from '../deploy/progress';

export interface JobOptions {
  readonly subject: Subject;
  /** Which template: its CronJob is `<database>-<template>`, or that of a mirror `<bucket>-<template>`. */
  readonly template: 'dump' | 'dump-load' | 'mirror' | 'mirror-restore';
  /** Variables of the container that differ from the template's. */
  readonly environment: Readonly<Record<string, string>>;
  /** @default - as the template has it */
  readonly change?: (template: Template) => Template;
  /** How long it may take. */
  readonly seconds: number;
  readonly progress: Progress;
}

interface JobStatus {
  readonly status?: {
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly message?: string;
    }[];
  };
}

interface Pods {
  readonly items: readonly {
    readonly metadata: { readonly name: string; readonly creationTimestamp: string };
    readonly status: {
      readonly phase?: string;
      readonly containerStatuses?: readonly {
        readonly state: {
          readonly waiting?: { readonly reason?: string; readonly message?: string };
          readonly terminated?: { readonly message?: string; readonly exitCode: number };
        };
      }[];
    };
  }[];
}

/**
 * Makes a Job from a template and waits for its end; returns what it printed.
 * @throws EnvironmentProblem with the pod's last words when it failed
 */
export async function runJob(options: JobOptions): Promise<string> {
  const { subject, environment, progress } = options;
  const { kubectl, namespace, database } = subject;
  const template = await readTemplate(subject, options.template);
  const name = `${database}-${options.template}-${new Date().toISOString().replace(/\D/g, '').slice(2, 14)}`;
  // A second attempt would be made behind the back of whoever waits for this one.
  const job = withoutRetries(jobFrom(options.change?.(template) ?? template, { name, environment }));
  await kubectl.run(['create', `--namespace=${namespace}`, '--filename=-'], { input: JSON.stringify(job) });
  progress(`job ${name} is made`);
  const deadline = Date.now() + options.seconds * 1000;
  let told = '';
  for (;;) {
    const { status } = await kubectl.json<JobStatus>(['get', 'job', name, `--namespace=${namespace}`]);
    const ended = status?.conditions?.find(
      ({ type, status: is }) => is === 'True' && (type === 'Complete' || type === 'Failed'),
    );
    if (ended?.type === 'Complete') return output(subject, name);
    if (ended !== undefined) throw new EnvironmentProblem(await problem(subject, name, ended.message ?? ''));
    const words = await waitingWords(subject, name);
    if (words !== '' && words !== told) progress(`${name} waits: ${words}`);
    told = words;
    if (Date.now() > deadline) {
      throw new EnvironmentProblem(
        `job ${name} has not ended after ${options.seconds} s — FIX: it goes on; see \`kubectl --namespace ${namespace} logs job/${name}\`, or wait longer by --timeout`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** @throws EnvironmentProblem when there is no such template */
export async function readTemplate(
  { kubectl, namespace, database }: Subject,
  which: JobOptions['template'],
): Promise<Template> {
  const name = `${database}-${which}`;
  const { items } = await kubectl.json<{ items: Template[] }>([
    'get',
    'cronjobs',
    `--namespace=${namespace}`,
    `--field-selector=metadata.name=${name}`,
  ]);
  const [template] = items;
  if (template !== undefined) return template;
  throw new EnvironmentProblem(
    `namespace ${namespace} has no CronJob ${name} — FIX: declare ${which.startsWith('dump') ? '`dumps`' : 'a `mirror`'} for ${database}, and deploy the environment`,
  );
}

function withoutRetries(job: ReturnType<typeof jobFrom>) {
  return { ...job, spec: { ...job.spec, backoffLimit: 0 } };
}

async function podsOf({ kubectl, namespace }: Subject, job: string): Promise<Pods['items']> {
  const { items } = await kubectl.json<Pods>([
    'get',
    'pods',
    `--namespace=${namespace}`,
    `--selector=batch.kubernetes.io/job-name=${job}`,
  ]);
  return items;
}

async function output({ kubectl, namespace }: Subject, job: string): Promise<string> {
  return kubectl.run(['logs', `--namespace=${namespace}`, `job/${job}`]);
}

async function waitingWords(subject: Subject, job: string): Promise<string> {
  const [pod] = await podsOf(subject, job);
  const { waiting } = pod?.status.containerStatuses?.[0]?.state ?? {};
  if (waiting === undefined || waiting.reason === 'ContainerCreating') return '';
  return [waiting.reason, waiting.message].filter(Boolean).join(': ');
}

async function problem(subject: Subject, job: string, condition: string): Promise<string> {
  const [pod] = await podsOf(subject, job);
  const said = lastLine(pod?.status.containerStatuses?.[0]?.state.terminated?.message ?? '').replace(
    /^ERROR /,
    '',
  );
  if (said.includes('FIX:')) return said;
  return `job ${job} failed: ${said || condition} — FIX: see \`kubectl --namespace ${subject.namespace} logs job/${job}\``;
}
