import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ListAsked, SearchAsked } from '#domain/command/verbs.js';
import { isRefusal } from '#domain/refusal.js';
import { effort } from '../../support/effort.js';
import { intended, parsed, refused, typed } from './support.js';

function list(line: string): ListAsked {
  const said = parsed(line, { implied: false });
  if (said.kind !== 'ask' || said.ask.type !== 'list' || !said.ask.asked)
    throw new Error(`“${line}” is no list`);
  return said.ask.asked;
}
function search(line: string): SearchAsked {
  const said = parsed(line, { implied: false });
  if (said.kind !== 'ask' || said.ask.type !== 'search') throw new Error(`“${line}” is no search`);
  return said.ask.asked;
}
const ALL = {
  ...{ statuses: [], all: false, severities: [], components: [], since: null, until: null },
  ...{ mine: false, lead: null, drills: false, page: 1, typed: '' },
};

test('the history of an entry', () => {
  for (const line of ['history 4', 'history #4', 'history INC-7 4', 'HISTORY 4 INC-7'])
    expect(parsed(line)).toMatchObject({ kind: 'ask', ask: { type: 'history', entry: 4 } });
  expect(parsed('history 4 INC-9').ref).toBe(9);
  expect(refused('history')).toBe('MISSING_ARGUMENT');
  expect(refused('history last')).toBe('BAD_ARGUMENT');
  expect(refused('history 4 please')).toBe('BAD_ARGUMENT');
});

describe('list', () => {
  test.each<[string, Partial<ListAsked>]>([
    ['list', {}],
    ['ls --mine', { mine: true, typed: '--mine' }],
    ['list --status resolved', { statuses: ['resolved'] }],
    ['list --status closed', { statuses: ['resolved'] }],
    ['list --status identified,monitoring --status open', { statuses: ['identified', 'monitoring', 'open'] }],
    ['list --status all', { all: true }],
    ['list --severity sev1 --severity P2', { severities: ['sev1', 'sev2'] }],
    ['list --severity critical', { severities: ['sev1'] }],
    ['list --component "Payments API" --component=Web', { components: ['Payments API', 'Web'] }],
    ['list --drills', { drills: true }],
    ['list --page 3 --mine', { page: 3, mine: true, typed: '--mine' }],
    [
      'list --since 7d',
      { all: true, since: { at: '2024-11-03T14:32:10Z', until: null, precision: 'second' } },
    ],
    [
      'list --since -12h',
      { all: true, since: { at: '2024-11-10T02:32:10Z', until: null, precision: 'second' } },
    ],
    [
      'list --since 2024-11-01 --until 2024-11-02 --status resolved',
      {
        statuses: ['resolved'],
        since: { at: '2024-11-01T00:00:00Z', until: null, precision: 'date' },
        until: { at: '2024-11-02T00:00:00Z', until: null, precision: 'date' },
      },
    ],
    [
      'list --since yesterday',
      { all: true, since: { at: '2024-11-09T00:00:00Z', until: null, precision: 'minute' } },
    ],
    ['list --lead <@U1>', { lead: { id: 'U1', name: 'ana' } }],
    ['list --lead @bo', { lead: { id: null, name: 'bo' } }],
    ['list --lead bo', { lead: { id: null, name: 'bo' } }],
  ])('%s', (line, asked) => {
    expect(list(line)).toEqual({ ...ALL, typed: expect.any(String), ...asked });
  });

  test.each([
    ['list --status solved', 'UNKNOWN_VALUE'],
    ['list --severity sev9', 'UNKNOWN_VALUE'],
    ['list --since whenever', 'BAD_ARGUMENT'],
    ['list --since 2024-11-02 --until 2024-11-01', 'TIME_RANGE_BACKWARDS'],
    ['list --page 0', 'BAD_FLAG'],
    ['list --status', 'BAD_FLAG'],
    ['list the open ones', 'BAD_ARGUMENT'],
  ])('%s: %s', (line, code) => {
    expect(refused(line)).toBe(code);
  });

  test('a refusal names what is known', () => {
    expect(typed('list --status solved')).toMatchObject({
      sentence: '“solved” is nothing that `--status` knows.',
      next: 'It knows “investigating”, “identified”, “monitoring”, “resolved”, “open”, “all”.',
    });
  });
});

