import { describe, expect, test } from '@jest/globals';
import { effectsOf } from '#domain/incident/effect.js';
import { entryOf, entryText } from '#domain/incident/entry.js';
import type { DraftFact } from '#domain/incident/fact.js';
import type { Found, Intent } from '#domain/incident/intent.js';
import { decide } from '#domain/incident/rules/decide.js';
import { evolve, type IncidentState } from '#domain/incident/state.js';
import { mergedInto } from '#domain/link/link.js';
import { botAsking } from '#domain/words.js';
import { metricsIn } from '#render/document.js';
import { fired, GROUP } from './alert/given.js';
import { asking, bo, fold, given, INSIDE, mark, NOW, note, opened, status, stream } from './given.js';
import * as run from './run/facts.js';

const HAPPENED = { at: '2024-11-10T02:00:00Z', until: null, precision: 'second' } as const;
const linked = (n: number, other = 9, theirs?: number): DraftFact => ({
  ...{ type: 'IncidentLinked', texts: { text: 'one deploy' } },
  data: { n, ...HAPPENED, other, ...(theirs !== undefined && { theirs }) },
});
const merged = (n: number, into = 9): DraftFact => ({
  ...{ type: 'IncidentMerged', data: { n, ...HAPPENED, into }, texts: {} },
});
const takenIn = (n: number, from = 9, theirs = 4): DraftFact => ({
  ...{ type: 'IncidentTakenIn', data: { n, ...HAPPENED, from, theirs }, texts: {} },
});
const posted = (n: number, state: string): DraftFact => ({
  type: 'StatusPosted',
  data: { n, ...HAPPENED, state } as never,
  texts: { text: 'x' },
});

const folded = (...drafts: DraftFact[]) => fold(stream(opened, ...drafts)) as IncidentState;
const other = (more: Partial<IncidentState> = {}): IncidentState => ({ ...folded(), number: 9, ...more });
const LINK: Intent = { type: 'LinkIncidents', to: 9, reason: 'one deploy' };
const MERGE: Intent = { type: 'MergeIncident', to: 9, reason: null, leavePublic: false };
const NOTHING: Found = { entry: null, changes: [], captured: null, actionDone: false, number: 7 };
/** What the bot asks for itself. */
const bot = (drafts: DraftFact[], intent: Intent) =>
  decide(folded(...drafts), intent, botAsking('T1', null, NOW), NOTHING);
const owed = (...drafts: DraftFact[]) => {
  const facts = stream(opened, ...drafts);
  const last = facts.at(-1);
  if (!last) throw new Error('no fact');
  return effectsOf(last, fold(facts.slice(0, -1)), 'f'.repeat(64)).filter(
    ({ kind }) => kind === 'incident.link',
  );
};

