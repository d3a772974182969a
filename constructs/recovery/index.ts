export * from './escrow';
export * from './facts';
export * from './objectives';
export * from './recovery';
export * from './report';
