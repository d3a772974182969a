/** What a child process tells about a synth: the last line of its output, as JSON. */
export interface Measurement {
  readonly milliseconds: number;
  /** Of all threads. */
  readonly cpuMilliseconds: number;
  readonly peakBytes: number;
}

/** Times a synth, from the first construct to the last file. */
export function measured(work: () => void): void {
  const cpu = process.cpuUsage();
  const begin = performance.now();
  work();
  const milliseconds = performance.now() - begin;
  const { user, system } = process.cpuUsage(cpu);
  const measurement: Measurement = {
    milliseconds,
    cpuMilliseconds: (user + system) / 1000,
    peakBytes: process.resourceUsage().maxRSS * 1024,
  };
  console.log(JSON.stringify(measurement));
}
