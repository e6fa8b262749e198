import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Gate } from '#deliver/attempt.js';
import { alertId } from '#domain/alert/signal.js';
import { alert, GROUP } from '../domain/alert/given.js';
import { BO, type Kit, startKit } from './kit.js';
import { mortal } from './mortal.js';

let kit: Kit;
beforeAll(async () => {
  kit = await startKit();
});
beforeEach(() => kit.act('fault/clear', {}));
afterAll(() => kit.stop());

const MONITORING = { id: 'alerts:prometheus', name: null };
const hears = (incident: number, name: string, more: Parameters<typeof alert>[0] = {}) =>
  kit.says(
    {
      type: 'RecordAlert',
      alert: alert({ id: alertId('prometheus', { alert: name }), title: name, ...more }),
    },
    incident,
    MONITORING,
    { source: 'alerts' },
  );
const ends = { status: 'resolved', until: '2024-11-10T01:50:00Z' } as const;
const shows = (incident: number) => kit.owes(incident, { kind: 'alerts.show', payload: { group: GROUP } });

/** An incident whose channel stands, opened by an alert that is shown there. */
async function alerted(title: string): Promise<number> {
  const incident = await kit.opens(title);
  await kit.pays(incident);
  await hears(incident, 'TtsFailing');
  await shows(incident);
  await kit.pays(incident);
  return incident;
}
const shown = async (incident: number) =>
  (await kit.said(incident)).filter((one) => JSON.stringify(one.blocks ?? '').includes('service=tts'));

describe('the message of a group of alerts', () => {
  test('is posted once and kept up to date, one update for however many rows', async () => {
    const incident = await alerted('Shown');
    const [first] = await shown(incident);
    expect(first?.text).toBe('An alert fires: `service=tts` TtsFailing');
    const before = (await kit.calls('chat.update')).length;
    for (let i = 0; i < 30; i++) {
      await hears(incident, `Node${i}`, { since: '2024-11-10T01:44:00Z' });
      await shows(incident);
    }
    await kit.pays(incident);
    expect(await kit.calls('chat.update')).toHaveLength(before + 1);
    const now = await shown(incident);
    expect(now.map(({ ts }) => ts)).toEqual([first?.ts]);
    expect(now[0]?.text).toBe('31 of 31 alerts fire: `service=tts` Node29, Node28, Node27');
    expect((await kit.state(incident)).alerts?.[GROUP]?.message).toMatchObject({ ts: first?.ts, times: 1 });
    // An alert is a line of the timeline, and no message of its own.
    expect((await kit.said(incident)).filter(({ text }) => text.includes('Node3'))).toHaveLength(0);
  });

  test('says when all have ended, and offers nothing once the incident is resolved', async () => {
    const incident = await alerted('Ends');
    await hears(incident, 'TtsFailing', ends);
    await shows(incident);
    await kit.pays(incident);
    expect(JSON.stringify((await shown(incident))[0])).toContain('alerts:resolve');
    await kit.says({ type: 'ChangeStatus', status: 'resolved', moment: null, text: null }, incident, BO);
    await kit.pays(incident);
    expect((await shown(incident))[0]?.text).toBe('The alert has ended: `service=tts` TtsFailing');
    expect(JSON.stringify((await shown(incident))[0])).not.toContain('alerts:');
  });

  test('one that fires again shows what is measured now', async () => {
    const incident = await alerted('Again');
    expect(JSON.stringify((await shown(incident))[0])).toContain('rate=0.19');
    await hears(incident, 'TtsFailing', ends);
    const links = [{ title: 'Runbook', url: 'https://wiki.example/tts' }];
    await hears(incident, 'TtsFailing', { since: '2024-11-10T01:55:00Z', values: { rate: '0.7' }, links });
    await shows(incident);
    await kit.winds(1_100);
    await kit.pays(incident);
    const said = JSON.stringify((await shown(incident))[0]);
    expect(said).toContain('rate=0.7');
    expect(said).not.toContain('rate=0.19');
  });

  test('at most once a second', async () => {
    const incident = await alerted('Often');
    await kit.winds(1_100);
    const gate = new Gate(kit.world.now);
    const before = (await kit.calls('chat.update')).length;
    for (let i = 0; i < 5; i++) {
      await shows(incident);
      await kit.visits(incident, gate);
    }
    expect(await kit.calls('chat.update')).toHaveLength(before + 1);
    await kit.pays(incident);
  });

  test.each(['drop', 'cut', 'http500', 'ratelimit'])(
    '%s while posting: one message all the same',
    async (kind) => {
      const incident = await kit.opens('Lost');
      await kit.pays(incident);
      await hears(incident, 'TtsFailing');
      await shows(incident);
      await kit.fault('chat.postMessage', kind);
      await kit.pays(incident);
      expect(await shown(incident)).toHaveLength(1);
    },
  );

  test('deleted by somebody it is posted once more, and then no more', async () => {
    const incident = await alerted('Deleted');
    const posts = async () =>
      (await kit.calls('chat.postMessage')).filter(({ args }) => String(args.text).includes('service=tts'))
        .length;
    const before = await posts();
    for (const more of [1, 1]) {
      await kit.winds(1_100);
      await kit.fault('chat.update', 'error', 'message_not_found');
      await shows(incident);
      await kit.pays(incident);
      expect(await posts()).toBe(before + more);
    }
    expect((await kit.rows(incident)).filter(({ dead }) => dead)).toEqual([]);
  });

  test('of a group that was moved says where to', async () => {
    const incident = await alerted('Moved');
    await kit.says({ type: 'MoveAlerts', group: GROUP, to: null }, incident, BO);
    await kit.client.query("update outbox set done_at = now() where kind = 'alerts.move'");
    await kit.pays(incident);
    expect((await shown(incident)).map(({ text }) => text)).toContain(
      'Alerts that have another incident now: `service=tts`',
    );
  });

  test('offers the runbook of its rule, and says that it is muted', async () => {
    const incident = await alerted('Offered');
    const until = new Date(Date.now() + 3_600_000);
    const world = {
      ...kit.world,
      alerts: {
        offer: (rule: string) => ({ name: `of-${rule}`, inputs: { from: 'a' } }),
        mutedUntil: async () => until,
      },
    };
    await shows(incident);
    await kit.winds(1_100);
    await kit.visits(incident, new Gate(kit.world.now), world);
    const said = JSON.stringify((await shown(incident))[0]);
    expect(said).toContain('Run of-tts-failing');
    expect(said).toContain('muted until');
    expect(said).toContain('Unmute');
  });

  test('a worker that is killed at any of its dealings leaves one message, as things stand', async () => {
    for (let n = 1, survived = false; !survived; n++) {
      const incident = await kit.opens('Killed');
      await kit.pays(incident);
      await kit.winds(1_100);
      await hears(incident, 'TtsFailing');
      await shows(incident);
      const gate = new Gate(kit.world.now);
      const its = mortal(kit.world, n);
      for (let visit = 0; visit < 10 && !its.died(); visit++) {
        const back = await kit.visits(incident, gate, its.world).catch(() => null);
        if (!back) break;
        await kit.winds(back.getTime() - kit.world.now().getTime() + 1);
      }
      survived = !its.died();
      await hears(incident, 'Another');
      await shows(incident);
      await kit.leaseEnds(incident);
      await kit.pays(incident);
      expect([n, (await shown(incident)).map(({ text }) => text)]).toEqual([
        n,
        ['2 of 2 alerts fire: `service=tts` Another, TtsFailing'],
      ]);
      expect((await kit.rows(incident)).filter(({ done, dead }) => dead || !done)).toEqual([]);
      if (survived) expect(n).toBeGreaterThan(5);
    }
  });
});

