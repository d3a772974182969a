export * from './snapshot-policy';
