import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { groupId, signalId } from '#domain/alert/signal.js';
import { firingIn } from '#domain/alert/state.js';
import { unseal } from '#domain/incident/chain.js';
import { amendmentOf, entryOf } from '#domain/incident/entry.js';
import { evolve } from '#domain/incident/state.js';
import { refuse } from '#domain/refusal.js';
import { hooked, KEPT } from './hooked.js';
import { alertmanagerBody } from './kit.js';
import { ANA, at, groupOf, type Kit, keyOf, over, rule, signal, startKit, TEAM } from './settle-kit.js';

let kit: Kit;
beforeEach(async () => {
  kit = await startKit();
});
afterEach(() => kit.stop());

const MIN = 60_000;
const moves = (incident: number, to: number | null, group = groupOf()) =>
  kit.says({ type: 'MoveAlerts', group, to }, incident);

describe('a signal', () => {
  test('opens an incident as its rule says, with the alert on its timeline', async () => {
    kit.rule(rule({}, { people: [ANA.id], groups: ['S012AB3CD'], title: '{{ key }}: {{ title }}' }));
    const said = signal('Tts', 'tts', {
      values: { failed: '19' },
      links: [{ title: 'g', url: 'https://x.example' }],
    });
    await kit.arrives([said]);
    await kit.settles();
    const state = await kit.state(1);
    expect(state).toMatchObject({
      ...{ title: 'service=tts: Tts fails', severity: 'sev2', components: ['tts'], private: false },
      ...{ opener: { id: 'alerts:prometheus' }, members: expect.arrayContaining([ANA.id]) },
      milestones: { detected: { at: at('01:43:00'), marked: false } },
    });
    expect(await kit.alerts(1)).toMatchObject([{ at: at('01:43:00'), detail: { alert: kit.idOf('Tts') } }]);
    expect(await kit.outcomes()).toEqual(['Tts firing: opened INC-1']);
    expect(await kit.shows()).toEqual([{ incident: 1, count: 1 }]);
    expect(await kit.due()).toEqual([]);
  });

  test('that ends is recorded where it began, also when that is resolved', async () => {
    await kit.arrives([signal('a')]);
    await kit.settles();
    await kit.says({ type: 'ChangeStatus', status: 'resolved', moment: null, text: null }, 1);
    await kit.arrives([signal('a', 'tts', { since: at('01:50:00') }), over('a'), signal('b')]);
    await kit.settles();
    expect(await kit.outcomes()).toEqual([
      ...['a firing: opened INC-1', 'a firing: repeated INC-1', 'a resolved: attached INC-1'],
      'b firing: opened INC-2',
    ]);
    expect(await kit.alerts(1)).toMatchObject([{ until: at('02:02:00') }]);
    expect(firingIn((await kit.state(1)).alerts)).toBe(0);
  });

  test('fires and ends many times, and is one line with a count', async () => {
    const flaps = Array.from({ length: 5 }, (_, i) => [
      signal('a', 'tts', { since: at(`01:5${i}:00`) }),
      over('a', 'tts', { since: at(`01:5${i}:00`), until: at(`01:5${i}:30`) }),
    ]).flat();
    await kit.arrives(flaps);
    await kit.settles();
    expect(await kit.alerts(1)).toMatchObject([{ detail: { times: 5, firing: false } }]);
    expect(await kit.incidents()).toEqual([1]);
  });

  test('that fires word for word as before, after its end, fires again on the same line', async () => {
    await kit.stands([signal('a')]);
    await kit.settles();
    await kit.stands([over('a')]);
    await kit.settles();
    const before = new Date(Math.floor(Date.now() / 1_000) * 1_000).toISOString();
    await kit.stands([signal('a')]);
    await kit.stands([signal('a')]);
    await kit.settles();
    expect(await kit.outcomes()).toEqual([
      ...['a firing: opened INC-1', 'a resolved: attached INC-1', 'a firing: attached INC-1'],
    ]);
    const [entry] = await kit.alerts(1);
    expect(entry).toMatchObject({ at: at('01:43:00'), until: null, detail: { times: 2, firing: true } });
    expect(String(entry?.detail.since) >= before.replace('.000', '')).toBe(true);
    expect(firingIn((await kit.state(1)).alerts)).toBe(1);
    // Its next end speaks of the first beginning too.
    await kit.stands([over('a', 'tts', { until: at('03:00:00') })]);
    await kit.settles();
    expect((await kit.outcomes()).at(-1)).toBe('a resolved: attached INC-1');
    expect(firingIn((await kit.state(1)).alerts)).toBe(0);
    // And where the incident is over by then, it opens another.
    await kit.says({ type: 'ChangeStatus', status: 'resolved', moment: null, text: null }, 1);
    await kit.stands([signal('a')]);
    await kit.settles();
    expect((await kit.outcomes()).at(-1)).toBe('a firing: opened INC-2');
  });

  test('of another key has an incident of its own; of the same key, by whatever source, the same', async () => {
    await kit.arrives([signal('a'), signal('b', 'stt')]);
    await kit.settles();
    await kit.arrives([signal('a')], { source: 'grafana' });
    await kit.settles();
    expect(await kit.incidents()).toEqual([1, 2]);
    expect((await kit.outcomes()).at(-1)).toMatch(/^a firing: attached INC-/);
  });

  test('waits as long as its rule says, and no longer than it fires', async () => {
    kit.rule(rule({ forMs: 5 * MIN }));
    const since = kit.world
      .now()
      .toISOString()
      .replace(/\.\d+Z$/, 'Z');
    await kit.arrives([signal('a', 'tts', { since }), signal('b', 'tts', { since })]);
    await kit.settles();
    expect(await kit.outcomes()).toEqual(['a firing: waits', 'b firing: waits']);
    await kit.arrives([over('b', 'tts', { since, until: null })]);
    await kit.settles();
    expect(await kit.outcomes()).toEqual(['a firing: waits', 'b firing: short', 'b resolved: short']);
    await kit.winds(5 * MIN);
    await kit.settles();
    expect((await kit.outcomes())[0]).toBe('a firing: opened INC-1');
    expect(await kit.incidents()).toEqual([1]);
  });

  test('of a muted key waits, and opens an incident when the mute is taken back', async () => {
    const until = new Date(Date.now() + 120 * MIN);
    await kit.store.signals.mute(TEAM, { key: keyOf(), until, by: ANA });
    await kit.arrives([signal('a')]);
    await kit.settles();
    expect(await kit.incidents()).toEqual([]);
    await kit.store.signals.mute(TEAM, { key: keyOf(), until: null, by: ANA });
    // Whichever clock is behind.
    await kit.winds(1_000);
    await kit.settles();
    expect(await kit.outcomes()).toEqual(['a firing: opened INC-1']);
  });

  test('that only attaches waits for an incident of its key, a day at most, and wakes nobody meanwhile', async () => {
    const labels = (more: object) => ({ service: 'tts', severity: 'critical', ...more });
    kit.rule(
      rule({ name: 'opens', match: { sources: [], labels: { opens: ['yes'] } } }),
      rule({ name: 'attaches', does: { attach: true } }),
    );
    const timers = async () =>
      (
        await kit.client.query<{ lane: string }>(
          "select lane from outbox where done_at is null and lane like '%/timer'",
        )
      ).rows.length;
    await kit.arrives([signal('a'), signal('b')]);
    await kit.settles();
    await kit.arrives([signal('c'), over('b')]);
    await kit.settles();
    expect(await kit.incidents()).toEqual([]);
    expect(await kit.outcomes()).toEqual([
      ...['a firing: waits', 'b firing: unattached', 'c firing: waits', 'b resolved: unattached'],
    ]);
    expect(await timers()).toBe(1);
    expect(await kit.due()).toEqual([]);
    await kit.arrives([signal('d', 'tts', { labels: labels({ opens: 'yes' }) })]);
    await kit.settles();
    expect((await kit.outcomes()).filter((one) => one.includes('INC-1'))).toEqual([
      ...['a firing: attached INC-1', 'c firing: attached INC-1', 'd firing: opened INC-1'],
    ]);
    expect((await kit.state(1)).alerts?.[groupOf()]).toMatchObject({ firing: 3 });
    // Nobody came for these.
    await kit.arrives([signal('e', 'stt')]);
    await kit.settles();
    await kit.winds(24 * 60 * MIN);
    await kit.settles();
    expect((await kit.outcomes()).at(-1)).toBe('e firing: unattached');
    expect(await timers()).toBe(0);
    expect(await kit.incidents()).toEqual([1]);
  });

  test('opens one when so many have begun', async () => {
    kit.rule(rule({ count: { times: 3, withinMs: 10 * MIN } }));
    await kit.arrives([signal('a'), signal('b', 'tts', { since: at('01:40:00') })]);
    await kit.settles();
    expect(await kit.incidents()).toEqual([]);
    await kit.arrives([signal('c', 'tts', { since: at('01:44:00') })]);
    await kit.settles();
    expect(await kit.outcomes()).toEqual([
      ...['a firing: opened INC-1', 'b firing: attached INC-1', 'c firing: attached INC-1'],
    ]);
  });

  test('in shadow opens nothing, and what would have come of it is kept', async () => {
    await kit.arrives([signal('a'), signal('b'), over('a'), over('b')], { shadow: true });
    await kit.settles();
    await kit.arrives([signal('a', 'tts', { since: at('03:00:00') })], { shadow: true });
    await kit.settles();
    expect(await kit.outcomes()).toEqual([
      ...['a firing: opened', 'b firing: attached', 'a resolved: attached', 'b resolved: attached'],
      'a firing: opened',
    ]);
    expect(await kit.incidents()).toEqual([]);
    expect(await kit.shows()).toEqual([]);
  });

  test('in shadow that only attaches waits for what would be an incident', async () => {
    kit.rule(
      rule({ name: 'opens', match: { sources: [], labels: { service: ['tts'] } }, groupBy: ['severity'] }),
      rule({ name: 'attaches', does: { attach: true }, groupBy: ['severity'] }),
    );
    await kit.arrives([signal('a', 'stt'), signal('b', 'stt'), over('b', 'stt')], { shadow: true });
    await kit.settles();
    await kit.arrives([signal('c')], { shadow: true });
    await kit.settles();
    expect(await kit.outcomes()).toEqual([
      ...['a firing: attached', 'b firing: unattached', 'b resolved: unattached', 'c firing: opened'],
    ]);
    expect(await kit.incidents()).toEqual([]);
  });

  test('of a source that is in shadow no more opens an incident when it is said again, and fires but once', async () => {
    await kit.stands([signal('a')], { shadow: true });
    await kit.settles();
    for (let i = 0; i < 3; i++) {
      await kit.stands([signal('a')]);
      await kit.settles();
    }
    expect(await kit.outcomes()).toEqual(['a firing: opened', 'a firing: opened INC-1']);
    await kit.stands([over('a')]);
    await kit.settles();
    expect((await kit.outcomes()).at(-1)).toBe('a resolved: attached INC-1');
    expect(firingIn((await kit.state(1)).alerts)).toBe(0);
  });

  test('whose rule is gone is filed anew, perhaps in another group', async () => {
    await kit.arrives([signal('a'), signal('b', 'stt')]);
    kit.rule(
      rule({ name: 'other', match: { sources: [], labels: { service: ['tts'] } }, groupBy: ['severity'] }),
    );
    await kit.settles();
    expect(await kit.outcomes()).toEqual(['a firing: opened INC-1', 'b firing: unmatched']);
    expect(Object.values((await kit.state(1)).alerts ?? {})).toMatchObject([
      { key: 'severity=critical', rule: 'other' },
    ]);
  });
});

