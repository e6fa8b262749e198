import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { AlertWorld } from '#alerts/settle.js';
import { firingIn } from '#domain/alert/state.js';
import { chanceOf } from '../support/chance.js';
import { groupOf, type Kit, over, rule, signal, startKit } from './settle-kit.js';

// Somebody resolves the incident in the moment in which an alert is recorded in it.

let kit: Kit;
beforeEach(async () => {
  kit = await startKit();
});
afterEach(() => kit.stop());

const resolves = (incident: number) =>
  kit.says({ type: 'ChangeStatus', status: 'resolved', moment: null, text: null }, incident);

/** Somebody is quicker than the `nth` record of an alert. */
function quicker(nth: number, does: (incident: number) => Promise<unknown>): AlertWorld {
  let count = 0;
  return {
    ...kit.world,
    tell: async (intent, target, asking) => {
      if (intent.type === 'RecordAlert' && ++count === nth) await does(target ?? 0);
      return kit.handle(intent, target, asking);
    },
  };
}

/** Alerts of an incident, as `alert fires` or `alert ended`. */
async function alertsOf(incident: number): Promise<string[]> {
  const names = new Map(['a', 'b', 'c'].map((alert) => [kit.idOf(alert), alert]));
  const entries = await kit.alerts(incident);
  return entries
    .filter(({ detail }) => detail.alert !== undefined)
    .map(({ detail }) => `${names.get(String(detail.alert))} ${detail.firing ? 'fires' : 'ended'}`)
    .sort();
}

test('what begins then opens another, and the message of its group is shown there', async () => {
  await kit.arrives([signal('a')]);
  await kit.settles();
  await kit.arrives([signal('b'), signal('c')]);
  await kit.visits(kit.laneOf(), quicker(1, resolves));
  await kit.settles();
  expect(await kit.outcomes()).toEqual([
    ...['a firing: opened INC-1', 'b firing: opened INC-2', 'c firing: attached INC-2'],
  ]);
  expect([await alertsOf(1), await alertsOf(2)]).toEqual([['a fires'], ['b fires', 'c fires']]);
  // In the first once more, because it was resolved.
  expect(await kit.shows()).toEqual([
    { incident: 1, count: 2 },
    { incident: 2, count: 1 },
  ]);
  expect(await kit.due()).toEqual([]);
  // It is how things go, and no mistake.
  expect(kit.logged).toEqual([]);
});

test('what ends then ends there; and what fires again after that opens another', async () => {
  await kit.arrives([signal('a'), signal('b')]);
  await kit.settles();
  const again = signal('a', 'tts', { since: '2024-11-10T02:30:00Z' });
  await kit.arrives([over('a'), again, over('b')]);
  await kit.visits(kit.laneOf(), quicker(1, resolves));
  await kit.settles();
  expect((await kit.outcomes()).slice(2)).toEqual([
    ...['a resolved: attached INC-1', 'a firing: opened INC-2', 'b resolved: attached INC-1'],
  ]);
  expect([await alertsOf(1), await alertsOf(2)]).toEqual([['a ended', 'b ended'], ['a fires']]);
});

test('the alert that opened it is recorded there all the same, and the others open another', async () => {
  await kit.arrives([signal('a'), signal('b'), over('b'), signal('c')]);
  await kit.visits(kit.laneOf(), quicker(1, resolves));
  await kit.settles();
  expect(await kit.outcomes()).toEqual([
    ...['a firing: opened INC-1', 'b firing: opened INC-2', 'b resolved: attached INC-2'],
    'c firing: attached INC-2',
  ]);
  expect([await alertsOf(1), await alertsOf(2)]).toEqual([['a fires'], ['b ended', 'c fires']]);
  expect(await kit.incidents()).toEqual([1, 2]);
});

