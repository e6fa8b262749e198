import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { demoKit, pathOf, playsToItsEnd } from './demo-kit.js';

const kit = demoKit();
afterAll(() => kit.remove());

// What a newcomer types first, with the gateway that the demo finds; `npm run soak` plays it with each.
describe('npm run demo -- --once', () => {
  test('replays the founding incident, lives it once more, and leaves its exports', () => playsToItsEnd(kit));
});

test('a demo whose replay differs from the scenario fails', async () => {
  const { differences } = (await import(pathOf('demo/expected.mjs'))) as {
    differences(scenario: object, exported: object): string[];
  };
  const scenario = JSON.parse(readFileSync(pathOf('demo/tts-auth-2024-11-10.json'), 'utf8')) as {
    timeline: Array<{ text: string }>;
  };
  expect(differences(scenario, kit.exported('INC-1'))).toEqual([]);
  (scenario.timeline[3] as { text: string }).text += '!';
  expect(differences(scenario, kit.exported('INC-1'))).toEqual([expect.stringMatching(/^entries:/)]);
});

describe('a rehearsal that is not as it should be fails', () => {
  const ended = () => kit.exported('INC-2').runs.map(({ runbook, state }) => `${runbook} ${state}`);
  const check = async (
    rehearsed: { failed?: number; states?: string[]; secrets?: string[] },
    changed: Record<string, string> = {},
  ) => {
    const { checkRehearsal } = (await import(pathOf('demo/rehearsal-check.mjs'))) as {
      checkRehearsal(rehearsed: object, texts: object, where: object): Promise<void>;
    };
    const texts = Object.fromEntries(
      readdirSync(kit.out).map((name) => [name, readFileSync(join(kit.out, name), 'utf8')]),
    );
    const [{ failed } = { failed: 0 }] = kit.exported('INC-2').impact;
    const states = ended();
    const slack = { state: async () => ({}), calls: async () => [] };
    const all = { failed, states, secrets: ['not there', 'nor this'], ...rehearsed };
    const world = { slack, monitor: { kind: 'small' }, out: kit.out };
    return checkRehearsal(all, { ...texts, ...changed }, world);
  };

  test('when one request more was counted than INC-2 says', async () => {
    const [{ failed } = { failed: 0 }] = kit.exported('INC-2').impact;
    await expect(check({ failed: failed + 1 })).rejects.toThrow(
      `INC-2.json says ${failed} failed, ${failed + 1} did`,
    );
  });
  test('when the end of the alert is not on the timeline, or its time not that of the detection', async () => {
    const exported = JSON.parse(readFileSync(join(kit.out, 'INC-2.json'), 'utf8')) as {
      timeline: Array<{ kind: string; at: string; until: string | null }>;
    };
    const alert = exported.timeline.find(({ kind }) => kind === 'alert');
    if (!alert) throw new Error('there is no alert');
    alert.until = null;
    alert.at = '2024-11-10T01:43:00Z';
    const wrong = check({}, { 'INC-2.json': JSON.stringify(exported) });
    await expect(wrong).rejects.toThrow('INC-2.json has 1 alert, until null');
    await expect(wrong).rejects.toThrow('the alert’s time 2024-11-10T01:43:00Z');
  });
  test('when a run ended in another way', async () => {
    await expect(check({ states: ended().reverse() })).rejects.toThrow('runs: rollback succeeded');
  });
  test('when a key stands somewhere, plainly or in another form', async () => {
    const name = 'Text to Speech (Developer API)';
    await expect(check({ secrets: [name, 'nor this'] })).rejects.toThrow('a key stands in INC-2.json');
    writeFileSync(join(kit.out, 'bot.log'), Buffer.from('a canary of this test').toString('base64'));
    const secrets = ['a canary of this test', 'nor this'];
    await expect(check({ secrets })).rejects.toThrow('a key stands in bot.log');
  });
  test('when the keys are the same as before', async () => {
    await expect(check({ secrets: ['same', 'same'] })).rejects.toThrow('the keys were not rotated');
  });
});