test('where tocsin.yml has no rules any more, what began ends all the same, and what waited is let go', async () => {
  const slow = rule({ name: 'slow', match: { sources: [], labels: { service: ['stt'] } }, forMs: 5 * MIN });
  kit.rule(slow, rule({ resolve: 'auto' }));
  const since = kit.world
    .now()
    .toISOString()
    .replace(/\.\d+Z$/, 'Z');
  await kit.arrives([signal('a'), signal('b', 'stt', { since })]);
  await kit.settles();
  kit.rule();
  await kit.arrives([over('a'), signal('c')]);
  await kit.winds(5 * MIN);
  await kit.settles();
  expect(await kit.outcomes()).toEqual([
    ...['a firing: opened INC-1', 'b firing: unmatched', 'a resolved: attached INC-1', 'c firing: unmatched'],
  ]);
  // Nobody says any more that it is to be resolved by itself.
  expect(await kit.state(1)).toMatchObject({ status: 'investigating' });
  expect(firingIn((await kit.state(1)).alerts)).toBe(0);
  expect(await kit.due()).toEqual([]);
});

describe('an incident of alerts', () => {
  test('is resolved when none of them fires any more, where all their rules say so', async () => {
    kit.rule(rule({ resolve: 'auto' }));
    await kit.arrives([signal('a'), signal('b')]);
    await kit.settles();
    await kit.arrives([over('a')]);
    await kit.settles();
    expect((await kit.state(1)).status).toBe('investigating');
    await kit.arrives([over('b')]);
    await kit.settles();
    expect((await kit.state(1)).status).toBe('resolved');
    await kit.arrives([signal('a', 'tts', { since: at('05:00:00') })]);
    await kit.settles();
    expect(await kit.incidents()).toEqual([1, 2]);
  });

  test('stays open while a run is under way: its end is for whoever asked for it to see', async () => {
    kit.rule(rule({ resolve: 'auto' }));
    await kit.arrives([signal('a')]);
    await kit.settles();
    const run = { runbook: 'r', definition: 'd', inputs: '{}', target: 't', planOnly: false };
    await kit.says({ type: 'ProposeRun', ...run }, 1);
    await kit.arrives([over('a')]);
    await kit.settles();
    expect(await kit.state(1)).toMatchObject({ status: 'investigating' });
    expect(await kit.outcomes()).toEqual(['a firing: opened INC-1', 'a resolved: attached INC-1']);
  });

  test('stays as it is where another group of it fires, or where one rule only suggests it', async () => {
    const mixed = [
      rule({ name: 'auto', match: { sources: [], labels: { service: ['tts'] } }, resolve: 'auto' }),
      rule({ name: 'suggest' }),
    ];
    kit.rule(...mixed);
    await kit.arrives([signal('a')]);
    await kit.arrives([signal('b', 'stt')]);
    await kit.settles();
    const two = (await kit.state(1)).alerts?.[groupOf()] ? 2 : 1;
    await kit.says({ type: 'MoveAlerts', group: groupOf('stt'), to: 3 - two }, two);
    await kit.settles();
    await kit.arrives([over('a'), over('b', 'stt')]);
    await kit.settles();
    const state = await kit.state(3 - two);
    expect(firingIn(state.alerts)).toBe(0);
    expect(state.status).toBe('investigating');
  });
});

