import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Vault } from '../../constructs/object-storage';
import { openStore, type S3Store, type StoreKeys } from '../../constructs/object-storage/client';
import { run } from '../../deploy/process';
import type { AddonName } from '../../local/cluster/addons/catalogue';
import type { ImageName } from '../../local/images';
import { inventSecrets } from '../../local/rehearsal/credentials';
import { type EmbeddedSite, openEmbeddedSite } from '../../local/rehearsal/embedded-site';

export interface Deployed {
  readonly exitCode: number;
  readonly output: string;
}

type Variables = Readonly<Record<string, string>>;

/** A real cluster and vault for end-to-end tests, and the commands of an operator on them. */
export class LocalSite {
  static async open(name: string): Promise<LocalSite> {
    const site = await up(name);
    return new LocalSite(site, inventSecrets(site.variables()));
  }

  private constructor(
    private readonly site: EmbeddedSite,
    private readonly secrets: Readonly<Record<string, string>>,
    private readonly others: Variables = {},
    private readonly directory = process.cwd(),
  ) {}

  /** The same site, its commands run with these variables as well. */
  with(variables: Variables): LocalSite {
    return new LocalSite(this.site, this.secrets, { ...this.others, ...variables }, this.directory);
  }

  /** The same site, for somebody who has only these secrets. */
  knowing(secrets: Variables): LocalSite {
    return new LocalSite(this.site, secrets, this.others, this.directory);
  }

  /** The same site, its commands run in another checkout. */
  in(directory: string): LocalSite {
    return new LocalSite(this.site, this.secrets, this.others, directory);
  }

  /** A second cluster, with the vault (that of instance `vaultOf`) and the secrets of this one, which is not touched. */
  async openSuccessor(name: string, vaultOf: string): Promise<LocalSite> {
    const vault = Object.entries(this.variables()).filter(([variable]) => /^(VAULT|AWS)_/.test(variable));
    return new LocalSite(await up(name, vaultOf), this.secrets, Object.fromEntries(vault));
  }

  /** What the site itself says: cluster, vault and its keys. */
  variables(): Readonly<Record<string, string>> {
    return { ...this.site.variables(), ...this.others };
  }

