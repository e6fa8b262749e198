import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { unseal } from '#domain/incident/chain.js';
import { amendmentOf, entryOf } from '#domain/incident/entry.js';
import type { Intent, Measured } from '#domain/incident/intent.js';
import { evolve } from '#domain/incident/state.js';
import { verifyFile } from '#domain/incident/verify.js';
import { isRefusal } from '#domain/refusal.js';
import { botAsking } from '#domain/words.js';
import { createRead } from '#read/read.js';
import { type Format, renderExport } from '#render/exports.js';
import { ANA, at, groupOf, type Kit, over, rule, signal, startKit, TEAM } from './settle-kit.js';

// What monitoring said, what was measured and what a watch saw is part of the record: facts alone bring it back.

let kit: Kit;
beforeEach(async () => {
  kit = await startKit();
});
afterEach(() => kit.stop());

const viewer = { team: TEAM, by: ANA, seesPrivate: true };

async function exported(incident: number, format: Format): Promise<string> {
  const written = await createRead(kit.store).dossier(viewer, incident, async (dossier) => {
    let all = '';
    for await (const piece of renderExport(format, dossier)) all += piece;
    return all;
  });
  if (isRefusal(written)) throw new Error(written.sentence);
  return written;
}

async function byBot(intent: Intent, target: number) {
  const answer = await kit.handle(intent, target, botAsking(TEAM, null, kit.world.now()));
  if (isRefusal(answer)) throw new Error(answer.sentence);
}

/** The number of an incident's newest entry. */
const newest = async (incident: number) => (await kit.state(incident)).entries;

async function readings() {
  const rows = async (sql: string) => (await kit.client.query(sql)).rows;
  return {
    entries: await rows('select * from entry order by team, incident, n'),
    incidents: await rows(
      'select team, number, seq, head, state, open, private, channel_id from incident order by team, number',
    ),
  };
}

const MEASURED: Measured = {
  ...{ from: at('01:41:00'), to: at('01:44:00'), start: 'started', end: 'mitigated' },
  ...{ looked: '2024-11-10T02:10:00.000Z', stepMs: 15_000, failed: 19, total: 400 },
  ...{ failedQuery: 'failed_total', totalQuery: 'requests_total', noted: { resets: 1 } },
  components: [
    { name: 'API', failed: 19, total: 300 },
    { name: 'Web', failed: 0, total: 100 },
  ],
  groups: [{ name: 'status=500', failed: 19, total: 19 }],
  ...{ bucketMs: 60_000, failedIn: [1, 12, 6], totalIn: [100, 200, 100] },
};

const status = (to: 'resolved' | 'investigating'): Intent => ({
  ...{ type: 'ChangeStatus', status: to, moment: null, text: null },
});
const strike = (entry: number): Intent => ({ type: 'StrikeEntry', entry, reason: 'wrong' });

