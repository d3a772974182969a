import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Kubectl } from '../../commands/deploy/kubectl';
import { local } from '../../environments/local';
import type { Progress } from '../instance';
import { checksum, loadBallast } from './ballast';
import { npmRun } from './command';
import { inventSecrets } from './credentials';
import { Tunnel } from './database';
import { runNow, waitForJob } from './jobs';
import type { RehearsalReport } from './report';
import type { Site } from './site';
import { Timeline, tenth } from './timeline';
import { judge } from './verdict';
import { LEDGER, Writers } from './writers';

export interface RehearsalOptions {
  readonly site: Site;
  /** Where the log of acknowledged commits is kept: outside the cluster. */
  readonly directory: string;
  readonly engine: string;
  /** Size of the data that is loaded before the disaster. */
  readonly bytes: number;
  readonly progress: Progress;
}

/** A pushed WAL segment arrives within this time, or the measured loss is not excused. */
const PUSH_SECONDS = 10;
const WRITERS = 2;
const NAMESPACE = local.namespace;
const DATABASE = 'orders';
const ARCHIVE_TIMEOUT_SECONDS = local.databases[0]?.archiveTimeout?.toSeconds() ?? 60;

/** Deploys, works, backs up, loses everything but the vault, deploys again by the same command, and compares. */
export async function rehearse(options: RehearsalOptions): Promise<RehearsalReport> {
  const { site, progress, directory } = options;
  const startedAt = new Date().toISOString();
  const timeline = new Timeline(progress);

  await timeline.phase('vault reachable', () => site.openVault());
  const secrets = inventSecrets(vaultKeys(site));
  const variables = (): Record<string, string> => ({ ...site.variables(), ...secrets });
  await timeline.phase('vault bootstrapped', () => npmRun('vault', [local.name], variables(), progress));
  await timeline.phase('cluster reachable', () => site.openCluster());
  await timeline.phase('images imported', () => site.importImages());

  const deploy = (extra: Record<string, string> = {}): Promise<string> =>
    npmRun('deploy', [local.name, '--engine', options.engine], { ...variables(), ...extra }, progress);
  const said = await timeline.phase('first deploy, database empty', () =>
    deploy({ TF_VAR_initialize: 'true' }),
  );
  const engine = /^\s*engine: (\w+)/m.exec(said)?.[1] ?? options.engine;

  const before = await work(options, timeline, variables());
  const writers = before.writers;

  const killedAt = Date.now();
  await timeline.phase('disaster: everything but the vault is gone', async () => {
    await site.destroy();
    loseLocalFiles();
  });
  await writers.stop();
  before.tunnel.close();
  progress(`         ${writers.acknowledged.length} commits were acknowledged before the disaster`);

  await timeline.phase('a new cluster is reachable', () => site.openCluster());
  const reachableAt = Date.now();
  // No recovery flag: the same command, the same configuration, the same variables.
  await timeline.phase('same command again: images, deploy, restore', async () => {
    await Promise.all([site.importImages(), deploy()]);
  });
  const tunnel = await openTunnel(variables());
  try {
    const first = await timeline.phase('first correct query', () => tunnel.use(readLedger));
    const answeredAt = Date.now();
    const after = await timeline.phase('rows and checksums compared', () => tunnel.use(checksum));
    const verdict = judge({
      acknowledged: writers.acknowledged,
      killedAt,
      recovered: first,
      archiveTimeoutSeconds: ARCHIVE_TIMEOUT_SECONDS,
      pushSeconds: PUSH_SECONDS,
      ballast: { before: before.checksum, after },
    });
    await timeline.phase('a full backup after the recovery', () =>
      firstBackup(new Kubectl(...kubectlOf(variables()))),
    );
    return {
      startedAt,
      environment: local.name,
      site: site.description,
      engine,
      passed: verdict.passed,
      reasons: verdict.reasons,
      phases: timeline.phases,
      rto: {
        fromDisasterSeconds: tenth((answeredAt - killedAt) / 1000),
        fromClusterReachableSeconds: tenth((answeredAt - reachableAt) / 1000),
      },
      rpo: verdict,
      data: { loadedBytes: options.bytes, rows: after.rows + first.size, checksum: after.sum },
    };
  } finally {
    tunnel.close();
    rmSync(join(directory, 'acknowledged.log'), { force: true });
  }
}

/** Data, backups, and writers that are still writing when this returns. */
async function work(options: RehearsalOptions, timeline: Timeline, variables: Record<string, string>) {
  const kubectl = new Kubectl(...kubectlOf(variables));
  const tunnel = await openTunnel(variables);
  const writers = new Writers(tunnel.connection, join(options.directory, 'acknowledged.log'));
  await timeline.phase(`${Math.round(options.bytes / 1_000_000)} MB loaded`, () =>
    tunnel.use(async (client) => {
      await client.query(LEDGER);
      await loadBallast(client, options.bytes);
    }),
  );
  const sum = await tunnel.use(checksum);
  await timeline.phase('first full backup', () => firstBackup(kubectl));
  await writers.start(WRITERS, 10);
  await timeline.phase('differential backup while clients write', () =>
    runNow(kubectl, NAMESPACE, `${DATABASE}-backup-diff`, 600),
  );
  await timeline.phase('clients write for longer than archive_timeout', async () => {
    await new Promise((resolve) => setTimeout(resolve, (ARCHIVE_TIMEOUT_SECONDS + PUSH_SECONDS + 10) * 1000));
  });
  return { writers, tunnel, checksum: sum };
}

async function firstBackup(kubectl: Kubectl): Promise<void> {
  await waitForJob(
    kubectl,
    NAMESPACE,
    ({ metadata }) => metadata.name.startsWith(`${DATABASE}-first-backup-`),
    900,
  );
}

async function readLedger(client: import('pg').Client): Promise<ReadonlySet<number>> {
  const { rows } = await client.query<{ id: string }>('select id from ledger');
  return new Set(rows.map(({ id }) => Number(id)));
}

function openTunnel(variables: Record<string, string>): Promise<Tunnel> {
  return Tunnel.open({
    kubectl: variables['KUBECTL'] ?? 'kubectl',
    kubeconfig: variables['KUBECONFIG'] ?? '',
    namespace: NAMESPACE,
    pod: `${DATABASE}-0`,
    login: {
      user: 'orders_app',
      database: 'orders',
      password: variables['TF_VAR_orders_app_password'] ?? '',
    },
  });
}

function kubectlOf(variables: Record<string, string>): ConstructorParameters<typeof Kubectl> {
  return [variables['KUBECTL'], { KUBECONFIG: variables['KUBECONFIG'] ?? '' }];
}

function vaultKeys(site: Site): { accessKey: string; secretKey: string } {
  const { AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey } = site.variables();
  if (accessKey === undefined || secretKey === undefined) throw new Error('the vault gave no keys');
  return { accessKey, secretKey };
}

/** The machine that deployed is lost as well: what it had synthesised, and Terraform's state. */
function loseLocalFiles(): void {
  for (const lost of [
    'cdktf.out',
    ...['cluster', 'operators', 'platform'].map((layer) => `terraform.${local.name}-${layer}.tfstate`),
  ]) {
    rmSync(lost, { recursive: true, force: true });
    rmSync(`${lost}.backup`, { force: true });
  }
}
