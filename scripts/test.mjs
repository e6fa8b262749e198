// `npm test`: on a fresh clone too. Real servers that tests need are found on the machine; with CI=true or
// `-- --install`, as root on Debian, they are installed first, and a missing one is a failure, not a skip.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, ROOT } from './prepare.mjs';
import { installServers } from './servers.mjs';

const args = process.argv.slice(2);
const required = process.env.CI === 'true' || args.includes('--install');
ensureInstalled();
ensureBuilt();
if (required) installServers();

const out = mkdtempSync(join(tmpdir(), 'tocsin-test-'));
const results = join(out, 'results.json');
const jest = spawnSync(
  process.execPath,
  [
    ...['--experimental-vm-modules', '--no-warnings', join(ROOT, 'node_modules/jest/bin/jest.js')],
    ...['--json', `--outputFile=${results}`],
    ...args.filter((arg) => arg !== '--install'),
  ],
  {
    cwd: ROOT,
    // jest's JSON goes to the file; what a person reads goes to stderr.
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, ...(required && { TOCSIN_TEST_REQUIRE: '1' }) },
  },
);
let summary = null;
try {
  summary = JSON.parse(readFileSync(results, 'utf8'));
} catch {
  console.error('jest left no results');
}
rmSync(out, { recursive: true, force: true });
if (summary) {
  const { numPassedTests, numFailedTests, numPendingTests } = summary;
  console.log(`${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped`);
}
const skipped = required && (summary?.numPendingTests ?? 0) > 0;
if (skipped) console.error('A test was skipped where none may be.');
process.exit(jest.status !== 0 || !summary || summary.numPassedTests === 0 || skipped ? 1 : 0);
