/**
 * Declares constructs without the stack traces that the framework takes of every block of every resource, to
 * be printed should a token of it not resolve. They are a third of the synth of a large platform, more where
 * source maps are followed, and no option turns them off: `stackTraces` of `App` is about annotations.
 *
 * Errors have their own traces all the same. `CREATION_STACKS=true` brings the others back, for whoever looks
 * for the origin of a token.
 */
export function withoutCreationStacks<T>(declare: () => T): T {
  if (process.env['CREATION_STACKS'] === 'true') return declare();
  const { captureStackTrace } = Error;
  // The framework takes an error without a trace for an engine that has none.
  Error.captureStackTrace = () => undefined;
  try {
    return declare();
  } finally {
    Error.captureStackTrace = captureStackTrace;
  }
}
