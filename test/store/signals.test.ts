import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { alertId, groupId, type Signal, signalId } from '#domain/alert/signal.js';
import { laneOfAlerts } from '#domain/incident/effect.js';
import type { Delivery, FiledSignal } from '#store/signals.js';
import { type Opened, openedStore } from './opened.js';

const TEAM = 'T1';
const KEY = 'service=tts';
const GROUP = groupId(KEY);
const LANE = laneOfAlerts(TEAM, GROUP);

let db: Opened;
beforeAll(async () => {
  db = await openedStore();
});
afterAll(() => db.close());
beforeEach(() => db.sql('truncate signal, arrival, mute, outbox, lane'));

const at = (time: string) => `2024-11-10T${time}Z`;

function said(alert: string, more: Partial<FiledSignal> = {}): FiledSignal {
  const plain: Signal = {
    ...{ alert, status: 'firing', since: at('01:43:00'), until: null, title: `${alert} fails`, text: null },
    ...{ labels: { service: 'tts' }, values: { failed: '19' }, links: [] },
  };
  return { ...plain, rule: 'tts', key: KEY, group: GROUP, ...more };
}

const over = (alert: string, until = at('02:02:00'), more: Partial<FiledSignal> = {}) =>
  said(alert, { status: 'resolved', until, ...more });

let deliveries = 0;
const brings = (signals: FiledSignal[], more: Partial<Delivery> = {}): Delivery => ({
  ...{ source: 'prometheus', delivery: `d${++deliveries}`, shadow: false, signals },
  ...more,
});
const arrives = (signals: FiledSignal[], more: Partial<Delivery> = {}) =>
  db.store.signals.arrive(TEAM, brings(signals, more));
const idOf = (signal: Signal) => signalId('prometheus', signal);
const settles = (
  signals: FiledSignal[],
  outcome: Parameters<typeof db.store.signals.settled>[1][number]['outcome'],
  incident: number | null = null,
  shadow = false,
) =>
  db.store.signals.settled(
    TEAM,
    signals.map((one) => ({ id: signalId('prometheus', one, shadow), outcome, incident })),
  );

