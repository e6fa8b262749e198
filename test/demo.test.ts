import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from '@jest/globals';

const folder = mkdtempSync(join(tmpdir(), 'tocsin-demo-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// What a newcomer types first. The demo itself compares its exports with the scenario and fails on any difference.
test('npm run demo -- --once replays the founding incident and leaves its exports', async () => {
  const script = fileURLToPath(new URL('../scripts/demo.mjs', import.meta.url));
  const out = join(folder, 'out');
  const child = spawn(process.execPath, [script, '--once', '--out', out, '--data', join(folder, 'data')], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      said += chunk;
    });
  }
  const [code] = (await once(child, 'close')) as [number];
  expect({ code, said }).toMatchObject({
    code: 0,
    said: expect.stringContaining('every entry, time, count and state'),
  });
  expect(readdirSync(out).sort()).toEqual(
    [
      'INC-1.csv',
      'INC-1.facts.jsonl',
      'INC-1.html',
      'INC-1.json',
      'INC-1.md',
      'bot.log',
      'postmortem.md',
    ].sort(),
  );
  const { incident } = JSON.parse(readFileSync(join(out, 'INC-1.json'), 'utf8')) as {
    incident: { metrics: object };
  };
  expect(incident.metrics).toEqual({
    time_to_detect_s: 60,
    time_to_mitigate_s: 180,
    time_to_resolve_s: 1260,
  });
  expect(readdirSync(folder)).toEqual(['out']);
}, 240_000);

test('a demo whose replay differs from the scenario fails', async () => {
  const { differences } = (await import(fileURLToPath(new URL('../demo/expected.mjs', import.meta.url)))) as {
    differences(scenario: object, exported: object): string[];
  };
  const scenario = JSON.parse(
    readFileSync(fileURLToPath(new URL('../demo/tts-auth-2024-11-10.json', import.meta.url)), 'utf8'),
  ) as { timeline: Array<{ text: string }> };
  const exported = JSON.parse(readFileSync(join(folder, 'out/INC-1.json'), 'utf8')) as object;
  expect(differences(scenario, exported)).toEqual([]);
  (scenario.timeline[3] as { text: string }).text += '!';
  expect(differences(scenario, exported)).toEqual([expect.stringMatching(/^entries:/)]);
});
