import { describe, expect, test } from '@jest/globals';
import { effectsOf } from '#domain/incident/effect.js';
import { entryOf, entryText } from '#domain/incident/entry.js';
import type { DraftFact, Fact } from '#domain/incident/fact.js';
import type { Intent } from '#domain/incident/intent.js';
import type { IncidentState } from '#domain/incident/state.js';
import { slotAt, slotDue, slotsOf, type WatchDetail, watchOf, watchText } from '#domain/watch/watch.js';
import { bo, fold, given, NOW, opened, status, stream } from './given.js';

const resolved = status(2, 'resolved');
const start: Intent = {
  type: 'StartWatch',
  forMs: 1_800_000,
  everyMs: 30_000,
  probes: ['api'],
  queries: ['errors'],
};
const HAPPENED = { at: '2024-11-10T02:00:00Z', until: null, precision: 'second' } as const;
const started = (n = 3, watch = 1): DraftFact => ({
  type: 'WatchStarted',
  data: {
    ...HAPPENED,
    ...{ n, watch, ends: '2024-11-10T02:30:00Z', everyMs: 30_000, probes: ['api'], queries: ['errors'] },
  },
  texts: {},
});
const failed = (n: number, slot: number, names = ['api']): DraftFact => ({
  type: 'WatchFailed',
  data: { ...HAPPENED, n, watch: 1, slot, looks: slot + 1, good: slot, names },
  texts: { why: 'answered 503' },
});
const recovered = (n: number, slot: number): DraftFact => ({
  type: 'WatchRecovered',
  data: { ...HAPPENED, n, watch: 1, slot, looks: slot + 1, good: slot, names: ['api'] },
  texts: {},
});
const stopped: DraftFact = { type: 'WatchStopped', data: { watch: 1, how: 'stopped' }, texts: {} };

const saw = (slot: number, more: Partial<Extract<Intent, { type: 'NoteWatchLook' }>> = {}): Intent => ({
  type: 'NoteWatchLook',
  ...{ watch: 1, slot, failed: [], good: [], why: null, counted: { looks: slot + 1, good: slot } },
  ...more,
});
const ends = (how: 'time' | 'impossible' = 'time', why: string | null = null): Intent => ({
  type: 'EndWatch',
  ...{ watch: 1, how, why },
  counted: { looks: 4, good: 3, missed: 1, each: { api: 3, errors: 4 } },
});
/** As the bot asks: the rules of who may are about people. */
const asBot = (drafts: DraftFact[], intent: Intent) => {
  const bot = { id: 'tocsin', name: null };
  const asking = { team: 'T1', by: bot, source: 'bot' as const, key: null, now: NOW, seesPrivate: true };
  return decideAs(fold(stream(...drafts)), intent, asking);
};
const { decide: decideWith } = await import('#domain/incident/rules/decide.js');
const NOTHING = { entry: null, changes: [], captured: null, actionDone: false, number: 7 };
function decideAs(state: IncidentState | null, intent: Intent, asking: Parameters<typeof decideWith>[2]) {
  return decideWith(state, intent, asking, NOTHING);
}
const texts = (...drafts: DraftFact[]) =>
  stream(...drafts).flatMap((fact) => {
    const entry = entryOf(fact);
    return entry ? [entryText(entry)] : [];
  });

