import { describe, expect, test } from '@jest/globals';
import { amendmentOf, type Entry, entryOf, entryText, filesOf, toldText } from '#domain/incident/entry.js';
import type { DraftFact } from '#domain/incident/fact.js';
import type { Intent } from '#domain/incident/intent.js';
import { imageTypeOf } from '#domain/incident/message.js';
import { decide } from '#domain/incident/rules/decide.js';
import type { IncidentState } from '#domain/incident/state.js';
import { cameLate } from '#domain/incident/state.js';
import { isRefusal, type RefusalCode, refuse } from '#domain/refusal.js';
import { botAsking } from '#domain/words.js';
import { measured } from '../render/incident.js';
import { ana, asking, bo, fold, given, mark, note, opened, status, stream } from './given.js';

const FOUND = { entry: null, changes: [], captured: null, actionDone: false, number: 0 };
const minute = (at: string) => ({ at, until: null, precision: 'minute' as const });

describe('statuses', () => {
  test('resolving records when, and a second time is refused with the way to correct it', () => {
    given(opened)
      .when({ type: 'ChangeStatus', status: 'resolved', moment: minute('2024-11-10T02:02:00Z'), text: null })
      .thenFacts([{ type: 'StatusChanged', data: { n: 2, at: '2024-11-10T02:02:00Z', status: 'resolved' } }]);
    given(opened, status(2, 'resolved'))
      .when({ type: 'ChangeStatus', status: 'resolved', moment: null, text: null })
      .thenRefused('STATUS_UNCHANGED');
  });
  test('the same status with a text is an update', () => {
    given(opened, status(2, 'monitoring'))
      .when({ type: 'ChangeStatus', status: 'monitoring', moment: null, text: 'still fine' })
      .thenFacts([{ texts: { text: 'still fine' } }]);
  });
  test('going back is allowed, reopening what is not resolved is not', () => {
    given(opened, status(2, 'resolved'))
      .when({ type: 'ChangeStatus', status: 'identified', moment: null, text: null })
      .thenFacts([{ data: { status: 'identified' } }]);
    given(opened, status(2, 'resolved'))
      .when({ type: 'ReopenIncident', reason: 'again' })
      .thenFacts([{ data: { status: 'investigating', reopened: true }, texts: { text: 'again' } }]);
    given(opened).when({ type: 'ReopenIncident', reason: 'again' }).thenRefused('NOT_RESOLVED');
  });
  test('a note on a resolved incident is recorded: people write up afterwards', () => {
    given(opened, status(2, 'resolved'))
      .when({ type: 'RecordNote', moment: null, text: 'watching' })
      .thenFacts([{ type: 'NoteRecorded', data: { n: 3 } }]);
  });
});

describe('milestones', () => {
  test('resolving sets the milestone; leaving resolved takes it back; a mark by a person stays', () => {
    const resolved = fold(stream(opened, status(2, 'resolved', '2024-11-10T02:02:00Z')));
    expect(resolved?.milestones.resolved).toMatchObject({ at: '2024-11-10T02:02:00Z', marked: false });
    expect(
      fold(stream(opened, status(2, 'resolved'), status(3, 'monitoring')))?.milestones.resolved,
    ).toBeNull();
    const marked = fold(
      stream(
        opened,
        mark(2, 'resolved', '2024-11-10T01:50:00Z'),
        status(3, 'resolved'),
        status(4, 'monitoring'),
      ),
    );
    expect(marked?.milestones.resolved).toMatchObject({ at: '2024-11-10T01:50:00Z', marked: true });
  });
  test('marking again replaces, and never changes the status', () => {
    const state = fold(
      stream(opened, mark(2, 'started', '2024-11-10T01:40:00Z'), mark(3, 'started', '2024-11-10T01:41:00Z')),
    );
    expect(state).toMatchObject({
      status: 'investigating',
      milestones: { started: { at: '2024-11-10T01:41:00Z', n: 3 } },
    });
  });
  test('retiming the entry moves the milestone that rests on it; striking it removes it', () => {
    const retime = { entry: 2, at: '2024-11-10T01:39:00Z', until: null, precision: 'minute' as const };
    const marked = mark(2, 'started', '2024-11-10T01:40:00Z');
    expect(
      fold(stream(opened, marked, { type: 'EntryRetimed', data: retime, texts: {} }))?.milestones.started?.at,
    ).toBe('2024-11-10T01:39:00Z');
    expect(
      fold(
        stream(opened, marked, {
          type: 'EntryStruck',
          data: { entry: 2, restored: null },
          texts: { reason: 'wrong' },
        }),
      )?.milestones.started,
    ).toBeNull();
  });
});