describe('what the record knows of alerts', () => {
  test('the open incident in which a group is at home, and none that is resolved or that it left', async () => {
    const { incidents } = kit.store;
    const group = 'fedcba9876543210';
    const here = async () => (await incidents.openWithGroup('T1', group))?.number ?? null;
    expect(await here()).toBeNull();
    const first = await kit.opens('First');
    await hears(first, 'x', { group, key: 'k' });
    expect(await here()).toBe(first);
    const second = await kit.opens('Second');
    await hears(second, 'x', { group, key: 'k' });
    expect(await here()).toBe(second);
    await kit.says({ type: 'MoveAlerts', group, to: null }, second, BO);
    expect(await here()).toBe(first);
    await kit.says({ type: 'ChangeStatus', status: 'resolved', moment: null, text: null }, first, BO);
    expect(await here()).toBeNull();
  });

  test('a storm of different alerts is written together; of one alert each sees what was said before', async () => {
    const incident = await kit.opens('Storm');
    await Promise.all(Array.from({ length: 300 }, (_, i) => hears(incident, `S${i}`)));
    await Promise.all([
      hears(incident, 'S0', ends),
      hears(incident, 'S0', { since: '2024-11-10T01:55:00Z' }),
      hears(incident, 'S0', {
        status: 'resolved',
        until: '2024-11-10T01:56:00Z',
        since: '2024-11-10T01:55:00Z',
      }),
    ]);
    expect((await kit.state(incident)).alerts?.[GROUP]).toMatchObject({ firing: 299, alerts: 300 });
    const id = alertId('prometheus', { alert: 'S0' });
    expect(await kit.store.incidents.alertEntry('T1', incident, id)).toMatchObject({
      until: '2024-11-10T01:56:00Z',
      detail: { firing: false, times: 2 },
    });
    const { rows } = await kit.client.query<{ commits: number }>(
      "select count(distinct xmin::text)::int as commits from fact where incident = $1 and type = 'AlertFired'",
      [incident],
    );
    expect(rows[0]?.commits).toBeLessThan(30);
  });
});
