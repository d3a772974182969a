export * from './file-system';
