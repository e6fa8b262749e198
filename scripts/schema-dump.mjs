// Writes migrations/schema.sql anew: the schema as it is after all migrations, for reviewers to read as a diff.
// The test that compares it does the work, because it has a database at hand.
import { spawnSync } from 'node:child_process';

const { status } = spawnSync('npx', ['jest', 'test/store/schema.test.ts'], {
  stdio: 'inherit',
  env: { ...process.env, NODE_OPTIONS: '--experimental-vm-modules', TOCSIN_WRITE_SCHEMA: '1' },
});
process.exit(status ?? 1);
