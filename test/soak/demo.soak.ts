import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type DemoKit, demoKit, left, pathOf, playsToItsEnd } from '../demo-kit.js';
import { alertmanagerAvailable } from '../support/alertmanager.js';
import { haproxyAvailable } from '../support/haproxy.js';
import { prometheusAvailable } from '../support/prometheus.js';

let kit: DemoKit;
beforeEach(() => {
  kit = demoKit();
});
afterEach(() => kit.remove());

describe.each([
  ['haproxy', 'prometheus', haproxyAvailable() && prometheusAvailable() && alertmanagerAvailable()],
  ['node', 'small', true],
])('npm run demo -- --once, with %s as the gateway, watched by %s', (gateway, monitor, here) => {
  (here ? test : test.skip)('replays the founding incident, lives it once more, and leaves its exports', () =>
    playsToItsEnd(kit, '--gateway', gateway, '--monitor', monitor),
  );
});

test('Ctrl-C in the middle of a run ends everything and removes what it made', async () => {
  const { child, said } = kit.start('--once', '--gateway', 'node');
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

test('without --once it stays, says how the command line gets at its incidents, and ends with Ctrl-C', async () => {
  const { child, said } = kit.start('--gateway', 'node');
  const ended = once(child, 'close') as Promise<[number]>;
  while (!said().includes('Ctrl-C ends all of it')) {
    if (child.exitCode !== null) throw new Error(said());
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const [line] = said().match(/export TOCSIN_DATA=.*/) ?? [];
  const typed = (...args: string[]) =>
    execFileSync(
      'sh',
      ['-c', `${line}; exec "$0" "$@"`, process.execPath, pathOf('bin/tocsin.js'), ...args],
      {
        cwd: dirname(pathOf('package.json')),
        encoding: 'utf8',
      },
    );
  expect(typed('show', 'INC-2')).toContain('INC-2: The Developer API refuses requests');
  expect(typed('runbook', 'plan', 'key-sync')).toContain('key-sync on keys:tts-new');
  child.kill('SIGINT');
  expect(await ended).toEqual([0, null]);
  expect(readdirSync(kit.folder)).toEqual(['out']);
  expect(left(child.pid)).toEqual([]);
}, 240_000);
