import { afterEach, beforeEach, expect, test } from '@jest/globals';
import pg from 'pg';
import { lookupsOf } from '#compose/core.js';
import { peopleForDeliveries } from '#compose/worlds.js';
import { Gate } from '#deliver/attempt.js';
import type { World } from '#deliver/ports.js';
import { highestChannel, seenAhead } from '#deliver/restored.js';
import { isRefusal } from '#domain/refusal.js';
import { createHandle } from '#handle/handle.js';
import { migrate } from '#store/migrate.js';
import { openStore, type Store } from '#store/store.js';
import { testDatabase } from '../support/database.js';
import { ANA, type Kit, startKit } from './kit.js';

// What was put back from a backup knows less than Slack does: nothing is said twice, no number means two incidents.

const TABLES = [
  'workspace',
  'fact',
  'fact_text',
  'incident',
  'entry',
  'outbox',
  'lane',
  'run_target',
  'schedule',
];

let kit: Kit;
let store: Store;
let pool: pg.Pool;
let world: World;
let ahead = 0;
/** Closes what a test has restored into. */
const ends: Array<() => Promise<unknown>> = [];

beforeEach(async () => {
  kit = await startKit();
  ahead = 0;
  await kit.client.query(`insert into workspace (team, slack_team) values ('T1', 'T0SANDBOX1')`);
  expect(await kit.store.restores.arrive()).toBeNull();
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  await kit.stop();
});

/** As a dump and its restore would: the same rows and sequences, in a database of another name. */
async function restoreHere(): Promise<void> {
  const copy = await testDatabase();
  ends.push(() => copy.close());
  const its = new pg.Pool({ ...copy.config, max: 2 });
  pool = its;
  pool.on('error', () => {});
  ends.push(() => its.end());
  for (const table of TABLES) {
    const { rows } = await kit.client.query(
      `select coalesce(jsonb_agg(t), '[]')::text as all from ${table} t`,
    );
    await pool.query(
      `insert into ${table} overriding system value select * from jsonb_populate_recordset(null::${table}, $1)`,
      [rows[0].all],
    );
  }
  for (const sequence of ['outbox_id_seq', 'lane_fence']) {
    const { rows } = await kit.client.query(`select last_value from ${sequence}`);
    await pool.query('select setval($1, $2)', [sequence, rows[0].last_value]);
  }
  const there = openStore(copy.config, () => {});
  store = there;
  ends.push(() => there.close());
  const now = () => new Date(Date.now() + ahead);
  const handle = createHandle({
    store: lookupsOf(store),
    relay: { nudge() {} },
    onError: (error) => {
      throw error;
    },
  });
  world = {
    ...kit.world,
    outbox: store.outbox,
    incidents: store.incidents,
    people: peopleForDeliveries(store),
    tell: handle,
    now,
  };
}

async function says(intent: Parameters<World['tell']>[0], incident: number | null): Promise<number> {
  const said = await createHandle({ store: lookupsOf(store), relay: { nudge() {} }, onError: () => {} })(
    intent as never,
    incident,
    { team: 'T1', by: ANA, source: 'slack', key: null, now: new Date(), seesPrivate: true },
  );
  if (isRefusal(said)) throw new Error(said.sentence);
  return said.incident;
}

/** Pays what a lane of the restored database owes, winding its clock on. */
async function pays(incident: number): Promise<void> {
  const gate = new Gate(world.now);
  for (let i = 0; i < 100; i++) {
    const back = await kit.visits(incident, gate, world);
    if (!back) return;
    const ms = Math.max(1, back.getTime() - world.now().getTime() + 1);
    ahead += ms;
    await pool.query("update outbox set due_at = due_at - $1 * interval '1 ms'", [ms]);
    await pool.query("update lane set next_at = next_at - $1 * interval '1 ms'", [ms]);
  }
  throw new Error('this lane never comes to an end');
}

const OPEN = {
  type: 'OpenIncident',
  severity: null,
  components: [] as string[],
  private: false,
  drill: false,
  moment: null,
} as const;
const note = (text: string) => ({ type: 'RecordNote', moment: null, text }) as const;
const texts = async (incident: number) => (await kit.said(incident)).map(({ text }) => text).join('\n');
const times = (text: string, word: string) => text.split(word).length - 1;

