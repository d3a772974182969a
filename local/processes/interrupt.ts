const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/**
 * Cleans up before this process ends by a signal. The signal is heard once: an
 * impatient second Ctrl-C does not leave things half removed.
 * @returns takes the promise back
 */
export function onInterrupt(cleanUp: (signal: NodeJS.Signals) => Promise<void>): () => void {
  let cleaning = false;
  const listener = (signal: NodeJS.Signals): void => {
    if (cleaning) return;
    cleaning = true;
    cleanUp(signal)
      .catch((error: unknown) => {
        process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      })
      .finally(() => process.exit(128 + NUMBERS[signal as keyof typeof NUMBERS]));
  };
  for (const name of SIGNALS) process.on(name, listener);
  return () => {
    for (const name of SIGNALS) process.off(name, listener);
  };
}
