import config from './jest.config.mjs';

/** @type {import('jest').Config} */
export default {
  ...config,
  roots: ['<rootDir>/test/e2e'],
  testPathIgnorePatterns: ['/node_modules/'],
  testSequencer: '<rootDir>/test/e2e/sequencer.cjs',
  testTimeout: 300_000,
  maxWorkers: 1,
};