describe('corrections', () => {
  test('words may be edited where they are a person’s own', () => {
    given(opened, note(2))
      .when({ type: 'EditEntry', entry: 2, text: 'y' })
      .thenFacts([{ type: 'EntryEdited' }]);
    given(opened).when({ type: 'EditEntry', entry: 1, text: 'y' }).thenRefused('ENTRY_NOT_EDITABLE');
    given(opened).when({ type: 'EditEntry', entry: 9, text: 'y' }).thenRefused('NO_SUCH_ENTRY');
  });
  test('a struck entry cannot be struck again, the first entry never', () => {
    const struck = { entry: { ...entry(2), struck: true } };
    given(opened, note(2))
      .when({ type: 'StrikeEntry', entry: 2, reason: 'r' }, ana, struck)
      .thenRefused('ENTRY_STRUCK');
    given(opened).when({ type: 'StrikeEntry', entry: 1, reason: 'r' }).thenRefused('ENTRY_NOT_EDITABLE');
  });
  test('undo strikes the asker’s own last entry, and nothing when there is none', () => {
    given(opened, note(2))
      .when({ type: 'UndoLastEntry' }, ana, { entry: entry(2) })
      .thenFacts([{ type: 'EntryStruck', data: { entry: 2, restored: null } }]);
    given(opened).when({ type: 'UndoLastEntry' }).thenRefused('NOTHING_TO_UNDO');
  });
});

describe('striking a change puts back what the others say', () => {
  const severity = (n: number, to: string) =>
    ({ type: 'SeverityChanged', data: { ...note(n).data, severity: to }, texts: {} }) as never;
  const title = (n: number, to: string) =>
    ({ type: 'TitleChanged', data: note(n).data, texts: { title: to } }) as never;
  const lead = (n: number, person: string) =>
    ({ type: 'RoleAssigned', data: { ...note(n).data, role: 'lead', person }, texts: { person } }) as never;
  const component = (n: number, type: string, name: string) =>
    ({ type, data: note(n).data, texts: { component: name } }) as never;
  const post = (n: number, state: string) =>
    ({ type: 'StatusPosted', data: { ...note(n).data, state }, texts: { text: 'x' } }) as never;
  /** The state after striking these entries, one after the other, each as it is decided. */
  const left = (drafts: DraftFact[], ...struck: number[]) => {
    let facts = drafts;
    for (const entry of struck) {
      const { decision } = given(...facts).when({ type: 'StrikeEntry', entry, reason: 'wrong' });
      if (isRefusal(decision)) throw new Error(decision.sentence);
      facts = [...facts, ...decision];
    }
    return fold(stream(...facts));
  };

  test('a status, as often as there were any', () => {
    const three = [opened, status(2, 'identified'), status(3, 'monitoring'), status(4, 'resolved')];
    expect(left(three, 4)).toMatchObject({
      status: 'monitoring',
      statusEntry: 3,
      milestones: { resolved: null },
    });
    expect(left(three, 4, 3)).toMatchObject({ status: 'identified', statusEntry: 2 });
    expect(left(three, 4, 3, 2)).toMatchObject({ status: 'investigating', statusEntry: null });
    expect(left(three, 2)).toMatchObject({ status: 'resolved', milestones: { resolved: { n: 4 } } });
    expect(left(three, 3, 4)?.status).toBe('identified');
  });
  test('never from an entry that is struck itself', () => {
    expect(left([opened, severity(2, 'sev1'), severity(3, 'sev2')], 2, 3)?.severity).toBe('sev3');
    expect(left([opened, title(2, 'a'), title(3, 'b')], 2, 3)?.title).toBe('TTS fails');
  });
  test('milestones: a mark before, else the status by which it is resolved', () => {
    const at = (n: number) => `2024-11-10T01:${String(n).padStart(2, '0')}:00Z`;
    const marked = [opened, status(2, 'resolved', at(10)), mark(3, 'resolved', at(5))];
    expect(left(marked, 3)?.milestones.resolved).toMatchObject({ at: at(10), marked: false, n: 2 });
    expect(left([...marked, status(4, 'monitoring')], 3, 4)?.milestones.resolved).toMatchObject({
      at: at(10),
      n: 2,
    });
    expect(
      left([opened, mark(2, 'started', at(5)), mark(3, 'started', at(1))], 3)?.milestones.started,
    ).toMatchObject({
      at: at(5),
      n: 2,
    });
    const updated = [opened, status(2, 'resolved', at(10)), status(3, 'resolved', at(20))];
    expect(left(updated, 2)?.milestones.resolved).toMatchObject({ at: at(20), n: 3 });
    expect(left(updated, 2, 3)).toMatchObject({ status: 'investigating', milestones: { resolved: null } });
  });
  test('lead, components in their order, and the last post', () => {
    expect(left([opened, lead(2, 'U2'), lead(3, 'U3')], 3)?.roles).toEqual({
      lead: { id: 'U2', name: 'U2' },
    });
    expect(left([opened, lead(2, 'U2'), lead(3, 'U3')], 3, 2)?.roles).toEqual({});
    const shape = [opened, component(2, 'ComponentAdded', 'X'), component(3, 'ComponentRemoved', 'TTS')];
    expect(left(shape, 3)?.components).toEqual(['TTS', 'X']);
    expect(left(shape, 3, 2)?.components).toEqual(['TTS']);
    expect(left([opened, post(2, 'identified'), post(3, 'resolved')], 3)?.lastPost?.n).toBe(2);
    expect(left([opened, post(2, 'identified')], 2)?.lastPost).toBeNull();
  });
  test('a note changes nothing', () => {
    given(opened, note(2))
      .when({ type: 'StrikeEntry', entry: 2, reason: 'r' })
      .thenFacts([{ data: { entry: 2, restored: null } }]);
  });
});