/** Two incidents in which everything of alerts, measuring and watching has happened. */
async function everything() {
  await kit.arrives([signal('a'), signal('b', 'tts', { since: at('01:40:00'), text: 'more than 1 %' })]);
  await kit.settles();
  for (const i of [1, 2, 3]) {
    const since = at(`02:1${i}:00`);
    await kit.arrives([over('a', 'tts', { since, until: at(`02:1${i}:30`) })]);
    await kit.arrives([signal('a', 'tts', { since: at(`02:1${i}:40`) })]);
    await kit.settles();
  }
  await byBot({ type: 'NoteAlertsShown', group: groupOf(), channel: 'C1', ts: '1.2' }, 1);
  const moment = { at: at('01:50:00'), until: null, precision: 'minute' } as const;
  await kit.says({ type: 'MarkMilestone', milestone: 'detected', moment }, 1);
  await kit.says(strike(await newest(1)), 1);
  // Away, and back with one of them.
  await kit.says({ type: 'MoveAlerts', group: groupOf(), to: null }, 1);
  await kit.settles();
  await kit.arrives([over('b', 'tts', { until: at('02:20:00') })]);
  await kit.settles();
  await kit.says({ type: 'MoveAlerts', group: groupOf(), to: 1 }, 2);
  await kit.settles();
  const [from, to] = [at('01:41:00'), at('01:44:00')].map((time) => ({ ...moment, at: time }));
  await kit.says({ type: 'MeasureImpact', from: from ?? null, to: to ?? null, components: ['API'] }, 1);
  await byBot({ type: 'NoteImpactMeasured', asked: 3, measured: MEASURED }, 1);
  await byBot({ type: 'NoteImpactMeasured', asked: 3, measured: { ...MEASURED, failed: 18 } }, 1);
  await kit.says(strike(await newest(1)), 1);
  const impact = { text: 'clips', failed: 20, total: null, from: null, to: null, components: ['API'] };
  await kit.says({ type: 'RecordImpact', ...impact, unaffected: ['Web', 'STT'] }, 1);
  await kit.says({ type: 'DismissIncident', reason: 'a test' }, 1);
  await kit.says(strike(await newest(1)), 1);
  await kit.says({ type: 'DismissIncident', reason: null }, 1);
  await kit.says({ type: 'StartWatch', forMs: 60_000, everyMs: 1_000, probes: ['api'], queries: ['q'] }, 1);
  const looked = { watch: 1, why: 'answered 503', counted: { looks: 1, good: 0 } };
  await byBot({ type: 'NoteWatchLook', ...looked, slot: 0, failed: ['api'], good: [] }, 1);
  await byBot({ type: 'NoteWatchLook', ...looked, slot: 1, failed: [], good: ['api'] }, 1);
  await kit.says(status('investigating'), 1);
  const counted = { looks: 2, good: 1, missed: 0, each: { api: 1, q: 2 } };
  await byBot({ type: 'EndWatch', watch: 1, how: 'time', why: null, counted }, 1);
  await kit.says({ type: 'DismissIncident', reason: 'still a test' }, 2);
}

test('facts bring back what it comes to, exports included, and prove themselves', async () => {
  await everything();
  const before = await readings();
  const formats = ['json', 'csv', 'md', 'html', 'facts', 'postmortem.md'] as const;
  const inAll = async () => {
    const written: string[] = [];
    for (const format of formats) written.push(await exported(1, format));
    return written;
  };
  const written = await inAll();
  await kit.client.query(`update entry set text = 'x', detail = '{}', until = null`);
  await kit.client.query(`update incident set state = '{}'`);
  await kit.store.rebuild({ unseal, evolve, entryOf, amendmentOf });
  expect(await readings()).toEqual(before);
  expect(await inAll()).toEqual(written);
  for (const incident of [1, 2]) {
    const facts = Buffer.from(await exported(incident, 'facts'));
    const file = (async function* () {
      yield facts;
    })();
    expect(await verifyFile(file)).toMatchObject({ ok: true, incident: `INC-${incident}` });
  }
});

test('what it comes to', async () => {
  await everything();
  const state = await kit.state(1);
  expect(state).toMatchObject({
    status: 'investigating',
    milestones: { detected: { at: at('01:40:00'), marked: false }, resolved: null },
    alerts: { [groupOf()]: { firing: 1, alerts: 2, message: { ts: '1.2', times: 1 } } },
    unaffected: [{ name: 'Web' }, { name: 'STT' }],
    watches: { count: 1, list: [] },
  });
  expect(state).not.toHaveProperty('falseAlarm');
  // The second one is struck, and which of those before it counts is a person's to say.
  expect(state).not.toHaveProperty('measured');
  const second = await kit.state(2);
  expect(second).toMatchObject({ status: 'resolved', falseAlarm: true });
  expect(second.milestones.detected).toBeNull();
  const { incident } = JSON.parse(await exported(2, 'json'));
  expect(incident).toMatchObject({ false_alarm: true, contradictions: [] });
  expect(Object.values(incident.metrics)).toEqual(Object.values(incident.metrics).map(() => null));
});