describe('a link', () => {
  test('is recorded here, and owed to the other', () => {
    given(opened)
      .when(LINK, undefined, { target: other() })
      .thenFacts([{ type: 'IncidentLinked', data: { n: 2, other: 9 }, texts: { text: 'one deploy' } }]);
    expect(owed(linked(2))).toEqual([{ kind: 'incident.link', payload: { other: 9, n: 2, first: 2 } }]);
    expect(folded(linked(2)).links).toEqual([{ n: 2, other: 9, how: 'linked' }]);
  });

  test('has its other half once, which owes nothing back', () => {
    const half: Intent = { type: 'NoteLinked', other: 9, theirs: 4, text: 'one deploy' };
    expect(bot([], half)).toMatchObject([
      { data: { n: 2, other: 9, theirs: 4 }, texts: { text: 'one deploy' } },
    ]);
    expect(bot([linked(2, 9, 4)], half)).toEqual([]);
    expect(owed(linked(2, 9, 4))).toEqual([]);
  });

  test.each<[string, Partial<IncidentState> | null, string]>([
    ['nobody may see it', null, 'NO_SUCH_INCIDENT'],
    ['it is another', { number: 8 }, 'NO_SUCH_INCIDENT'],
    ['it is private', { private: true }, 'LINK_PRIVATE'],
    ['it goes on elsewhere', { links: [{ n: 3, other: 12, how: 'into' }] }, 'MERGED'],
  ])('is refused where %s', (_, target, code) => {
    for (const intent of [LINK, MERGE])
      given(opened)
        .when(intent, undefined, { target: target && other(target) })
        .thenRefused(code as never);
  });

  test('is refused with itself, twice, and from a private one', () => {
    given(opened)
      .when({ ...LINK, to: 7 }, undefined, { target: other({ number: 7 }) })
      .thenRefused('LINK_TO_ITSELF');
    given(opened, linked(2)).when(LINK, undefined, { target: other() }).thenRefused('LINKED_ALREADY');
    const hidden: DraftFact = { ...opened, data: { ...opened.data, private: true } as never } as DraftFact;
    given(hidden).when(LINK, undefined, { target: other() }).thenRefused('LINK_PRIVATE');
  });

  test('struck in either half, it is owed to the other that it does not count there either', () => {
    const struck = (entry: number): DraftFact => ({
      ...{ type: 'EntryStruck', data: { entry, restored: null }, texts: { reason: 'wrong' } },
    });
    const first = given(opened, linked(2)).when({ type: 'StrikeEntry', entry: 2, reason: 'wrong' });
    first.thenFacts([{ type: 'EntryStruck', data: { entry: 2 } }]);
    expect(folded(linked(2), struck(2)).links).toBeUndefined();
    const payload = { other: 9, n: 2, off: true };
    expect(owed(linked(2), struck(2))).toEqual([
      { kind: 'incident.link', payload: { ...payload, first: 2 } },
    ]);
    expect(owed(linked(2, 9, 4), struck(2))).toEqual([
      { kind: 'incident.link', payload: { ...payload, first: 4 } },
    ]);
    // What was struck and said anew meanwhile is another link.
    const off: Intent = { type: 'NoteUnlinked', other: 9, first: 4 };
    expect(bot([linked(2, 9, 4)], off)).toMatchObject([{ type: 'EntryStruck', data: { entry: 2 } }]);
    expect(bot([linked(2, 9, 5)], off)).toEqual([]);
    expect(bot([linked(2)], { ...off, first: 2 })).toHaveLength(1);
  });
});

