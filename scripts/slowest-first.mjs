// The order of test files: those that take longest first, so that all workers end together, on a fresh clone too.
import { statSync } from 'node:fs';
import { relative, sep } from 'node:path';
import { ROOT } from './prepare.mjs';

/** Those that take ten seconds and more; whatever is not here begins with the largest file. */
const SLOW = [
  ...['chaos', 'rotation', 'demo', 'storm', 'secrets'].map((name) => `soak/${name}.soak.ts`),
  ...[
    'walk/secrets',
    'demo',
    'runs/chaos',
    'walk/signals',
    'walk/balanced',
    'walk/starts',
    'walk/killed',
    'walk/runbook',
    'walk/restore',
    'walk/rotation',
    'queue/relay',
    'demo-stack',
    'walk/promises',
    'walk/health',
    'walk/incident',
    'walk/metrics',
    'walk/poll',
    'walk/container',
    'slack/start',
    'deliver/undelivered',
  ].map((name) => `${name}.test.ts`),
];

const rank = ({ path }) => {
  const at = SLOW.indexOf(relative(`${ROOT}test`, path).split(sep).join('/'));
  return at < 0 ? SLOW.length : at;
};

export default class SlowestFirst {
  sort(tests) {
    const size = new Map(tests.map(({ path }) => [path, statSync(path).size]));
    return [...tests].sort((a, b) => rank(a) - rank(b) || size.get(b.path) - size.get(a.path));
  }
  allFailedTests(tests) {
    return tests;
  }
  shard(tests) {
    return tests;
  }
  cacheResults() {}
}
