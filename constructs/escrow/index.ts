export * from './escrow';
export * from './recipient';
