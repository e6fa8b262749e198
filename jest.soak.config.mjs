// `npm run soak`: one file at a time, because each wants the machine for itself.
import base from './jest.config.mjs';

export default { ...base, testMatch: ['**/*.soak.ts'], testTimeout: 480_000, maxWorkers: 1 };
