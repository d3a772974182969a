import { spawn } from 'node:child_process';
import { type Instance, inPod, type Subject } from './access';

/** psql in the live database or in a clone, on this terminal; its prompt says which. Returns its exit code. */
export function openPsql(
  subject: Subject,
  instance: Instance,
  options: { readonly database: string; readonly arguments: readonly string[] },
): Promise<number> {
  const prompt = `${subject.database}:${instance.name}`;
  const psql = [
    'psql',
    `--dbname=${options.database}`,
    `--set=PROMPT1=${prompt} %/%R%x%# `,
    `--set=PROMPT2=${prompt} %/%R%x%# `,
    ...options.arguments,
  ];
  const terminal = process.stdin.isTTY === true ? ['--stdin', '--tty'] : ['--stdin'];
  const { program, args, env } = inPod(subject, instance, psql, terminal);
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: 'inherit' });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}
