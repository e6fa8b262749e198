import { describe, expect, test } from '@jest/globals';
import { helpText, unmarked } from '#domain/command/help.js';
import { closestVerbs } from '#domain/command/slips.js';
import { takesValue, VERBS, verbNamed } from '#domain/command/verbs.js';
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
    ['help RECORD', { type: 'help', verb: 'record' }],
    ['help lead?', { type: 'help', verb: 'lead' }],
    ['', { type: 'here' }],
    ['  ', { type: 'here' }],
    ['here', { type: 'here' }],
  ])('%j', (line, ask) => expect(parsed(line)).toMatchObject({ kind: 'ask', ask }));

  test.each([
    ['timeline PST', 'TIME_ZONE_AMBIGUOUS'],
    ['timeline Berlin', 'TIME_ZONE_UNKNOWN'],
    ['timeline UTC x', 'BAD_ARGUMENT'],
    ['export pdf', 'BAD_ARGUMENT'],
    ['list all', 'BAD_ARGUMENT'],
    ['help nothing', 'UNKNOWN_VERB'],
  ])('%s is refused: %s', (line, code) => expect(refused(line)).toBe(code));
});

test.each(['open', 'note', 'log', 'status', 'sev', 'lead', 'action', 'publish', 'run', 'export'])(
  '%s with nothing behind it, or only the incident, is a form',
  (form) => {
    expect(parsed(form)).toMatchObject({ kind: 'form', form });
    if (form !== 'open')
      expect(parsed(`${form} INC-7 `, { implied: false })).toMatchObject({ kind: 'form', form, ref: 7 });
  },
);

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
  test('every verb has a short line, in one group', () => {
    const lines = helpText('all', '/inc').split('\n');
    for (const { name } of VERBS) {
      if (name === 'help') continue;
      const [line, ...more] = lines.filter((text) => text.startsWith(`\`/inc ${name}\``));
      expect([name, more]).toEqual([name, []]);
      expect(line?.length).toBeLessThan(75);
    }
  });

  test('help alone fits a phone, and names every verb once', () => {
    const text = helpText(null);
    const groups = text.split('\n\n')[0] ?? '';
    const named = [...groups.matchAll(/`([a-z]+)`/g)].map(([, name]) => name).sort();
    expect(named).toEqual(
      VERBS.map(({ name }) => name as string)
        .filter((name) => name !== 'help')
        .sort(),
    );
    // A phone shows some forty characters in a line, and some thirty lines.
    const rows = unmarked(text)
      .split('\n')
      .reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / 40)), 0);
    expect(rows).toBeLessThan(30);
  });

  test('a group has its verbs with a line for each', () => {
    const text = helpText('runbooks', '/inc');
    expect(text).toContain('`/inc approve` agree to the plan of a run');
    expect(text).not.toContain('`/inc note` record');
  });

  test.each(VERBS.map(({ name }) => name))('the examples of %s are understood', (name) => {
    const [, examples = ''] = /For example: ([\s\S]*)/.exec(helpText(name)) ?? [];
    const lines = [...examples.matchAll(/^`\/incident ([^`]+)`$/gm)].map(([, line = '']) => line);
    expect(lines.length).toBeGreaterThan(0);
    if (name === 'log') return;
    for (const line of lines)
      expect(parsed(line, { zone: 'UTC', me: { id: 'U1', name: 'ana' } }).verb).toBe(name);
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
