/** @type {import('jest').Config} */
export default {
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  transform: { '^.+\\.(t|j|mj)sx?$': ['@swc/jest', { jsc: { target: 'es2022' } }] },
  // These come as modules of the newer kind alone.
  transformIgnorePatterns: ['/node_modules/(?!(age-encryption|@noble|@scure)/)'],
  // Everything under test/e2e needs a real cluster and runs by `npm run e2e` and `npm run e2e:full`.
  testPathIgnorePatterns: ['/node_modules/', '/test/e2e/'],
  // Pod scripts run real servers; a test that hangs is ended all the same.
  testTimeout: 300_000,
  globalSetup: '<rootDir>/test/setup.ts',
  // More than there are cores: script tests wait for servers more than they compute.
  maxWorkers: 4,
};
