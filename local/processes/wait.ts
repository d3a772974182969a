import { setTimeout as sleep } from 'node:timers/promises';

export interface WaitProps {
  /** What is awaited, for the message: "the API server at https://…". */
  readonly what: string;
  readonly timeoutMs: number;
  /**
   * Milliseconds between two attempts.
   * @default 100 - short, because recovery time is what is being measured
   */
  readonly everyMs?: number;
  /** Ends the wait at once with this error, e.g. because the process has died. */
  readonly giveUp?: () => Error | undefined;
}

/** Tries until the probe returns something other than undefined or false. A throwing probe counts as not yet. */
export async function waitFor<T>(
  props: WaitProps,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  const deadline = Date.now() + props.timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const result = await probe();
      if (result !== undefined && result !== false) return result;
    } catch (error) {
      last = error;
    }
    const reason = props.giveUp?.();
    if (reason !== undefined) throw reason;
    if (Date.now() > deadline) {
      const cause = last instanceof Error ? ` The last attempt said: ${last.message}` : '';
      throw new Error(`${props.what} was not there after ${Math.round(props.timeoutMs / 1000)} s.${cause}`);
    }
    await sleep(props.everyMs ?? 100);
  }
}
