import { describe, expect, test } from '@jest/globals';
import { plain } from '#domain/command/entered.js';
import { type CommandContext, parseCommand } from '#domain/command/parse.js';
import { effectsOf } from '#domain/incident/effect.js';
import { entryOf, entryText } from '#domain/incident/entry.js';
import type { DraftFact } from '#domain/incident/fact.js';
import type { Intent } from '#domain/incident/intent.js';
import { decide } from '#domain/incident/rules/decide.js';
import { evolve, type IncidentState } from '#domain/incident/state.js';
import { type PagingRules, pagesDue, pagesText } from '#domain/paging/page.js';
import { isRefusal } from '#domain/refusal.js';
import { botAsking, personLabel } from '#domain/words.js';
import { ana, asking, bo, fold, given, INSIDE, NOW, opened, status, stream } from './given.js';

const MINUTE = 60_000;
const rules: PagingRules = {
  policies: new Map([
    [
      'sre',
      {
        steps: [
          { notify: ['@sre', 'U0CARL'], waitMs: 5 * MINUTE },
          { notify: ['service:main'], waitMs: 10 * MINUTE },
        ],
        repeat: 1,
        openly: false,
      },
    ],
    ['open', { steps: [{ notify: ['@open'], waitMs: MINUTE }], repeat: 0, openly: true }],
    ['outside', { steps: [{ notify: ['service:main'], waitMs: MINUTE }], repeat: 0, openly: false }],
  ]),
  bySeverity: { sev1: 'sre', sev2: 'sre' },
  holdMs: 15 * MINUTE,
  waitMs: 5 * MINUTE,
};
const HAPPENED = { at: '2024-11-10T02:00:00Z', until: null, precision: 'second' } as const;
const STEPS = [
  { notify: ['@sre', 'U0CARL'], waitMs: 5 * MINUTE },
  { notify: ['service:main'], waitMs: 10 * MINUTE },
];
const started = (more: object = {}): DraftFact => ({
  type: 'PageStarted',
  data: { n: 2, ...HAPPENED, page: 1, policy: 'sre', people: [], steps: STEPS, repeat: 1, ...more },
  texts: { text: 'all is red' },
});
const sent = (to: string, step = 0): DraftFact => ({
  type: 'PageSent',
  data: { page: 1, step, to, ...(to.startsWith('U') && { channel: 'D1', ts: '1.1' }) },
  texts: {},
});
const escalated = (step: number): DraftFact => ({
  type: 'PageEscalated',
  data: { n: step + 2, ...HAPPENED, page: 1, step, of: 2, notify: STEPS[step % 2]?.notify ?? [] },
  texts: {},
});
const acknowledged: DraftFact = {
  type: 'PageAcknowledged',
  data: { n: 3, ...HAPPENED, page: 1 },
  texts: {},
};
const page = (more: Partial<Extract<Intent, { type: 'PagePeople' }>> = {}): Intent => ({
  ...{ type: 'PagePeople', policy: 'sre', people: [], reason: null, again: false },
  ...more,
});
const ack = (of: number | null = null): Intent => ({ type: 'AcknowledgePage', page: of });
const later = (minutes: number, seconds = 0) => new Date(NOW.getTime() + minutes * MINUTE + seconds * 1_000);
/** What the bot decides by itself, at that moment. */
const bot = (drafts: DraftFact[], intent: Intent, now: Date) =>
  decide(fold(stream(opened, ...drafts)), intent, botAsking('T1', null, now), {
    ...{ entry: null, changes: [], captured: null, actionDone: false, number: 7 },
  });
/** What the last of these facts owes. */
const owed = (...drafts: DraftFact[]) => {
  const facts = stream(...drafts);
  const last = facts.at(-1);
  if (!last) throw new Error('no fact');
  return effectsOf(last, fold(facts.slice(0, -1)), 'f'.repeat(64)).filter(({ kind }) =>
    kind.startsWith('page.'),
  );
};
const says = (...drafts: DraftFact[]) => {
  const entry = entryOf(stream(...drafts).at(-1) as Parameters<typeof entryOf>[0]);
  return entry && entryText(entry);
};
const privately: DraftFact = { ...opened, data: { ...opened.data, private: true } as never };