describe('impact', () => {
  const impact = {
    type: 'RecordImpact' as const,
    text: null,
    failed: null,
    total: null,
    from: null,
    to: null,
    components: [],
  };
  test('numbers must agree', () => {
    given(opened)
      .when({ ...impact, failed: 20, total: 19 })
      .thenRefused('IMPACT_CONTRADICTS');
    given(opened)
      .when({
        ...impact,
        failed: 1,
        from: minute('2024-11-10T01:44:00Z'),
        to: minute('2024-11-10T01:41:00Z'),
      })
      .thenRefused('TIME_RANGE_BACKWARDS');
    given(opened).when(impact).thenRefused('IMPACT_EMPTY');
  });
  test('what was not affected leaves the figures as they are, and goes when it is struck', () => {
    given(opened)
      .when({ ...impact, components: ['API'], unaffected: ['API'] })
      .thenRefused('IMPACT_CONTRADICTS');
    given(opened)
      .when({ ...impact, unaffected: ['Web', 'Web'] })
      .thenFacts([{ data: { components: 0, unaffected: 1 }, texts: { 'component.0': 'Web' } }]);
    const recorded = (n: number, data: object, texts = {}) =>
      ({
        type: 'ImpactRecorded',
        data: {
          n,
          ...minute('2024-11-10T01:50:00Z'),
          failed: null,
          total: null,
          from: null,
          to: null,
          components: 0,
          ...data,
        },
        texts,
      }) as DraftFact;
    const spared = recorded(3, { unaffected: 1 }, { 'component.0': 'Web' });
    const facts = [opened, recorded(2, { failed: 19 }), spared];
    const { state } = given(...facts);
    expect(state?.impact).toMatchObject({ n: 2, failed: 19 });
    expect(state?.unaffected).toEqual([{ n: 3, name: 'Web' }]);
    const struck: DraftFact = {
      type: 'EntryStruck',
      data: { entry: 3, restored: null },
      texts: { reason: 'x' },
    };
    expect(given(...facts, struck).state).not.toHaveProperty('unaffected');
  });

  describe('measured', () => {
    const measure = { type: 'MeasureImpact' as const, from: null, to: null, components: [] };
    const asked = (from: string, start: string, to: string, end: string) => [
      { type: 'MeasureAsked', data: { from: iso(from), start, to: iso(to), end, components: 0 } },
    ];
    const iso = (time: string) => `2024-11-10T${time}Z`;
    test('from what is known of its beginning to what is known of its end', () => {
      const started = mark(2, 'started', iso('01:39:00'));
      const detected = mark(3, 'detected', iso('01:40:00'));
      const mitigated = mark(4, 'mitigated', iso('01:44:00'));
      const resolved = mark(5, 'resolved', iso('01:50:00'));
      given(opened)
        .when(measure)
        .thenFacts(asked('01:42:00', 'opened', '02:00:00', 'now'));
      given(opened, detected)
        .when(measure)
        .thenFacts(asked('01:40:00', 'detected', '02:00:00', 'now'));
      given(opened, detected)
        .when(measure, undefined, { damageFrom: iso('01:38:00') })
        .thenFacts(asked('01:38:00', 'impact', '02:00:00', 'now'));
      given(opened, started, detected, resolved)
        .when(measure, undefined, { damageFrom: iso('01:38:00') })
        .thenFacts(asked('01:39:00', 'started', '01:50:00', 'resolved'));
      given(opened, started, mitigated, resolved)
        .when(measure)
        .thenFacts(asked('01:39:00', 'started', '01:44:00', 'mitigated'));
      given(opened, started, mitigated)
        .when({ ...measure, from: minute(iso('01:43:00')), to: minute(iso('01:45:00')) })
        .thenFacts(asked('01:43:00', 'asked', '01:45:00', 'asked'));
    });
    test('an end before the beginning is none', () => {
      given(opened, mark(2, 'mitigated', iso('01:40:00')), mark(3, 'resolved', iso('01:50:00')))
        .when(measure)
        .thenFacts(asked('01:42:00', 'opened', '01:50:00', 'resolved'));
    });
    test('what would take no time, or too long, is refused', () => {
      given(opened)
        .when({ ...measure, from: minute(iso('01:43:00')), to: minute(iso('01:43:00')) })
        .thenRefused('MEASURE_WINDOW');
      given(opened)
        .when({ ...measure, from: minute('2024-11-01T00:00:00Z') })
        .thenRefused('MEASURE_WINDOW');
    });
    test('is counted, and so neither edited nor moved; it may be struck', () => {
      const { by: _by, at: _at, ...fact } = measured(2);
      const facts = [opened, fact as DraftFact];
      const { state } = given(...facts);
      expect(state?.measured).toEqual({ n: 2, failed: 19, total: 1124, unaffected: ['Internal API'] });
      expect(state?.impact).toBeNull();
      given(...facts)
        .when({ type: 'EditEntry', entry: 2, text: 'none failed' })
        .thenRefused('ENTRY_NOT_EDITABLE');
      given(...facts)
        .when({ type: 'RetimeEntry', entry: 2, moment: minute(iso('01:00:00')) })
        .thenRefused('ENTRY_NOT_EDITABLE');
      const struck: DraftFact = {
        type: 'EntryStruck',
        data: { entry: 2, restored: null },
        texts: { reason: 'x' },
      };
      expect(given(...facts, struck).state).not.toHaveProperty('measured');
      given(...facts)
        .when({ type: 'StrikeEntry', entry: 2, reason: 'the wrong service' })
        .thenFacts([{ type: 'EntryStruck' }]);
    });
    test('nobody but the bot says what was counted', () => {
      const said = { failed: 0, total: 1 } as never;
      given(opened)
        .when({ type: 'NoteImpactMeasured', asked: 1, measured: said })
        .thenRefused('NO_SUCH_INCIDENT');
    });
  });

  test('stands in the timeline where it happened', () => {
    given(opened)
      .when({
        ...impact,
        failed: 19,
        from: minute('2024-11-10T01:41:00Z'),
        to: minute('2024-11-10T01:44:00Z'),
      })
      .thenFacts([
        {
          data: {
            at: '2024-11-10T01:41:00Z',
            until: '2024-11-10T01:44:00Z',
            precision: 'minute',
            failed: 19,
          },
        },
      ]);
  });
});

