export * from './installation';
export * from './location';
export { EXCLUDE_LABEL, type ExclusionSelector, excludeDeclared, exclusionSelectors } from './owned';
export * from './policy';
export * from './prerequisites';
export * from './schedule';
export * from './settings';
export * from './velero';
