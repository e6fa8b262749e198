import { writeFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { startBot } from '#compose/bot.js';
import { checkSchedules } from '#compose/runbooks.js';
import { loadConfig } from '#config/config.js';
import { createLog } from '#log.js';
import { shelfForEach, TURN } from './kit.js';

const { path: inFolder, runbook } = shelfForEach();

/** A configuration with this one schedule, on line 10. */
function configured(schedule: string) {
  const path = inFolder('tocsin.yml');
  writeFileSync(
    path,
    `keystores:
  old: { type: json-file, path: ${inFolder('old.json')} }
  new: { type: json-file, path: ${inFolder('new.json')}, probe: { url: "http://127.0.0.1:1/" } }
pairs:
  tts:
    { truth: old, senders: [old], acceptors: [new], key: k, probe: { urls: ["http://127.0.0.1:1/"], header: x }, drain: 1s }


schedules:
  one: ${schedule}
`,
  );
  const env = {
    TOCSIN_CONFIG: path,
    TOCSIN_RUNBOOKS: inFolder('runbooks'),
    TOCSIN_SECRET: 'x'.repeat(32),
  };
  return loadConfig(env, 'nothing');
}
const place = /tocsin\.yml:10: schedules\.one\./;

test.each([
  ['{ rotate: tts, every: 1d }'],
  ['{ drift: { from: old, to: new }, every: 1m }'],
  ['{ rotate: tts, every: 1d, runbook: turn, inputs: { zone: a } }'],
])('%s can begin', async (schedule) => {
  runbook('turn.yml', TURN);
  expect(await checkSchedules(configured(schedule))).toEqual([]);
});

test.each([
  [
    '{ rotate: tts, every: 1d, runbook: nope }',
    /one\.runbook names no runbook \(nope\); the closest are .*key-rotate/,
  ],
  ['{ drift: { from: old, to: new }, every: 1m, runbook: nope }', /one\.runbook names no runbook \(nope\)/],
  [
    '{ drift: { from: old, to: new }, every: 1m, inputs: { bogus: x } }',
    /one\.inputs\.bogus is not an input of key-sync; it has to, from$/m,
  ],
  ['{ rotate: tts, every: 1d, runbook: turn }', /one\.inputs lacks zone, which turn needs; write a, b$/m],
  [
    '{ rotate: tts, every: 1d, runbook: turn, inputs: { zone: c } }',
    /one\.inputs\.zone is none of the values allowed; write a, b$/m,
  ],
  [
    '{ rotate: tts, every: 1d, runbook: key-sync }',
    /one\.runbook names key-sync, which has no input pair; it has/,
  ],
])('%s stops the bot before it opens anything', async (schedule, expected) => {
  runbook('turn.yml', TURN);
  const starting = startBot(configured(schedule), createLog('silent'), 'worker', () => {});
  await expect(starting).rejects.toMatchObject({
    name: 'BadConfig',
    message: expect.stringMatching(expected),
  });
  await expect(starting).rejects.toThrow(place);
});

test('addresses that were inputs once: what to write in tocsin.yml instead', async () => {
  const drift = (inputs: string) =>
    checkSchedules(configured(`{ drift: { from: new, to: old }, every: 1m, inputs: ${inputs} }`));
  await expect(
    drift('{ url: "http://tts-1:8080/v1", second_url: "http://tts-2:8080/v1" }'),
  ).rejects.toMatchObject({
    problems: [
      expect.stringMatching(
        /tocsin\.yml:10: schedules\.one\.inputs\.url is not an input of key-sync; it has from, to; where keys are sent stands with their store: take it out, and write under keystores: old: probe: \{ urls: \["http:\/\/tts-1:8080\/v1", "http:\/\/tts-2:8080\/v1"\], header: X-Api-Key \}$/,
      ),
      expect.stringMatching(/inputs\.second_url is not an input of key-sync/),
    ],
  });
  // Without them it begins, but what it offers could not be done: that is said, and stops nobody.
  expect(await drift('{}')).toEqual([
    expect.stringMatching(
      /schedules\.one\.runbook names key-sync, which would fail: \S+key-sync\.yml:\d+: steps\.accepted\.with\.store sends the keys of old, and tocsin\.yml does not say where to; write there, under keystores: old: probe:/,
    ),
  ]);
});

test('everything that is wrong with it is said at once', async () => {
  runbook('turn.yml', TURN);
  const config = configured('{ rotate: tts, every: 1d, runbook: turn, inputs: { x: "1", y: "2" } }');
  await expect(checkSchedules(config)).rejects.toMatchObject({
    problems: [
      expect.stringMatching(/inputs\.x is not an input/),
      expect.stringMatching(/inputs\.y is not an input/),
      expect.stringMatching(/inputs lacks zone/),
    ],
  });
});

test.each([
  [
    'the one that it names',
    'turn.yml',
    `${TURN}bogus: 1\n`,
    /names turn, which cannot be used: .*turn\.yml:\d+/,
  ],
  ['one whose name cannot be read', 'other.yml', '{{', /names no runbook \(turn\)/],
])('a definition that is broken is no reason to stand still: %s', async (_, file, text, expected) => {
  runbook(file, text);
  const doubts = await checkSchedules(configured('{ rotate: tts, every: 1d, runbook: turn }'));
  expect(doubts).toEqual([expect.stringMatching(expected)]);
});
