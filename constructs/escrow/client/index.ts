/** The escrow in the vault, for commands: they load age and the S3 SDK, so that nothing that synthesises may. */
export * from './age';
export * from './content';
export * from './digest';
export * from './drills';
export * from './seal';
export * from './sealed';
export * from './shell';