test('nothing that only members of a private incident may read is recorded in a public one of the same labels', async () => {
  kit.rule(rule());
  await kit.arrives([signal('seen')]);
  await kit.settles();
  kit.rule(rule({}, { private: true }));
  await kit.arrives([signal('hidden')]);
  await kit.settles();
  expect(await kit.outcomes()).toEqual(['seen firing: opened INC-1', 'hidden firing: opened INC-2']);
  expect((await kit.state(2)).private).toBe(true);
  expect(JSON.stringify(await kit.alerts(1))).not.toContain('hidden');
});

describe('an incident with alerts that is merged into another', () => {
  const merge = (incident: number, to: number) =>
    kit.says({ type: 'MergeIncident', to, reason: null, leavePublic: false }, incident);
  /** Where each group is at home, with how many of its alerts fire there. */
  const firingOf = async (incident: number) => {
    const { alerts = {} } = await kit.state(incident);
    return Object.fromEntries(
      Object.values(alerts).map(({ key, firing, moved }) => [key, moved ? `to INC-${moved.to}` : firing]),
    );
  };

  test('what monitoring says next of it, ends too, is recorded where it goes on, however often that is; both records are kept', async () => {
    kit.rule(rule({ resolve: 'auto' }));
    for (const [alert, service] of [
      ['a', 'tts'],
      ['b', 'stt'],
      ['c', 'web'],
    ] as const) {
      await kit.arrives([signal(alert, service)]);
      await kit.settles();
    }
    await merge(2, 1);
    // Between the merge and the move nothing opens another incident.
    await kit.arrives([signal('b2', 'stt')]);
    await kit.settles();
    expect(await firingOf(1)).toEqual({ 'service=tts': 1, 'service=stt': 2 });
    expect(await firingOf(2)).toEqual({ 'service=stt': 'to INC-1' });
    expect(await kit.alerts(2)).toMatchObject([
      { detail: { alert: kit.idOf('b') }, until: null },
      { detail: { moved: 'to', other: 'INC-1' } },
    ]);
    expect(await kit.state(2)).toMatchObject({ status: 'resolved', links: [{ how: 'into', other: 1 }] });

    await merge(1, 3);
    await kit.settles();
    await kit.arrives([over('b', 'stt'), signal('d', 'tts')]);
    await kit.settles();
    expect(await firingOf(3)).toEqual({ 'service=web': 1, 'service=tts': 2, 'service=stt': 1 });
    expect(await kit.incidents()).toEqual([1, 2, 3]);
    expect((await kit.shows()).map(({ incident }) => incident)).toContain(3);

    await kit.arrives([over('a'), over('d'), over('b2', 'stt'), over('c', 'web')]);
    await kit.settles();
    // All its rules say so, those of what came with the merges too.
    expect(await kit.state(3)).toMatchObject({ status: 'resolved' });
    expect(await firingOf(3)).toEqual({ 'service=web': 0, 'service=tts': 0, 'service=stt': 0 });
    expect(await kit.logged).toEqual([]);
  });

  test('taken back, its alerts stay where they went, until somebody brings them back', async () => {
    await kit.arrives([signal('a')]);
    await kit.arrives([signal('b', 'stt')]);
    await kit.settles();
    const one = (await kit.state(1)).alerts?.[groupOf('stt')] ? 1 : 2;
    await merge(one, 3 - one);
    await kit.settles();
    await kit.says({ type: 'ReopenIncident', reason: 'it was another' }, one);
    await kit.arrives([signal('b2', 'stt')]);
    await kit.settles();
    expect(await firingOf(3 - one)).toEqual({ 'service=tts': 1, 'service=stt': 2 });
    await moves(3 - one, one, groupOf('stt'));
    await kit.arrives([over('b', 'stt')]);
    await kit.settles();
    expect(await firingOf(one)).toEqual({ 'service=stt': 1 });
    expect(await firingOf(3 - one)).toEqual({ 'service=tts': 1, 'service=stt': `to INC-${one}` });
  });
});