test('it fires again in that moment: that opens another, and the first firing stays where it was', async () => {
  const again = signal('a', 'tts', { since: '2024-11-10T02:30:00Z' });
  await kit.arrives([signal('a'), over('a'), again]);
  await kit.visits(kit.laneOf(), quicker(3, resolves));
  await kit.settles();
  expect(await kit.outcomes()).toEqual([
    ...['a firing: opened INC-1', 'a resolved: attached INC-1', 'a firing: opened INC-2'],
  ]);
  expect(kit.logged).toEqual([]);
});

test('and also where the worker that opened it died before, and it was resolved meanwhile', async () => {
  await kit.arrives([signal('a'), signal('b')]);
  const tell: typeof kit.handle = async (intent, ...rest) => {
    if (intent.type === 'RecordAlert') throw new Error('killed');
    return kit.handle(intent, ...rest);
  };
  await kit.visits(kit.laneOf(), { ...kit.world, tell });
  await resolves(1);
  await kit.leasesEnd();
  await kit.settles();
  expect(await kit.outcomes()).toEqual(['a firing: opened INC-1', 'b firing: opened INC-2']);
  expect([await alertsOf(1), await alertsOf(2)]).toEqual([['a fires'], ['b fires']]);
});

test('what a person brings to it is at home there', async () => {
  await kit.arrives([signal('a')]);
  await kit.settles();
  await kit.says({ type: 'MoveAlerts', group: groupOf(), to: null }, 1);
  await kit.visits(kit.laneOf(), quicker(1, resolves));
  await kit.settles();
  expect(await alertsOf(2)).toEqual(['a fires']);
  await kit.arrives([over('a')]);
  await kit.settles();
  expect(firingIn((await kit.state(2)).alerts)).toBe(0);
});

test('whenever that is: each firing is in one incident, with its end, and none is begun in a resolved one', async () => {
  const random = chanceOf('alerts raced by people');
  kit.rule(rule({ resolve: 'auto' }));
  const fires = new Set<string>();
  let minute = 0;
  for (let round = 0; round < 12; round++) {
    const said = Array.from({ length: 1 + random.below(6) }, () => {
      const alert = random.pick(['a', 'b', 'c']) ?? 'a';
      const since = new Date(Date.parse('2024-11-10T03:00:00Z') + ++minute * 60_000)
        .toISOString()
        .slice(0, 19);
      if (fires.delete(alert)) return over(alert, 'tts', { until: `${since}Z` });
      fires.add(alert);
      return signal(alert, 'tts', { since: `${since}Z` });
    });
    await kit.arrives(said);
    const resolving = quicker(1 + random.below(4), async (incident) => {
      const { status } = await kit.state(incident);
      if (status !== 'resolved') await resolves(incident);
    });
    await kit.visits(kit.laneOf(), resolving);
    await kit.settles();
  }
  await kit.arrives([...fires].map((alert) => over(alert, 'tts', { until: '2024-11-11T00:00:00Z' })));
  await kit.settles();
  expect((await kit.outcomes()).filter((one) => /waits|short|repeated/.test(one))).toEqual([]);
  const incidents = await kit.incidents();
  expect((await kit.outcomes()).filter((one) => one.includes('opened')).length).toBe(incidents.length);
  for (const incident of incidents) {
    expect(firingIn((await kit.state(incident)).alerts)).toBe(0);
    const { rows } = await kit.client.query<{
      key: string;
      type: string;
      does: string;
      until: string | null;
    }>(
      `select key, type, body::json -> 'data' ->> 'does' as does, body::json -> 'data' ->> 'until' as until
       from fact where incident = $1 order by seq`,
      [incident],
    );
    const opened = rows[0]?.key.replace(/:open$/, '');
    const resolved = rows.findIndex(({ type }) => type === 'StatusChanged');
    const begun = rows
      .slice(resolved)
      .filter(({ type, does, until }) => (type === 'AlertFired' && until === null) || does === 'fired');
    // Only what had opened it begins there, where that was still to be recorded.
    expect(resolved).toBeGreaterThan(0);
    expect(begun.filter(({ key }) => key !== opened)).toEqual([]);
  }
  expect(kit.logged).toEqual([]);
});
