import { rmSync } from 'node:fs';
import type { Client } from 'pg';
import { local } from '../../environments/local';
import type { Progress } from '../instance';
import { checksum } from './ballast';
import { npmRun } from './command';
import { inventSecrets } from './credentials';
import type { Tunnel } from './database';
import { RehearsalEscrow } from './escrow';
import type { RehearsalReport } from './report';
import type { Site } from './site';
import { ARCHIVE_TIMEOUT_SECONDS, firstBackup, openTunnel, type Variables } from './subject';
import { Timeline, tenth } from './timeline';
import { type Acknowledgement, type Checksum, judge, type Verdict } from './verdict';
import { Work } from './work';

export interface RehearsalOptions {
  readonly site: Site;
  /** Scratch space of this run, outside the cluster. */
  readonly directory: string;
  readonly engine: string;
  /** Size of the data that is loaded before the disaster. */
  readonly bytes: number;
  /** Where the secrets come from after the disaster: still at hand, or lost as well and opened from the escrow. */
  readonly secrets: 'kept' | 'escrow';
  readonly progress: Progress;
}

/** Deploys, works, backs up, loses everything but the vault, deploys again by the same command, and compares. */
export async function rehearse(options: RehearsalOptions): Promise<RehearsalReport> {
  const { site, progress, bytes, directory } = options;
  const startedAt = new Date().toISOString();
  const timeline = new Timeline(progress);

  await timeline.phase('vault reachable', () => site.openVault());
  let secrets: Variables = inventSecrets(site.variables());
  const escrow = options.secrets === 'escrow' ? await RehearsalEscrow.make(directory) : undefined;
  const variables = (): Variables => ({ ...site.variables(), ...secrets, ...escrow?.variables });
  await timeline.phase('vault bootstrapped', () => npmRun('vault', [local.name], variables(), progress));
  await timeline.phase('cluster reachable', () => site.openCluster());
  await timeline.phase('images imported', () => site.importImages());
  const deploy = (extra: Variables = {}): Promise<string> =>
    npmRun('deploy', [local.name, '--engine', options.engine], { ...variables(), ...extra }, progress);
  const said = await timeline.phase('first deploy, database empty', () =>
    deploy({ TF_VAR_initialize: 'true' }),
  );

  const work = await Work.begin({ timeline, variables: variables(), bytes, directory });
  const killedAt = Date.now();
  await timeline.phase('disaster: everything but the vault is gone', async () => {
    await site.destroy();
    loseLocalFiles();
  });
  const acknowledged = await work.end();
  progress(`         ${acknowledged.length} commits were acknowledged before the disaster`);

  await timeline.phase('a new cluster is reachable', () => site.openCluster());
  const reachableAt = Date.now();
  if (escrow !== undefined) {
    secrets = {};
    secrets = await timeline.phase('secrets from the escrow', () => escrow.open(site.variables()));
  }
  // No recovery flag: the same command, the same configuration, the same variables.
  const recovered = await recover(timeline, variables, () => Promise.all([site.importImages(), deploy()]));
  const verdict = judgeRecovery(recovered, {
    acknowledged,
    killedAt,
    before: work.checksum,
    pushSeconds: work.pushSeconds,
  });
  const answeredAt = recovered instanceof Error ? Date.now() : recovered.answeredAt;
  return {
    startedAt,
    environment: local.name,
    site: site.description,
    engine: /^\s*engine: (\w+)/m.exec(said)?.[1] ?? options.engine,
    passed: verdict.passed,
    reasons: verdict.reasons,
    phases: timeline.phases,
    rto: {
      fromDisasterSeconds: tenth((answeredAt - killedAt) / 1000),
      fromClusterReachableSeconds: tenth((answeredAt - reachableAt) / 1000),
    },
    rpo: {
      rpoSeconds: verdict.rpoSeconds,
      rowsLost: verdict.rowsLost,
      rowsAcknowledged: verdict.rowsAcknowledged,
      archiveTimeoutSeconds: ARCHIVE_TIMEOUT_SECONDS,
      pushSeconds: work.pushSeconds,
    },
    data: {
      loadedBytes: bytes,
      rows: recovered instanceof Error ? 0 : recovered.checksum.rows + recovered.ledger.size,
      checksum: recovered instanceof Error ? '' : recovered.checksum.sum,
    },
  };
}

interface Recovered {
  readonly answeredAt: number;
  readonly ledger: ReadonlySet<number>;
  readonly checksum: Checksum;
}

/**
 * What came back, or why nothing did. The cluster is there again, so whatever fails from here on is what the
 * rehearsal found out, not a problem of the rehearsal.
 */
async function recover(
  timeline: Timeline,
  variables: () => Variables,
  again: () => Promise<unknown>,
): Promise<Recovered | Error> {
  let tunnel: Tunnel | undefined;
  try {
    await timeline.phase('same command again: images, deploy, restore', again);
    const opened = await openTunnel(variables());
    tunnel = opened;
    const ledger = await timeline.phase('first correct query', () => opened.use(readLedger));
    const answeredAt = Date.now();
    const sum = await timeline.phase('rows and checksums compared', () => opened.use(checksum));
    await timeline.phase('a full backup after the recovery', () => firstBackup(variables()));
    return { answeredAt, ledger, checksum: sum };
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  } finally {
    tunnel?.close();
  }
}

function judgeRecovery(
  recovered: Recovered | Error,
  before: {
    acknowledged: readonly Acknowledgement[];
    killedAt: number;
    before: Checksum;
    pushSeconds: number;
  },
): Verdict {
  const nothing = { ledger: new Set<number>(), checksum: { rows: 0, sum: '' } };
  const verdict = judge({
    acknowledged: before.acknowledged,
    killedAt: before.killedAt,
    recovered: recovered instanceof Error ? nothing.ledger : recovered.ledger,
    archiveTimeoutSeconds: ARCHIVE_TIMEOUT_SECONDS,
    pushSeconds: before.pushSeconds,
    ballast: {
      before: before.before,
      after: recovered instanceof Error ? nothing.checksum : recovered.checksum,
    },
  });
  return recovered instanceof Error
    ? { ...verdict, passed: false, reasons: [recovered.message, ...verdict.reasons] }
    : verdict;
}

async function readLedger(client: Client): Promise<ReadonlySet<number>> {
  const { rows } = await client.query<{ id: string }>('select id from ledger');
  return new Set(rows.map(({ id }) => Number(id)));
}

/** The machine that deployed is lost as well: what it had synthesised, and Terraform's state. */
function loseLocalFiles(): void {
  rmSync('cdktf.out', { recursive: true, force: true });
  for (const layer of ['cluster', 'operators', 'platform', 'monitoring']) {
    rmSync(`terraform.${local.name}-${layer}.tfstate`, { force: true });
    rmSync(`terraform.${local.name}-${layer}.tfstate.backup`, { force: true });
  }
}
