import { describe, expect, test } from '@jest/globals';
import { effectsOf } from '#domain/incident/effect.js';
import { entryOf, toldText } from '#domain/incident/entry.js';
import type { DraftFact, Fact } from '#domain/incident/fact.js';
import type { Asking, Intent } from '#domain/incident/intent.js';
import { type ReminderSettings, reminderDue, sameRhythm } from '#domain/incident/reminder.js';
import { decide } from '#domain/incident/rules/decide.js';
import { evolve, type IncidentState } from '#domain/incident/state.js';
import { isRefusal } from '#domain/refusal.js';
import { toSeconds } from '#domain/words.js';
import { ana, bo, given, INSIDE, note, opened, status } from './given.js';

const MIN = 60_000;
const START = Date.parse('2024-11-10T01:42:00.000Z');
const SETTINGS: ReminderSettings = {
  update: { sev1: 30 * MIN, sev2: 60 * MIN, sev3: null, sev4: null, none: 60 * MIN },
  lead: { afterMs: 10 * MIN, of: ['sev1', 'sev2'] },
  quietMs: 24 * 60 * MIN,
  times: 3,
};
const led = { type: 'AssignRole', role: 'lead', person: ana } as const satisfies Intent;
const LOUD: ReminderSettings = { ...SETTINGS, lead: null };
const at = (minute: number) => new Date(START + minute * MIN);
const moment = (minute: number) => ({
  ...{ at: toSeconds(at(minute)), until: null, precision: 'minute' as const },
});

/** What somebody asks for, at which minute; `ahead`: by a clock that is so many minutes ahead. */
type Said = [minute: number, intent: Intent, ahead?: number];

/**
 * An incident of that severity lives for so long, while somebody looks every minute but for those in `away`.
 * @returns the reminders, each with its minute: `30 update 1`
 */
function lives(
  severity: 'sev1' | 'sev2' | 'sev3' | null,
  minutes: number,
  said: Said[],
  { settings = LOUD, away = [0, 0] as [number, number], every = 1 } = {},
): string[] {
  let seq = 0;
  let state: IncidentState | null = null;
  const take = (draft: DraftFact, now: Date): void => {
    const recordedAt = now.toISOString();
    const sealed = { v: 1, team: 'T1', incident: 7, seq: ++seq, recordedAt, by: ana, source: 'slack' };
    state = evolve(state, { ...draft, ...sealed } as Fact);
  };
  const ask = (intent: Intent, now: Date, source: Asking['source'] = 'slack') => {
    const asking = { team: 'T1', by: ana, source, key: null, now, seesPrivate: true } as const;
    const found = { asker: INSIDE, entry: null, changes: [], captured: null, actionDone: false, number: 7 };
    const decided = decide(state, intent, { ...asking, account: 'member' }, found);
    if (isRefusal(decided)) throw new Error(decided.sentence);
    for (const draft of decided) take(draft, now);
    return decided;
  };
  const plain = { components: [], private: false, drill: false, moment: null };
  ask({ type: 'OpenIncident', title: 'x', severity, ...plain }, at(0));
  take({ type: 'ChannelOpened', data: { channel: 'C7' }, texts: { name: 'inc-7' } }, at(0));
  const reminded: string[] = [];
  for (let minute = 1; minute <= minutes; minute += every) {
    for (const [when, intent, ahead = 0] of said)
      if (when >= minute && when < minute + every) ask(intent, at(minute + ahead));
    if (minute >= away[0] && minute < away[1]) continue;
    const due = reminderDue(state as unknown as IncidentState, settings, at(minute));
    if (!due) continue;
    const { rhythm = {} } = state as unknown as IncidentState;
    const intent: Intent = { type: 'RemindChannel', due, rhythm };
    // Two processes find the same due: of the second nothing comes.
    const [fact] = ask(intent, at(minute), 'bot');
    expect(ask(intent, at(minute), 'bot')).toEqual([]);
    const { about, nth, last } = (fact as Extract<DraftFact, { type: 'ChannelReminded' }>).data;
    reminded.push(`${minute} ${about} ${nth}${last ? ' last' : ''}`);
  }
  return reminded;
}