describe('what arrives', () => {
  test('is kept as it was said, with its group to be settled', async () => {
    const one = said('a', {
      text: 'two lines\nof “text”',
      labels: { service: 'tts', '': 'x', constructor: 'y' },
      links: [{ title: 'Graph', url: 'https://example.com/g' }],
    });
    expect(await arrives([one])).toMatchObject({ repeated: false, fresh: 1, lanes: [LANE] });
    const [kept] = (await db.store.signals.ids(TEAM, [idOf(one)])).values();
    expect(kept).toEqual({
      ...one,
      ...{ id: idOf(one), alertId: alertId('prometheus', one), source: 'prometheus', shadow: false },
      ...{ outcome: null, incident: null },
      receivedAt: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect(await db.store.outbox.dueLanes(9)).toEqual([{ team: TEAM, lane: LANE }]);
  });

  test('adds nothing when it comes again, as a whole or in parts', async () => {
    const delivery = brings([said('a'), said('a'), said('b')]);
    expect(await db.store.signals.arrive(TEAM, delivery)).toEqual({
      ...{ repeated: false, fresh: 2, lanes: [LANE], rules: ['tts', 'tts', 'tts'] },
    });
    expect(await db.store.signals.arrive(TEAM, delivery)).toMatchObject({
      repeated: true,
      fresh: 0,
      lanes: [],
    });
    expect(await arrives([said('b'), said('c')])).toMatchObject({ repeated: false, fresh: 1, lanes: [LANE] });
    expect(await arrives([said('b')])).toMatchObject({ repeated: false, fresh: 0, lanes: [] });
    const [rows] = await db.sql<{ signals: number; owed: number }>(
      'select (select count(*)::int from signal) as signals, (select count(*)::int from outbox) as owed',
    );
    expect(rows).toEqual({ signals: 3, owed: 2 });
  });

  test('is kept of whatever source and workspace by itself', async () => {
    await arrives([said('a')], { delivery: 'same' });
    expect(await arrives([said('a')], { delivery: 'same', source: 'grafana' })).toMatchObject({ fresh: 1 });
    const delivery = brings([said('a')], { delivery: 'same' });
    expect(await db.store.signals.arrive('T2', delivery)).toMatchObject({ fresh: 1 });
  });

  test('may be 10,000 signals, of which the group then is read along an index', async () => {
    const many = Array.from({ length: 10_000 }, (_, i) => said(`alert ${i}`));
    expect(await arrives(many)).toMatchObject({ repeated: false, fresh: 10_000, lanes: [LANE] });
    const waiting = await db.store.signals.waiting(TEAM, GROUP);
    expect(waiting.map(({ id }) => id)).toEqual(many.map(idOf));
    await db.sql('analyze signal');
    const plan = await db.sql<{ 'QUERY PLAN': string }>(
      `explain select id from signal where team = '${TEAM}' and grp = 'other' and outcome is null order by n limit 100`,
    );
    expect(plan.map((line) => line['QUERY PLAN']).join('\n')).toContain('signal_waiting');
  });

  test('may be 5,000 calls at once: each is answered for itself, and what comes twice is one', async () => {
    const calls = Array.from({ length: 2_500 }, (_, i) => brings([said(`alert ${i}`)]));
    const answers = await Promise.all([...calls, ...calls].map((one) => db.store.signals.arrive(TEAM, one)));
    expect(answers.filter(({ repeated }) => repeated).length).toBe(2_500);
    expect(answers.filter(({ fresh }) => fresh === 1).length).toBe(2_500);
    expect((await db.store.signals.waiting(TEAM, GROUP)).length).toBe(2_500);
  });

  test('by two processes, in whatever order, is one', async () => {
    const other = db.another();
    const many = Array.from({ length: 300 }, (_, i) => said(`alert ${i}`));
    for (let i = 0; i < 10; i++) {
      const round = many.map((one) => ({ ...one, since: at(`01:43:0${i}`) }));
      const [a, b] = await Promise.all([
        arrives(round),
        other.signals.arrive(TEAM, brings([...round].reverse())),
      ]);
      expect(a.fresh + b.fresh).toBe(300);
    }
  });

  test('that the database does not take keeps nothing of itself, and nobody else out', async () => {
    const good = Array.from({ length: 6 }, (_, i) => brings([said(`alert ${i}`)]));
    const bad = brings([said('good'), said('bad', { since: 'yesterday or so' })]);
    // Behind those that are on their way at once, so that it shares its statement.
    const calls = [...good.slice(0, 4), bad, ...good.slice(4)];
    const answers = await Promise.allSettled(calls.map((one) => db.store.signals.arrive(TEAM, one)));
    expect(calls.filter((_, i) => answers[i]?.status === 'rejected')).toEqual([bad]);
    const there = await db.sql<{ delivery: string }>('select delivery from arrival');
    expect(there.map(({ delivery }) => delivery).sort()).toEqual(good.map(({ delivery }) => delivery).sort());
  });

  test('may hold what no text of a database can', async () => {
    const one = said('a', {
      title: 'nul \0, half \ud83d, and \\u0000 as it stands',
      labels: { '\0': '\0\0' },
    });
    await arrives([one]);
    const [kept] = (await db.store.signals.ids(TEAM, [idOf(one)])).values();
    expect(kept).toMatchObject({
      title: 'nul \ufffd, half \ufffd, and \\u0000 as it stands',
      labels: { '\ufffd': '\ufffd\ufffd' },
    });
  });

  test('as an end goes where its beginning is, although a rule files it elsewhere by now', async () => {
    const elsewhere = { rule: 'other', key: 'other', group: groupId('other') };
    await arrives([said('waits'), said('recorded'), said('done')]);
    await settles([said('recorded')], 'opened', 1);
    await settles([said('done')], 'ignored');
    const ends = ['waits', 'recorded', 'done'].map((alert) => over(alert, at('02:02:00'), elsewhere));
    const { lanes, rules } = await arrives(ends);
    expect(rules).toEqual(['tts', 'tts', 'other']);
    expect(lanes.sort()).toEqual([LANE, laneOfAlerts(TEAM, elsewhere.group)].sort());
    const kept = await db.store.signals.ids(TEAM, ends.map(idOf));
    expect(ends.map((one) => kept.get(idOf(one))?.group)).toEqual([GROUP, GROUP, elsewhere.group]);
  });
});

describe('an alert that fires word for word as before, of a sender that says how it stands now', () => {
  /** As a sender says it that repeats itself: the same content is the same delivery. */
  const stands = (signals: FiledSignal[], more: Partial<Delivery> = {}, { signals: its } = db.store) =>
    its.arrive(TEAM, {
      ...brings(signals, { delivery: groupId(signals.map(idOf).join()), asOf: performance.now() }),
      ...more,
    });
  const kept = () =>
    db.sql<{ id: string; said: string; since: Date; received: Date }>(
      `select id, (body ->> 'alert') || ' ' || status as said, since, received_at as received from signal order by n`,
    );
  const saidOf = async () => (await kept()).map(({ said }) => said);
  const once = ['a firing', 'a resolved', 'a firing'];

  test('fires again from when it was heard, once its end was heard; and is one, however often it is said', async () => {
    await stands([said('a')]);
    expect(await stands([said('a')])).toMatchObject({ repeated: true, fresh: 0, lanes: [] });
    await stands([over('a')]);
    await db.sql('truncate outbox');
    expect(await stands([said('a')])).toMatchObject({ repeated: false, fresh: 1, lanes: [LANE] });
    expect(await db.store.outbox.dueLanes(9)).toEqual([{ team: TEAM, lane: LANE }]);
    expect(await stands([said('a')])).toMatchObject({ repeated: true, fresh: 0, lanes: [] });
    // Beside another it is another delivery, and the same firing.
    expect(await stands([said('a'), said('b')])).toMatchObject({ fresh: 1 });
    expect(await saidOf()).toEqual([...once, 'b firing']);
    const [first, , again] = await kept();
    expect(again?.id).toMatch(/^[0-9a-f]{32}$/);
    expect(first?.since.toISOString()).toBe('2024-11-10T01:43:00.000Z');
    const heard = again?.received.getTime() ?? 0;
    expect(again?.since.getTime()).toBe(heard - (heard % 1_000));
    expect((await db.store.signals.waiting(TEAM, GROUP))[2]).toMatchObject({ status: 'firing', late: false });
    const second = at('03:00:00');
    await stands([over('a', second)]);
    // The same end, late: that is known.
    await stands([over('a')]);
    await stands([said('a')]);
    expect(await saidOf()).toEqual([...once, 'b firing', 'a resolved', 'a firing']);
  });

  test('by two processes in one moment, alone and in a delivery with others, is one', async () => {
    const other = db.another();
    const many = Array.from({ length: 100 }, (_, i) => `alert ${i}`);
    await stands(many.map((alert) => said(alert)));
    for (let i = 0; i < 5; i++) {
      await stands(many.map((alert) => over(alert, at(`02:02:0${i}`))));
      const answers = await Promise.all([
        stands(many.map((alert) => said(alert))),
        stands(
          [...many].reverse().map((alert) => said(alert)),
          {},
          other,
        ),
        ...many.map((alert) => stands([said(alert)], {}, other)),
      ]);
      expect(answers.reduce((sum, { fresh }) => sum + fresh, 0)).toBe(100);
    }
    const [rows] = await db.sql('select count(*)::int as n, count(distinct id)::int as ids from signal');
    expect(rows).toEqual({ n: 1_100, ids: 1_100 });
  });

  test('does not where nobody can say when that was, or where it was before its end was heard', async () => {
    await stands([said('a')]);
    const before = performance.now();
    await sleep(20);
    await stands([over('a')]);
    await stands([said('a')], { asOf: before });
    await arrives([said('a')]);
    await db.store.signals.arrive(TEAM, brings([said('a')], { delivery: 'with an id' }));
    expect(await saidOf()).toEqual(['a firing', 'a resolved']);
    await stands([said('a')]);
    expect(await saidOf()).toEqual(once);
  });

  test('and of which the end was heard alone, because nobody listened before', async () => {
    await stands([over('a')]);
    expect(await stands([said('a')])).toMatchObject({ fresh: 1 });
    expect(await db.store.signals.waiting(TEAM, GROUP)).toMatchObject([
      { status: 'resolved' },
      { status: 'firing', late: false },
    ]);
    expect((await stands([said('a')])).fresh).toBe(0);
  });

  test('is not what ended at another source', async () => {
    await stands([said('a')]);
    await stands([over('a')], { source: 'grafana' });
    expect(await stands([said('a')])).toMatchObject({ repeated: true, fresh: 0 });
  });

  test('is not what began and ended in shadow: to the incidents it is new, and began when it is said to have', async () => {
    await stands([said('a')], { shadow: true });
    await stands([over('a')], { shadow: true });
    expect(await stands([said('a')])).toMatchObject({ fresh: 1 });
    expect(await stands([said('a')])).toMatchObject({ repeated: true, fresh: 0 });
    expect((await db.store.signals.waiting(TEAM, GROUP)).at(-1)).toMatchObject({
      ...{ shadow: false, begunAt: '2024-11-10T01:43:00.000Z', late: false },
    });
  });

  test('is also what has ended when its source was made shadow: that is an end of what the incidents know', async () => {
    await stands([said('a')]);
    await stands([over('a')], { shadow: true });
    expect(await stands([said('a')])).toMatchObject({ repeated: false, fresh: 1 });
    expect((await db.store.signals.waiting(TEAM, GROUP)).map(({ shadow }) => shadow)).toEqual([
      ...[false, false, false],
    ]);
  });

  test('is new to the incidents when its source is in shadow no more, by its next repeat', async () => {
    await stands([said('a'), said('b')], { shadow: true });
    await settles([said('a'), said('b')], 'opened', null, true);
    expect(await stands([said('a'), said('b')], { shadow: true })).toMatchObject({ repeated: true });
    expect(await stands([said('a'), said('b')])).toMatchObject({ repeated: false, fresh: 2, lanes: [LANE] });
    expect(await stands([said('a'), said('b')])).toMatchObject({ repeated: true });
    expect(await db.store.signals.waiting(TEAM, GROUP)).toMatchObject([
      { shadow: false, stands: null },
      { shadow: false, stands: null },
    ]);
    // A delivery that has an id of its own is the same in both: what is sent again is no repeat.
    const delivery = brings([said('c')], { delivery: 'an id' });
    await db.store.signals.arrive(TEAM, { ...delivery, shadow: true });
    expect(await db.store.signals.arrive(TEAM, delivery)).toMatchObject({ repeated: true, fresh: 0 });
    expect(await arrives([said('c')])).toMatchObject({ fresh: 1 });
  });

  test('costs nothing but looking where it is known: 10,000 of them write nothing', async () => {
    const many = Array.from({ length: 10_000 }, (_, i) => said(`alert ${i}`));
    await stands(many);
    const written = () =>
      db.sql(
        `select (select count(*)::int from outbox) as owed, (select count(*)::int from arrival) as arrived,
           (select count(distinct xmin::text)::int from signal) as writers, (select last_value from signal_n_seq) as n`,
      );
    const before = await written();
    expect(await stands(many)).toMatchObject({ repeated: true, fresh: 0, lanes: [] });
    expect(await written()).toEqual(before);
  });

  test('whatever is said, and by whichever process: the last that is kept is what was said last', async () => {
    const other = db.another();
    let run = 0;
    const said1 = fc.record({
      status: fc.constantFrom('firing' as const, 'resolved' as const),
      since: fc.constantFrom(at('01:43:00'), at('01:50:00')),
      by: fc.constantFrom('one', 'two'),
      times: fc.integer({ min: 1, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(said1, { maxLength: 12 }), async (all) => {
        const alert = `of run ${++run}`;
        let ends = 0;
        let state: string | null = null;
        let changes = 0;
        for (const { status, since, by, times } of all) {
          // Whoever says that it ended says when: no two ends are the same.
          const until = status === 'resolved' ? at(`02:02:${String(++ends).padStart(2, '0')}`) : null;
          const store = by === 'one' ? db.store : other;
          const brought = [said(alert, { status, since, until })];
          const answers = await Promise.all(Array.from({ length: times }, () => stands(brought, {}, store)));
          const fresh = answers.reduce((sum, one) => sum + one.fresh, 0);
          if (state !== status && status === 'firing') {
            expect(fresh).toBe(1);
            changes += 1;
          }
          expect(fresh).toBeLessThanOrEqual(1);
          state = status;
          const [last] = await db.sql<{ status: string }>(
            `select status from signal where body ->> 'alert' = '${alert}' order by n desc limit 1`,
          );
          expect(last?.status).toBe(status);
        }
        const firings = await db.sql(
          `select id from signal where body ->> 'alert' = '${alert}' and status = 'firing'`,
        );
        expect(firings.length).toBeGreaterThanOrEqual(changes);
      }),
      { numRuns: 40 },
    );
  });
});

describe('what is known of those that wait', () => {
  const waiting = async () =>
    (await db.store.signals.waiting(TEAM, GROUP)).map(({ alert, status, stands, ended, late }) => ({
      ...{ alert, status, stands, ended, late },
    }));

  test('is where their alert was recorded last, and whether it fires there', async () => {
    const a = alertId('prometheus', said('a'));
    const plain = { alert: a, status: 'firing', ended: null, late: false };
    await arrives([said('a')]);
    expect(await waiting()).toEqual([{ ...plain, stands: null }]);
    await settles([said('a')], 'opened', 7);
    const again = said('a', { since: at('01:50:00') });
    await arrives([again]);
    expect(await waiting()).toEqual([{ ...plain, stands: { incident: 7, firing: true } }]);
    // What adds nothing says nothing of it either.
    await settles([again], 'repeated', 7);
    await arrives([over('a')]);
    expect(await waiting()).toEqual([
      { ...plain, status: 'resolved', stands: { incident: 7, firing: true } },
    ]);
    await settles([over('a')], 'attached', 7);
    await arrives([said('a', { since: at('02:30:00') })]);
    expect(await waiting()).toEqual([{ ...plain, stands: { incident: 7, firing: false } }]);
  });

  test('is when they ended, and that their end was heard before', async () => {
    await arrives([said('a'), over('b')]);
    await arrives([over('a'), said('b')]);
    expect(await waiting()).toMatchObject([
      { status: 'firing', ended: { at: expect.any(String), until: at('02:02:00') }, late: false },
      { status: 'resolved', ended: null, late: false },
      { status: 'resolved', ended: null, late: false },
      { status: 'firing', ended: null, late: true },
    ]);
  });

  test('is not what shadow says', async () => {
    await arrives([said('a')], { shadow: true });
    await settles([said('a')], 'opened', null, true);
    await arrives([said('a', { since: at('01:50:00') })]);
    expect(await waiting()).toMatchObject([{ stands: null }]);
    expect(await db.store.signals.firingCount(TEAM, GROUP)).toBe(0);
    expect(await db.store.signals.firingInShadow(TEAM, GROUP)).toEqual([alertId('prometheus', said('a'))]);
  });

  test('is no begin after the end of time, nor one in the future', async () => {
    await arrives([
      said('a', { since: '0001-01-01T00:00:00Z' }),
      said('b', { since: '9999-01-01T00:00:00Z' }),
    ]);
    const [a, b] = await db.store.signals.waiting(TEAM, GROUP);
    expect(a?.begunAt).toBe('0001-01-01T00:00:00.000Z');
    expect(b?.begunAt).toBe(b?.receivedAt);
    const [begun] = await db.store.signals.begun(TEAM, GROUP, new Date(0), false);
    expect(begun?.toISOString()).toBe(b?.begunAt);
  });
});

describe('what came of them', () => {
  test('is written down once, and what fires is known with it', async () => {
    await arrives([said('a'), said('b'), over('b')]);
    await settles([said('a')], 'opened', 3);
    await settles([said('a')], 'short');
    await settles([said('b'), over('b')], 'attached', 3);
    expect(await db.store.signals.firing(TEAM, GROUP, 5)).toMatchObject([
      { alert: 'a', outcome: 'opened', incident: 3 },
    ]);
    expect(await db.store.signals.firingCount(TEAM, GROUP)).toBe(1);
    expect(await db.store.signals.newest(TEAM, GROUP, 3)).toMatchObject({ alert: 'b', status: 'resolved' });
    await db.store.signals.moved(TEAM, GROUP, 3, 4);
    expect(await db.store.signals.firing(TEAM, GROUP, 5)).toMatchObject([{ alert: 'a', incident: 4 }]);
    await arrives([said('lost')]);
    await settles([said('lost')], 'attached', 8);
    await db.store.signals.moved(TEAM, GROUP, 8, null);
    expect(await db.store.signals.firingCount(TEAM, GROUP)).toBe(1);
    await arrives([over('a')]);
    expect(await db.store.signals.waiting(TEAM, GROUP)).toMatchObject([
      { stands: { incident: 4, firing: true } },
    ]);
    await settles([over('a')], 'attached', 4);
    expect(await db.store.signals.firingCount(TEAM, GROUP)).toBe(0);
  });

  test('is counted by source and rule, with what was no incident at all', async () => {
    await db.sql(
      `insert into incident (team, number, seq, head, state, open, private, updated_at)
       values ('T1', 1, 1, '', '{"falseAlarm": true}', false, false, now()), ('T1', 2, 1, '', '{}', true, false, now())`,
    );
    const lone = { rule: null, key: '', group: groupId('') };
    await arrives([said('a'), said('b'), said('c'), said('d', lone)]);
    await settles([said('a')], 'opened', 1);
    await settles([said('b')], 'opened', 2);
    await settles([said('d', lone)], 'unmatched');
    const plain = { source: 'prometheus', shadow: false };
    const counted = [
      { ...plain, rule: 'tts', outcome: 'opened', signals: 2, dismissed: 1 },
      { ...plain, rule: 'tts', outcome: null, signals: 1, dismissed: 0 },
      { ...plain, rule: null, outcome: 'unmatched', signals: 1, dismissed: 0 },
    ];
    expect(await db.store.signals.report(TEAM, new Date(0))).toEqual(counted);
    expect(await db.store.signals.report('T2', new Date(0))).toEqual([]);
    expect(await db.store.signals.counts()).toEqual([
      { ...plain, outcome: 'opened', signals: 2 },
      { ...plain, outcome: 'unmatched', signals: 1 },
      { ...plain, outcome: null, signals: 1 },
    ]);
  });

  test('is filed anew while it waits, in a lane that is woken', async () => {
    await arrives([said('a'), said('b')]);
    await settles([said('b')], 'opened', 1);
    const filed = { rule: 'new', key: 'new', group: groupId('new') };
    const lanes = await db.store.signals.refile(
      TEAM,
      [said('a'), said('b')].map((one) => ({ id: idOf(one), ...filed })),
    );
    expect(lanes).toEqual([laneOfAlerts(TEAM, filed.group)]);
    expect((await db.store.signals.waiting(TEAM, filed.group)).map(({ rule }) => rule)).toEqual(['new']);
    expect(await db.store.signals.firingCount(TEAM, GROUP)).toBe(1);
  });

  test('is cleared away after its time: not what waits, nor what fires', async () => {
    await arrives([said('waits'), said('fires'), said('over'), over('over'), said('ignored')]);
    await settles([said('fires')], 'opened', 1);
    await settles([said('over'), over('over')], 'attached', 1);
    await settles([said('ignored')], 'ignored');
    await db.store.signals.mute(TEAM, { key: 'k', until: new Date(0), by: { id: 'U1', name: null } });
    expect(await db.store.signals.sweep(60_000, 10)).toEqual({ signals: 0, arrivals: 0 });
    await db.sql("update signal set received_at = now() - interval '90 days'");
    await db.sql("update arrival set received_at = now() - interval '90 days'");
    expect(await db.store.signals.sweep(60_000, 2)).toEqual({ signals: 2, arrivals: 1 });
    expect(await db.store.signals.sweep(60_000, 2)).toEqual({ signals: 1, arrivals: 0 });
    const left = await db.sql<{ id: string }>('select id from signal');
    expect(left.map(({ id }) => id).sort()).toEqual([idOf(said('waits')), idOf(said('fires'))].sort());
    expect(await db.sql('select * from mute')).toEqual([]);
  });

  test('is cleared away in shadow whatever it is: once the source is live, nobody may say that it has ended', async () => {
    await arrives([said('waits'), said('fires')], { shadow: true });
    await settles([said('fires')], 'opened', null, true);
    expect(await db.store.signals.firingInShadow(TEAM, GROUP)).toHaveLength(1);
    expect(await db.store.signals.sweep(60_000, 10)).toMatchObject({ signals: 0 });
    await db.sql("update signal set received_at = now() - interval '90 days'");
    expect(await db.store.signals.sweep(60_000, 10)).toMatchObject({ signals: 2 });
    expect(await db.store.signals.firingInShadow(TEAM, GROUP)).toEqual([]);
  });
});

describe('a time at which a group is to be settled', () => {
  const owed = () =>
    db.sql<{ lane: string; ms: number }>(
      'select lane, round(extract(epoch from due_at - now()) * 1000)::int as ms from outbox where done_at is null order by id',
    );

  test('is one row, at the earliest of those asked for', async () => {
    await db.store.signals.wake(TEAM, GROUP, 500_000);
    await db.store.signals.wake(TEAM, GROUP, 900_000);
    expect(await owed()).toMatchObject([{ lane: `${LANE}/timer` }]);
    await db.store.signals.wake(TEAM, GROUP, 100_000);
    const rows = await owed();
    expect(rows.length).toBe(1);
    expect(rows[0]?.ms).toBeLessThanOrEqual(100_000);
  });

  test('is another one when the first has come: whoever takes that may have looked before', async () => {
    await db.store.signals.wake(TEAM, GROUP, 0);
    await db.store.signals.wake(TEAM, GROUP, 500_000);
    expect((await owed()).length).toBe(2);
  });

  test('is not what a clock has written that was ahead', async () => {
    await db.store.signals.wake(TEAM, GROUP, 500_000);
    await db.sql("update outbox set set_at = now() + interval '1 day', due_at = now() + interval '1 day'");
    await db.store.signals.wake(TEAM, GROUP, 700_000);
    expect((await owed()).length).toBe(2);
  });
});

describe('mutes', () => {
  const by = { id: 'U1', name: 'ana' };
  const until = new Date('2100-01-01T00:00:00Z');
  const now = () => new Date();

  test('last until their time, or until they are taken back', async () => {
    expect(await db.store.signals.mute(TEAM, { key: KEY, until, by })).toEqual([]);
    expect(await db.store.signals.mutes(TEAM, now())).toEqual([{ key: KEY, until, by }]);
    expect(await db.store.signals.mutes(TEAM, until)).toEqual([]);
    const first = await db.store.signals.muteOf(TEAM, GROUP);
    const later = new Date('2101-01-01T00:00:00Z');
    await db.store.signals.mute(TEAM, { key: KEY, until: later, by });
    // One that is made longer began when it began.
    expect(await db.store.signals.muteOf(TEAM, GROUP)).toEqual({ from: first?.from, until: later });
    await db.store.signals.mute(TEAM, { key: KEY, until: null, by });
    expect(await db.store.signals.mutes(TEAM, now())).toEqual([]);
    expect((await db.store.signals.muteOf(TEAM, GROUP))?.until.getTime()).toBeLessThan(until.getTime());
    expect(await db.store.signals.muteOf(TEAM, groupId('other'))).toBeNull();
  });

  test('that end have what waits settled anew', async () => {
    await arrives([said('a')]);
    expect(await db.store.signals.mute(TEAM, { key: KEY, until, by })).toEqual([LANE]);
    expect(await db.store.signals.mute(TEAM, { key: KEY, until: null, by })).toEqual([LANE]);
    const [rows] = await db.sql('select count(*)::int as owed from outbox where lane = $1', [LANE]);
    expect(rows).toEqual({ owed: 3 });
  });
});
