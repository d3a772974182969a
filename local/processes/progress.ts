/** Told what is being done, in the present tense, one line each. */
export type Progress = (message: string) => void;

/** Writes each line to standard error with the seconds since now. */
export function timedProgress(): Progress {
  const start = Date.now();
  return (message) => {
    const seconds = ((Date.now() - start) / 1000).toFixed(1).padStart(6);
    process.stderr.write(`${seconds} s  ${message}\n`);
  };
}
