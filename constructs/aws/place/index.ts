export * from './copies';
export * from './days';
export * from './expression';
export * from './place';
