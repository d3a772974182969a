const { relative } = require('node:path');
const { default: Sequencer } = require('@jest/test-sequencer');

/**
 * Seconds that each file took, so that shards take about as long as each other: jest itself cuts by file names. One that
 * is missing here counts as two minutes; nothing depends on these but the time that CI takes.
 */
const SECONDS = {
  accident: 170,
  'alerts/backups': 220,
  'alerts/faults': 230,
  'alerts/rules': 140,
  'alerts/volume': 110,
  'cheat-sheet': 55,
  certificates: 65,
  dumps: 75,
  engines: 5,
  escrow: 95,
  'existing-volume': 180,
  'faults/clock': 95,
  'faults/full-volume': 200,
  'faults/life': 250,
  'faults/repository-damage': 190,
  'faults/repository-gaps': 180,
  'faults/vault-answers': 240,
  'faults/vault-away': 280,
  'larger-volume': 50,
  mirror: 160,
  'monitoring/addons': 160,
  'monitoring/certificate-expiry': 170,
  'monitoring/pushed-and-probed': 100,
  recover: 140,
  refusals: 240,
  replicas: 260,
  revived: 150,
  seaweedfs: 50,
  'second-repository/alone': 90,
  'second-repository/backups': 220,
  'second-repository/both': 85,
  'snapshots/deploy': 200,
  'snapshots/schedule': 200,
  'snapshots/wal-after': 210,
  'snapshots/wal-before': 130,
  staging: 50,
  'tls/rotation': 290,
  'tls/without-operator': 130,
  upgrade: 120,
  'velero/order': 150,
  'velero/partial': 260,
  'velero/recovery': 275,
};

const seconds = ({ path }) => SECONDS[relative(__dirname, path).replace(/\.test\.ts$/, '')] ?? 120;

/** The longest first, each into the shard that has the least so far; the same for everybody. */
module.exports = class extends Sequencer {
  shard(tests, { shardCount, shardIndex }) {
    const shards = Array.from({ length: shardCount }, () => ({ tests: [], seconds: 0 }));
    const byName = [...tests].sort((a, b) => (a.path < b.path ? -1 : 1));
    for (const test of byName.sort((a, b) => seconds(b) - seconds(a))) {
      const least = shards.reduce((a, b) => (b.seconds < a.seconds ? b : a));
      least.tests.push(test);
      least.seconds += seconds(test);
    }
    return shards[shardIndex - 1].tests;
  }
};
