// Searching 10,000 incidents of 50 entries: by a rare word, by common ones, and by one that is misspelt.
import { parseArgs } from 'node:util';
import pg from 'pg';
import { migrate } from '#store/migrate.js';
import { openStore } from '#store/store.js';
import { ownDatabase } from './lib/database.mjs';
import { median, round, target } from './lib/figures.mjs';
import { workplace } from './lib/processes.mjs';
import { report } from './lib/report.mjs';

const { values } = parseArgs({
  strict: false,
  options: { incidents: { type: 'string' }, rounds: { type: 'string' }, quick: { type: 'boolean' } },
});
const incidents = Number(values.incidents ?? (values.quick ? 500 : 10_000));
const rounds = Number(values.rounds ?? 5);
const ENTRIES = 50;

/** Words of incidents; the first are said most often, as in any language, and one in a thousand entries has one that is rare. */
const WORDS =
  'redis timeout checkout payment database replica lag restart deploy rollback latency errors gateway certificate expired traffic region failover queue backlog worker memory disk full pods node kubernetes cluster api login auth token keys sync cache miss customer reports support tickets alert fired looking into logs metrics dashboard normal again monitoring confirmed fix root cause config change flag';

const place = workplace();
try {
  const connection = await ownDatabase(place, 'search');
  await migrate(connection);
  const client = new pg.Client(connection);
  await client.connect();
  place.onClose(() => client.end().catch(() => {}));
  console.error(`  writing ${incidents * ENTRIES} entries …`);
  await client.query(
    `insert into incident (team, number, seq, head, state, open, private, updated_at)
     select 'T1', i, 1, '', '{"private": false, "members": []}', false, false, now() from generate_series(1, $1) i`,
    [incidents],
  );
  const began = performance.now();
  await client.query(
    `insert into entry (team, incident, n, at, precision, recorded_at, kind, text, erased, detail, struck, by_id, source)
     select 'T1', i, n, now(), 'second', now(), case n when 1 then 'opened' when 30 then 'cause' else 'note' end,
       (select string_agg(w[1 + floor(power(((hashint4(i * 50021 + n * 31 + k) & 65535) / 65536.0), 2) * cardinality(w))::int], ' ')
        from generate_series(1, 8) k) || case when (i * 50 + n) % 1000 = 7 then ' xylophone' else '' end,
       false, '{}', false, 'U1', 'slack'
     from generate_series(1, $1) i, generate_series(1, ${ENTRIES}) n, (select string_to_array($2, ' ') as w) words`,
    [incidents, WORDS],
  );
  const perEntryUs = ((performance.now() - began) * 1_000) / (incidents * ENTRIES);
  await client.query('vacuum analyze entry');
  await client.query('analyze incident');
  const store = openStore(connection, (message) => console.error(message));
  place.onClose(() => store.close());

  const found = (words) => store.search.found('T1', words, 'U1');
  const ASKED = {
    'a rare word': () => found(['xylophone']),
    'a rare and a common word': () => found(['xylophone', 'redis']),
    'the most common word': () => found(['redis']),
    'three common words': () => found(['redis', 'timeout', 'checkout']),
    'a misspelt common word': () => store.search.meant('T1', ['checkuot'], 'U1'),
    'a misspelt rare word': () => store.search.meant('T1', ['xylophne'], 'U1'),
  };
  const raw = Object.fromEntries(Object.keys(ASKED).map((what) => [what, []]));
  for (let i = 0; i < rounds; i++) {
    for (const [what, ask] of Object.entries(ASKED)) {
      const from = performance.now();
      await ask();
      raw[what].push(round(performance.now() - from, 1));
    }
  }
  const ms = Object.fromEntries(Object.entries(raw).map(([what, all]) => [what, median(all)]));
  const sizes = await client.query(
    `select pg_relation_size('entry') as entry, pg_relation_size('entry_words') as words, pg_relation_size('entry_letters') as letters`,
  );
  report('search', {
    targets: [
      target('ms for a rare word', ms['a rare word'], 100),
      target('ms for three common words', ms['three common words'], 2_000),
    ],
    figures: { ms, per_entry_us: round(perEntryUs, 0), bytes: sizes.rows[0] },
    raw,
  });
} finally {
  await place.close();
}
