import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { output } from '../../deploy/process';

/** The benchmark's cluster, as its kubectl sees it. */
export class BenchCluster {
  constructor(private readonly variables: Readonly<Record<string, string>>) {}

  private get program(): string {
    return this.variables['KUBECTL'] ?? 'kubectl';
  }

  kubectl(args: readonly string[], options: { input?: string; seconds?: number } = {}): Promise<string> {
    return output(this.program, args, { seconds: 120, ...options, env: this.variables });
  }

  apply(objects: readonly object[]): Promise<string> {
    return this.kubectl(['apply', '--server-side', '--filename=-'], {
      input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }),
    });
  }

  /** Tells each line as it comes, until the process is ended. One that asked again and again would take part of the processor. */
  watch(args: readonly string[], onLine: (line: string) => void): ChildProcess {
    const child = spawn(this.program, ['get', ...args, '--watch'], {
      env: { ...process.env, ...this.variables },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    createInterface({ input: child.stdout }).on('line', onLine);
    return child;
  }
}
