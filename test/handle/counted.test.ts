import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { lookupsOf } from '#compose/core.js';
import type { TypedIntent } from '#domain/incident/intent.js';
import { isRefusal } from '#domain/refusal.js';
import { botAsking } from '#domain/words.js';
import { createHandle } from '#handle/handle.js';
import { createMetrics } from '#metrics.js';
import { Unavailable } from '#store/pools.js';
import { type Opened, openedStore } from '../store/opened.js';
import { valueIn } from '../support/exposition.js';

// What is written is counted once it is, and by what it was.

let db: Opened;
beforeAll(async () => {
  db = await openedStore();
  const ana = { id: 'U0ANA00001', name: 'ana', handle: null, realName: null, tz: null };
  await db.store.people.upsert('T1', [{ ...ana, isBot: false, deleted: false, kind: 'member' }]);
});
afterAll(() => db.close());

function process(commit = lookupsOf(db.store).commit) {
  const metrics = createMetrics('1', { keptMs: 0, shownMs: 0 });
  const handle = createHandle({
    store: { ...lookupsOf(db.store), commit },
    relay: { nudge() {} },
    onError: () => {},
    metrics,
  });
  return {
    says: (intent: TypedIntent, target: number | null, key: string | null = null) =>
      handle(intent, target, {
        team: 'T1',
        by: { id: 'U0ANA00001', name: 'ana' },
        source: 'slack',
        key,
        now: new Date(),
        seesPrivate: true,
      }),
    handle,
    counts: async (name: string, labels: Record<string, string> = {}) =>
      valueIn(await metrics.text(), `tocsin_${name}`, labels),
  };
}

const OPEN: TypedIntent = {
  ...{ type: 'OpenIncident', title: 'Counted', severity: null, components: [] },
  ...{ private: false, drill: false, moment: null },
};
const note: TypedIntent = { type: 'RecordNote', moment: null, text: 'x' };

test('facts by type and source, a repeat none; commits by how they ended', async () => {
  const { says, counts } = process();
  const opened = await says(OPEN, null);
  if (isRefusal(opened)) throw new Error(opened.sentence);
  for (const key of ['a', 'b', 'a']) await says(note, opened.incident, key);
  await says(note, 999);
  expect(await counts('facts_total', { type: 'IncidentOpened', source: 'slack' })).toBe(1);
  expect(await counts('facts_total', { type: 'NoteRecorded' })).toBe(2);
  expect(await counts('commits_total', { outcome: 'written' })).toBe(3);
  expect(await counts('commit_seconds_count')).toBe(3);
  expect(await counts('commits_total', { outcome: 'conflict' })).toBe(0);
});

test('a conflict with another process, a database that is away', async () => {
  const { commit } = lookupsOf(db.store);
  const other = process();
  let before: () => Promise<unknown> = async () => {};
  const { says, counts } = process(async (wanted) => {
    const first = before;
    before = async () => {};
    await first();
    await commit(wanted);
  });
  const opened = await says(OPEN, null);
  if (isRefusal(opened)) throw new Error(opened.sentence);
  before = () => other.says(note, opened.incident);
  expect(isRefusal(await says(note, opened.incident))).toBe(false);
  expect(await counts('commits_total', { outcome: 'conflict' })).toBe(1);
  expect(await counts('commits_total', { outcome: 'written' })).toBe(2);
  expect(await counts('facts_total', { type: 'NoteRecorded' })).toBe(1);

  const away = process(async () => {
    throw new Unavailable('the database does not answer');
  });
  expect(isRefusal(await away.says(note, opened.incident))).toBe(true);
  expect(await away.counts('commits_total', { outcome: 'unavailable' })).toBe(1);
  expect(await away.counts('facts_total')).toBeUndefined();
});

test('the end of a run, by its runbook', async () => {
  const { says, handle, counts } = process();
  const opened = await says(OPEN, null);
  if (isRefusal(opened)) throw new Error(opened.sentence);
  const definition = 'name: copy';
  const proposed = await says(
    { type: 'ProposeRun', runbook: 'copy', definition, inputs: '{}', target: 'keys:new', planOnly: false },
    opened.incident,
  );
  expect(proposed).toMatchObject({ recorded: true });
  const ends = { type: 'EndRun', run: 1, fence: 1, end: 'failed', summary: 'no plan can be made' } as const;
  expect(await handle(ends, opened.incident, botAsking('T1', null, new Date()))).toMatchObject({
    recorded: true,
  });
  expect(await counts('runs_ended_total', { runbook: 'copy', end: 'failed' })).toBe(1);
});