test('publishing is asked for twice, takes the current status, and never changes it', () => {
  const post = { type: 'PublishPost' as const, state: null, moment: null, text: 'we look' };
  given(opened)
    .when({ ...post, confirmed: false })
    .thenRefused('PUBLISH_NEEDS_CONFIRMATION');
  given(opened)
    .when({ ...post, confirmed: true })
    .thenFacts([{ type: 'StatusPosted', data: { state: 'investigating' } }]);
});

test('actions are numbered on their own and completed once', () => {
  const added = {
    type: 'ActionAdded' as const,
    data: { ...note(2).data, action: 1, owner: null } as never,
    texts: { text: 'rotate' },
  };
  given(opened)
    .when({ type: 'AddAction', text: 'rotate', owner: bo })
    .thenFacts([{ data: { action: 1, owner: 'U2' }, texts: { owner: 'bo' } }]);
  given(opened, added)
    .when({ type: 'CompleteAction', action: 1 })
    .thenFacts([{ type: 'ActionCompleted' }]);
  given(opened, added)
    .when({ type: 'CompleteAction', action: 1 }, ana, { actionDone: true })
    .thenRefused('ACTION_DONE');
  given(opened, added).when({ type: 'CompleteAction', action: 2 }).thenRefused('NO_SUCH_ACTION');
});

test('an action item changes hands, moves, and is opened again; what does not change is refused', () => {
  const item = {
    ...{ n: 1, entry: 2, text: 'rotate', owner: bo, due: '2026-12-05' },
    ...{ done: false, ticket: null },
  };
  const add = { type: 'AddAction' as const, text: 'rotate', owner: null, due: '2026-12-05' };
  given(opened)
    .when(add)
    .thenFacts([{ type: 'ActionAdded', data: { due: '2026-12-05' } }]);
  const change = { type: 'ChangeAction' as const, action: 1 };
  const when = (more: object, found = {}) =>
    given(opened, note(2)).when({ ...change, ...more }, ana, { item, ...found });
  when({ owner: ana, due: '2026-12-05' }).thenFacts([
    { type: 'ActionChanged', data: { action: 1, owner: ana.id }, texts: { owner: 'ana' } },
  ]);
  expect(when({ owner: ana, due: '2026-12-05' }).decision).not.toMatchObject([
    { data: { due: expect.anything() } },
  ]);
  when({ owner: null }).thenFacts([{ data: { owner: null }, texts: {} }]);
  when({ due: null }).thenFacts([{ data: { due: null } }]);
  when({ owner: bo }).thenRefused('ACTION_UNCHANGED');
  when({ owner: null, whose: ana.id }).thenRefused('ACTION_NOT_YOURS');
  when({ due: null }, { item: { ...item, done: true } }).thenRefused('ACTION_DONE');
  when({ due: null }, { item: null }).thenRefused('NO_SUCH_ACTION');
  const bot = { id: 'tracker:github', name: null };
  const says = (intent: object, done: boolean, ticket: object | null = null) =>
    decide(
      given(opened, note(2)).state,
      intent as Intent,
      botAsking('T1', null, new Date('2024-11-10T03:00:00Z'), bot.id),
      { ...FOUND, item: { ...item, done, ticket: ticket as typeof item.ticket } },
    );
  expect(says({ type: 'ReopenAction', action: 1 }, true)).toMatchObject([{ type: 'ActionReopened' }]);
  expect(says({ type: 'ReopenAction', action: 1 }, false)).toMatchObject({ code: 'ACTION_OPEN' });
  const filed = { type: 'NoteActionFiled', action: 1, tracker: 'github', ticket: 'a/b#1', url: 'https://x' };
  expect(says(filed, false)).toMatchObject([{ type: 'ActionFiled', data: { entry: 2 } }]);
  expect(says(filed, false, { name: 'a/b#1', url: null })).toEqual([]);
});

