import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identify, isAlive, type ProcessIdentity, signal } from './identity';
import { type ProcessRecord, ProcessRecords } from './records';
import { withSearchPath } from './run';
import { waitFor } from './wait';

export interface StartProps {
  /** Name of the process within its instance, of its record and of its log. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Network namespace to join, as a path. @default the machine's */
  readonly network?: string;
  /** Process whose mount namespace to join. @default the machine's mounts */
  readonly mountsOf?: ProcessIdentity;
  /** Control groups to join, as folders. @default those of this process */
  readonly cgroups?: readonly string[];
  /** Tried until it returns true. @default started is good enough */
  readonly ready?: () => Promise<boolean>;
  /** @default 60 seconds */
  readonly readyTimeoutMs?: number;
}

/**
 * The processes of an instance. Each is the leader of its own session, logs to
 * a file and is recorded on disk, so that it can outlive this process and be
 * found, and ended, by another one.
 */
export class Supervisor {
  readonly #logs: string;
  readonly records: ProcessRecords;
  #closed = false;

  constructor(directories: { readonly records: string; readonly logs: string }) {
    this.#logs = directories.logs;
    this.records = new ProcessRecords(directories.records);
  }

  /** From now on nothing starts, and who waits for something to become ready waits no longer. */
  close(): void {
    this.#closed = true;
  }

  logPath(name: string): string {
    return join(this.#logs, `${name}.log`);
  }

  async start(props: StartProps): Promise<ProcessRecord> {
    if (this.#closed) throw new Error(`${props.name} is not started: the instance is being ended.`);
    const running = this.records.find(props.name);
    if (running !== undefined && isAlive(running)) {
      throw new Error(`${props.name} is already running as process ${running.pid}.`);
    }
    mkdirSync(this.#logs, { recursive: true });
    const log = openSync(this.logPath(props.name), 'w', 0o600);
    const [command = '', ...args] = wrap(props);
    const child = spawn(command, args, {
      cwd: '/',
      detached: true,
      stdio: ['ignore', log, log],
      env: withSearchPath({ ...props.environment }),
    });
    closeSync(log);
    const pid = await new Promise<number>((resolve, reject) => {
      child.on('error', reject);
      child.on('spawn', () => resolve(child.pid ?? 0));
    });
    child.unref();
    const identity = identify(pid);
    if (identity === undefined) throw this.#died(props.name);
    const record = { ...identity, name: props.name, log: this.logPath(props.name) };
    this.records.add(record);
    if (props.ready !== undefined) {
      await waitFor(
        {
          what: `${props.name} (log: ${record.log})`,
          timeoutMs: props.readyTimeoutMs ?? 60_000,
          everyMs: 50,
          giveUp: () => {
            if (this.#closed)
              return new Error(`${props.name} is not waited for: the instance is being ended.`);
            return isAlive(record) ? undefined : this.#died(props.name);
          },
        },
        props.ready,
      );
    }
    return record;
  }

  /** Ends a process: asked first, killed when it does not listen. */
  async stop(name: string, graceMs = 5_000): Promise<void> {
    const record = this.records.find(name);
    if (record === undefined) return;
    if (signal(record, 'SIGTERM')) {
      const deadline = Date.now() + graceMs;
      while (isAlive(record) && Date.now() < deadline) await sleep(20);
    }
    await this.kill([record]);
    this.records.remove(name);
  }

  /** SIGKILL, and wait until they are gone. */
  async kill(processes: readonly ProcessIdentity[]): Promise<void> {
    for (const target of processes) signal(target, 'SIGKILL');
    const deadline = Date.now() + 10_000;
    for (const target of processes) {
      while (isAlive(target)) {
        if (Date.now() > deadline)
          throw new Error(`Process ${target.pid} does not end, not even by SIGKILL.`);
        await sleep(10);
      }
    }
  }

  #died(name: string): Error {
    return new Error(
      `${name} has ended. Its log ${this.logPath(name)} closes with:\n${tail(this.logPath(name), 15)}`,
    );
  }
}

/** Joins what is to be joined and then becomes the command, so that the process id stays the one recorded. */
function wrap(props: StartProps): string[] {
  let command = [props.command, ...props.args];
  const joins = [
    ...(props.network === undefined ? [] : [`--net=${props.network}`]),
    ...(props.mountsOf === undefined ? [] : [`--mount=/proc/${props.mountsOf.pid}/ns/mnt`]),
  ];
  if (joins.length > 0) command = ['nsenter', ...joins, '--wdns=/', '--', ...command];
  if (props.cgroups !== undefined && props.cgroups.length > 0) {
    const script =
      'while [ "$1" != -- ]; do echo 0 > "$1/cgroup.procs" || exit 1; shift; done; shift; exec "$@"';
    command = ['sh', '-c', script, 'sh', ...props.cgroups, '--', ...command];
  }
  return command;
}

function tail(path: string, lines: number): string {
  try {
    return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return '(no log)';
  }
}