describe('a merge', () => {
  test('resolves it, and its alerts go along', () => {
    given(opened, fired(2))
      .when({ ...MERGE, reason: 'the same' }, undefined, {
        target: other({ channel: { id: 'C9', name: 'x' } }),
      })
      .thenFacts([
        { type: 'IncidentMerged', data: { n: 3, into: 9, channel: 'C9' }, texts: { text: 'the same' } },
        { type: 'AlertsMoved', data: { n: 4, group: GROUP, to: 9, firing: 1 } },
      ]);
    const state = folded(mark(2, 'started', '2024-11-10T01:41:00Z'), merged(3));
    expect(state).toMatchObject({ status: 'resolved', statusEntry: 3, milestones: { resolved: { n: 3 } } });
    expect(metricsIn(state).metrics.time_to_resolve_s).toBeNull();
    expect(mergedInto(state)).toBe(9);
    // One that was resolved before stays so at its own time.
    expect(folded(status(2, 'resolved', '2024-11-10T01:50:00Z'), merged(3)).milestones.resolved?.n).toBe(2);
    const entry = entryOf(stream(merged(3))[0] as never);
    expect(entry && entryText(entry)).toBe('merged into INC-9');
  });

  test('of two that were linked, there is one line more and one link', () => {
    given(opened, linked(2))
      .when(MERGE, undefined, { target: other() })
      .thenFacts([{ type: 'IncidentMerged' }]);
    expect(folded(linked(2), merged(3)).links).toEqual([{ n: 3, other: 9, how: 'into' }]);
    const half: Intent = { type: 'NoteTakenIn', from: 9, theirs: 4, text: null };
    expect(bot([linked(2, 9, 3)], half)).toMatchObject([
      { type: 'IncidentTakenIn', data: { from: 9, theirs: 4 } },
    ]);
    expect(folded(linked(2, 9, 3), takenIn(3)).links).toHaveLength(1);
    expect(bot([takenIn(2)], half)).toEqual([]);
  });

  test.each<[string, DraftFact[], Partial<IncidentState>, string]>([
    ['a drill', [], { drill: true }, 'MERGE_DRILL'],
    ['while a run goes on', [run.proposed()], {}, 'MERGE_UNDER_WAY'],
    ['into a resolved one', [], { status: 'resolved' }, 'MERGE_INTO_RESOLVED'],
    ['alerts too', [fired(2), status(3, 'resolved')], { status: 'resolved' }, 'MERGE_INTO_RESOLVED'],
    ['while the public waits', [posted(2, 'identified')], {}, 'MERGE_PUBLIC'],
  ])('is refused: %s', (_, facts, target, code) => {
    given(opened, ...facts)
      .when(MERGE, undefined, { target: other(target) })
      .thenRefused(code as never);
  });

  test('goes where the public knows that it is over, or somebody says so, and between two that are', () => {
    for (const [facts, intent, target] of [
      [[posted(2, 'resolved')], MERGE, {}],
      [[posted(2, 'identified')], { ...MERGE, leavePublic: true }, {}],
      [[status(2, 'resolved')], MERGE, { status: 'resolved' }],
    ] as const)
      given(opened, ...facts)
        .when(intent, undefined, { target: other(target) })
        .thenFacts([{ type: 'IncidentMerged' }]);
  });

  const RIGHT: Intent[] = [
    { type: 'EditEntry', entry: 2, text: 'y' },
    { type: 'StrikeEntry', entry: 2, reason: 'x' },
    { type: 'ReopenIncident', reason: 'it was another' },
  ];
  const ELSEWHERE: Intent[] = [
    { type: 'RecordNote', moment: null, text: 'x' },
    { type: 'ChangeStatus', status: 'monitoring', moment: null, text: null },
    { type: 'ChangeTitle', title: 'x' },
    { type: 'AssignRole', role: 'lead', person: bo },
    { type: 'MergeIncident', to: 9, reason: null, leavePublic: false },
    LINK,
    { type: 'UndoLastEntry' },
    { type: 'StrikeEntry', entry: 3, reason: 'x' },
  ];
  test('afterwards its record is put right there, and everything else is told where to go', () => {
    const there = given(opened, note(2), status(3, 'identified'), merged(4));
    for (const intent of RIGHT) expect(there.when(intent).decision).not.toMatchObject({ refused: true });
    for (const intent of ELSEWHERE) there.when(intent).thenRefused('MERGED');
    expect(there.when(ELSEWHERE[0] as Intent).decision).toMatchObject({
      sentence: 'INC-7 is merged into INC-9, and goes on there.',
      next: expect.stringContaining('`note INC-9 TEXT`'),
    });
  });

  test('is taken back by reopening, and by nothing else', () => {
    given(opened, merged(2))
      .when({ type: 'StrikeEntry', entry: 2, reason: 'x' })
      .thenRefused('ENTRY_NOT_EDITABLE');
    given(opened, takenIn(2))
      .when({ type: 'StrikeEntry', entry: 2, reason: 'x' })
      .thenRefused('ENTRY_NOT_EDITABLE');
    const again: DraftFact = {
      ...{ type: 'StatusChanged', texts: { text: 'it was another' } },
      data: { n: 3, ...HAPPENED, status: 'investigating', reopened: true },
    };
    const state = folded(merged(2), again);
    expect(state).toMatchObject({ status: 'investigating', milestones: { resolved: null } });
    expect(state.links).toBeUndefined();
    expect(owed(merged(2), again)).toEqual([
      { kind: 'incident.link', payload: { other: 9, n: 2, first: 2, off: true } },
    ]);
    expect(bot([takenIn(2)], { type: 'NoteUnlinked', other: 9, first: 4 })).toMatchObject([
      { type: 'EntryStruck', data: { entry: 2 }, texts: { reason: 'INC-9 goes on by itself' } },
    ]);
  });
});

test('a summary from before there were links is read as one without', () => {
  const [, fact] = stream(opened, linked(2));
  expect(evolve(folded(), fact as never).links).toHaveLength(1);
  expect(decide(folded(), LINK, asking(), { ...NOTHING, asker: INSIDE, target: other() })).toHaveLength(1);
});