describe('what is typed', () => {
  const ctx: CommandContext = {
    ...{ now: NOW, zone: 'UTC', zoneKnown: true, implied: true, roles: [], command: '/incident' },
  };
  const read = (text: string) => {
    const said = parseCommand(plain(text), ctx);
    return isRefusal(said) ? said.code : said.kind === 'intent' ? said.intent : said.kind;
  };
  test.each<[string, object]>([
    ['page sre', { policy: 'sre', people: [], reason: null, again: false }],
    ['page Sre --again all is red', { policy: 'sre', reason: 'all is red', again: true }],
    ['page sre all is red --again', { policy: 'sre', reason: 'all is red', again: true }],
    ['page --again sre', { policy: 'sre', again: true }],
    [
      'page @ana, @bo look at @carl',
      { policy: null, reason: 'look at @carl', people: [{ name: 'ana' }, { name: 'bo' }] },
    ],
    ['page', { policy: null, people: [] }],
    ['ack', { type: 'AcknowledgePage', page: null }],
    ['acknowledge #2', { page: 2 }],
  ])('%s', (text, expected) => {
    expect(read(text)).toMatchObject(expected);
  });
  test('what is no page', () => {
    expect(read('ack me')).toBe('BAD_ARGUMENT');
    expect(read('ack 1 2')).toBe('BAD_ARGUMENT');
    expect(read(`page sre ${'x'.repeat(3_001)}`)).toBe('TEXT_TOO_LONG');
  });
});

describe('a page', () => {
  const found = { paging: rules };
  test('begins with its first step, and keeps all of them', () => {
    given(opened)
      .when(page({ reason: 'all is red' }), ana, found)
      .thenFacts([{ type: 'PageStarted', data: { n: 2, page: 1, policy: 'sre', steps: STEPS, repeat: 1 } }]);
    expect(owed(opened, started())).toEqual([
      { kind: 'page.send', payload: { page: 1, step: 0, to: '@sre' } },
      { kind: 'page.send', payload: { page: 1, step: 0, to: 'U0CARL' } },
    ]);
    expect(says(opened, started())).toBe('page 1: sre (@sre, U0CARL) paged: all is red');
  });

  test('names people one by one', () => {
    given(opened)
      .when(page({ policy: null, people: [bo, bo] }), ana, found)
      .thenFacts([
        { data: { policy: null, people: ['U2'], steps: [{ notify: ['U2'] }] }, texts: { 'person.0': 'bo' } },
      ]);
  });

  test.each<[string, DraftFact[], Intent, string]>([
    ['nobody', [opened], page({ policy: null }), 'PAGE_WHOM'],
    ['no policy of that name', [opened], page({ policy: 'dba' }), 'NO_SUCH_POLICY'],
    ['what is over', [opened, status(2, 'resolved')], page(), 'PAGE_OVER'],
    ['a moment ago', [opened, started()], page(), 'PAGED_ALREADY'],
    ['acknowledged a moment ago', [opened, started(), acknowledged], page(), 'PAGED_ALREADY'],
    ['nobody to acknowledge', [opened], ack(), 'NO_PAGE'],
    ['no page of that number', [opened, started()], ack(2), 'NO_PAGE'],
    ['acknowledged twice', [opened, started(), acknowledged], ack(1), 'PAGE_ACKNOWLEDGED'],
    ['over before', [opened, started(), status(3, 'resolved')], ack(1), 'PAGE_OVER'],
  ])('%s is refused', (_, drafts, intent, code) => {
    given(...drafts)
      .when(intent, ana, found)
      .thenRefused(code as 'PAGE_WHOM');
  });

  test('the same may be paged again, other people at once', () => {
    given(opened, started())
      .when(page({ again: true }), ana, found)
      .thenFacts([{ data: { page: 2 } }]);
    given(opened, started())
      .when(page({ policy: null, people: [bo] }), ana, found)
      .thenFacts([{ data: { page: 2 } }]);
  });

  test('a drill pages nobody outside of Slack, and nobody by itself', () => {
    const drill: DraftFact = { ...opened, data: { ...opened.data, drill: true } as never };
    given(drill)
      .when(page(), ana, found)
      .thenFacts([{ data: { steps: [{ notify: ['@sre', 'U0CARL'] }] } }]);
    given(drill)
      .when(page({ policy: 'outside' }), ana, found)
      .thenRefused('PAGE_DRILL');
    given(drill)
      .when({ type: 'ChangeSeverity', severity: 'sev1', reason: null }, ana, found)
      .thenFacts([{ type: 'SeverityChanged' }]);
  });

  test('a severity pages by itself: when one is opened with it, and when it becomes worse', () => {
    const open = (severity: 'sev1' | 'sev3') =>
      decide(
        null,
        {
          ...{ type: 'OpenIncident', title: 'x', severity, components: [], private: false, drill: false },
          moment: null,
        },
        asking(),
        { entry: null, changes: [], captured: null, actionDone: false, number: 7, ...found },
      );
    expect(open('sev1')).toMatchObject([
      { type: 'IncidentOpened' },
      { type: 'PageStarted', data: { n: 2, severity: 'sev1', policy: 'sre' } },
    ]);
    expect(open('sev3')).toHaveLength(1);
    const to = (severity: 'sev1' | 'sev2' | 'sev4', ...drafts: DraftFact[]) =>
      given(opened, ...drafts).when({ type: 'ChangeSeverity', severity, reason: null }, ana, found).decision;
    expect(to('sev1')).toMatchObject([{ type: 'SeverityChanged', data: { n: 2 } }, { data: { n: 3 } }]);
    expect(to('sev4')).toHaveLength(1);
    // Paged a moment ago, or over.
    expect(to('sev1', started())).toHaveLength(1);
    expect(to('sev1', status(2, 'resolved'))).toHaveLength(1);
    expect(says(opened, started({ severity: 'sev1' }))).toContain('paged, because it is sev1');
  });
});

