// Native ES modules through swc; `#room/file.js` is src/room/file.ts, as in package.json `imports`.
export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts', '.tsx'],
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'es6' } },
    ],
    '^.+\\.tsx$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', tsx: true },
          transform: { react: { runtime: 'automatic', importSource: 'preact' } },
          target: 'es2022',
        },
        module: { type: 'es6' },
      },
    ],
  },
  moduleNameMapper: {
    '^#(.*)\\.js$': ['<rootDir>/src/$1.ts', '<rootDir>/src/$1.tsx'],
    '^(\\.{1,2}/.*)\\.js$': ['$1.ts', '$1.tsx', '$1.js'],
  },
  // Only a guard against what hangs: no test passes or fails by the clock, and machines may be slow.
  testTimeout: 240_000,
  // On two cores, too: what end-to-end tests do most is to wait for processes of theirs.
  maxWorkers: 4,
  testSequencer: '<rootDir>/scripts/slowest-first.mjs',
};
