import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type DemoKit, demoKit, left, playsToItsEnd } from '../demo-kit.js';
import { haproxyAvailable } from '../support/haproxy.js';

let kit: DemoKit;
beforeEach(() => {
  kit = demoKit();
});
afterEach(() => kit.remove());

describe.each([
  ['haproxy', haproxyAvailable()],
  ['node', true],
])('npm run demo -- --once, with %s as the gateway', (gateway, here) => {
  (here ? test : test.skip)('replays the founding incident, lives it once more, and leaves its exports', () =>
    playsToItsEnd(kit, '--gateway', gateway),
  );
});

test('Ctrl-C in the middle of a run ends everything and removes what it made', async () => {
  const { child, said } = kit.start('--gateway', 'node');
  const ended = once(child, 'close') as Promise<[number]>;
  while (!said().includes('clicks Approve under RUN-1')) {
    if (child.exitCode !== null) throw new Error(said());
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  // As a terminal does: to all of them, and to some of them twice.
  process.kill(-(child.pid as number), 'SIGINT');
  child.kill('SIGINT');
  expect(await ended).toEqual([130, null]);
  expect(said()).toContain('Ending all of it');
  expect(readdirSync(kit.folder)).toEqual(['out']);
  expect(left(child.pid)).toEqual([]);
}, 240_000);