describe('nobody acknowledges', () => {
  const due = (now: Date, ...drafts: DraftFact[]) =>
    pagesDue(fold(stream(opened, ...drafts)) as IncidentState, now);

  test('the next step is due when this one has waited, and never before', () => {
    expect(due(later(4, 59), started())).toEqual([]);
    expect(due(later(5), started())).toEqual([{ type: 'EscalatePage', page: 1, step: 1 }]);
    // All of it once more, and then nobody is left.
    expect(due(later(10), started(), escalated(1))).toEqual([{ type: 'EscalatePage', page: 1, step: 2 }]);
    expect(due(later(10), started(), escalated(3))).toEqual([{ type: 'EndPage', page: 1 }]);
    expect(due(later(60), started(), acknowledged)).toEqual([]);
    expect(due(later(60), started(), status(3, 'resolved'))).toEqual([]);
    // A clock that was ahead when it began.
    expect(due(later(-59), started())).toHaveLength(1);
  });

  test('a step begins once, whoever asks for it, and not before it is due', () => {
    const next: Intent = { type: 'EscalatePage', page: 1, step: 1 };
    expect(bot([started()], next, later(5))).toMatchObject([
      { type: 'PageEscalated', data: { step: 1, of: 2, notify: ['service:main'] } },
    ]);
    expect(bot([started()], next, later(4))).toEqual([]);
    expect(bot([started(), escalated(1)], next, later(60))).toEqual([]);
    expect(bot([started(), acknowledged], next, later(60))).toEqual([]);
    expect(owed(opened, started(), escalated(1))).toEqual([
      { kind: 'page.send', payload: { page: 1, step: 1, to: 'service:main' } },
    ]);
    // After a night without a bot one step begins, and its time with it.
    expect(bot([started()], next, later(65))).toMatchObject([{ data: { late: 3_600 } }]);
    expect(
      says(opened, started(), { ...escalated(2), data: { ...escalated(2).data, late: 3_600 } as never }),
    ).toBe(
      'page 1, round 2, step 1 of 2: nobody has acknowledged, so @sre, U0CARL paged (60 min late: no bot was there)',
    );
  });

  test('people whom a policy names by their ids are called by their names, where those are known', () => {
    const called = new Map([['U0CARL', 'carl']]);
    const named = (intent: Intent, drafts: DraftFact[], now: Date) =>
      decide(fold(stream(opened, ...drafts)), intent, botAsking('T1', null, now), {
        ...{ entry: null, changes: [], captured: null, actionDone: false, number: 7, paging: rules, called },
      }) as DraftFact[];
    expect(says(opened, ...named(page(), [], NOW))).toBe('page 1: sre (@sre, carl) paged');
    const next: Intent = { type: 'EscalatePage', page: 1, step: 2 };
    const again = named(next, [started(), escalated(1)], later(15));
    expect(says(opened, started(), ...again)).toContain('nobody has acknowledged, so @sre, carl paged');
    expect(says(opened, started(), { ...again[0], texts: {} } as DraftFact)).toContain('@sre, U0CARL paged');
  });

  test('that is told, once', () => {
    const end: Intent = { type: 'EndPage', page: 1 };
    expect(bot([started(), escalated(3)], end, later(10))).toMatchObject([{ type: 'PageEnded' }]);
    expect(bot([started(), escalated(2)], end, later(10))).toEqual([]);
    const ended: DraftFact = {
      type: 'PageEnded',
      data: { n: 6, ...HAPPENED, page: 1, policy: 'sre' },
      texts: {},
    };
    expect(bot([started(), escalated(3), ended], end, later(60))).toEqual([]);
    expect(owed(opened, started(), ended)).toMatchObject([{ kind: 'page.alarm', payload: { n: 6 } }]);
    expect(says(opened, started(), ended)).toContain('type `page sre --again`');
    // Somebody may come all the same.
    given(opened, started(), ended)
      .when(ack(), bo)
      .thenFacts([{ type: 'PageAcknowledged' }, { type: 'PeopleInvited' }]);
  });

  test('a trouble is told once', () => {
    const fails: Intent = { type: 'NotePageFailed', page: 1, step: 0, to: 'service:main', why: 'away. Call' };
    const failed: DraftFact = {
      type: 'PageFailed',
      data: { n: 3, ...HAPPENED, page: 1, step: 0, to: 'service:main' },
      texts: { why: 'away. Call' },
    };
    expect(bot([started()], fails, NOW)).toMatchObject([
      { type: 'PageFailed', texts: { why: 'away. Call' } },
    ]);
    expect(bot([started(), failed], fails, NOW)).toEqual([]);
    expect(says(opened, started(), failed)).toBe('page 1: away. Call');
  });
});

