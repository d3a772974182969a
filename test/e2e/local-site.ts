import { dirname } from 'node:path';
import { run } from '../../deploy/process';
import { inventSecrets } from '../../local/rehearsal/credentials';
import { openEmbeddedSite } from '../../local/rehearsal/embedded-site';
import type { Site } from '../../local/rehearsal/site';

export interface Deployed {
  readonly exitCode: number;
  readonly output: string;
}

/** A real cluster and vault for end-to-end tests, and the commands of an operator on them. */
export class LocalSite {
  static async open(name: string): Promise<LocalSite> {
    const site = await openEmbeddedSite({
      name,
      progress: (message) => process.stderr.write(`${message}\n`),
    });
    try {
      await site.openVault();
      await Promise.all([site.openCluster(), site.importImages()]);
    } catch (error) {
      await site.close();
      throw error;
    }
    return new LocalSite(site, inventSecrets(site.variables()));
  }

  private constructor(
    private readonly site: Site,
    private readonly secrets: Readonly<Record<string, string>>,
  ) {}

  /** One of the project's own commands, run as an operator would. */
  async npmRun(
    script: string,
    args: readonly string[],
    variables: Readonly<Record<string, string>> = {},
  ): Promise<Deployed> {
    const lines: string[] = [];
    const { exitCode } = await run('npm', ['run', '--silent', script, '--', ...args], {
      env: { ...this.site.variables(), ...this.secrets, ...variables },
      onLine: (line) => lines.push(line),
    });
    return { exitCode, output: lines.join('\n') };
  }

  /** Values that must be nowhere but in the cluster's Secrets. */
  secretValues(): readonly string[] {
    return Object.values(this.secrets);
  }

  deploy(variables: Readonly<Record<string, string>> = {}): Promise<Deployed> {
    return this.npmRun('deploy', ['local', '--engine', 'kit', '--timeout', '150'], variables);
  }

  async kubectl(...args: readonly string[]): Promise<string> {
    const { KUBECTL = 'kubectl', KUBECONFIG = '' } = this.site.variables();
    const { exitCode, stdout, stderr } = await run(KUBECTL, args, { env: { KUBECONFIG }, seconds: 120 });
    if (exitCode !== 0) throw new Error(stderr);
    return stdout;
  }

  /** A line of a shell, with the cluster's kubectl on the path. */
  async shell(command: string, variables: Readonly<Record<string, string>>): Promise<Deployed> {
    const { KUBECTL = 'kubectl', KUBECONFIG = '' } = this.site.variables();
    const { exitCode, stdout, stderr } = await run('bash', ['-c', command], {
      env: { ...variables, KUBECONFIG, PATH: `${dirname(KUBECTL)}:${process.env['PATH']}` },
      seconds: 120,
    });
    return { exitCode, output: `${stdout}\n${stderr}` };
  }

  /** A statement in the database of the local environment, as its superuser. */
  sql(statement: string): Promise<string> {
    return this.kubectl(
      'exec',
      '--namespace=local',
      'orders-0',
      '--container=postgres',
      '--',
      'psql',
      '--no-psqlrc',
      '--quiet',
      '--tuples-only',
      '--no-align',
      '--dbname=orders',
      '--command',
      statement,
    );
  }

  /** Everything of the environment is gone from the cluster, its volume too. */
  async lose(): Promise<void> {
    await this.kubectl(
      'delete',
      'namespace',
      'local',
      '--wait',
      '--ignore-not-found',
      '--grace-period=0',
      '--force',
    );
  }

  close(): Promise<void> {
    return this.site.close();
  }
}
