import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { AlertWorld } from '#alerts/settle.js';
import { ANA, groupOf, type Kit, over, rule, signal, startKit, TEAM } from './settle-kit.js';

let kit: Kit;
beforeAll(async () => {
  kit = await startKit();
  kit.rule(rule({ resolve: 'auto' }, { people: [ANA.id] }));
});
afterAll(() => kit.stop());

/**
 * A worker that dies like a killed process: its `n`-th dealing with the world happens, but it never hears of it. From then on
 * nothing it does reaches anybody.
 */
function mortal(world: AlertWorld, n: number): { world: AlertWorld; died(): boolean } {
  let left = n;
  let dead = false;
  const dealing =
    (deal: (...args: never[]) => Promise<unknown>) =>
    async (...args: never[]) => {
      if (dead) throw new Error('dead men tell no tales');
      left -= 1;
      if (left > 0) return deal(...args);
      dead = true;
      await deal(...args);
      throw new Error('killed');
    };
  const all = <T extends object>(of: T): T =>
    Object.fromEntries(Object.entries(of).map(([name, deal]) => [name, dealing(deal)])) as T;
  const { outbox, signals, rules, now, log, ...others } = world;
  return {
    died: () => dead,
    world: { ...all(others), outbox: all(outbox), signals: all(signals), rules, now, log },
  };
}

/** How often each type of fact stands in an incident, but for what the alerts of it are. */
async function facts(incident: number): Promise<Record<string, number>> {
  const { rows } = await kit.client.query<{ type: string; count: number }>(
    'select type, count(*)::int as count from fact where incident = $1 group by type',
    [incident],
  );
  return Object.fromEntries(rows.map(({ type, count }) => [type, count]));
}

async function outcomes(service: string): Promise<string[]> {
  const { rows } = await kit.client.query<{ said: string }>(
    `select split_part(body ->> 'alert', ' ', 1) || ' ' || status || ': ' || coalesce(outcome, 'waits') as said from signal
     where grp = $1 order by n`,
    [groupOf(service)],
  );
  return rows.map(({ said }) => said);
}

/** Has a worker killed at each of its dealings, every time in another group. @returns at how many */
async function killedAtEach(
  name: string,
  owing: (service: string) => Promise<void>,
  expectDone: (service: string) => Promise<void>,
): Promise<number> {
  for (let n = 1; ; n++) {
    const service = `${name}${n}`;
    await owing(service);
    const its = mortal(kit.world, n);
    await kit.visits(kit.laneOf(service), its.world).catch(() => undefined);
    await kit.leasesEnd();
    await kit.settles();
    await expectDone(service).catch((error: unknown) => {
      throw new Error(`killed at dealing ${n}: ${String(error)}`);
    });
    if (!its.died()) return n;
  }
}

const incidentsOf = async (service: string) => {
  const all = await kit.store.incidents.list(TEAM, { limit: 10_000 });
  return all.filter(({ alerts }) => alerts?.[groupOf(service)]).map(({ number }) => number);
};

test('a worker killed at any of its dealings opens one incident, and records each alert once', async () => {
  const count = await killedAtEach(
    'opens',
    async (service) => {
      await kit.arrives([
        signal(`a ${service}`, service),
        signal(`b ${service}`, service),
        over(`b ${service}`, service),
      ]);
      await kit.arrives([signal(`b ${service}`, service, { since: '2024-11-10T03:00:00Z' })]);
    },
    async (service) => {
      expect(await outcomes(service)).toEqual([
        ...['a firing: opened', 'b firing: attached', 'b resolved: attached', 'b firing: attached'],
      ]);
      const [incident = 0, ...others] = await incidentsOf(service);
      expect(others).toEqual([]);
      expect(await facts(incident)).toEqual({
        ...{ IncidentOpened: 1, PeopleInvited: 1, AlertFired: 2, AlertChanged: 2 },
      });
      expect((await kit.shows()).find((one) => one.incident === incident)?.count).toBeGreaterThan(0);
      expect(await kit.store.signals.firingCount(TEAM, groupOf(service))).toBe(2);
    },
  );
  // As many incidents as rounds, so none of them was opened beside another.
  expect((await kit.incidents()).length).toBe(count);
  expect(count).toBeGreaterThan(15);
});

test('nor does one that moves a group, records its ends, and resolves its incident', async () => {
  const began = (await kit.incidents()).length;
  const count = await killedAtEach(
    'moves',
    async (service) => {
      await kit.arrives([signal(`a ${service}`, service), signal(`b ${service}`, service)]);
      await kit.settles();
      const [incident = 0] = await incidentsOf(service);
      await kit.says({ type: 'MoveAlerts', group: groupOf(service), to: null }, incident);
      await kit.arrives([over(`a ${service}`, service), over(`b ${service}`, service)]);
    },
    async (service) => {
      expect(await outcomes(service)).toEqual([
        ...['a firing: opened', 'b firing: attached', 'a resolved: attached', 'b resolved: attached'],
      ]);
      const [own = 0, first = 0, ...others] = await incidentsOf(service);
      expect(others).toEqual([]);
      expect(await facts(first)).toEqual({
        ...{ IncidentOpened: 1, PeopleInvited: 1, AlertFired: 2, AlertsMoved: 1 },
      });
      expect(await facts(own)).toEqual({
        ...{
          IncidentOpened: 1,
          PeopleInvited: 1,
          AlertsTaken: 1,
          AlertFired: 2,
          AlertChanged: 2,
          StatusChanged: 1,
        },
      });
      expect((await kit.state(own)).status).toBe('resolved');
      expect(await kit.store.signals.firingCount(TEAM, groupOf(service))).toBe(0);
    },
  );
  expect((await kit.incidents()).length).toBe(began + 2 * count);
  expect(count).toBeGreaterThan(25);
});
