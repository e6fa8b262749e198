// `npm run soak`: tests that only earn their time when they run long.
import base from './jest.config.mjs';

export default { ...base, testMatch: ['**/*.soak.ts'], testTimeout: 480_000 };