describe('a group that a person moves', () => {
  test('is in the other incident from then on, with what fires', async () => {
    const other = await kit.says(
      {
        type: 'OpenIncident',
        title: 'Ours',
        severity: null,
        components: [],
        private: false,
        drill: false,
        moment: null,
      },
      null,
    );
    await kit.arrives([signal('a'), signal('b'), over('b')]);
    await kit.settles();
    await moves(other + 1, other);
    await kit.arrives([signal('c'), over('a')]);
    await kit.settles();
    // Beside the line that they came from elsewhere.
    const alerts = (await kit.alerts(other)).filter(({ detail }) => detail.alert !== undefined);
    expect(alerts.map(({ detail, until }) => [detail.alert, until])).toEqual([
      [kit.idOf('a'), at('02:02:00')],
      [kit.idOf('c'), null],
    ]);
    expect(await kit.outcomes()).toEqual([
      ...['a firing: opened INC-1', 'b firing: attached INC-2', 'b resolved: attached INC-2'],
      ...['c firing: attached INC-1', 'a resolved: attached INC-1'],
    ]);
  });

  test('into one of its own has it, as hidden as the first, and whoever said so is in it', async () => {
    const group = groupId(`private ${keyOf()}`);
    kit.rule(rule({}, { private: true }));
    await kit.arrives([signal('a')]);
    await kit.settles();
    kit.rule(rule({}, { private: false }));
    await moves(1, null, group);
    await kit.settles();
    expect(await kit.incidents()).toEqual([1, 2]);
    const state = await kit.state(2);
    expect(state).toMatchObject({
      private: true,
      title: 'a fails',
      members: expect.arrayContaining([ANA.id]),
    });
    expect(state.alerts?.[group]).toMatchObject({ firing: 1 });
    await kit.arrives([over('a')]);
    await kit.settles();
    expect((await kit.state(2)).alerts?.[group]).toMatchObject({ firing: 0 });
  });

  test('while its signals are being recorded takes them along', async () => {
    await kit.arrives([signal('a')]);
    await kit.settles();
    await kit.arrives([signal('b'), over('a')]);
    let moved = false;
    const tell: typeof kit.handle = async (intent, ...rest) => {
      if (intent.type === 'RecordAlert' && !moved) {
        moved = true;
        await moves(1, null);
      }
      return kit.handle(intent, ...rest);
    };
    await kit.visits(kit.laneOf(), { ...kit.world, tell });
    await kit.settles();
    expect(await kit.outcomes()).toEqual([
      ...['a firing: opened INC-2', 'b firing: attached INC-2', 'a resolved: attached INC-2'],
    ]);
    expect((await kit.state(2)).alerts?.[groupOf()]).toMatchObject({ firing: 1, alerts: 2 });
    // It is how things go, and no mistake.
    expect(kit.logged).toEqual([]);
  });

  test('and that comes back fires there no more than it does', async () => {
    kit.rule(rule({ resolve: 'auto' }));
    await kit.arrives([signal('a'), signal('b')]);
    await kit.settles();
    await moves(1, null);
    await kit.settles();
    await kit.arrives([over('a')]);
    await kit.settles();
    await moves(2, 1);
    await kit.settles();
    const alerts = (await kit.alerts(1)).filter(({ detail }) => detail.alert !== undefined);
    expect(alerts.map(({ detail, until }) => [detail.alert, until])).toEqual([
      [kit.idOf('a'), at('02:02:00')],
      [kit.idOf('b'), null],
    ]);
    expect((await kit.state(1)).alerts?.[groupOf()]).toMatchObject({ firing: 1, alerts: 2 });
    await kit.arrives([over('b')]);
    await kit.settles();
    expect((await kit.state(1)).status).toBe('resolved');
  });

  test('into one where another alert of it fires ends none of that', async () => {
    await kit.arrives([signal('a')]);
    await kit.settles();
    await kit.says({ type: 'ChangeStatus', status: 'resolved', moment: null, text: null }, 1);
    await kit.arrives([signal('b')]);
    await kit.settles();
    await kit.says({ type: 'ReopenIncident', reason: 'it fires still' }, 1);
    await moves(2, 1);
    await kit.settles();
    expect((await kit.state(1)).alerts?.[groupOf()]).toMatchObject({ firing: 2, alerts: 2 });
  });

  test('of which nothing fires any more is at home there all the same', async () => {
    await kit.arrives([signal('a'), over('a')]);
    await kit.settles();
    await moves(1, null);
    await kit.settles();
    await kit.arrives([signal('b')]);
    await kit.settles();
    expect((await kit.outcomes()).at(-1)).toBe('b firing: attached INC-2');
  });
});

