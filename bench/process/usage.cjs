// Loaded into every Node process of a measured command: tells its peak memory and processor time as it ends.
// The memory from /proc, since getrusage counts what the parent held at the moment of the fork.
const { appendFileSync, readFileSync } = require('node:fs');

process.on('exit', () => {
  const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  const { user, system } = process.cpuUsage();
  const usage = { peakBytes: Number(kilobytes) * 1024, cpuSeconds: (user + system) / 1e6 };
  appendFileSync(process.env.BENCH_USAGE, `${JSON.stringify(usage)}\n`);
});
