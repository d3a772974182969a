/** Clients of the vault for commands: they load the S3 SDK, so that nothing that synthesises may. */
export * from './bootstrap';
export * from './bucket-bootstrap';
export * from './incarnation';
export * from './key-records';
export * from './minting';
export { StoreProblem } from './problem';
export * from './publish';
export * from './records';
export * from './store';
export * from './undelete';