describe('what cannot be done', () => {
  test('as the database is away is done when it is back, and nothing twice', async () => {
    await kit.arrives([signal('a'), signal('b')]);
    const away = async () => refuse('NOT_RECORDED', { why: 'the database does not answer' });
    await kit.visits(kit.laneOf(), { ...kit.world, tell: away });
    expect(await kit.outcomes()).toEqual(['a firing: waits', 'b firing: waits']);
    // The lane rests a moment.
    await kit.winds(2_000);
    await kit.settles();
    expect(await kit.incidents()).toEqual([1]);
    expect((await kit.alerts(1)).length).toBe(2);
  });

  test('of one alert holds up what is said of it later, and no other', async () => {
    await kit.arrives([signal('a'), signal('b'), over('b'), signal('c')]);
    const tell: typeof kit.handle = async (intent, ...rest) =>
      intent.type === 'RecordAlert' && intent.alert.id === kit.idOf('b')
        ? refuse('BAD_TEXT', { what: 'a NUL' })
        : kit.handle(intent, ...rest);
    await kit.visits(kit.laneOf(), { ...kit.world, tell });
    expect(await kit.outcomes()).toEqual([
      ...['a firing: opened INC-1', 'b firing: waits', 'b resolved: waits', 'c firing: attached INC-1'],
    ]);
    expect(kit.logged).toMatchObject([{ what: 'RecordAlert', code: 'BAD_TEXT' }]);
    await kit.winds(30_000);
    await kit.settles();
    expect((await kit.outcomes()).slice(1, 3)).toEqual([
      'b firing: attached INC-1',
      'b resolved: attached INC-1',
    ]);
  });

  test('as no incident can be opened is said, and tried again later', async () => {
    kit.rule(rule({}, { components: Array.from({ length: 99 }, (_, i) => `c${i}`) }));
    await kit.arrives([signal('a')]);
    await kit.settles();
    expect(await kit.outcomes()).toEqual(['a firing: waits']);
    expect(kit.logged).toMatchObject([{ what: 'OpenIncident', code: 'TOO_MANY' }]);
    kit.rule(rule());
    await kit.winds(30_000);
    await kit.settles();
    expect(await kit.outcomes()).toEqual(['a firing: opened INC-1']);
  });

  test('in one incident, begun by a worker that died, is finished in that one', async () => {
    kit.rule(
      rule({ name: 'slow', match: { sources: [], labels: { slow: ['yes'] } }, forMs: 5 * MIN }),
      rule(),
    );
    const now = kit.world
      .now()
      .toISOString()
      .replace(/\.\d+Z$/, 'Z');
    const slow = signal('slow', 'tts', { since: now });
    await kit.arrives([{ ...slow, labels: { ...slow.labels, slow: 'yes' } }, signal('quick')]);
    const tell: typeof kit.handle = async (intent, ...rest) => {
      if (intent.type === 'RecordAlert') throw new Error('killed');
      return kit.handle(intent, ...rest);
    };
    await kit.visits(kit.laneOf(), { ...kit.world, tell });
    // By then another one would be the first to open an incident.
    await kit.winds(5 * MIN);
    await kit.settles();
    expect(await kit.outcomes()).toEqual(['slow firing: attached INC-1', 'quick firing: opened INC-1']);
    expect(await kit.incidents()).toEqual([1]);
    expect((await kit.alerts(1)).length).toBe(2);
  });
});

