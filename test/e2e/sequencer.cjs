const { basename } = require('node:path');
const { default: Sequencer } = require('@jest/test-sequencer');

/**
 * Seconds that each file took, so that shards take about as long as each other: jest itself cuts by file names. One that
 * is missing here counts as two minutes; nothing depends on these but the time that CI takes.
 */
const SECONDS = {
  accident: 170,
  alerts: 600,
  'cheat-sheet': 55,
  certificates: 150,
  clock: 95,
  dumps: 75,
  engines: 5,
  escrow: 95,
  'existing-volume': 180,
  'full-volume': 200,
  'larger-volume': 50,
  life: 250,
  mirror: 200,
  monitoring: 240,
  recover: 140,
  refusals: 240,
  replicas: 260,
  repository: 330,
  revived: 150,
  seaweedfs: 90,
  'snapshot-deploy': 200,
  'snapshot-wal': 250,
  snapshots: 300,
  'second-repository': 500,
  staging: 50,
  'tls-rotation': 360,
  upgrade: 120,
  vault: 420,
  velero: 500,
};

const seconds = ({ path }) => SECONDS[basename(path, '.test.ts')] ?? 120;

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