test('a message is captured once; the second person is told who was first', () => {
  const message = { channel: 'C1', ts: '1731202860.000200', text: 'boom', author: bo, link: null };
  given(opened)
    .when({ type: 'CaptureMessage', message })
    .thenFacts([
      {
        type: 'MessageCaptured',
        data: { at: '2024-11-10T01:41:00Z', ts: '1731202860.000200', author: 'U2' },
      },
    ]);
  given(opened)
    .when({ type: 'CaptureMessage', message }, bo, { captured: entry(2) })
    .thenRefused('ALREADY_CAPTURED');
});

test('a message is captured with what came with it, and once more where it was struck', () => {
  const message = {
    ...{
      channel: 'C1',
      ts: '1731202860.000200',
      text: 'boom',
      author: bo,
      link: null,
      edited: '1731202861.000100',
    },
    files: [{ id: 'F1', name: 'a.png', type: 'image/png', size: 12_345 }],
  };
  given(opened)
    .when({ type: 'CaptureMessage', message }, ana, { captured: { ...entry(2), struck: true } })
    .thenFacts([
      {
        data: { edited: '1731202861.000100', files: [{ id: 'F1', type: 'image/png', size: 12_345 }] },
        texts: { text: 'boom', author: 'bo', 'file.0': 'a.png' },
      },
    ]);
});

test('a message whose lines were taken in is not recorded once more beside them', () => {
  const message = { channel: 'C1', ts: '1731202860.000200', text: 'boom', author: bo, link: null };
  const taken = { struckReason: 'taken in line by line, as #3 to #5' };
  given(opened)
    .when({ type: 'CaptureMessage', message }, bo, { captured: { ...entry(2), struck: true, detail: taken } })
    .thenRefused('LINES_TAKEN_IN');
});

