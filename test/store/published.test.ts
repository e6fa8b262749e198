import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { effectsOf, laneOfEffect } from '#domain/incident/effect.js';
import type { DraftFact } from '#domain/incident/fact.js';
import { FOLD } from '#domain/incident/state.js';
import { publicPage } from '#domain/status/read.js';
import type { Commit } from '#store/commit.js';
import { idOf } from '../domain/status/given.js';
import { edited, Ledger, noted, opened, struck } from './ledger.js';
import { type Opened, openedStore } from './opened.js';

let db: Opened;
beforeAll(async () => {
  db = await openedStore();
});
afterAll(() => db.close());

let team = 'T0';
let teams = 0;
beforeEach(() => {
  teams++;
  team = `T${teams}`;
});

const happened = (n: number, at: string) => ({ n, at, until: null, precision: 'minute' as const });

const posted = (n: number, text: string, component = 'API'): DraftFact => ({
  type: 'StatusPosted',
  data: { ...happened(n, '2024-11-10T01:43:00Z'), state: 'identified', components: 1, states: ['major'] },
  texts: { text, title: `Title of ${text}`, 'component.0': component },
});

const stateSet = (n: number, component: string): DraftFact => ({
  type: 'ComponentStateSet',
  data: { ...happened(n, '2024-11-10T01:50:00Z'), state: 'degraded' },
  texts: { component },
});

const planned = (n: number): DraftFact => ({
  type: 'MaintenancePlanned',
  data: {
    ...happened(n, '2024-11-12T22:00:00Z'),
    until: '2024-11-12T23:00:00Z',
    maintenance: 1,
    components: 1,
  },
  texts: { title: 'Upgrade', 'component.0': 'API', anyway: 'it was agreed with eve@example.com' },
});

const with_ = (draft: DraftFact, data: object): DraftFact =>
  ({ ...draft, data: { ...draft.data, ...data } }) as DraftFact;
const publicly = (draft: DraftFact) => with_(draft, { public: true });

/** Commits what was decided, with what the domain says is owed for it. */
async function written(ledger: Ledger, drafts: DraftFact[]): Promise<Commit> {
  const before = ledger.state;
  const commit = ledger.next(drafts);
  const effects = commit.facts.flatMap((row) => {
    const fact = FOLD.unseal(row);
    return effectsOf(fact, before ?? ledger.state, row.hash).map((effect) => {
      const { incident, seq } = row;
      return { team, lane: laneOfEffect(team, incident, effect), incident, seq, effect };
    });
  });
  // An erasure has computed it anew meanwhile.
  const epoch = (await db.store.incidents.load(team, ledger.incident))?.epoch ?? 0;
  const summaries = commit.summaries.map((summary) => ({ ...summary, epoch }));
  await db.store.commit({ ...commit, summaries, effects });
  return commit;
}

const records = async () => {
  const all = await db.store.published.records(team);
  const inOrder = all.map((one) => ({ ...one, entries: [...one.entries].sort((a, b) => a.n - b.n) }));
  return inOrder.sort((a, b) => a.incident - b.incident);
};
const revision = () => db.store.published.revision(team);
const page = async () =>
  publicPage(await records(), [], { zone: 'UTC', now: new Date('2024-11-10T03:00:00Z'), idOf });

test('posts and states of components are there, and nothing else of an incident', async () => {
  const ledger = new Ledger(team, 7);
  await written(ledger, [
    opened('Internal title', ['Internal component']),
    noted(2, 'an internal note'),
    posted(3, 'We know why.'),
    stateSet(4, 'Web'),
    { type: 'ComponentAdded', data: happened(5, '2024-11-10T01:43:00Z'), texts: { component: 'Inside' } },
  ]);
  const read = await records();
  expect(read).toEqual([
    {
      ...{ incident: 7, private: false },
      entries: [
        {
          ...{ n: 3, at: '2024-11-10T01:43:00Z', until: null, precision: 'minute', kind: 'post' },
          ...{ recordedAt: '2024-11-10T01:42:10.123Z', editedAt: null, erased: false, struck: false },
          text: 'We know why.',
          detail: {
            state: 'identified',
            components: ['API'],
            states: ['major'],
            title: 'Title of We know why.',
          },
        },
        expect.objectContaining({ n: 4, kind: 'component', text: 'Web', detail: { state: 'degraded' } }),
      ],
    },
  ]);
  expect(JSON.stringify(read)).not.toMatch(/nternal|Inside|Ana/);
});