test('what was owed in the dump and was said since is not said again; what is new is said; numbers go on further', async () => {
  // One whose channel is not even made in the dump, and one with entries that wait.
  const first = await kit.opens('First');
  await kit.pays(first);
  await kit.notes(first, 'waited one');
  await kit.notes(first, 'waited two');
  const second = await kit.opens('Second');
  await restoreHere();

  // The world goes on, until the server burns.
  await kit.pays(first);
  await kit.pays(second);
  await kit.notes(first, 'lost');
  await kit.pays(first);
  const third = await kit.opens('Third');
  await kit.pays(third);
  expect(await store.restores.moved()).toBe(true);
  expect((await seenAhead(world.slack, store))?.row).toBeGreaterThan(await store.restores.lastRow());

  expect(await store.restores.arrive()).toBe(0);
  // Once: who starts afterwards finds it at home.
  expect(await store.restores.arrive()).toBeNull();
  expect(await store.restores.moved()).toBe(false);
  expect(await seenAhead(world.slack, store)).toMatchObject({ row: null });
  // Whoever acted under a fence after the backup is older than all who act from now on.
  const { rows: fences } = await kit.client.query('select last_value::float8 as last from lane_fence');
  const hold = await store.outbox.claimLane({ team: 'T1', lane: 'T1/INC-99' }, 'one', 1);
  expect(hold?.fence).toBeGreaterThan(fences[0].last);
  await pays(first);
  await pays(second);
  const said = await texts(first);
  for (const word of ['waited one', 'waited two', 'lost'])
    expect([word, times(said, word)]).toEqual([word, 1]);
  const channels = (await kit.channels()).map(({ name }) => name).filter((name) => name.startsWith('inc-'));
  expect(channels.sort()).toEqual(['inc-1-first', 'inc-2-second', 'inc-3-third']);
  expect((await kit.said(second)).length).toBe(1);

  // New ones are said, although rows with such ids were, before the fire.
  await says(note('after the fire'), first);
  await pays(first);
  expect(times(await texts(first), 'after the fire')).toBe(1);
  const fourth = await says({ ...OPEN, title: 'Fourth' }, null);
  expect(fourth).toBe(second + 1 + 100);
  expect(await store.restores.history()).toEqual([
    { team: 'T1', restoredAt: expect.stringMatching(/Z$/), numbersFrom: fourth },
  ]);
});

test('files that were put back look like the database that they were: Slack shows that they are old', async () => {
  const first = await kit.opens('First');
  await kit.pays(first);
  await kit.notes(first, 'waited');
  await restoreHere();
  await kit.pays(first);
  await kit.notes(first, 'lost');
  await kit.pays(first);
  // As with files: the data say that this has always been their home.
  await pool.query('update workspace set home = null');
  expect(await store.restores.arrive()).toBeNull();
  const seen = await seenAhead(world.slack, store);
  expect(seen?.row).toBeGreaterThan(0);
  await store.restores.restored({ row: seen?.row as number });
  await pays(first);
  expect(times(await texts(first), 'waited')).toBe(1);
  await says(note('new'), first);
  await pays(first);
  expect(times(await texts(first), 'new')).toBe(1);
});

