// Runs tests, on a fresh clone too. Real servers that they need are found on the machine; with CI=true or `--install`, as
// root on Debian, they are installed first, and a missing one is a failure, not a skip.
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, ROOT } from './prepare.mjs';
import { installServers } from './servers.mjs';

/**
 * @param {string} config jest's
 * @param {string[]} args jest's own, and `--install` and `--seed N`, which are ours
 * @returns the exit code
 */
export function runJest(config, args) {
  const { install, seed, rest } = ours(args);
  const required = process.env.CI === 'true' || install;
  ensureInstalled();
  ensureBuilt();
  if (required) installServers();

  const out = mkdtempSync(join(tmpdir(), 'tocsin-test-'));
  const results = join(out, 'results.json');
  const again = `TOCSIN_SEED=${seed}`;
  console.log(`What is random here comes again with ${again}`);
  const jest = spawnSync(
    process.execPath,
    [
      ...['--experimental-vm-modules', '--no-warnings', join(ROOT, 'node_modules/jest/bin/jest.js')],
      ...['--config', join(ROOT, config), '--json', `--outputFile=${results}`],
      ...rest,
    ],
    {
      cwd: ROOT,
      // jest's JSON goes to the file; what a person reads goes to stderr.
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, TOCSIN_SEED: seed, ...(required && { TOCSIN_TEST_REQUIRE: '1' }) },
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
    console.log(`${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped (${again})`);
  }
  const chosen = rest.some((one) => /^(-t|--testNamePattern)(=|$)/.test(one));
  const { lines, failed } = judged(summary, { required, chosen });
  for (const line of lines) console.log(line);
  return jest.status !== 0 || failed ? 1 : 0;
}

/** What a container may not be allowed to do cannot be installed. */
const RIGHTS = /^where a disk may be mounted /;

/**
 * What is to be said of a run's results, beside what jest said, and whether they are a failure.
 * @param {object | null} summary jest's JSON; null: it left none
 * @param {{ required: boolean, chosen: boolean }} how `required`: no test may be skipped; `chosen`: somebody asked for some by name, and skipped the rest
 */
export function judged(summary, { required, chosen }) {
  if (!summary) return { lines: [], failed: true };
  const all = summary.testResults.flatMap(({ assertionResults }) => assertionResults);
  const skipped = all
    .filter(({ status }) => /^(pending|todo)$/.test(status) && !chosen)
    .map(({ fullName }) => fullName);
  const missing = required && skipped.some((name) => !RIGHTS.test(name));
  const lines = skipped.map((name) => `skipped: ${name}`);
  if (missing) lines.push('A test was skipped where none may be.');
  return { lines, failed: missing || summary.numPassedTests === 0 };
}

function ours(args) {
  const rest = [];
  let install = false;
  let seed = process.env.TOCSIN_SEED;
  for (let i = 0; i < args.length; i++) {
    const [, stuck] = /^--seed(?:=(.*))?$/.exec(args[i]) ?? [];
    if (args[i] === '--install') install = true;
    else if (/^--seed(=|$)/.test(args[i])) seed = stuck ?? args[++i];
    else rest.push(args[i]);
  }
  if (seed !== undefined && !/^[1-9]\d{0,9}$/.test(seed)) {
    console.error(`a seed is a whole number from 1 on, not “${seed}”`);
    process.exit(2);
  }
  return { install, seed: seed ?? String(randomInt(1, 2 ** 31)), rest };
}