const monitoring: Intent = { type: 'ChangeStatus', status: 'monitoring', moment: null, text: 'x' };
const resolved: Intent = { type: 'ChangeStatus', status: 'resolved', moment: null, text: null };
const promise = (by: number): Intent => ({ type: 'PromiseUpdate', next: moment(by) });
const snooze = (until: number): Intent => ({ type: 'SnoozeReminders', until: moment(until) });
const post = (next: number | null): Intent => ({
  ...{ type: 'PublishPost', state: 'identified', moment: null, text: 'x', confirmed: true },
  next: next === null ? null : moment(next),
});
const noted: Intent = { type: 'RecordNote', moment: null, text: 'x' };
const sev = (severity: 'sev1' | 'sev3'): Intent => ({ type: 'ChangeSeverity', severity, reason: null });

describe('what is due', () => {
  const SILENCE = ['30 update 1', '60 update 2', '120 update 3 last'];
  test.each<[string, string[], string[]]>([
    ['sev1, and nobody says a word: three times, ever more seldom', lives('sev1', 600, []), SILENCE],
    ['a note is no update', lives('sev1', 600, [[20, noted]]), SILENCE],
    ['sev2 has more time', lives('sev2', 130, []), ['60 update 1', '120 update 2']],
    ['without a severity it is like sev2', lives(null, 130, []), ['60 update 1', '120 update 2']],
    ['sev3 is left alone', lives('sev3', 600, []), []],
    [
      'an update begins it anew',
      lives('sev1', 100, [[40, monitoring]]),
      ['30 update 1', '70 update 1', '100 update 2'],
    ],
    ['so does a public post', lives('sev1', 60, [[20, post(null)]]), ['50 update 1']],
    ['and another severity, by its own interval', lives('sev3', 90, [[40, sev('sev1')]]), ['70 update 1']],
    ['one that is less', lives('sev1', 300, [[10, sev('sev3')]]), []],
    ['resolved, it is over', lives('sev1', 300, [[35, resolved]]), ['30 update 1']],
    ['dismissed too', lives('sev1', 300, [[5, { type: 'DismissIncident', reason: null }]]), []],
    [
      'a night without a bot: one, not ten',
      lives('sev1', 560, [], { away: [5, 500] }),
      ['500 update 1', '530 update 2'],
    ],
    [
      'snoozed: nothing before then, and then at once',
      lives('sev1', 100, [[40, snooze(90)]]),
      ['30 update 1', '90 update 1'],
    ],
    [
      'a snooze that is taken back',
      lives('sev1', 60, [
        [5, snooze(300)],
        [50, { type: 'SnoozeReminders', until: null }],
      ]),
      ['50 update 1'],
    ],
    [
      'a promise takes the place of the interval',
      lives('sev1', 140, [[10, promise(100)]]),
      ['100 update 1', '130 update 2'],
    ],
    [
      'also where there is none',
      lives('sev3', 200, [[10, promise(100)]]),
      ['100 update 1', '130 update 2', '190 update 3 last'],
    ],
    [
      'kept, it is over',
      lives('sev3', 200, [
        [10, promise(100)],
        [90, monitoring],
      ]),
      [],
    ],
    [
      'another one counts anew',
      lives('sev3', 200, [
        [10, promise(40)],
        [50, promise(100)],
        [110, monitoring],
      ]),
      ['40 update 1', '100 update 1'],
    ],
    [
      'taken back, the interval is due',
      lives('sev1', 70, [
        [10, promise(300)],
        [60, { type: 'PromiseUpdate', next: null }],
      ]),
      ['60 update 1'],
    ],
    [
      'what the public was promised is not said twice',
      lives('sev1', 100, [[10, post(40)]]),
      ['40 public 1', '70 public 2'],
    ],
    [
      'also once people hold it to be over',
      lives('sev3', 100, [
        [10, post(40)],
        [20, resolved],
      ]),
      ['40 public 1', '70 public 2'],
    ],
    [
      'a word in the channel does not keep it',
      lives('sev1', 80, [
        [10, post(40)],
        [50, monitoring],
      ]),
      ['40 public 1', '70 public 2'],
    ],
    [
      'both promised: first what is due first, and not at once',
      lives('sev3', 60, [
        [5, post(40)],
        [10, promise(38)],
      ]),
      ['38 update 1', '48 public 1'],
    ],
  ])('%s', (_, reminded, expected) => expect(reminded).toEqual(expected));

  const SERIOUS = { settings: { ...SETTINGS, update: { ...SETTINGS.update, sev1: null } } };
  test.each<[string, string[], string[]]>([
    ['nobody leads', lives('sev1', 90, [], SERIOUS), ['10 lead 1', '20 lead 2', '40 lead 3 last']],
    ['somebody leads', lives('sev1', 90, [[5, led]], SERIOUS), []],
    ['somebody leads at last', lives('sev1', 90, [[15, led]], SERIOUS), ['10 lead 1']],
    ['of sev3 nobody need', lives('sev3', 90, [], { settings: SETTINGS }), []],
    [
      'nothing comes right behind another',
      lives('sev1', 45, [], { settings: SETTINGS }),
      ['10 lead 1', '20 lead 2', '30 update 1', '40 lead 3 last'],
    ],
  ])('%s', (_, reminded, expected) => expect(reminded).toEqual(expected));

  const DAY = 24 * 60;
  const going: Intent = { type: 'ConfirmOngoing' };
  const hourly = { every: 60 };
  const days = (reminded: string[]) =>
    reminded.map((one) => `${Math.round(Number(one.split(' ')[0]) / DAY)} ${one.split(' ')[2]}`);
  test('a quiet incident is asked about once a day, then ever more seldom, and never left alone for good', () => {
    expect(days(lives('sev3', 30 * DAY, [], hourly))).toEqual([
      '1 1',
      '2 2',
      '4 3',
      '8 4',
      '15 5',
      '22 6',
      '29 7',
    ]);
    expect(days(lives('sev3', 6 * DAY, [[1.6 * DAY, going]], hourly))).toEqual(['1 1', '3 1', '4 2', '6 3']);
    expect(days(lives('sev3', 3 * DAY, [[0.6 * DAY, noted]], hourly))).toEqual(['2 1', '3 2']);
  });

  test('a clock that was ahead has nobody wait until it is reached', () => {
    // An update that was written for tomorrow: better one reminder too many than none for a day.
    expect(lives('sev1', 40, [[5, monitoring, DAY]])).toEqual(['5 update 1', '35 update 2']);
    expect(lives('sev1', 45, [[5, snooze(DAY + 300), DAY]])[0]).toBe('30 update 1');
    expect(lives('sev1', 45, [[5, promise(DAY + 300), DAY]])[0]).toBe('30 update 1');
  });

  test('without a channel nobody is reminded; of what an older version wrote only of what is known', () => {
    const state = given(opened).state as IncidentState;
    expect(reminderDue({ ...state, severity: 'sev1' }, SETTINGS, at(600))).toBeNull();
    const { rhythm: _, ...older } = {
      ...state,
      channel: { id: 'C7', name: 'inc-7' },
      severity: 'sev1' as const,
    };
    expect(reminderDue(older, LOUD, at(60_000))).toBeNull();
    expect(reminderDue(older, SETTINGS, at(600))).toMatchObject({ about: 'lead' });
    const promised = { ...older, promised: { n: 4, at: '', by: toSeconds(at(30)) } };
    expect(reminderDue(promised, LOUD, at(31))).toEqual({ about: 'public', nth: 1, promise: 4, last: false });
  });
});