test('those of a private incident say so, and those of a drill are not there', async () => {
  await written(new Ledger(team, 1), [with_(opened(), { private: true }), posted(2, 'private')]);
  await written(new Ledger(team, 2), [with_(opened(), { drill: true }), posted(2, 'drill')]);
  await written(new Ledger(team, 3), [opened(), noted(2, 'nothing public')]);
  await written(new Ledger(team, 4), [opened(), posted(2, 'public')]);
  expect((await records()).map((one) => [one.incident, one.private])).toEqual([
    [1, true],
    [4, false],
  ]);
  expect(JSON.stringify(await page())).not.toMatch(/drill|INC-1/);
});

test('another workspace has its own', async () => {
  await written(new Ledger(team, 1), [opened(), posted(2, 'ours')]);
  expect(await db.store.published.records(`${team}x`)).toEqual([]);
  expect(await db.store.published.revision(`${team}x`)).not.toBe(await revision());
});

test('planned work comes without the reason for which it was published all the same', async () => {
  await written(new Ledger(team, 0), [opened('Standing record'), planned(2)]);
  expect(await page()).toMatchObject({ maintenances: [{ title: 'Upgrade', components: ['API'] }] });
  expect(JSON.stringify(await records())).not.toMatch(/eve@|Standing/);
});

test('struck, corrected and erased ones are there as what they are', async () => {
  const ledger = new Ledger(team, 7);
  await written(ledger, [
    opened(),
    posted(2, 'first'),
    posted(3, 'wrong one'),
    posted(4, 'called so', 'Web'),
  ]);
  await written(ledger, [
    publicly(struck(3, 'the internal reason')),
    publicly(edited(4, 'called otherwise')),
  ]);
  expect(await db.store.eraseTexts(FOLD, { team, incident: 7, seq: 2 }, ['text', 'component.0'])).toBe(2);
  const read = await records();
  expect(read[0]?.entries).toMatchObject([
    { n: 2, text: null, erased: true, struck: false, detail: { components: ['[erased]'] } },
    { n: 3, struck: true, editedAt: expect.any(String) },
    { n: 4, text: 'called otherwise', editedAt: expect.any(String), struck: false },
  ]);
  expect(JSON.stringify(read)).not.toMatch(/internal reason|"first"|"called so"/);
  const shown = await page();
  expect(
    shown.incidents[0]?.posts.map(({ n, text, withdrawnAt }) => [n, text, withdrawnAt !== null]),
  ).toEqual([
    [4, 'called otherwise', false],
    [3, null, true],
    [2, null, false],
  ]);
  expect(shown.components).toMatchObject([{ name: 'Web', state: 'major' }]);
});

test('the revision moves with whatever changes the reading, and with nothing that does not', async () => {
  const ledger = new Ledger(team, 7);
  const seen = [await revision()];
  const moves = async (change: () => Promise<unknown>) => {
    const before = [await revision(), JSON.stringify(await records())];
    await change();
    const after = [await revision(), JSON.stringify(await records())];
    expect({ revision: after[0] !== before[0], records: after[1] !== before[1] }).toEqual({
      revision: true,
      records: true,
    });
    expect(seen).not.toContain(after[0]);
    seen.push(after[0] as string);
  };
  const stays = async (change: () => Promise<unknown>) => {
    const before = [await revision(), await records()];
    await change();
    expect([await revision(), await records()]).toEqual(before);
  };
  await stays(() => written(ledger, [opened(), noted(2, 'internal')]));
  await moves(() => written(ledger, [posted(3, 'public')]));
  await moves(() => written(ledger, [stateSet(4, 'Web')]));
  await stays(() => written(ledger, [noted(5, 'internal'), struck(2, 'wrong')]));
  await moves(() => written(ledger, [publicly(edited(3, 'Public'))]));
  await stays(() => db.store.eraseTexts(FOLD, { team, incident: 7, seq: 2 }, ['text']));
  await moves(() => db.store.eraseTexts(FOLD, { team, incident: 7, seq: 3 }, ['title']));
  await moves(() => db.store.eraseTexts(FOLD, { team, incident: 7, seq: 7 }, ['text']));
  await stays(() => db.store.eraseTexts(FOLD, { team, incident: 7, seq: 7 }, ['text']));
  await moves(() => written(ledger, [publicly(struck(3, 'wrong'))]));
  await stays(() => db.store.rebuild(FOLD, team));
});