test('put back from a backup, what waited is settled and what fires ends; numbers are passed over', async () => {
  await kit.client.query(`insert into workspace (team, slack_team) values ($1, 'T0SANDBOX1')`, [TEAM]);
  await kit.arrives([signal('a')]);
  await kit.settles();
  await kit.store.signals.mute(TEAM, { key: 'service=stt', until: new Date(Date.now() + 60_000), by: ANA });
  await kit.arrives([signal('b', 'stt'), over('a')]);
  await kit.says(status('resolved'), 1);
  await kit.says({ type: 'StartWatch', forMs: 60_000, everyMs: 1_000, probes: ['api'], queries: [] }, 1);
  await kit.store.restores.restored();
  const dead = await kit.client.query('select kind from outbox where dead_at is not null');
  expect(dead.rows).toEqual([]);
  await kit.settles();
  await kit.store.signals.mute(TEAM, { key: 'service=stt', until: null, by: ANA });
  await kit.winds(1_000);
  await kit.settles();
  expect(await kit.outcomes()).toEqual([
    ...['a firing: opened INC-1', 'b firing: opened INC-102', 'a resolved: attached INC-1'],
  ]);
  // The watch waits in its lane, as it did.
  const { rows } = await kit.client.query(
    `select lane from outbox where kind = 'watch.look' and done_at is null and dead_at is null`,
  );
  expect(rows).toEqual([{ lane: `${TEAM}/INC-1/watch/1` }]);
});

test('of an incident without any of it nothing speaks', async () => {
  const plain = { severity: null, components: [], private: false, drill: false, moment: null };
  const incident = await kit.says({ type: 'OpenIncident', title: 'x', ...plain }, null);
  const { rows } = await kit.client.query('select state from incident where number = $1', [incident]);
  for (const name of ['alerts', 'measured', 'unaffected', 'watches', 'falseAlarm'])
    expect(rows[0].state).not.toHaveProperty(name);
  expect(await exported(incident, 'json')).not.toMatch(/"alert"|false_alarm|unaffected|measured/);
});

describe('a storm of 5,000 alerts', () => {
  const COUNT = 5_000;
  beforeEach(async () => {
    const labels = { zeta: 'z', service: 'tts', alpha: 'a' };
    const storm = Array.from({ length: COUNT }, (_, i) =>
      signal(`alert ${i}`, 'tts', {
        since: new Date(Date.parse(at('01:43:00')) + ((i * 7_919) % COUNT) * 1_000)
          .toISOString()
          .replace('.000', ''),
        labels,
        values: { rate: String(i) },
      }),
    );
    for (let i = 0; i < COUNT; i += 1_000) await kit.arrives(storm.slice(i, i + 1_000));
    await kit.settles();
  });

  test('is 5,000 lines in order of time, members in one order; the state is small all the same', async () => {
    const { timeline } = JSON.parse(await exported(1, 'json'));
    const alerts = (
      timeline as Array<{ at: string; kind: string; n: number; alert: { labels: object } }>
    ).filter(({ kind }) => kind === 'alert');
    expect(alerts.length).toBe(COUNT);
    const times = alerts.map((one) => one.at);
    expect(times).toEqual([...times].sort());
    expect(new Set(alerts.map((one) => JSON.stringify(Object.keys(one.alert)))).size).toBe(1);
    expect(alerts[0]?.alert).toMatchObject({ firing: true, times: 1 });
    const labels = JSON.stringify(alerts[0]?.alert.labels);
    expect(labels).toBe('{"alpha":"a","service":"tts","zeta":"z"}');
    const { rows } = await kit.client.query('select octet_length(state::text) as bytes from incident');
    expect(rows[0].bytes).toBeLessThan(3_000);
    const detection = await exported(1, 'postmortem.md');
    const first = alerts[0]?.n;
    expect(detection).toMatch(new RegExp(`An alert showed it first: .*\\\\?\\[#${first}`));
  });
});

test('fifty groups with the longest keys are some kilobytes of a state', async () => {
  kit.rule(rule({ groupBy: ['service'] }));
  const key = (i: number) => `${String(i).padStart(2, '0')}${'ü'.repeat(189)}`;
  const { state } = await (async () => {
    await kit.arrives([signal('a', key(0))]);
    await kit.settles();
    for (let i = 1; i < 50; i++) {
      const { group, key: long } = kit.filed('prometheus', signal(`x${i}`, key(i)));
      const taken = { group, key: long, source: 'prometheus', rule: 'tts', from: 2, hidden: false };
      await byBot({ type: 'TakeAlerts', ...taken }, 1);
    }
    return { state: await kit.state(1) };
  })();
  expect(Object.keys(state.alerts ?? {}).length).toBe(50);
  expect(Buffer.byteLength(JSON.stringify(state))).toBeLessThan(50_000);
});