describe('a watch begins', () => {
  test('where the incident is held to be over', () => {
    given(opened, resolved)
      .when(start)
      .thenFacts([
        { type: 'WatchStarted', data: { n: 3, watch: 1, ends: '2024-11-10T02:30:00Z', probes: ['api'] } },
      ]);
    expect(given(opened, status(2, 'monitoring')).when(start).decision).toHaveLength(1);
    for (const drafts of [[opened], [opened, status(2, 'identified')]])
      given(...drafts)
        .when(start)
        .thenRefused('WATCH_TOO_EARLY');
  });

  test('in the place of the one before, with a number of its own', () => {
    given(opened, resolved, started())
      .when(start)
      .thenFacts([
        { type: 'WatchStopped', data: { watch: 1, how: 'replaced' } },
        { type: 'WatchStarted', data: { n: 4, watch: 2 } },
      ]);
    given(opened, resolved, started(), stopped)
      .when(start)
      .thenFacts([{ type: 'WatchStarted', data: { watch: 2 } }]);
  });

  test('not in the record of scheduled work, which has no channel', () => {
    const facts = stream(opened).map((fact) => ({ ...fact, incident: 0 }) as Fact);
    const asking = { team: 'T1', by: bo, source: 'cli' as const, key: null, now: NOW, seesPrivate: true };
    expect(decideAs(fold(facts), start, asking)).toMatchObject({
      ...{
        code: 'WATCH_TOO_EARLY',
        sentence: expect.stringContaining('INC-0 is the record of scheduled work'),
      },
      next: 'Name the incident: `watch INC-7`.',
    });
  });

  test('not while ten that ended wait to be counted up', () => {
    const many = Array.from({ length: 10 }, (_, i) => started(3 + i, i + 1));
    given(opened, resolved, ...many)
      .when(start)
      .thenRefused('TOO_MANY');
  });

  test('its lines cannot be edited, retimed, struck', () => {
    const it = given(opened, resolved, started());
    it.when({ type: 'EditEntry', entry: 3, text: 'x' }).thenRefused('ENTRY_NOT_EDITABLE');
    it.when({ type: 'StrikeEntry', entry: 3, reason: 'x' }).thenRefused('ENTRY_NOT_EDITABLE');
    const moment = { ...HAPPENED };
    it.when({ type: 'RetimeEntry', entry: 3, moment }).thenRefused('ENTRY_NOT_EDITABLE');
  });
});

describe('a look', () => {
  test('that changes nothing is no fact', () => {
    expect(asBot([opened, resolved, started()], saw(0, { good: ['api', 'errors'] }))).toEqual([]);
    const failing = [opened, resolved, started(), failed(4, 0)];
    expect(asBot(failing, saw(1, { failed: ['api'], why: 'again' }))).toEqual([]);
  });

  test('tells what fails and what is well again, each once, with what was counted', () => {
    const facts = asBot([opened, resolved, started()], saw(2, { failed: ['api'], why: '503' }));
    expect(facts).toMatchObject([
      {
        type: 'WatchFailed',
        data: { n: 4, slot: 2, names: ['api'], looks: 3, good: 2 },
        texts: { why: '503' },
      },
    ]);
    const turn = saw(3, { failed: ['errors'], good: ['api'], why: 'x' });
    expect(asBot([opened, resolved, started(), failed(4, 2)], turn)).toMatchObject([
      { type: 'WatchRecovered', data: { n: 5, names: ['api'] } },
      { type: 'WatchFailed', data: { n: 6, names: ['errors'] } },
    ]);
  });

  test('is told once, whoever makes it again', () => {
    const told = [opened, resolved, started(), failed(4, 2)];
    expect(asBot(told, saw(2, { good: ['api'] }))).toEqual([]);
    expect(asBot(told, saw(1, { failed: ['errors'] }))).toEqual([]);
  });

  test('of a watch that was stopped, or of another, or of another name, tells nothing', () => {
    const fails = saw(2, { failed: ['api'], why: 'x' });
    expect(asBot([opened, resolved, started(), stopped], fails)).toEqual([]);
    expect(asBot([opened, resolved, started()], { ...fails, watch: 2 } as Intent)).toEqual([]);
    expect(asBot([opened, resolved, started()], saw(2, { failed: ['other'], why: 'x' }))).toEqual([]);
  });

  test('is told ten times, the last of them says so, and others are counted', () => {
    const before = Array.from({ length: 9 }, (_, i) => [
      failed(4 + 2 * i, 2 * i),
      recovered(5 + 2 * i, 2 * i + 1),
    ]);
    const nine = [opened, resolved, started(), ...before.flat()];
    const tenth = asBot(nine, saw(40, { failed: ['api'], why: 'x' })) as DraftFact[];
    expect(tenth).toMatchObject([{ type: 'WatchFailed', data: { last: true } }]);
    const ten = [...nine, ...tenth, recovered(23, 41)];
    expect(asBot(ten, saw(42, { failed: ['api'], why: 'x' }))).toEqual([]);
  });

  test('is for the bot alone to tell', () => {
    given(opened, resolved, started()).when(saw(1)).thenRefused('NO_SUCH_INCIDENT');
    given(opened, resolved, started()).when(ends()).thenRefused('NO_SUCH_INCIDENT');
  });
});

