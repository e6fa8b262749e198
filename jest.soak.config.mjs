// `npm run soak`: tests that only earn their time when they run long.
import base from './jest.config.mjs';

export default {
  ...base,
  testMatch: ['**/*.soak.ts'],
  testTimeout: 480_000,
  // Each of these loads a whole machine by itself: more of them at once take longer, and then it is the clock that they meet.
  maxWorkers: 2,
};
