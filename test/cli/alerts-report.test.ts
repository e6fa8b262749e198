import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import pg from 'pg';
import { cli } from '#cli/cli.js';
import type { Outcome } from '#domain/alert/settle.js';
import { groupId, signalId } from '#domain/alert/signal.js';
import { openStore } from '#store/store.js';
import { type TestDatabase, testDatabase } from '../support/database.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

async function prints(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const code = await cli(['alerts', 'report', ...args], {
    out: async (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    stdin: async () => '',
    env: { DATABASE_URL: database.url, TOCSIN_SECRET: 'a secret for tests only, 32 bytes' },
  });
  return { code, out, err };
}

test('says what came of alerts by source and rule, live and in shadow, and how much of it was noise', async () => {
  const empty = await prints();
  expect(empty).toMatchObject({ code: 0, err: '' });
  expect(empty.out).toContain('No source has sent anything.');

  const store = openStore(database.config, () => {});
  const team = (await store.workspaces.only()) ?? '';
  const client = new pg.Client(database.config);
  await client.connect();
  await client.query(
    `insert into incident (team, number, seq, head, state, open, private, updated_at)
     values ($1, 1, 1, '', '{"falseAlarm": true}', false, true, now()), ($1, 2, 1, '', '{}', true, false, now())`,
    [team],
  );
  const rule = '=2*"1|';
  const said = (alert: string, named: string | null) => ({
    ...{
      alert,
      status: 'firing' as const,
      since: '2024-11-10T01:43:00Z',
      until: null,
      title: 'Secret title',
    },
    ...{ text: null, labels: { service: 'secret label' }, values: {}, links: [], rule: named },
    ...{ key: 'secret key', group: groupId('secret key') },
  });
  const came = async (source: string, shadow: boolean, outcomes: Array<[Outcome | null, number | null]>) => {
    const signals = outcomes.map(([outcome], i) =>
      said(`${source} ${shadow} ${i}`, outcome === 'unmatched' ? null : rule),
    );
    await store.signals.arrive(team, { source, delivery: `${source} ${shadow}`, shadow, signals });
    const ends = signals.flatMap((one, i) => {
      const [outcome, incident] = outcomes[i] ?? [null, null];
      return outcome === null ? [] : [{ id: signalId(source, one, shadow), outcome, incident }];
    });
    await store.signals.settled(team, ends);
  };
  await came('prometheus', false, [
    ['opened', 1],
    ['opened', 2],
    ['attached', 2],
    ['repeated', 2],
    ['unmatched', null],
    [null, null],
  ]);
  await came('grafana', true, [
    ['opened', null],
    ['short', null],
  ]);
  await store.close();
  await client.end();

  const { out } = await prints('--since', '7d');
  const rows = out.split('\n').filter((line) => line.startsWith('|'));
  expect(rows[0]).toBe(
    '| source | rule | mode | opened | dismissed | attached | repeated | ignored | unmatched | muted | quiet | short | unattached | waiting |',
  );
  expect(rows.slice(2)).toEqual([
    '| grafana | =2\\*"1\\| | shadow | 1 |  |  |  |  |  |  |  | 1 |  |  |',
    '| prometheus | =2\\*"1\\| | live | 2 | 1 | 1 | 1 |  |  |  |  |  |  | 1 |',
    '| prometheus | *(none)* | live |  |  |  |  |  | 1 |  |  |  |  |  |',
  ]);
  expect(out).toContain('2 incidents opened, of which 1 was dismissed as no incident (50 %).');
  expect(out).toContain('In shadow 1 incident would have been opened.');
  // Of a private incident as of every other: numbers, and no word.
  expect(out).not.toMatch(/secret/i);

  const csv = await prints('--format=csv', '--since=1d');
  const read = parse(csv.out, { bom: true, columns: true }) as Array<Record<string, string>>;
  expect(read).toMatchObject([
    { source: 'grafana', rule: '\'=2*"1|', mode: 'shadow', opened: '1', short: '1', attached: '0' },
    { source: 'prometheus', mode: 'live', opened: '2', dismissed: '1', waiting: '1' },
    { source: 'prometheus', rule: '', unmatched: '1' },
  ]);
});

test.each([
  [['--since', '2h'], '“2h” is no count of days'],
  [['--since', '0d'], '“0d” is no count of days'],
  [['--format', 'html'], '“html” is not a format'],
  [['now'], 'takes flags only'],
])('refuses %j', async (args, why) => {
  const { code, err } = await prints(...args);
  expect(code).toBe(2);
  expect(err).toContain(why);
});
