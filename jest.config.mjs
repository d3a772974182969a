/** @type {import('jest').Config} */
export default {
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  transform: { '^.+\\.(t|j|mj)sx?$': ['@swc/jest', { jsc: { target: 'es2022' } }] },
  // Everything under test/e2e needs a real cluster and runs by `npm run rehearse` and `npm run e2e:full`.
  testPathIgnorePatterns: ['/node_modules/', '/test/e2e/'],
  maxWorkers: 2,
};
