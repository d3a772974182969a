import { builtProgram } from './built-program';

/**
 * Path of promtool, Prometheus' own checker and unit test runner of rules; undefined where `npm run pretest` did not
 * build it. Tests that need it are then skipped: `(findPromtool() === undefined ? describe.skip : describe)(…)`.
 */
export const findPromtool = (): string | undefined => builtProgram('promtool');
