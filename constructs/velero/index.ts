export * from './installation';
export * from './labels';
export * from './location';
export { type ExclusionSelector, excludeDeclared, exclusionSelectors } from './owned';
export * from './prerequisites';
export * from './schedule';
export * from './settings';
export * from './velero';
