export * from './bucket-mirror';
export * from './scripts';
