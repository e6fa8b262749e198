import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createPolls } from '#alerts/poll.js';
import type { Poll, Source } from '#alerts/settings.js';
import { type Hooked, hooked, KEPT } from './hooked.js';
import { alertmanagerAlert, alertmanagerBody } from './kit.js';
import { groupOf, type Kit, startKit, TEAM } from './settle-kit.js';

// A source is made live, or shadow, while alerts of it fire: over HTTP, to the record. What it lists is a real server's.

let server: Server;
let listed: unknown[];
let kit: Kit;
let at: Hooked;

beforeAll(async () => {
  server = createServer((_, response) => response.end(JSON.stringify(listed))).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
});
afterAll(() => void server.close());
beforeEach(async () => {
  listed = [];
  kit = await startKit();
  const ports = { signals: kit.store.signals, tell: kit.handle, before: kit.before };
  at = await hooked(settings('shadow'), { ...ports, now: kit.world.now });
});
afterEach(async () => {
  await at.close();
  await kit.stop();
});

const settings = (mode: 'live' | 'shadow') => `
  sources:
    am: { type: alertmanager, secrets: [secret:am-token], mode: ${mode}, poll: { url: "http://127.0.0.1:${(server.address() as AddressInfo).port}" } }
    other: { type: alertmanager, secrets: [secret:am-token] }
  rules:
    - { name: slow, match: { labels: { alertname: Slow } }, group_by: [service], open: {}, for: 5m }
    - { name: all, group_by: [service], open: {} }
`;
const becomes = (mode: 'live' | 'shadow') => at.set(settings(mode));
const ENDS = { status: 'resolved', endsAt: '2026-11-10T01:50:00Z' };

/** It is heard, and settled. */
async function hears(more: object = {}, source = 'am') {
  await says(more, source);
  await settles();
}
async function says(more: object = {}, source = 'am') {
  const authorization = `Bearer ${KEPT['am-token']}`;
  const body = alertmanagerBody([alertmanagerAlert(more)]);
  expect((await at.post(`/${source}`, body, { authorization })).status).toBe(202);
}
async function settles() {
  kit.rule(...at.ports.settings().rules);
  await kit.settles();
}
const kept = async () => {
  const { rows } = await kit.client.query<{ said: string }>(
    `select source || ' ' || case when shadow then 'shadow ' else '' end || status || ': ' || coalesce(outcome, 'waits')
       || coalesce(' INC-' || incident, '') as said from signal order by n`,
  );
  return rows.map(({ said }) => said);
};
const facts = async () =>
  (await kit.client.query('select incident, seq, type from fact order by incident, seq')).rows;

describe('a source that was in shadow is made live', () => {
  test('what fired then, and is gone, is ended nowhere by its poll; the open incident of its key hears nothing', async () => {
    await hears({ startsAt: '2026-11-10T01:00:00Z' });
    await hears({ fingerprint: 'f2' }, 'other');
    const before = { kept: await kept(), facts: await facts() };
    expect(before.kept).toEqual(['am shadow firing: opened', 'other firing: opened INC-1']);
    becomes('live');
    const polls = createPolls({ ...at.ports, intake: at.intake, signals: kit.store.signals });
    const source = at.ports.settings().sources.get('am') as Source & { poll: Poll };
    for (let i = 0; i < 6; i++) {
      expect(await polls.look(source, new AbortController().signal)).toEqual({
        firing: 0,
        missing: 0,
        ended: 0,
      });
      await settles();
    }
    expect({ kept: await kept(), facts: await facts() }).toEqual(before);
  });

  test('what fired then ends where it began: in shadow, and in no incident', async () => {
    await hears();
    await hears({ fingerprint: 'f2' }, 'other');
    const before = await facts();
    becomes('live');
    await hears(ENDS);
    expect(await kept()).toEqual([
      ...['am shadow firing: opened', 'other firing: opened INC-1', 'am shadow resolved: attached'],
    ]);
    expect(await facts()).toEqual(before);
    expect(await kit.store.signals.firingInShadow(TEAM, groupOf())).toEqual([]);
  });

  test('what still fires opens its incident, ends there, and fires in shadow no more', async () => {
    await hears();
    becomes('live');
    await hears();
    await hears(ENDS);
    expect(await kept()).toEqual([
      ...['am shadow firing: opened', 'am firing: opened INC-1', 'am resolved: attached INC-1'],
    ]);
    expect(await kit.store.signals.firingInShadow(TEAM, groupOf())).toEqual([]);
    expect((await kit.state(1)).alerts?.[groupOf()]?.firing).toBe(0);
  });

  test('nor does it when all of that is settled in one go', async () => {
    await says();
    becomes('live');
    await says();
    await says(ENDS);
    await settles();
    expect(await kept()).toEqual([
      ...['am shadow firing: opened', 'am firing: opened INC-1', 'am resolved: attached INC-1'],
    ]);
    expect(await kit.store.signals.firingInShadow(TEAM, groupOf())).toEqual([]);
  });

  test('what waited in shadow does not wait for ever', async () => {
    const labels = { alertname: 'Slow', service: 'tts' };
    const startsAt = kit.world.now().toISOString();
    await hears({ labels, startsAt });
    becomes('live');
    await hears({ labels, startsAt });
    await hears({ labels, startsAt, ...ENDS, endsAt: startsAt });
    expect(await kept()).toEqual([...['am shadow firing: short', 'am firing: short', 'am resolved: short']]);
  });
});

describe('a source that was live is made shadow', () => {
  beforeEach(() => becomes('live'));

  test('what fires in an incident ends there all the same; what fires later opens nothing', async () => {
    await hears();
    becomes('shadow');
    await hears(ENDS);
    await hears({ startsAt: '2026-11-10T03:00:00Z' });
    expect(await kept()).toEqual([
      ...['am firing: opened INC-1', 'am resolved: attached INC-1', 'am shadow firing: opened'],
    ]);
    expect((await kit.state(1)).alerts?.[groupOf()]?.firing).toBe(0);
  });

  test('and was said again there ends in both', async () => {
    await hears();
    becomes('shadow');
    await hears();
    await hears(ENDS);
    // Word for word as before, after its end was heard.
    await hears();
    expect(await kept()).toEqual([
      ...['am firing: opened INC-1', 'am shadow firing: opened', 'am resolved: attached INC-1'],
      'am shadow firing: opened',
    ]);
  });

  test('what ended meanwhile opens another incident when it fires and its source is live again', async () => {
    await hears();
    await kit.says({ type: 'ChangeStatus', status: 'resolved', moment: null, text: null }, 1);
    becomes('shadow');
    await hears(ENDS);
    becomes('live');
    await hears({ startsAt: '2026-11-10T03:00:00Z' });
    expect((await kept()).at(-1)).toBe('am firing: opened INC-2');
  });

  test('what waited for its time and has ended opens nothing', async () => {
    const labels = { alertname: 'Slow', service: 'tts' };
    const startsAt = kit.world.now().toISOString();
    await hears({ labels, startsAt });
    becomes('shadow');
    await hears({ labels, startsAt, ...ENDS, endsAt: startsAt });
    await kit.winds(10 * 60_000);
    await settles();
    expect(await kept()).toEqual(['am firing: short', 'am resolved: short']);
    expect(await kit.incidents()).toEqual([]);
  });
});
