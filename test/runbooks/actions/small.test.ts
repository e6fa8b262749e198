import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { ACTIONS } from '#runbooks/actions/actions.js';
import { ask } from '#runbooks/actions/ask.js';
import { prometheusQuery } from '#runbooks/actions/prometheus-query.js';
import { slackMessage } from '#runbooks/actions/slack-message.js';
import { duration, spoken } from '#runbooks/actions/touch.js';
import { wait } from '#runbooks/actions/wait.js';
import { failure, Kit } from './kit.js';

let kit: Kit;
beforeEach(async () => {
  kit = await Kit.open();
});
afterEach(() => kit.close());

test('every action is listed under its own name, with what it does', () => {
  expect([...ACTIONS.keys()]).toEqual([...ACTIONS.values()].map(({ name }) => name));
  for (const { name, does } of ACTIONS.values()) {
    expect(name).toMatch(/^[a-z]+(\.[a-z]+)?$/);
    expect(does).toMatch(/^[a-z].{5,80}[^.]$/);
  }
  expect([...ACTIONS.keys()]).toEqual([...ACTIONS.keys()].sort());
});

test.each([
  ['500ms', 500, '500 ms'],
  ['2s', 2_000, '2 s'],
  ['1m', 60_000, '1 m'],
  ['1.5h', 5_400_000, '90 m'],
  ['1m30s', 90_000, '1 m 30 s'],
  ['90s', 90_000, '1 m 30 s'],
])('%s is %i ms', (text, ms, said) => {
  expect(duration.parse(text)).toBe(ms);
  expect(spoken(ms)).toBe(said);
});

test.each(['', '5', '-1s', '1 day', '999h', 's', '1s2', 'Infinityms', 5])('%p is no duration', (text) => {
  expect(duration.safeParse(text).success).toBe(false);
});

test('waiting says until when, and is done when that is over', async () => {
  const first = await kit.run(wait, { for: '2m' });
  expect(first).toMatchObject({ kind: 'wait', until: new Date('2024-11-10T12:02:00Z') });
  expect(await kit.run(wait, { for: '2m' }, { waited: new Date() })).toMatchObject({
    kind: 'done',
    summary: 'waited 2 m',
  });
});

test('asking: the question first, then who chose what', async () => {
  const given = { question: 'Go on?', choices: ['yes', 'no'] };
  expect(await kit.run(ask, given)).toEqual({ kind: 'ask', ...given });
  const answer = { choice: 'yes', by: 'U01', name: null };
  expect(await kit.done(ask, given, { answer })).toMatchObject({ summary: 'U01 chose yes' });
  expect(await kit.done(ask, given, { answer: { ...answer, name: 'Ana' } })).toEqual({
    kind: 'done',
    output: { choice: 'yes', by: 'U01' },
    summary: 'Ana chose yes',
  });
  await failure(kit.run(ask, given, { answer: { ...answer, choice: 'maybe' } }));
  for (const choices of [['yes'], ['a', 'a'], ['1', '2', '3', '4', '5', '6']]) {
    expect(ask.input.safeParse({ ...given, choices }).success).toBe(false);
  }
});

test('a message is handed over, with the right to do so', async () => {
  await kit.done(slackMessage, { text: 'moved back' });
  await kit.done(slackMessage, { text: 'moved back', channel: 'C1' });
  expect(kit.posted).toEqual([
    { text: 'moved back', channel: null },
    { text: 'moved back', channel: 'C1' },
  ]);
  expect(kit.secured).toBe(2);
});

const vector = (...values: string[]) => ({
  status: 'success',
  data: {
    resultType: 'vector',
    result: values.map((value, n) => ({ metric: { pod: `p${n}` }, value: [1, value] })),
  },
});
const scalar = (value: string) => ({ status: 'success', data: { resultType: 'scalar', result: [1, value] } });

test.each([
  [vector('0.001', '0.002'), '< 0.01', null],
  [vector('0.001', '0.02'), '< 0.01', 'e / t: 1 of 2 not < 0.01: {pod="p1"} is 0.02'],
  [vector('NaN'), '< 0.01', 'is NaN'],
  [vector('NaN'), '!= 1', 'is NaN'],
  [vector('+Inf'), '< 1', 'is Infinity'],
  [vector('+Inf'), '> 1e3', null],
  [vector('-Inf'), '<= -1', null],
  [scalar('5'), '== 5', null],
  [scalar('5'), '>= 5.1', 'not >= 5.1'],
  [vector(), '< 1', 'e / t has no sample'],
  [{ status: 'success', data: { resultType: 'matrix', result: [] } }, '< 1', 'no vector and no scalar'],
  [{ status: 'error', errorType: 'bad_data', error: 'parse error' }, '< 1', 'parse error'],
  ['not JSON', '< 1', 'no vector and no scalar'],
])('Prometheus answers %j: %s', async (body, condition, message) => {
  let asked = '';
  const url = await kit.serve((request, response) => {
    asked = request.url ?? '';
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  const run = kit.run(prometheusQuery, { url: `${url}/prom/`, query: 'e / t', condition });
  if (message) expect((await failure(run)).message).toContain(message);
  else expect((await run).kind).toBe('done');
  expect(asked).toBe('/prom/api/v1/query?query=e%20%2F%20t');
});

test('no sample passes where that is said; conditions are read strictly', async () => {
  const url = await kit.serve((_, response) => response.end(JSON.stringify(vector())));
  const given = { url, query: 'up', condition: '< 1', empty: 'pass' };
  expect((await kit.done(prometheusQuery, given)).output).toEqual({ samples: 0, min: null, max: null });
  for (const condition of ['', '<', '< x', '= 1', '< 1 or true', '=> 1']) {
    expect(prometheusQuery.input.safeParse({ ...given, condition }).success).toBe(false);
  }
});