test('a storm makes one incident of each group, and has each alert once on a timeline, whoever dies meanwhile', async () => {
  const services = Array.from({ length: 8 }, (_, i) => `s${i}`);
  const storm = Array.from({ length: 5_000 }, (_, i) => signal(`alert ${i}`, services[i % 8]));
  for (let i = 0; i < storm.length; i += 50) {
    const delivery = { delivery: `storm ${i}` };
    void kit.arrives(storm.slice(i, i + 50), delivery);
    await kit.arrives(storm.slice(i, i + 50), delivery);
    // Several workers are at it, and each is killed now and then.
    if (i % 1_000 === 0) {
      let left = 20;
      const tell: typeof kit.handle = async (...asked) => {
        const answer = await kit.handle(...asked);
        if (--left <= 0) throw new Error('killed');
        return answer;
      };
      const due = await kit.due();
      await Promise.all(
        due.flatMap((lane) => [
          kit.visits(lane, { ...kit.world, tell }, 'one').catch(() => undefined),
          kit.visits(lane, kit.world, 'two').catch(() => undefined),
        ]),
      );
      await kit.leasesEnd();
    }
  }
  await kit.settles();
  const incidents = await kit.incidents();
  expect(incidents.length).toBe(8);
  const seen: string[] = [];
  for (const incident of incidents) {
    const alerts = await kit.alerts(incident);
    seen.push(...alerts.map(({ detail }) => String(detail.alert)));
    const { alerts: groups = {} } = await kit.state(incident);
    expect(Object.values(groups)).toMatchObject([{ alerts: alerts.length, firing: alerts.length }]);
  }
  expect(seen.length).toBe(5_000);
  expect(new Set(seen)).toEqual(new Set(storm.map(({ alert }) => kit.idOf(alert))));
  expect((await kit.outcomes()).filter((one) => one.includes('opened')).length).toBe(8);
});

