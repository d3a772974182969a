import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  App,
  addWarning,
  Construct,
  collectFaults,
  Duration,
  EnvironmentStack,
  Schedule,
  Size,
} from '../../constructs/core';
import { buildReport, computeObjectives, Recovery } from '../../constructs/recovery';
import { synthesise } from '../../constructs/recovery/synthesise';

const LOCATION = { vault: 'vault', endpoint: 'https://vault.example.com' };

function platform(environment = 'production') {
  const app = new App({ stackTraces: false });
  const stack = new EnvironmentStack(app, { environment, layer: 'platform' });
  return { app, stack, recovery: Recovery.of(new Construct(stack, 'own')) };
}

const ASSET = { id: 'queue', kind: 'volume', criticality: 'low', recoveredBy: 'snapshot' } as const;

describe('a construct of somebody else joins by four calls', () => {
  test('and is in the report', () => {
    const { app, recovery } = platform();
    const asset = recovery.asset({ ...ASSET, objectives: { rpo: Duration.days(2) } });
    recovery.protects(asset, {
      kind: 'snapshot',
      schedule: Schedule.daily({ hour: 3 }),
      delay: Duration.minutes(5),
      retention: '7 days',
      location: LOCATION,
    });
    recovery.drills(asset, { schedule: Schedule.weekly({ on: 'monday', hour: 4 }), checks: ['it mounts'] });
    recovery.watches(asset, { alert: 'SnapshotStale', runbook: 'snapshot-stale' });

    expect(buildReport('production', Recovery.assets(app), [])).toEqual({
      environment: 'production',
      assets: [
        {
          id: 'queue',
          path: 'production-platform/own',
          kind: 'volume',
          criticality: 'low',
          recoveredBy: 'snapshot',
          objectives: { rpoSeconds: 172_800, rtoSeconds: null },
          computed: { rpoSeconds: 86_400 + 300, rtoSeconds: 75, rtoSource: 'estimated' },
          protections: [
            { kind: 'snapshot', schedule: '0 3 * * * Etc/UTC', retention: '7 days', location: LOCATION },
          ],
          drills: [{ schedule: '0 4 * * 1 Etc/UTC', checks: ['it mounts'] }],
          alerts: ['SnapshotStale'],
          escrow: 'not needed',
        },
      ],
      faults: [],
      warnings: [],
      acknowledged: [],
    });
  });

  test('and only in the report of its own environment', () => {
    const { app, recovery } = platform('staging');
    recovery.asset(ASSET);
    expect(buildReport('production', Recovery.assets(app), []).assets).toEqual([]);
  });
});

test('warnings are told on stderr, stand in the report of their environment, and keep nothing from being written', () => {
  const outdir = mkdtempSync(join(tmpdir(), 'warnings-'));
  const told = jest.spyOn(console, 'error').mockImplementation(() => undefined);
  try {
    const app = new App({ outdir, stackTraces: false });
    const [one] = ['staging', 'staging-2'].map(
      (environment) => new EnvironmentStack(app, { environment, layer: 'platform' }),
    );
    const warning = { rule: 'x/odd', message: 'x is odd', fix: 'make it even' };
    addWarning(new Construct(one as EnvironmentStack, 'own'), () => [warning]);
    synthesise(app);
    const warningsOf = (environment: string) =>
      JSON.parse(readFileSync(join(outdir, 'recovery', environment, 'report.json'), 'utf8')).warnings;
    expect(warningsOf('staging')).toEqual([{ ...warning, path: 'staging-platform/own' }]);
    expect(warningsOf('staging-2')).toEqual([]);
    expect(told.mock.calls).toEqual([
      [expect.stringContaining('1 warning:\n  - staging-platform/own: x is odd')],
    ]);
  } finally {
    told.mockRestore();
    rmSync(outdir, { recursive: true, force: true });
  }
});

test('two assets of one id in one environment are a fault of the second', () => {
  const { app, stack, recovery } = platform();
  recovery.asset(ASSET);
  Recovery.of(new Construct(stack, 'other')).asset(ASSET);
  expect(collectFaults(app)).toEqual([
    expect.objectContaining({ rule: 'recovery/duplicate-asset', path: 'production-platform/other' }),
  ]);
});

describe('computed objectives', () => {
  test('the best protection decides the RPO; its longest gap, not its usual one', () => {
    const { recovery } = platform();
    const asset = recovery.asset(ASSET);
    const common = { retention: 'all', location: LOCATION };
    recovery.protects(asset, {
      ...common,
      kind: 'full-backup',
      schedule: Schedule.cron('0 2 * * 1-5'),
    });
    expect(computeObjectives(asset).rpo?.toSeconds()).toBe(3 * 86_400);
    recovery.protects(asset, { ...common, kind: 'wal-archive', maximumLag: Duration.seconds(70) });
    expect(computeObjectives(asset).rpo?.toSeconds()).toBe(70);
  });

  test('without protection there is no RPO', () => {
    expect(computeObjectives(platform().recovery.asset(ASSET)).rpo).toBeUndefined();
  });

  test('the estimated RTO grows with the expected size', () => {
    const small = platform().recovery.asset({ ...ASSET, expectedSize: Size.gibibytes(1) });
    const large = platform().recovery.asset({ ...ASSET, expectedSize: Size.gibibytes(100) });
    expect(computeObjectives(large).rto.toSeconds() - computeObjectives(small).rto.toSeconds()).toBe(1013);
  });

  test('a faulty schedule is no protection, and no crash', () => {
    const asset = platform().recovery.asset(ASSET);
    Recovery.of(platform().stack).protects(asset, {
      kind: 'full-backup',
      schedule: Schedule.cron('99 * * * *'),
      retention: 'all',
      location: LOCATION,
    });
    expect(computeObjectives(asset).rpo).toBeUndefined();
  });
});