  /** The vault, as its administrator sees it from here. */
  vault(bucket: string): { readonly vault: Vault; readonly keys: StoreKeys; readonly store: S3Store } {
    const { VAULT_ENDPOINT: endpoint = '', VAULT_CA_FILE = '', VAULT_ADDRESS, ...keys } = this.variables();
    // Clients look there for the address of a name that this machine does not know.
    process.env['VAULT_ADDRESS'] = VAULT_ADDRESS;
    const caPem = readFileSync(VAULT_CA_FILE, 'utf8');
    const vault = Vault.s3Compatible({ endpoint, bucket, caPem, mints: 'versitygw' });
    const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '' } = keys;
    const root = { accessKeyId, secretAccessKey };
    return { vault, keys: root, store: openStore(vault, { keys: root }) };
  }

  /** One of the project's own commands, run as an operator would. */
  async npmRun(script: string, args: readonly string[], variables: Variables = {}): Promise<Deployed> {
    const lines: string[] = [];
    const { exitCode } = await run('npm', ['run', '--silent', script, '--', ...args], {
      cwd: this.directory,
      env: { ...this.site.variables(), ...this.secrets, ...this.others, ...variables },
      onLine: (line) => lines.push(line),
    });
    return { exitCode, output: lines.join('\n') };
  }

  /** Makes an image available that not every cluster has; it is built when it is asked for first. */
  importImage(name: ImageName): Promise<void> {
    return this.site.importImages([name]);
  }

  /** What not every cluster has; it is built when it is asked for first. */
  install(addon: AddonName): Promise<void> {
    return this.site.install(addon);
  }

  /** Values that must be nowhere but in the cluster's Secrets. */
  secretValues(): readonly string[] {
    return Object.values(this.secrets);
  }

  deploy(variables: Variables = {}): Promise<Deployed> {
    return this.npmRun('deploy', ['local', '--engine', 'kit', '--timeout', '150'], variables);
  }

  /** A deploy that has to succeed. @throws Error with all that it said */
  async deployed(variables: Variables = {}): Promise<void> {
    const { exitCode, output } = await this.deploy(variables);
    if (exitCode !== 0) throw new Error(output);
  }

  /** The vault is made, and new databases are deployed. */
  async initialised(): Promise<void> {
    const { exitCode, output } = await this.npmRun('vault', ['local']);
    if (exitCode !== 0) throw new Error(output);
    await this.deployed({ TF_VAR_initialize: 'true' });
  }

  async kubectl(...args: readonly string[]): Promise<string> {
    const { KUBECTL = 'kubectl', KUBECONFIG = '' } = this.site.variables();
    const { exitCode, stdout, stderr } = await run(KUBECTL, args, { env: { KUBECONFIG }, seconds: 120 });
    if (exitCode !== 0) throw new Error(stderr);
    return stdout;
  }

  /** A line of a shell, with the cluster's kubectl on the path. */
  async shell(command: string, variables: Variables, seconds = 120): Promise<Deployed> {
    const { KUBECTL = 'kubectl', KUBECONFIG = '' } = this.site.variables();
    const { exitCode, stdout, stderr } = await run('bash', ['-c', command], {
      env: { ...variables, KUBECONFIG, PATH: `${dirname(KUBECTL)}:${process.env['PATH']}` },
      seconds,
    });
    return { exitCode, output: `${stdout}\n${stderr}` };
  }

  /** @throws Error when the API server refuses one of these objects */
  async apply(...items: readonly object[]): Promise<void> {
    const LIST = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
    const { exitCode, output } = await this.shell('kubectl apply --server-side --filename=- <<<"$LIST"', {
      LIST,
    });
    if (exitCode !== 0) throw new Error(output);
  }

  /** Commands of an operator, run as a script in the checkout with all that an operator has in the environment. */
  async script(text: string, seconds = 300): Promise<Deployed> {
    const { KUBECTL = 'kubectl', ...variables } = this.site.variables();
    const { exitCode, stdout, stderr } = await run('bash', ['-euo', 'pipefail', '-c', text], {
      cwd: this.directory,
      env: {
        ...variables,
        KUBECTL,
        ...this.secrets,
        ...this.others,
        PATH: `${dirname(KUBECTL)}:${process.env['PATH']}`,
      },
      seconds,
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

  /** Waits until everything that was committed before is in the vault. */
  async archived(seconds = 90): Promise<void> {
    const segment = (await this.sql('select pg_walfile_name(pg_switch_wal())')).trim();
    await eventually(`${segment} is archived`, seconds, async () => {
      const answer = await this.sql(
        `select coalesce(last_archived_wal, '') >= '${segment}' from pg_stat_archiver`,
      );
      return answer.trim() === 't';
    });
  }

  /** Waits for the jobs that follow a deploy: certificates, stanza, and a full backup. */
  async backedUp(): Promise<void> {
    const jobs = ['job', '--namespace=local', '--selector=app.kubernetes.io/component=backup'];
    await this.kubectl('wait', '--for=condition=complete', '--timeout=110s', ...jobs);
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

  /** The disaster: everything but the vault is killed and wiped. A new cluster takes its place. */
  async loseCluster(): Promise<void> {
    await this.site.destroy();
    await Promise.all([this.site.openCluster(), this.site.importImages()]);
  }

  close(): Promise<void> {
    return this.site.close();
  }
}

/** Asks once a second, or with other pauses, until it is so. */
export async function eventually(
  what: string,
  seconds: number,
  so: () => Promise<boolean>,
  pauseSeconds = 1,
): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!(await so())) {
    if (Date.now() > deadline) throw new Error(`not within ${seconds} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, pauseSeconds * 1000));
  }
}

async function up(name: string, vaultOf?: string): Promise<EmbeddedSite> {
  const progress = (message: string): void => void process.stderr.write(`${message}\n`);
  const site = await openEmbeddedSite({ name, progress, ...(vaultOf === undefined ? {} : { vaultOf }) });
  try {
    await site.openVault();
    await Promise.all([site.openCluster(), site.importImages()]);
  } catch (error) {
    await site.close();
    throw error;
  }
  return site;
}