describe('a watch ends', () => {
  const state = (...drafts: DraftFact[]) => fold(stream(opened, resolved, started(), ...drafts));

  test('when somebody says so, and there is one', () => {
    given(opened, resolved, started())
      .when({ type: 'StopWatch' })
      .thenFacts([{ type: 'WatchStopped', data: { watch: 1, how: 'stopped' } }]);
    given(opened, resolved).when({ type: 'StopWatch' }).thenRefused('NOT_WATCHED');
    given(opened, resolved, started(), stopped).when({ type: 'StopWatch' }).thenRefused('NOT_WATCHED');
  });

  test('when the incident is not over any more, also where its end is struck', () => {
    expect(watchOf(state() as IncidentState)).not.toBeNull();
    expect(watchOf(state(status(4, 'monitoring')) as IncidentState)).not.toBeNull();
    const reopened = state(status(4, 'investigating')) as IncidentState;
    expect(watchOf(reopened)).toBeNull();
    expect(reopened.watches?.list).toMatchObject([{ stopped: { how: 'reopened', by: { name: 'ana' } } }]);
    // It is over again: what was stopped stays stopped.
    expect(watchOf(state(status(4, 'investigating'), status(5, 'resolved')) as IncidentState)).toBeNull();
    const restored = { status: { status: 'investigating' as const, n: null } };
    const struck: DraftFact = { type: 'EntryStruck', data: { entry: 2, restored }, texts: { reason: 'x' } };
    expect(watchOf(state(struck) as IncidentState)).toBeNull();
  });

  test('once, counted, and is gone', () => {
    const end = asBot([opened, resolved, started()], ends()) as DraftFact[];
    expect(end).toMatchObject([
      {
        type: 'WatchEnded',
        data: {
          how: 'time',
          looks: 4,
          good: 3,
          missed: 1,
          who: null,
          each: [
            { name: 'api', good: 3 },
            { name: 'errors', good: 4 },
          ],
        },
      },
    ]);
    expect(state(...end)?.watches).toEqual({ count: 1, list: [] });
    expect(asBot([opened, resolved, started(), ...end], ends())).toEqual([]);
  });

  test('as it was stopped, whatever the worker found', () => {
    expect(asBot([opened, resolved, started(), stopped], ends())).toMatchObject([
      { data: { how: 'stopped', who: 'U1' }, texts: { who: 'ana' } },
    ]);
  });

  test('is owed: a look at its beginning, and a wake-up when somebody speaks', () => {
    const owed = (fact: DraftFact, before: DraftFact[]) => {
      const at = stream(...before, fact).at(-1) as Fact;
      return effectsOf(at, fold(stream(...before)), 'hash').map(({ kind, payload }) => ({ kind, payload }));
    };
    expect(owed(started(), [opened, resolved])).toContainEqual({ kind: 'watch.look', payload: { watch: 1 } });
    const wake = { kind: 'watch.look', payload: { watch: 1, wake: true } };
    expect(owed(stopped, [opened, resolved, started()])).toEqual([wake]);
    expect(owed(status(4, 'identified'), [opened, resolved, started()])).toContainEqual(wake);
    expect(owed(status(4, 'monitoring'), [opened, resolved, started()])).not.toContainEqual(wake);
    const strike = (to: 'investigating' | 'monitoring'): DraftFact => ({
      type: 'EntryStruck',
      data: { entry: 2, restored: { status: { status: to, n: null } } },
      texts: { reason: 'x' },
    });
    expect(owed(strike('investigating'), [opened, resolved, started()])).toContainEqual(wake);
    expect(owed(strike('monitoring'), [opened, resolved, started()])).not.toContainEqual(wake);
    expect(owed(failed(4, 0), [opened, resolved, started()])).toEqual([
      { kind: 'watch.tell', payload: { seq: 4, n: 4, asked: 'U1' } },
    ]);
  });
});