test('two workers on one lane do it once', async () => {
  await kit.arrives([signal('a'), signal('b')]);
  await Promise.all([kit.visits(kit.laneOf(), kit.world, 'one'), kit.visits(kit.laneOf(), kit.world, 'two')]);
  await kit.settles();
  expect(await kit.incidents()).toEqual([1]);
  expect((await kit.alerts(1)).length).toBe(2);
});

test('texts that are erased are gone from what the sender said too', async () => {
  await kit.arrives([signal('a', 'tts', { text: 'a name' })]);
  await kit.settles();
  const { rows } = await kit.client.query<{ seq: number }>("select seq from fact where type = 'AlertFired'");
  await kit.store.eraseTexts(
    { unseal, evolve, entryOf, amendmentOf },
    { team: TEAM, incident: 1, seq: rows[0]?.seq ?? 0 },
    ['text'],
  );
  const [kept] = (await kit.store.signals.ids(TEAM, [signalId('prometheus', signal('a'))])).values();
  expect(kept).toMatchObject({ title: '', text: null, labels: {}, key: '', alertId: kit.idOf('a') });
  // Its end finds it all the same.
  await kit.arrives([over('a')]);
  await kit.settles();
  expect((await kit.outcomes()).at(-1)).toBe('a resolved: attached INC-1');
});

test('the record has all links of an alert, and what its newest firing says; that can be erased too', async () => {
  const links = [
    { title: 'Query', url: 'https://prometheus.example/graph' },
    { title: 'Runbook', url: 'https://wiki.example/tts' },
  ];
  await kit.arrives([signal('a', 'tts', { links, values: { rate: '0.19' } })]);
  await kit.arrives([over('a')]);
  const again = { since: at('02:10:00'), values: { rate: '0.7' }, text: 'a name' };
  await kit.arrives([signal('a', 'tts', again)]);
  await kit.settles();
  const said = async () => (await kit.alerts(1))[0]?.detail;
  expect(await said()).toMatchObject({
    links: { Query: 'https://prometheus.example/graph', Runbook: 'https://wiki.example/tts' },
    ...{ values: { rate: '0.7' }, about: 'a name', times: 2 },
  });
  const { rows } = await kit.client.query<{ seq: number }>(
    "select seq from fact where type = 'AlertChanged' order by seq desc limit 1",
  );
  const place = { team: TEAM, incident: 1, seq: rows[0]?.seq ?? 0 };
  expect(await kit.store.eraseTexts({ unseal, evolve, entryOf, amendmentOf }, place, ['text'])).toBe(1);
  expect(await said()).toMatchObject({ about: null, values: { rate: '0.7' } });
  expect((await kit.client.query("select from signal where body::text like '%a name%'")).rowCount).toBe(0);
});

test('what a sender says again after it was erased can be erased again', async () => {
  const said = { text: 'a name', labels: { service: 'tts', who: 'a name' } };
  await kit.arrives([signal('a', 'tts', said)]);
  await kit.settles();
  const { rows } = await kit.client.query<{ seq: number }>("select seq from fact where type = 'AlertFired'");
  const erase = (field: string) =>
    kit.store.eraseTexts(
      { unseal, evolve, entryOf, amendmentOf },
      { team: TEAM, incident: 1, seq: rows[0]?.seq ?? 0 },
      [field],
    );
  const holding = async () =>
    (await kit.client.query("select from signal where body::text like '%a name%'")).rowCount;
  expect(await erase('text')).toBe(1);
  expect(await erase('text')).toBe(0);
  await kit.arrives([over('a', 'tts', said)]);
  await kit.settles();
  expect(await holding()).toBe(1);
  expect(await erase('text')).toBe(1);
  expect(await holding()).toBe(0);
  expect(await erase('text')).toBe(0);
});