describe('search', () => {
  test.each<[string, SearchAsked]>([
    ['search redis timeout', { words: 'redis timeout', limit: 5, page: 1 }],
    ['find  “redis”  ', { words: '“redis”', limit: 5, page: 1 }],
    ['search redis --limit 20 --page 2', { words: 'redis', limit: 20, page: 2 }],
    ['search --limit 3 redis', { words: 'redis', limit: 3, page: 1 }],
    ['search -- --limit 3', { words: '--limit 3', limit: 5, page: 1 }],
    ['search INC-7', { words: 'INC-7', limit: 5, page: 1 }],
  ])('%s', (line, asked) => {
    expect(search(line)).toEqual(asked);
  });

  test.each([
    ['search', 'MISSING_ARGUMENT'],
    ['search --limit 2', 'MISSING_ARGUMENT'],
    ['search x --limit 21', 'BAD_FLAG'],
    ['search x --page many', 'BAD_FLAG'],
    [`search ${'x'.repeat(301)}`, 'TEXT_TOO_LONG'],
  ])('%s: %s', (line, code) => {
    expect(refused(line)).toBe(code);
  });
});

describe('two incidents', () => {
  const link = (to: number, reason: string) => ({ type: 'LinkIncidents', to, reason });
  const merge = (to: number, reason: string | null = null, leavePublic = false) => ({
    ...{ type: 'MergeIncident', to, reason, leavePublic },
  });
  test.each<[string, boolean, number | null, object]>([
    ['link INC-7 INC-9 one deploy', false, 7, link(9, 'one deploy')],
    ['link INC-7 INC-9 one deploy', true, 7, link(9, 'one deploy')],
    ['link INC-9 one deploy', true, null, link(9, 'one deploy')],
    ['link inc-7 and INC-9: one deploy', false, 7, link(9, 'one deploy')],
    ['INC-7 link with INC-9 one deploy', false, 7, link(9, 'one deploy')],
    ['merge INC-8 into INC-7', false, 8, merge(7)],
    ['merge INC-8 into INC-7 the same outage', true, 8, merge(7, 'the same outage')],
    ['merge into INC-7', true, null, merge(7)],
    ['INC-8 merge into INC-7', false, 8, merge(7)],
    ['merge INC-8 → INC-7', false, 8, merge(7)],
    ['merge INC-8 into INC-7 --leave-public', false, 8, merge(7, null, true)],
    ['merge INC-8 into INC-7 told already --leave-public', false, 8, merge(7, 'told already', true)],
    ['merge --leave-public INC-8 into INC-7', true, 8, merge(7, null, true)],
    ['merge INC-8 into INC-7 -- --leave-public', true, 8, merge(7, '--leave-public')],
  ])('%s (in a channel: %s)', (line, implied, ref, expected) => {
    expect(intended(line, { implied })).toEqual(expected);
    expect(parsed(line, { implied }).ref).toBe(ref);
  });

  test.each([
    ['link', true, 'MISSING_ARGUMENT'],
    ['link INC-9', true, 'MISSING_ARGUMENT'],
    ['link INC-7 INC-9', false, 'MISSING_ARGUMENT'],
    ['link INC-7 because', false, 'MISSING_ARGUMENT'],
    ['merge', true, 'MISSING_ARGUMENT'],
    ['merge INC-7', true, 'MISSING_ARGUMENT'],
    ['merge INC-8 INC-7', false, 'MISSING_ARGUMENT'],
    ['merge INC-8 into that one', false, 'MISSING_ARGUMENT'],
    ['merge INC-8 into INC-7 a --leave-public b', false, 'BAD_FLAG'],
  ])('%s (in a channel: %s): %s', (line, implied, code) => {
    expect(refused(line, { implied })).toBe(code);
  });
});

test('any text behind these verbs is understood or refused, and nothing is thrown', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 20 }),
    fc.constantFrom(
      '--status',
      '--since',
      '--lead <@U1>',
      '--page',
      '--limit 2',
      'INC-7',
      'into',
      '"',
      '--',
      '7d',
      "'",
    ),
  );
  fc.assert(
    fc.property(
      fc.constantFrom('list', 'search', 'link', 'merge'),
      fc.array(piece, { maxLength: 6 }),
      fc.boolean(),
      (verb, pieces, implied) => {
        const said = typed(`${verb} ${pieces.join(' ')}`, { implied });
        expect(isRefusal(said) || said.verb === verb).toBe(true);
      },
    ),
    { numRuns: effort(300) },
  );
});