describe('somebody comes', () => {
  test('who is recorded, services and messages are told, and they are brought into the channel', () => {
    given(opened, started())
      .when(ack(), bo)
      .thenFacts([
        { type: 'PageAcknowledged', data: { page: 1 } },
        { type: 'PeopleInvited', data: { people: ['U2'] } },
      ]);
    // Who has opened it is there.
    given(opened, started())
      .when(ack(), ana)
      .thenFacts([{ type: 'PageAcknowledged' }]);
    expect(owed(opened, started(), sent('U0CARL'), escalated(1), acknowledged)).toEqual([
      { kind: 'page.tell', payload: { page: 1, user: 'U0CARL', step: null } },
      { kind: 'page.follow', payload: { page: 1, to: 'service:main', how: 'acknowledged' } },
    ]);
    // What was on its way meanwhile shows it too.
    expect(owed(opened, started(), acknowledged, sent('U0CARL'))).toMatchObject([{ kind: 'page.tell' }]);
    expect(owed(opened, started(), sent('U0CARL'))).toEqual([]);
  });

  test('what is resolved, merged or set back to resolved calls nobody any more', () => {
    const before = [opened, started(), sent('U0CARL'), escalated(1)];
    const over = [
      { kind: 'page.tell', payload: { page: 1, user: 'U0CARL', step: null } },
      { kind: 'page.follow', payload: { page: 1, to: 'service:main', how: 'resolved' } },
    ];
    expect(owed(...before, status(4, 'resolved'))).toEqual(over);
    const merged: DraftFact = { type: 'IncidentMerged', data: { n: 4, ...HAPPENED, into: 9 }, texts: {} };
    expect(owed(...before, merged)).toEqual(over);
    const struck: DraftFact = {
      type: 'EntryStruck',
      data: { entry: 9, restored: { status: { status: 'resolved', n: 2 } } },
      texts: { reason: 'x' },
    };
    expect(owed(...before, struck)).toEqual(over);
    // Once: it is over for good, also when it is resolved a second time.
    const state = fold(stream(...before, status(4, 'resolved'), status(5, 'investigating')));
    expect(state?.pages?.waiting).toBeUndefined();
    expect(owed(...before, status(4, 'resolved'), status(5, 'resolved'))).toEqual([]);
  });

  test('of a private incident only where the policy is for it; else somebody lets them in', () => {
    given(privately, started())
      .when(ack(), bo)
      .thenFacts([{ type: 'PageAcknowledged' }]);
    expect(given(privately, started()).when(ack(), bo).decision).toHaveLength(1);
    expect(given(privately, started({ openly: true })).when(ack(), bo).decision).toHaveLength(2);
    const facts = stream(privately, started(), acknowledged).map((fact, i) =>
      i === 2 ? { ...fact, by: bo } : fact,
    );
    const [, , last] = facts;
    const before = fold(facts.slice(0, 2));
    if (!last) throw new Error('no fact');
    expect(effectsOf(last, before, 'f'.repeat(64)).map(({ kind }) => kind)).toEqual(['page.alarm']);
  });

  test('who was not paged may not, where a rule names others; who was may', () => {
    const no = decide(
      fold(stream(opened, started())),
      ack(),
      asking(bo),
      {
        ...{ entry: null, changes: [], captured: null, actionDone: false, number: 7, asker: INSIDE },
      },
      { page: ['lead'] },
    );
    expect(no).toMatchObject({ code: 'NOT_PERMITTED' });
  });

  test('how pages stand', () => {
    const text = (...drafts: DraftFact[]) => {
      const state = stream(opened, ...drafts).reduce<IncidentState | null>(evolve, null);
      return state?.pages ? pagesText(state.pages, personLabel) : '';
    };
    expect(text(started(), escalated(1))).toBe('page 1 of sre: nobody has acknowledged, step 2 of 2');
    expect(text(started(), acknowledged)).toBe('page 1 of sre acknowledged by ana');
    expect(text(started(), status(3, 'resolved'))).toBe('');
  });
});