describe('what people say of it', () => {
  const bot = { id: 'tocsin', name: null };
  const ahead = { at: '2024-11-10T02:30:00Z', until: null, precision: 'minute' as const };

  test('a promise is an entry, for all to read; it can be struck and not reworded', () => {
    const world = given(opened, { ...note(2) });
    world
      .when({ type: 'PromiseUpdate', next: ahead }, bo)
      .thenFacts([{ type: 'UpdatePromised', data: { n: 3, next: ahead.at } }]);
    const promised: DraftFact = {
      type: 'UpdatePromised',
      data: { n: 2, at: '2024-11-10T02:00:00Z', until: null, precision: 'second', next: ahead.at },
      texts: {},
    };
    const kept = given(opened, promised);
    expect(kept.state?.rhythm?.next).toMatchObject({ n: 2, by: ahead.at, who: ana });
    kept.when({ type: 'EditEntry', entry: 2, text: 'x' }).thenRefused('ENTRY_NOT_EDITABLE');
    const struck: DraftFact = {
      type: 'EntryStruck',
      data: { entry: 2, restored: null },
      texts: { reason: 'x' },
    };
    expect(given(opened, promised, struck).state?.rhythm?.next).toBeUndefined();
    expect(given(opened, promised, status(3, 'monitoring')).state?.rhythm?.next).toBeUndefined();
    const fact = {
      ...promised,
      v: 1,
      team: 'T1',
      incident: 7,
      seq: 2,
      recordedAt: '',
      by: ana,
      source: 'slack',
    } as Fact;
    expect(effectsOf(fact, kept.state, 'h').map(({ kind }) => kind)).toEqual([
      'channel.entry',
      'headline.refresh',
    ]);
    const entry = entryOf(fact);
    expect(entry && toldText(entry)).toBe('next update by 02:30 UTC');
    expect(kept.when({ type: 'PromiseUpdate', next: null }).decision).toMatchObject([
      { data: { next: null } },
    ]);
  });

  test('with a status it is one entry; the same status with nothing else is the promise alone', () => {
    const world = given(opened, status(2, 'identified'));
    const same: Intent = { type: 'ChangeStatus', status: 'identified', moment: null, text: null };
    world.when(same).thenRefused('STATUS_UNCHANGED');
    world.when({ ...same, next: ahead }).thenFacts([{ type: 'UpdatePromised' }]);
    const { decision } = world.when({ ...same, text: 'still at it', next: ahead });
    expect(decision).toMatchObject([{ type: 'StatusChanged', data: { next: ahead.at } }]);
    const [draft] = decision as DraftFact[];
    const entry = entryOf({ ...draft, recordedAt: '', by: ana, source: 'slack' } as Fact);
    expect(entry && toldText(entry)).toBe('identified: still at it · next update by 02:30 UTC');
  });

  test.each<
    [string, Intent, DraftFact[], Parameters<ReturnType<ReturnType<typeof given>['when']>['thenRefused']>[0]]
  >([
    ['none is promised', { type: 'PromiseUpdate', next: null }, [], 'NO_UPDATE_PROMISED'],
    [
      'by a time that has passed',
      { type: 'PromiseUpdate', next: { ...ahead, at: '2024-11-10T01:59:00Z' } },
      [],
      'NEXT_UPDATE_PAST',
    ],
    [
      'by next year',
      { type: 'PromiseUpdate', next: { ...ahead, at: '2025-11-10T01:59:00Z' } },
      [],
      'NOT_WITHIN',
    ],
    ['of what is over', { type: 'PromiseUpdate', next: ahead }, [status(2, 'resolved')], 'NO_UPDATE_DUE'],
    [
      'with its end',
      { type: 'ChangeStatus', status: 'resolved', moment: null, text: null, next: ahead },
      [],
      'NO_UPDATE_DUE',
    ],
    [
      'snoozed for two days',
      { type: 'SnoozeReminders', until: { ...ahead, at: '2024-11-12T02:30:00Z' } },
      [],
      'NOT_WITHIN',
    ],
    ['nothing is snoozed', { type: 'SnoozeReminders', until: null }, [], 'NOT_SNOOZED'],
    ['what is over', { type: 'SnoozeReminders', until: ahead }, [status(2, 'resolved')], 'NO_UPDATE_DUE'],
    ['what is over goes on', { type: 'ConfirmOngoing' }, [status(2, 'resolved')], 'NO_UPDATE_DUE'],
  ])('refused: %s', (_, intent, more, code) =>
    given(opened, ...more)
      .when(intent)
      .thenRefused(code),
  );

  test('nobody but the bot says that a channel is reminded; what has changed since is looked at anew', () => {
    const { state } = given(opened);
    const due = { about: 'update', nth: 1, promise: null, last: false } as const;
    const intent: Intent = { type: 'RemindChannel', due, rhythm: state?.rhythm ?? {} };
    given(opened).when(intent).thenRefused('NO_SUCH_INCIDENT');
    expect(sameRhythm({ updated: 'a', heard: 'b' }, { heard: 'b', updated: 'a' })).toBe(true);
    const asking = { team: 'T1', by: bot, source: 'bot', key: null, now: at(30), seesPrivate: true } as const;
    const found = { entry: null, changes: [], captured: null, actionDone: false, number: 7 };
    expect(decide(given(opened).state, intent, asking, found)).toHaveLength(1);
    expect(
      decide(given(opened, status(2, 'monitoring')).state, { ...intent, rhythm: {} }, asking, found),
    ).toEqual([]);
    expect(decide(given(opened, status(2, 'resolved')).state, intent, asking, found)).toEqual([]);
  });
});
