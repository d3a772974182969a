import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { runInImage } from '../../local/images';
import { NAMESPACE } from '../../local/rehearsal/subject';
import { phases } from './phases';
import { DATABASE, MARKER, QUERY, type Subject } from './subject';

export interface Recovery {
  /** From the server's manifest being there, all that it needs being applied before it, to the first right answer. */
  readonly seconds: number;
  /** From the first manifest. */
  readonly withApplySeconds: number;
  readonly phases: Awaited<ReturnType<typeof phases>>;
}

/** Applies the kit and waits, as a client of the Service would, for the right answer. */
export async function recover(
  subject: Subject,
  network: string,
  apply: Parameters<Subject['apply']>[0] = {},
): Promise<Recovery> {
  const began = Date.now();
  const declared = serverDeclared(subject);
  const [declaredAt, answeredAt] = await Promise.all([
    declared.at,
    declared.at.then(() => firstAnswer(subject, network)),
    subject.apply(apply),
  ]).finally(declared.stop);
  return {
    seconds: (answeredAt - declaredAt) / 1000,
    withApplySeconds: (answeredAt - began) / 1000,
    phases: await phases(subject, declaredAt, answeredAt),
  };
}

/** The moment when the API server tells that the StatefulSet exists. */
function serverDeclared(subject: Subject): { readonly at: Promise<number>; readonly stop: () => void } {
  const child = spawn(
    subject.variables['KUBECTL'] ?? 'kubectl',
    ['get', 'statefulset', `--namespace=${NAMESPACE}`, '--watch', '--output=name'],
    { env: { ...process.env, ...subject.variables }, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const at = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => reject(new Error('kubectl ended before the StatefulSet was there')));
    createInterface({ input: child.stdout }).once('line', () => resolve(Date.now()));
  });
  return { at, stop: () => void child.kill() };
}

async function firstAnswer(subject: Subject, network: string): Promise<number> {
  const host = await subject.kubectl([
    'get',
    'service',
    DATABASE,
    `--namespace=${NAMESPACE}`,
    '--output=jsonpath={.spec.clusterIP}',
  ]);
  const { exitCode, stdout, stderr } = await runInImage('postgres', ['/bench/first-query.sh'], {
    network,
    mounts: [{ source: __dirname, target: '/bench' }],
    env: {
      PGHOST: host,
      PGUSER: 'orders_app',
      PGDATABASE: 'orders',
      PGPASSWORD: subject.variables['TF_VAR_orders_app_password'] ?? '',
      QUERY,
      EXPECTED: MARKER,
    },
    timeoutMs: 1_800_000,
  });
  if (exitCode !== 0) throw new Error(`no right answer came: ${stderr}`);
  return Number(stdout.trim()) * 1000;
}