test('the page that is owed for an erased text is owed in the lane of the page', async () => {
  await written(new Ledger(team, 7), [opened(), posted(2, 'public')]);
  await written(new Ledger(team, 8), [with_(opened(), { drill: true }), posted(2, 'drill')]);
  await db.sql('update outbox set done_at = now() where team = $1', [team]);
  await db.store.eraseTexts(FOLD, { team, incident: 7, seq: 2 }, ['text']);
  await db.store.eraseTexts(FOLD, { team, incident: 8, seq: 2 }, ['text']);
  const owed = await db.sql(
    'select lane, incident, seq, kind, payload from outbox where team = $1 and done_at is null',
    [team],
  );
  expect(owed).toEqual([
    { lane: `${team}/status/page`, incident: 7, seq: 2, kind: 'status.page', payload: { seq: 2 } },
  ]);
});

test('the revision does not go back when one comes in behind a higher number, while another is cleared away', async () => {
  const row = (id: number) =>
    db.sql(
      `insert into outbox (team, id, lane, incident, seq, kind, payload) overriding system value
       values ($1, $2, $1 || '/status/page', 7, 1, 'status.page', '{}')`,
      [team, id],
    );
  await row(1_000_001);
  await row(1_000_003);
  const before = await revision();
  await db.sql('delete from outbox where team = $1 and id = 1000001', [team]);
  await row(1_000_002);
  expect(await revision()).not.toBe(before);
});

test('a component is known since it was first seen, whoever sees it later', async () => {
  const see = (names: string[], at: string) => db.store.published.seen(team, names, new Date(at));
  expect(await see([], '2024-11-10T01:00:00Z')).toEqual(new Map());
  expect(await see(['API', 'API', 'Web'], '2024-11-10T01:00:00.900Z')).toEqual(
    new Map([
      ['API', '2024-11-10T01:00:00Z'],
      ['Web', '2024-11-10T01:00:00Z'],
    ]),
  );
  expect(await see(['Docs', 'API'], '2024-11-11T01:00:00Z')).toEqual(
    new Map([
      ['API', '2024-11-10T01:00:00Z'],
      ['Docs', '2024-11-11T01:00:00Z'],
    ]),
  );
  const both = await Promise.all(
    ['2024-11-12T01:00:00Z', '2024-11-12T01:00:05Z'].map((at) =>
      db.another().published.seen(
        team,
        Array.from({ length: 500 }, (_, i) => `Component ${i}`),
        new Date(at),
      ),
    ),
  );
  expect(both[0]).toEqual(both[1]);
  expect(both[0]?.size).toBe(500);
});

test('what is public is found by its index, among much that is not', async () => {
  await db.sql(
    `insert into entry (team, incident, n, at, precision, recorded_at, kind, text, erased, detail, struck, by_id, source)
     select $1, i, n, now(), 'minute', now(), case when n = 50 then 'post' else 'note' end, 'x', false,
       '{"state": "identified", "components": []}', false, 'U1', 'slack'
     from generate_series(1, 200) i, generate_series(1, 100) n`,
    [team],
  );
  await db.sql('analyze entry');
  const plan = await db.sql<{ 'QUERY PLAN': string }>(
    `explain select * from entry where team = '${team}' and (kind = 'post' or kind = 'component' and detail ? 'state')`,
  );
  expect(plan.map((line) => line['QUERY PLAN']).join('\n')).toMatch(/entry_public/);
  const state = await db.sql<{ 'QUERY PLAN': string }>(
    `explain select count(*), max(id), sum(id) from outbox where team = '${team}' and kind = 'status.page'`,
  );
  expect(state.map((line) => line['QUERY PLAN']).join('\n')).toMatch(/outbox_page/);
});
