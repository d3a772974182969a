export * from './alert-rules';
export * from './alerting';
export { type DeclaredGroup, declaredGroups } from './declared';
export * from './definition';
export * from './extra-alerts';
export type { Fact } from './fact';
export * from './names';
export * from './rule';
