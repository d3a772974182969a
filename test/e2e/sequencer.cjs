const { basename } = require('node:path');
const { default: Sequencer } = require('@jest/test-sequencer');

/**
 * Seconds that each file took, so that shards take about as long as each other: jest itself cuts by file names. One that
 * is missing here counts as two minutes; nothing depends on these but the time that CI takes.
 */
const SECONDS = {
  accident: 200,
  alerts: 600,
  'cheat-sheet': 50,
  certificates: 150,
  clock: 120,
  dumps: 70,
  engines: 5,
  escrow: 70,
  'existing-volume': 130,
  'full-volume': 290,
  'larger-volume': 45,
  life: 240,
  mirror: 200,
  monitoring: 240,
  recover: 150,
  refusals: 60,
  replicas: 240,
  repository: 200,
  revived: 150,
  seaweedfs: 90,
  'snapshot-deploy': 200,
  'snapshot-wal': 250,
  snapshots: 300,
  'second-repository': 470,
  staging: 50,
  'tls-rotation': 360,
  upgrade: 90,
  vault: 240,
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