describe('when it looks', () => {
  const half = { began: '2024-11-10T02:00:00Z', ends: '2024-11-10T02:30:00Z', everyMs: 30_000 };
  const at = (time: string) => new Date(`2024-11-10T${time}Z`);

  test('sixty times in half an hour, the first at once', () => {
    expect(slotsOf(half)).toBe(60);
    expect(slotAt(half, 0, at('02:00:00'))).toBe(0);
    expect(slotDue(half, 1)).toEqual(at('02:00:30'));
    expect(slotDue(half, 60)).toEqual(at('02:30:00'));
    expect(slotsOf({ ...half, ends: '2024-11-10T02:00:10Z' })).toBe(1);
  });
  test('never twice in one place, and what was passed over is missed', () => {
    // A clock that is behind.
    expect(slotAt(half, 7, at('02:01:00'))).toBe(7);
    expect(slotAt(half, 7, at('02:10:05'))).toBe(20);
    expect(slotAt(half, 7, at('02:30:00'))).toBe(60);
    expect(slotAt(half, 7, at('05:00:00'))).toBe(60);
  });
});

describe('its sentences', () => {
  const end = (more: Partial<Extract<WatchDetail, { what: 'ended' }>>, why: string | null = null) =>
    watchText(
      {
        ...{ what: 'ended', how: 'time', at: '2024-11-10T02:05:00Z', looks: 6, good: 6, missed: 0 },
        each: [{ name: 'api', good: 6 }],
        ...more,
      },
      why,
    );
  test('say what is watched, and what was seen', () => {
    expect(texts(opened, started(), failed(4, 0), recovered(5, 1)).slice(1)).toEqual([
      'watch until 02:30 UTC, every 30 s: api, errors',
      'watch: api fails: answered 503',
      'watch: api is well again',
    ]);
  });
  test('name the day where it is another', () => {
    const over = { what: 'started' as const, began: '2024-11-10T23:50:00Z', ends: '2024-11-11T00:20:00Z' };
    expect(watchText({ ...over, everyMs: 300_000, names: ['api'] }, null)).toBe(
      'watch until 2024-11-11 00:20 UTC, every 5 min: api',
    );
  });
  test.each([
    [{}, null, 'watched until 02:05 UTC, all well; looked 6 times, 6 good (api)'],
    [
      {
        good: 5,
        missed: 1,
        each: [
          { name: 'api', good: 5 },
          { name: 'errors', good: 6 },
        ],
      },
      null,
      'watched until 02:05 UTC; looked 6 times, 5 good (api 5 of 6, errors 6 of 6); 1 look was missed while the bot could not look',
    ],
    [
      { how: 'stopped', who: bo, looks: 1, good: 1 },
      null,
      'watched until 02:05 UTC, all well, stopped by bo; looked once, 1 good (api)',
    ],
    [
      { how: 'replaced' },
      null,
      'watched until 02:05 UTC, all well; another watch took its place; looked 6 times, 6 good (api)',
    ],
    [
      { how: 'reopened', who: bo, good: 5 },
      null,
      'watched until 02:05 UTC; the incident is not over any more (bo); looked 6 times, 5 good (api 6 of 6)',
    ],
    [
      { how: 'impossible', looks: 0, good: 0 },
      'it is gone',
      'watched until 02:05 UTC, and it cannot go on: it is gone; never looked (api)',
    ],
    [
      { looks: 0, good: 0, missed: 60 },
      null,
      'watched until 02:05 UTC; never looked (api); 60 looks were missed while the bot could not look',
    ],
  ] as const)('at the end: %j', (more, why, text) => {
    expect(end(more as never, why)).toBe(text);
  });
});