describe('a recorded message changes in Slack', () => {
  const captured = (more: object = {}): DraftFact => ({
    type: 'MessageCaptured',
    data: { ...note(2).data, channel: 'C1', ts: '100.000001', author: 'U2', link: null, ...more } as never,
    texts: { text: 'first', author: 'bo' },
  });
  const edited = (ts: string, text: string, shown = true): DraftFact => ({
    ...{ type: 'MessageEdited', data: { entry: 2, ts, shown }, texts: { text } },
  });
  const corrected: DraftFact = { type: 'EntryEdited', data: { entry: 2 }, texts: { text: 'by hand' } };
  const gone: DraftFact = {
    type: 'MessageDeleted',
    data: { entry: 2, ts: '150.000001', hidden: true },
    texts: {},
  };
  const place = { channel: 'C1', ts: '100.000001' };
  const edit = (ts: string, text: string): Intent => ({
    ...{ type: 'NoteMessageEdited', at: place, edit: { ts, text, channel: 'C1' } },
  });
  const deletion: Intent = { type: 'NoteMessageDeleted', at: place, ts: '150.000001', hides: true };

  /** What follows, and what readings then show. */
  function follows(intent: Intent, before: DraftFact[], found: Partial<Entry> = {}) {
    const facts = stream(opened, ...before);
    const recorded = facts.map(entryOf).find((one) => one?.n === 2) ?? null;
    const history = facts.slice(1);
    const decision = decide(
      fold(facts),
      intent,
      { ...asking(bo), source: 'bot' },
      {
        ...{ entry: recorded && { ...recorded, ...found }, history },
        ...{ changes: [], captured: null, actionDone: false, number: 7 },
      },
    );
    if (!Array.isArray(decision)) throw new Error(JSON.stringify(decision));
    const all = stream(opened, ...before, ...decision).map(amendmentOf);
    let entry: Entry | null = recorded;
    for (const amendment of all)
      if (entry && amendment)
        entry = { ...entry, ...amendment.set, detail: { ...entry.detail, ...amendment.set.detail } };
    return { facts: decision, says: entry && entryText(entry), entry };
  }

  test.each<[string, Intent, DraftFact[], object[], string]>([
    ['an edit is what it says now', edit('120.000001', 'second'), [captured()], [{ shown: true }], 'second'],
    ['the same words are nothing', edit('120.000001', 'first'), [captured()], [], 'first'],
    [
      'the same edit again is nothing',
      edit('120.000001', 'x'),
      [captured(), edited('120.000001', 'second')],
      [],
      'second',
    ],
    [
      'an earlier edit that comes late is kept, and not shown',
      edit('110.000001', 'older'),
      [captured(), edited('120.000001', 'second')],
      [{ shown: false }],
      'second',
    ],
    [
      'one from before it was recorded is nothing',
      edit('110.000001', 'x'),
      [captured({ edited: '120.000001' })],
      [],
      'first',
    ],
    [
      'seconds with more digits are later',
      edit('1000.000001', 'third'),
      [captured(), edited('999.000001', 'second')],
      [{ shown: true }],
      'third',
    ],
    [
      'a correction made here stays',
      edit('120.000001', 'x'),
      [captured(), corrected],
      [{ shown: false }],
      'by hand',
    ],
    [
      'deleted, it says so',
      deletion,
      [captured()],
      [{ hidden: true }],
      '[deleted in Slack 1970-01-01 00:02 UTC]',
    ],
    ['deleted twice is once', deletion, [captured(), gone], [], '[deleted in Slack 1970-01-01 00:02 UTC]'],
    [
      'of a corrected one the correction stays',
      deletion,
      [captured(), corrected],
      [{ corrected: true }],
      'by hand',
    ],
    [
      'kept, where it is to be',
      { ...deletion, hides: false } as Intent,
      [captured()],
      [{ ts: '150.000001' }],
      'first',
    ],
    [
      'an edit that comes after the deletion is kept, and not shown',
      edit('140.000001', 'x'),
      [captured(), gone],
      [{ shown: false }],
      '[deleted in Slack 1970-01-01 00:02 UTC]',
    ],
    ['of what nobody recorded nothing is kept', edit('120.000001', 'x'), [], [], ''],
  ])('%s', (_, intent, before, data, says) => {
    const { facts, says: now } = follows(intent, before);
    expect(facts.map((fact) => fact.data)).toMatchObject(data);
    if (before.length > 0) expect(now).toBe(says);
  });

  test('what was erased does not come back in other words; and nobody but the bot says such a thing', () => {
    expect(follows(edit('120.000001', 'x'), [captured()], { erased: true }).facts).toEqual([]);
    given(opened, captured()).when(edit('120.000001', 'x')).thenRefused('NO_SUCH_INCIDENT');
  });

  test('with its words its files are hidden, and come back with nobody’s correction', () => {
    const withFile: DraftFact = {
      ...captured({ files: [{ id: 'F1', type: 'image/png', size: 1 }] }),
      texts: { text: 'first', 'file.0': 'a.png' },
    } as DraftFact;
    const { entry } = follows(deletion, [withFile]);
    expect(entry && toldText(entry)).toBe('[deleted in Slack 1970-01-01 00:02 UTC]');
    expect(entry && filesOf({ ...entry, text: 'corrected later' })).toEqual([]);
    const before = stream(opened, withFile).map(entryOf)[1];
    expect(before && toldText(before)).toBe('first 📎 a.png (image/png, 1 B)');
  });

  test('images are kept once, under their digests', () => {
    const kept = [{ id: 'F1', type: 'image/png' as const, size: 12, digest: 'abcd' }];
    const keep: Intent = { type: 'NoteFilesKept', entry: 2, kept };
    const { facts, entry } = follows(keep, [captured()]);
    expect(facts).toEqual([
      {
        type: 'FilesKept',
        data: { entry: 2, files: [{ id: 'F1', type: 'image/png', size: 12 }] },
        texts: { 'image.0': 'abcd' },
      },
    ]);
    expect(entry?.detail.kept).toEqual(kept);
    expect(follows(keep, [captured()], { detail: { kept } }).facts).toEqual([]);
    expect(follows(keep, [captured()], { detail: { deleted: 'x' } }).facts).toEqual([]);
  });

  test.each([
    [[0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0], 'image/png'],
    [[0xff, 0xd8, 0xff, 0xe0], 'image/jpeg'],
    [[...Buffer.from('GIF89a,')], 'image/gif'],
    [[...Buffer.from('RIFF1234WEBPVP8 ')], 'image/webp'],
    [[...Buffer.from('RIFF1234WAVE')], null],
    [[...Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>')], null],
    [[...Buffer.from('<!doctype html>')], null],
    [[0x89, 0x50], null],
    [[], null],
  ])('bytes say what they are: %#', (bytes, type) => expect(imageTypeOf(Uint8Array.from(bytes))).toBe(type));
});

test('an incident that is opened from a message has it in its record from the first moment, or is not opened', () => {
  const message = { channel: 'C1', ts: '1731202860.000200', text: 'boom', author: bo, link: 'https://x' };
  given()
    .when({
      type: 'OpenIncident',
      ...{ title: 'x', severity: null, components: [], private: false, drill: false, moment: null, message },
    })
    .thenFacts([
      { type: 'IncidentOpened', data: { n: 1 } },
      {
        type: 'MessageCaptured',
        data: { n: 2, at: '2024-11-10T01:41:00Z', ts: '1731202860.000200', author: 'U2', link: 'https://x' },
        texts: { text: 'boom', author: 'bo' },
      },
    ]);
});

describe('what a form or a button showed, and somebody has changed since, is not changed unseen', () => {
  const at = { n: 2, at: '2024-11-10T01:50:00Z', until: null, precision: 'minute' as const };
  const identified: DraftFact = {
    type: 'StatusChanged',
    data: { ...at, status: 'identified', reopened: false },
    texts: {},
  };
  const led: DraftFact = {
    type: 'RoleAssigned',
    data: { ...at, role: 'lead', person: bo.id },
    texts: { person: 'bo' },
  };
  const status = { type: 'ChangeStatus', status: 'monitoring', moment: null, text: null } as const;
  const sev = { type: 'ChangeSeverity', severity: 'sev1', reason: null } as const;
  const lead = { type: 'AssignRole', role: 'lead', person: ana } as const;

  test.each<[string, DraftFact[], Intent, 'CHANGED_SINCE' | 'STATUS_UNCHANGED' | 'ROLE_UNCHANGED' | null]>([
    ['a status that was shown', [identified], { ...status, seen: 2 }, null],
    ['one that nobody had set', [], { ...status, seen: null }, null],
    ['one that somebody has set since', [identified], { ...status, seen: null }, 'CHANGED_SINCE'],
    [
      'the same that somebody has set since',
      [identified],
      { ...status, status: 'identified', seen: null },
      'STATUS_UNCHANGED',
    ],
    [
      'the same with a text, which is an update',
      [identified],
      { ...status, status: 'identified', text: 'x', seen: null },
      null,
    ],
    ['a line, which showed nothing', [identified], status, null],
    ['a severity that was shown', [], { ...sev, seen: 'sev3' }, null],
    ['another severity', [], { ...sev, seen: null }, 'CHANGED_SINCE'],
    ['a lead where nobody was', [], { ...lead, seen: null }, null],
    ['a lead where somebody is by now', [led], { ...lead, seen: null }, 'CHANGED_SINCE'],
    ['a lead who was shown', [led], { ...lead, seen: bo.id }, null],
    ['the same lead', [led], { ...lead, person: bo, seen: null }, 'ROLE_UNCHANGED'],
  ])('%s', (_, before, intent, code) => {
    const asked = given(opened, ...before).when(intent);
    if (code) asked.thenRefused(code);
    else asked.thenFacts([{}]);
  });
});

test('every line of a log gets its own number, in the order of the paste', () => {
  const lines = ['01:41', '01:39'].map((t) => ({ moment: minute(`2024-11-10T${t}:00Z`), text: t }));
  given(opened)
    .when({ type: 'RecordLog', lines })
    .thenFacts([{ data: { n: 2 } }, { data: { n: 3 } }]);
});

test('what the same person has pasted before is left out, as often as it stands there', () => {
  const lines = ['a', 'a', 'b'].map((text) => ({ moment: minute('2024-11-10T01:41:00Z'), text }));
  const note = (text: string) => ({ ...entry(2), text });
  const pasted = (notes: string[]) =>
    given(opened).when({ type: 'RecordLog', lines }, ana, { notes: notes.map(note) });
  pasted(['a']).thenFacts([{ texts: { text: 'a' } }, { texts: { text: 'b' } }]);
  pasted(['b', 'a', 'c']).thenFacts([{ texts: { text: 'a' } }]);
  pasted(['a', 'b', 'a', 'a']).thenRefused('LINES_KNOWN');
  given(opened)
    .when({ type: 'RecordLog', lines }, ana, { notes: [{ ...note('a'), precision: 'second' }] })
    .thenFacts([{}, {}, {}]);
});

describe('a message of many timed lines', () => {
  const written = { sent: new Date('2024-11-10T01:50:00Z'), zone: 'Europe/Berlin', zoneKnown: true };
  const message = (text: string | null, more: object = {}) => ({
    ...{ ...entry(4), kind: 'message' as const, text, link: 'https://x.example/p1' },
    ...{ detail: { author: bo }, ...more },
  });
  const takes = (found: object, of: { entry: number } | { channel: string; ts: string } = { entry: 4 }) =>
    given(opened).when({ type: 'TakeInLines', of }, ana, { written, ...found });

  test('becomes as many entries, in its author’s zone and beside when it was sent; it stays, struck', () => {
    takes({ entry: message('so far:\n- 02:41 a\n- 02:43 b\n  and c') }).thenFacts([
      {
        type: 'LineTakenIn',
        data: { n: 2, at: '2024-11-10T01:41:00Z', entry: 4, author: 'U2', link: 'https://x.example/p1' },
        texts: { text: 'a', author: 'bo' },
      },
      { data: { n: 3, at: '2024-11-10T01:43:00Z' }, texts: { text: 'b\n  and c' } },
      { type: 'EntryStruck', data: { entry: 4 }, texts: { reason: 'taken in line by line, as #2 to #3' } },
    ]);
  });

  test.each<[string, object, RefusalCode]>([
    ['nothing is there', { entry: null }, 'NO_SUCH_ENTRY'],
    ['one line is timed', { entry: message('01:41 a\nb') }, 'NO_LINES'],
    ['it was erased', { entry: message(null) }, 'NO_LINES'],
    ['it is no message', { entry: entry(4), written: undefined }, 'NO_LINES'],
    ['a time cannot be known', { entry: message('01:41 a\n01:42 b\n25:99 c') }, 'BAD_LOG_LINES'],
    ['somebody struck it', { entry: { ...message('01:41 a\n01:42 b'), struck: true } }, 'ENTRY_STRUCK'],
    [
      'it was taken in before',
      {
        entry: {
          ...message('01:41 a\n01:42 b', {
            detail: { author: bo, struckReason: 'taken in line by line, as #2 to #3' },
          }),
          struck: true,
        },
      },
      'LINES_TAKEN_IN',
    ],
  ])('%s: refused', (_, found, code) => takes(found).thenRefused(code));

  test('named by its place it is refused where it was never recorded', () => {
    takes({ entry: null, written: undefined }, { channel: 'C1', ts: '1.2' }).thenRefused('NO_LINES');
  });
});

test('who came late is told once; the beginning is no late coming', () => {
  const caughtUp: DraftFact = { type: 'CaughtUp', data: { people: ['U2'] }, texts: {} };
  const { state } = given(opened, caughtUp);
  const noted = (people: string[]) =>
    decide(state, { type: 'NoteCaughtUp', people }, { ...asking(), source: 'bot' }, FOUND);
  expect(noted(['U2'])).toEqual([]);
  expect(noted(['U2', 'U3', 'U3'])).toMatchObject([{ type: 'CaughtUp', data: { people: ['U3'] } }]);
  const headline: DraftFact = {
    type: 'HeadlinePosted',
    data: { channel: 'C1', ts: `${Date.parse('2024-11-10T01:42:00Z') / 1000}.000100` },
    texts: {},
  };
  const late = (state: IncidentState | null, at: string) => state && cameLate(state, new Date(at));
  const open = given(opened, headline).state;
  expect(late(open, '2024-11-10T01:46:00Z')).toBe(false);
  expect(late(open, '2024-11-10T01:48:00Z')).toBe(true);
  expect(late(given(opened).state, '2024-11-10T01:48:00Z')).toBe(false);
  expect(open && late({ ...open, status: 'resolved' }, '2024-11-10T01:48:00Z')).toBe(false);
});

test('a private incident is seen by those who were brought in', () => {
  const state = given(opened).when({ type: 'AssignRole', role: 'lead', person: bo });
  state.thenFacts([{ type: 'RoleAssigned', data: { role: 'lead', person: 'U2' }, texts: { person: 'bo' } }]);
});

test('a refusal says what is wrong and what to type instead', () => {
  expect(refuse('NO_SUCH_ENTRY', { ref: 'INC-7', entry: 4 })).toEqual({
    refused: true,
    code: 'NO_SUCH_ENTRY',
    sentence: 'INC-7 has no entry #4.',
    next: '`timeline` shows the entries with their numbers.',
  });
});

function entry(n: number) {
  return {
    n,
    at: '2024-11-10T01:41:00Z',
    until: null,
    precision: 'minute' as const,
    recordedAt: '2024-11-10T01:41:00.000Z',
    editedAt: null,
    kind: 'note' as const,
    text: 'x',
    erased: false,
    detail: {},
    struck: false,
    by: ana,
    source: 'slack' as const,
    link: null,
  };
}

describe('posts of another page', () => {
  const post = {
    ...({ type: 'ImportPost', from: 'page1', external: 'inc1', state: 'identified' } as const),
    ...{ moment: minute('2019-05-01T10:00:00Z'), title: 'Slow', text: 'We look.' },
    ...{ components: ['API', 'Web'], states: ['degraded' as const, null] },
  };
  test('stand in the standing record, at their own times', () => {
    const standing = fold(stream(opened).map((fact) => ({ ...fact, incident: 0 })));
    const from = (source: 'cli' | 'bot' | 'api' | 'slack') => ({ ...asking(), source });
    expect(decide(standing, post, from('cli'), FOUND)).toEqual([
      {
        type: 'PostImported',
        data: {
          ...{ n: 2, at: '2019-05-01T10:00:00Z', until: null, precision: 'minute' },
          ...{
            from: 'page1',
            external: 'inc1',
            state: 'identified',
            components: 2,
            states: ['degraded', null],
          },
        },
        texts: { title: 'Slow', text: 'We look.', 'component.0': 'API', 'component.1': 'Web' },
      },
    ]);
    for (const source of ['bot', 'api', 'slack'] as const)
      expect(decide(standing, post, from(source), FOUND)).toMatchObject({ code: 'NO_SUCH_INCIDENT' });
  });
  test('never in an incident of ours', () => {
    const state = fold(stream(opened));
    expect(decide(state, post, { ...asking(), source: 'cli' }, FOUND)).toMatchObject({
      code: 'NO_SUCH_INCIDENT',
    });
  });
});