test('of what is recorded in no incident, nothing stays that its sender wrote', async () => {
  kit.rule(rule({ match: { sources: [], labels: { service: ['stt'] } } }));
  const said = { text: 'canary', labels: { service: 'tts', who: 'canary' }, values: { of: 'canary' } };
  await kit.arrives([signal('a', 'tts', said)]);
  await kit.settles();
  kit.rule(rule());
  await kit.arrives([signal('b', 'tts', said)]);
  await kit.settles();
  await kit.arrives([signal('b', 'tts', { ...said, since: at('01:44:00') })]);
  await kit.settles();
  expect(await kit.outcomes()).toEqual([
    ...['a firing: unmatched', 'b firing: opened INC-1', 'b firing: repeated INC-1'],
  ]);
  const { rows } = await kit.client.query<{ outcome: string; canaries: boolean; key: string }>(
    "select outcome, body::text like '%canary%' as canaries, key from signal order by n",
  );
  expect(rows).toEqual([
    { outcome: 'unmatched', canaries: false, key: '' },
    { outcome: 'opened', canaries: true, key: 'service=tts' },
    { outcome: 'repeated', canaries: false, key: '' },
  ]);
});

describe('alerts that have no labels at all', () => {
  const settings = (rules: string) => `
  sources:
    am: { type: alertmanager, secrets: [secret:am-token] }
    js: { type: json, secrets: [secret:am-token], members: { alert: /id, status: /status, since: /since } }
  rules:
    - ${rules}
`;
  const since = '2024-11-10T01:43:00Z';
  const plain = { status: 'firing', startsAt: since, endsAt: '0001-01-01T00:00:00Z' };
  const bodies: Array<[path: string, body: unknown]> = [
    ['/am', alertmanagerBody([{ ...plain, fingerprint: 'empty', labels: {} }])],
    ['/am', alertmanagerBody([{ ...plain, fingerprint: 'absent' }])],
    ['/am', alertmanagerBody([plain])],
    ['/js', { id: 'bare', status: 'firing', since }],
  ];
  /** They come over HTTP, and are settled. @returns the answers */
  async function hears(rules: string): Promise<unknown[]> {
    const ports = { signals: kit.store.signals, tell: kit.handle, before: kit.before };
    const hooks = await hooked(settings(rules), { ...ports, now: kit.world.now });
    try {
      kit.rule(...hooks.ports.settings().rules);
      const answers = [];
      for (const [path, body] of bodies) {
        const { status, body: said } = await hooks.post(path, body, {
          authorization: `Bearer ${KEPT['am-token']}`,
        });
        answers.push([status, said.rules]);
        await kit.settles();
      }
      return answers;
    } finally {
      await hooks.close();
    }
  }

  test('are filed by a rule that matches everything, and recorded under what they are called', async () => {
    const rules = '{ name: all, group_by: [service], open: { title: "{{ labels.service }}" } }';
    expect(await hears(rules)).toEqual(Array(4).fill([202, { all: 1 }]));
    expect((await kit.outcomes()).map((one) => one.replace(/^.* firing/, 'firing'))).toEqual([
      ...[
        'firing: opened INC-1',
        'firing: attached INC-1',
        'firing: attached INC-1',
        'firing: attached INC-1',
      ],
    ]);
    expect(await kit.state(1)).toMatchObject({
      ...{ title: 'empty', alerts: { [groupId('service=')]: { key: 'service=', firing: 4, alerts: 4 } } },
      milestones: { detected: { at: since } },
    });
    const entries = await kit.alerts(1);
    expect(entries.map(({ text }) => text)).toEqual(['empty', 'absent', expect.stringMatching(/\S/), 'bare']);
    expect(entries.map(({ detail }) => [detail.key, detail.labels])).toEqual(
      Array(4).fill(['service=', undefined]),
    );
  });

  test.each([
    ['tts', '(none)', ['unmatched', 'unmatched', 'unmatched', 'unmatched']],
    ['*', 'one', ['opened INC-1', 'attached INC-1', 'attached INC-1', 'attached INC-1']],
  ])('match where an empty label does: “%s” is for %s', async (pattern, by, outcomes) => {
    const rules = `{ name: one, match: { labels: { service: "${pattern}" } }, group_by: [service], open: {} }`;
    expect(await hears(rules)).toEqual(Array(4).fill([202, { [by]: 1 }]));
    expect((await kit.outcomes()).map((one) => one.replace(/^.* firing: /, ''))).toEqual(outcomes);
  });
});
