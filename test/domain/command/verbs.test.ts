import { describe, expect, test } from '@jest/globals';
import { helpText } from '#domain/command/help.js';
import { closestVerbs, takesValue, VERBS, verbNamed } from '#domain/command/verbs.js';
import { parsed, refused, typed } from './support.js';

describe('looking', () => {
  test.each([
    ['timeline', { type: 'timeline', zone: null }],
    ['timeline Europe/Berlin', { type: 'timeline', zone: 'Europe/Berlin' }],
    ['timeline +05:30', { type: 'timeline', zone: 'UTC+05:30' }],
    ['export JSON', { type: 'export', format: 'json', zone: null }],
    ['export facts utc', { type: 'export', format: 'facts', zone: 'UTC' }],
    ['export markdown', { type: 'export', format: 'md', zone: null }],
    ['postmortem', { type: 'postmortem' }],
    ['list', { type: 'list' }],
    ['show', { type: 'show' }],
    ['catchup', { type: 'catchup' }],
    ['actions', { type: 'actions' }],
    ['actions --mine', { type: 'mine' }],
    ['help', { type: 'help', verb: null }],
    ['help DECLARE', { type: 'help', verb: 'open' }],
    ['', { type: 'help', verb: null }],
    ['  ', { type: 'help', verb: null }],
  ])('%j', (line, ask) => expect(parsed(line)).toMatchObject({ kind: 'ask', ask }));

  test.each([
    ['timeline PST', 'TIME_ZONE_AMBIGUOUS'],
    ['timeline Berlin', 'TIME_ZONE_UNKNOWN'],
    ['timeline UTC x', 'BAD_ARGUMENT'],
    ['export', 'MISSING_ARGUMENT'],
    ['export pdf', 'BAD_ARGUMENT'],
    ['list all', 'BAD_ARGUMENT'],
    ['help nothing', 'UNKNOWN_VERB'],
  ])('%s is refused: %s', (line, code) => expect(refused(line)).toBe(code));
});

test('a verb with two forms is shown with what each of them takes', () => {
  const [form] = helpText('impact', '/incident').split('\n');
  const [typed, measured] = (form ?? '').split(' | ');
  expect(typed).toMatch(/^`\/incident impact TEXT \[--failed N\].*\[--unaffected NAME\]…$/);
  expect(measured).toBe('impact measure [--from TIME] [--to TIME] [--component NAME]…`');
});

describe('a verb that is not known', () => {
  test.each([
    ['tiemline', 'timeline'],
    ['satus', 'status'],
    ['statsu', 'status'],
    ['resovle', 'resolve'],
    ['opne', 'open'],
    ['nto', 'note'],
    ['notes', 'note'],
    ['stat', 'status'],
    ['pubish', 'publish'],
    ['sev1', 'sev'],
    ['post-mortem', 'postmortem'],
    ['Exprot', 'export'],
  ])('%s: %s is offered first', (word, closest) => expect(closestVerbs(word)[0]).toBe(closest));

  test('three are offered, and the verb is quoted', () => {
    expect(typed('statsu identified')).toMatchObject({
      code: 'UNKNOWN_VERB',
      sentence: expect.stringContaining('`statsu`'),
      next: expect.stringContaining('`status`'),
    });
    expect(closestVerbs('qqqq')).toHaveLength(3);
    expect((typed('q'.repeat(5000)) as { sentence: string }).sentence.length).toBeLessThan(100);
  });
});

test('no word means two verbs', () => {
  const words = VERBS.flatMap((verb) => [verb.name, ...verb.aliases]);
  expect(new Set(words).size).toBe(words.length);
  for (const verb of VERBS) expect(verbNamed(verb.name.toUpperCase())).toBe(verb);
});

describe('help', () => {
  test('every verb has a short line', () => {
    const lines = helpText(null, '/inc').split('\n');
    for (const { name } of VERBS) {
      const line = lines.find((text) => text.startsWith(`\`/inc ${name}\``));
      expect(line?.length).toBeLessThan(70);
    }
  });

  test.each(VERBS.map(({ name }) => name))('the example of %s is understood', (name) => {
    const example = /For example: `\/incident ([^`]+)`/.exec(helpText(name))?.[1] ?? '';
    expect(parsed(example, { zone: 'UTC' }).verb).toBe(name);
  });
});

test.each([
  ['open', '--component', true],
  ['declare', '—at', true],
  ['open', '--private', false],
  ['open', '--component=x', true],
  ['impact', '–failed', true],
  ['note', '--component', false],
  ['nonsense', '--at', false],
])('takesValue(%s, %s): %s', (verb, word, value) => expect(takesValue(verb, word)).toBe(value));
