// Long incidents and large databases, without waiting for people to type them.
import { draftOf, gathering } from '#handle/draft.js';

const BATCH = 500;
const NOTHING = { entry: null, captured: null, actionDone: false, number: 0 };

/** Waits until nothing is owed to Slack any more: deliveries write facts too, and would be in the way. */
export async function settled(client) {
  for (let tries = 0; tries < 600; tries++) {
    const { rows } = await client.query(
      'select count(*)::int as open from outbox where done_at is null and dead_at is null',
    );
    if (rows[0].open === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('deliveries did not end within a minute');
}

/**
 * Adds notes to an incident, chained and hashed as the bot does it, one a second up to now; nothing is owed for them.
 * @param store dist/store/store.js, on the bot's database
 */
export async function lengthen(store, team, incident, notes) {
  let known = await store.incidents.load(team, incident);
  const began = Date.now() - notes * 1000;
  for (let done = 0; done < notes; done += BATCH) {
    const commit = gathering();
    const before = known;
    for (let i = done; i < Math.min(done + BATCH, notes); i++) {
      const now = new Date(began + i * 1000);
      const by = { id: `U0ANA0000${i % 5}`, name: `Ana ${i % 5}` };
      const asking = { team, by, source: 'slack', key: `fill:${incident}:${i}`, now, seesPrivate: true };
      const intent = {
        type: 'RecordNote',
        text: `entry ${i}: the error rate of the *gateway* rises again`,
        at: null,
      };
      known = draftOf(commit, known, intent, asking, NOTHING, []).after;
    }
    commit.effects = [];
    commit.summaries = [{ team, incident, expected: before.seq, ...known }];
    await store.commit(commit);
  }
}

/** Fills all tables with `facts` facts of resolved incidents that look like `like`, directly. */
export async function fill(client, team, like, facts, each = 1_000) {
  const incidents = Math.ceil(facts / each);
  const series = `generate_series(1, ${each}) as seq`;
  for (let i = 0; i < incidents; i++) {
    const at = [team, 100_000 + i];
    await client.query(
      `insert into fact (team, incident, seq, type, v, recorded_at, body, hash, key, receipt)
       select $1::text, $2::int, seq, 'NoteRecorded', 1, now() - interval '1 year' + seq * interval '1 second',
         format('{"by":{"id":"U0ANA00001"},"data":{"at":"2025-01-01T00:00:00Z","n":%s,"precision":"second","until":null},"incident":"INC-%s","prev":"%s","seq":%s,"type":"NoteRecorded","v":1}', seq, $2, repeat('0', 64), seq),
         md5($2 || ':' || seq) || md5(seq || ':' || $2), 'fill:' || $2 || ':' || seq, 'INC-' || $2 || ' recorded'
       from ${series}`,
      at,
    );
    await client.query(
      `insert into fact_text (team, incident, seq, field, salt, text)
       select $1::text, $2::int, seq, 'text', md5($2 || ':' || seq), 'entry ' || seq || ': the error rate of the gateway rises again'
       from ${series}`,
      at,
    );
    await client.query(
      `insert into entry (team, incident, n, at, until, precision, recorded_at, edited_at, kind, text, erased, detail, struck, by_id, by_name, source, link)
       select $1::text, $2::int, seq, now() - interval '1 year' + seq * interval '1 second', null, 'second', now(), null, 'note',
         'entry ' || seq || ': the error rate of the gateway rises again', false, '{}', false, 'U0ANA00001', 'Ana', 'slack', null
       from ${series}`,
      at,
    );
    await client.query(
      `insert into outbox (team, lane, incident, seq, kind, payload, done_at, result)
       select $1::text, $1 || '/INC-' || $2, $2::int, seq, 'channel.entry', jsonb_build_object('n', seq, 'head', null), now(), '{}'
       from ${series}`,
      at,
    );
    await client.query(
      `insert into incident (team, number, seq, head, state, open, private, channel_id, updated_at)
       select team, $2::int, $3, head, jsonb_set(jsonb_set(state, '{number}', to_jsonb($2::int)), '{status}', '"resolved"'),
         false, false, 'CFILL' || $2, now() from incident where team = $1 and number = $4`,
      [...at, each, like],
    );
  }
  // Rows came over years, not in a minute: what the server does after such a minute is not what is measured.
  await client.query('vacuum analyze');
  await client.query('checkpoint');
}