test('numbers that stand in a channel are not given again, and the channel hears which of them mean nothing now', async () => {
  const first = await kit.opens('First');
  await kit.notes(first, 'kept');
  await kit.pays(first);
  await restoreHere();
  await kit.notes(first, 'lost');
  await kit.says({ type: 'AddAction', text: 'lost too', owner: null }, first);
  await kit.pays(first);
  const reference = { entries: 4, actions: 1, runs: 0 };
  expect(await store.restores.arrive()).toBe(0);
  const seen = await seenAhead(world.slack, store);
  expect(seen?.numbers).toEqual([{ team: 'T1', incident: first, ...reference }]);
  const asking = {
    ...{ team: 'T1', by: { id: 'tocsin', name: null }, source: 'bot' as const, key: null },
    ...{ now: new Date(), seesPrivate: true },
  };
  for (let twice = 0; twice < 2; twice++)
    expect(await world.tell({ type: 'SkipNumbers', ...reference }, first, asking)).toMatchObject({
      recorded: true,
    });
  await says(note('new'), first);
  await says({ type: 'AddAction', text: 'to do', owner: null }, first);
  await pays(first);
  const said = await texts(first);
  expect(said).toMatch(/\*#5\* .*new[\s\S]*\*#6\* .*#2 to do/);
  const told =
    'INC-1 was put back from a backup: of what stands above, #3–#4 is not in the record any more, and no number of theirs is given again.';
  expect(times(said, told)).toBe(1);
  expect((await seenAhead(world.slack, store))?.numbers).toEqual([]);
  // Only what is there counts as entries.
  const { entries, skipped } = (await store.incidents.load('T1', first))?.state ?? {};
  expect([entries, skipped]).toEqual([6, 2]);
});

test('what others record and say while we look is no sign of a backup', async () => {
  const first = await kit.opens('First');
  await kit.pays(first);
  const call: World['slack']['call'] = async (method, ...args) => {
    if (method === 'conversations.history') {
      await kit.notes(first, 'meanwhile');
      await kit.pays(first);
    }
    return kit.world.slack.call(method, ...args);
  };
  expect(await seenAhead({ ...kit.world.slack, call }, kit.store)).toEqual({ row: null, numbers: [] });
});

test('the same backup put back twice: what was said after the first time is no word of what is said after the second', async () => {
  const first = await kit.opens('First');
  await kit.pays(first);
  for (const life of ['one life', 'another life']) {
    await restoreHere();
    expect(await store.restores.arrive()).toBe(0);
    await says(note(life), first);
    // Nothing came of it, and nobody knows: it is looked for before it is tried again.
    await kit.fault('chat.postMessage', 'http500');
    await pays(first);
  }
  const said = await texts(first);
  expect([times(said, 'one life'), times(said, 'another life')]).toEqual([1, 1]);
});

test('incidents that Slack has channels of are not opened again, however many there were since the backup', async () => {
  const first = await kit.opens('First');
  await kit.pays(first);
  await restoreHere();
  await kit.client.query('update workspace set numbers_from = 250');
  await kit.pays(await kit.opens('Lost'));
  expect(await highestChannel(world.slack)).toBe(250);
  // Without a restore it is nobody's business.
  await store.restores.beyond(250);
  expect(await store.restores.history()).toEqual([]);
  expect(await store.restores.arrive()).toBe(0);
  await store.restores.beyond(await highestChannel(world.slack));
  expect(await says({ ...OPEN, title: 'After' }, null)).toBe(251);
});

test('what another app writes into its metadata is no word of ours: nobody else can have a database look restored', async () => {
  const first = await kit.opens('First');
  await kit.pays(first);
  const channel = (await kit.channels()).find(({ name }) => name === 'inc-1-first')?.id;
  const metadata = { event_type: 'tocsin', event_payload: { id: 'entry 9', rows: '999999999' } };
  await kit.act('message/app', { channel, app: 'Alerts', text: 'disk is full', metadata });
  const answer = await kit.world.slack.call('conversations.history', { channel, include_all_metadata: true });
  expect(JSON.stringify(answer)).toContain('999999999');
  expect(await seenAhead(kit.world.slack, kit.store)).toEqual({ row: null, numbers: [] });
});

test('a run that was going on stands still until a person says so; a bot that starts where it always was changes nothing', async () => {
  const incident = await kit.opens('First');
  await kit.store.outbox.owe({ kind: 'run.advance', payload: { run: 1 } } as never, {
    ...{ team: 'T1', lane: `T1/INC-${incident}/RUN-1`, incident, key: null },
  });
  expect(await kit.store.restores.arrive()).toBeNull();
  expect(await kit.store.outbox.dead()).toEqual([]);
  await restoreHere();
  expect(await store.restores.arrive()).toBe(1);
  expect(await store.outbox.dead()).toMatchObject([
    { effect: { kind: 'run.advance' }, error: 'restored_from_backup', uncertain: true },
  ]);
  const lanes = (await store.outbox.dueLanes(10)).map(({ lane }) => lane).sort();
  expect(lanes).toEqual([`T1/INC-${incident}`, `T1/INC-${incident}/announcement.refresh`]);
  expect(await store.outbox.retryDead('T1', 'all')).toBe(1);
  expect(await kit.store.restores.moved()).toBe(false);
});

test('an account that may only read and write rows, and is not told which server this is, starts where it always was', async () => {
  const role = `rows_${kit.database.config.database}`;
  await kit.client.query(`create role ${role} login`);
  ends.push(() => kit.client.query(`drop owned by ${role}; drop role ${role}`));
  await kit.client.query(`grant select, insert, update, delete on all tables in schema public to ${role};
    grant usage, select, update on all sequences in schema public to ${role};
    revoke execute on function pg_control_system() from public`);
  const config = { ...kit.database.config, user: role };
  expect(await migrate(config)).toEqual({ applied: 0 });
  const its = openStore(config, () => {});
  ends.push(() => its.close());
  expect(await its.restores.moved()).toBe(false);
  expect(await its.restores.arrive()).toBeNull();
  expect(await its.installation()).toMatch(/^[0-9a-f]{16}$/);
  // Recorded by it, and looked at by who is told.
  await kit.client.query('update workspace set home = null');
  expect(await its.restores.arrive()).toBeNull();
  expect(await kit.store.restores.moved()).toBe(false);
  expect(await kit.store.restores.arrive()).toBeNull();
  const { rows } = await kit.client.query('select home from workspace');
  expect(rows[0].home).toMatch(/^\d+ \d+ \d+$/);
  await kit.client.query("update workspace set home = '1 ' || substring(home from '\\d+ \\d+$')");
  expect(await kit.store.restores.moved()).toBe(true);
});
