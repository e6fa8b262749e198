import { on, type Queryable, utc } from '../pools.js';

export type SubscriberKind = 'email' | 'webhook';

/** `asked`: somebody has asked, and nobody has confirmed; `retired`: it does not take what it is told, `lastError` says why. */
type SubscriberState = 'asked' | 'confirmed' | 'retired';

/** Who is told. The address is personal: it is in no log, and in no error of ours. */
export interface Subscriber {
  team: string;
  id: string;
  kind: SubscriberKind;
  address: string;
  /** Names; empty: all of them. */
  components: string[];
  language: string;
  state: SubscriberState;
  share: number;
  /** Times are UTC, ISO 8601 with milliseconds. */
  createdAt: string;
  askedAt: string | null;
  confirmedAt: string | null;
  /** What a webhook is signed with. */
  secret: string | null;
  /** The last change that is dealt with. */
  cursor: number;
  /** Up to which change a message is under way, or was when a worker died. */
  upto: number | null;
  toldAt: string | null;
  /** How long ago that was, by the database's clock; null: never. */
  toldMs: number | null;
  /** Attempts in a row that failed. */
  tries: number;
  /** Refusals of the recipient in a row. */
  bounces: number;
  /** Mails that came back after they were taken. */
  returned: number;
  /** Changes that were given up. */
  failures: number;
  lastError: string | null;
  retryAt: string | null;
}

/** Whoever is to be asked whether it was them. */
interface NewSubscriber {
  team: string;
  id: string;
  kind: SubscriberKind;
  address: string;
  components: readonly string[];
  language: string;
  share: number;
  secret: string | null;
}

/** A change that subscribers are told of; its words are with the fact. `ageMs`: since it was noted. */
export interface NotedChange {
  n: number;
  incident: number;
  seq: number;
  ageMs: number;
}

/** For how long a link that confirms is good, and an address is kept that nobody confirms. */
const UNCONFIRMED = "interval '2 days'";
const NOTED = "interval '3 days'";

const iso = (column: string) => utc(`s.${column}`, 'SS.MS');
const COLUMNS = `s.team, s.id, s.kind, s.address, s.components, s.language, s.state, s.share, s.secret,
  ${iso('created_at')} as "createdAt", ${iso('asked_at')} as "askedAt", ${iso('confirmed_at')} as "confirmedAt",
  s.cursor::float8 as cursor, s.upto::float8 as upto, ${iso('told_at')} as "toldAt",
  (extract(epoch from now() - s.told_at) * 1000)::float8 as "toldMs", s.tries, s.bounces, s.returned, s.failures,
  s.last_error as "lastError", ${iso('retry_at')} as "retryAt"`;

const MAX_N = '(select coalesce(max(c.n), 0) from public_change c where c.team = $1)';
const OWED = `(s.asked_at is not null and s.state in ('asked', 'confirmed') or s.state = 'confirmed' and s.cursor < $3)`;
const NOW = 'now()::timestamptz(3)';

/** Gives a change its place among all that subscribers are told of. The same one twice keeps its place. */
async function note(db: Queryable, team: string, incident: number, seq: number): Promise<void> {
  await db.query({
    name: 'note_change',
    text: 'insert into public_change (team, incident, seq) values ($1, $2, $3) on conflict (team, incident, seq) do nothing',
    values: [team, incident, seq],
  });
}

/** @returns the place of the newest change; 0: there is none */
async function head(db: Queryable, team: string): Promise<number> {
  const text = `select ${MAX_N}::float8 as n`;
  const { rows } = await db.query<{ n: number }>({ name: 'newest_change', text, values: [team] });
  return rows[0]?.n ?? 0;
}

/** @returns changes from `after` (not that one) up to `upto`, in order */
async function changes(db: Queryable, team: string, after: number, upto: number): Promise<NotedChange[]> {
  const { rows } = await db.query<NotedChange>({
    name: 'changes_between',
    text: `select n::float8 as n, incident, seq, greatest(0, extract(epoch from now() - noted_at) * 1000)::float8 as "ageMs"
           from public_change where team = $1 and n > $2 and n <= $3 order by n`,
    values: [team, after, upto],
  });
  return rows;
}

/**
 * Keeps that somebody asked to be told. One statement, which does as much for an address that is known as for one that is not:
 * who is there already keeps what they chose, and is written to all the same.
 */
async function ask(db: Queryable, one: NewSubscriber): Promise<{ share: number }> {
  const { rows } = await db.query<{ share: number }>({
    name: 'ask_subscriber',
    text: `insert into subscriber as s (team, id, kind, address, components, language, share, secret, asked_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, now())
           on conflict (team, kind, address) do update set asked_at = now(), retry_at = null, tries = 0,
             components = case when s.state = 'confirmed' then s.components else excluded.components end,
             language = case when s.state = 'confirmed' then s.language else excluded.language end,
             created_at = case when s.state = 'confirmed' then s.created_at else now() end,
             bounces = case when s.state = 'confirmed' then s.bounces else 0 end,
             returned = case when s.state = 'confirmed' then s.returned else 0 end,
             state = case when s.state = 'retired' then 'asked' else s.state end
           returning share`,
    values: [one.team, one.id, one.kind, one.address, one.components, one.language, one.share, one.secret],
  });
  return { share: rows[0]?.share ?? one.share };
}

/** Adds one that an operator vouches for: it is told from now on. @returns false: that address is there, and was not changed */
async function add(db: Queryable, one: NewSubscriber): Promise<boolean> {
  const { rowCount } = await db.query(
    `insert into subscriber (team, id, kind, address, components, language, share, secret, state, confirmed_at, cursor)
     values ($1, $2, $3, $4, $5, $6, $7, $8, 'confirmed', now(), ${MAX_N})
     on conflict (team, kind, address) do nothing`,
    [one.team, one.id, one.kind, one.address, one.components, one.language, one.share, one.secret],
  );
  return rowCount === 1;
}

/**
 * Counts one more of each within this hour, for all processes together.
 * @param what digests of what is counted
 * @returns how many each is at, this one included
 */
async function count(db: Queryable, team: string, what: readonly string[]): Promise<Map<string, number>> {
  const { rows } = await db.query<{ what: string; count: number }>({
    name: 'count_sign_ups',
    // In one order, so that two processes never wait for each other.
    text: `insert into sign_ups as u (team, what, hour, count)
           select $1, w, date_trunc('hour', now(), 'UTC'), 1 from unnest($2::text[]) w order by w
           on conflict (team, what, hour) do update set count = u.count + 1 returning what, count`,
    values: [team, [...new Set(what)]],
  });
  return new Map(rows.map((row) => [row.what, row.count]));
}

/** Makes links good. One that is good already stays so. */
async function addTokens(
  db: Queryable,
  team: string,
  kind: 'confirm' | 'manage',
  tokens: ReadonlyArray<{ subscriber: string; hash: string }>,
): Promise<void> {
  await db.query({
    name: 'add_subscriber_tokens',
    // Whoever has left meanwhile needs none.
    text: `insert into subscriber_token (team, hash, subscriber, kind)
           select $1, g.hash, s.id, $3 from json_to_recordset($2::json) as g(subscriber text, hash text)
             join subscriber s on s.team = $1 and s.id = g.subscriber on conflict do nothing`,
    values: [team, JSON.stringify(tokens), kind],
  });
}

const GOOD = `t.team = $1 and t.hash = $2 and t.kind = $3 and ($3 <> 'confirm' or t.created_at > now() - ${UNCONFIRMED})`;

/** @returns whose link that is; null: nobody's, used up, or too old */
async function byToken(
  db: Queryable,
  team: string,
  hash: string,
  kind: 'confirm' | 'manage',
): Promise<Subscriber | null> {
  const text = `select ${COLUMNS} from subscriber_token t join subscriber s on s.team = t.team and s.id = t.subscriber where ${GOOD}`;
  const { rows } = await db.query<Subscriber>({
    name: 'subscriber_by_token',
    text,
    values: [team, hash, kind],
  });
  return rows[0] ?? null;
}

/** Uses a link up: from the newest change on, they are told. @returns null: nobody's, used up, or too old */
async function confirm(db: Queryable, team: string, hash: string): Promise<Subscriber | null> {
  const { rows } = await db.query<Subscriber>({
    name: 'confirm_subscriber',
    text: `with used as (delete from subscriber_token t where ${GOOD} returning subscriber),
           others as (
             delete from subscriber_token o using used where o.team = $1 and o.subscriber = used.subscriber and o.kind = $3 and o.hash <> $2)
           update subscriber s set asked_at = null, tries = 0, retry_at = null, last_error = null,
             state = 'confirmed', confirmed_at = coalesce(s.confirmed_at, now()),
             cursor = case when s.state = 'confirmed' then s.cursor else ${MAX_N} end
           from used where s.team = $1 and s.id = used.subscriber returning ${COLUMNS}`,
    values: [team, hash, 'confirm'],
  });
  return rows[0] ?? null;
}

async function choose(db: Queryable, team: string, id: string, components: readonly string[]): Promise<void> {
  await db.query('update subscriber set components = $3 where team = $1 and id = $2', [team, id, components]);
}

/** Nothing is left of them. @returns false: there was none */
async function remove(db: Queryable, team: string, id: string): Promise<boolean> {
  const text = 'delete from subscriber where team = $1 and id = $2';
  return (await db.query(text, [team, id])).rowCount === 1;
}

/** The same by address, as it is kept. @returns how many */
async function erase(db: Queryable, team: string, address: string): Promise<number> {
  const text = 'delete from subscriber where team = $1 and address = $2';
  return (await db.query(text, [team, address])).rowCount ?? 0;
}

/**
 * @param newest place of the newest change that is to be told
 * @param after the id behind which to look; '' from the beginning
 * @returns those of a share who are owed something, and may have it now, in order of id
 */
async function waiting(
  db: Queryable,
  team: string,
  share: number,
  newest: number,
  after: string,
  limit: number,
): Promise<Subscriber[]> {
  const { rows } = await db.query<Subscriber>({
    name: 'subscribers_waiting',
    text: `select ${COLUMNS} from subscriber s where s.team = $1 and s.share = $2 and s.id > $4 and ${OWED}
             and (s.retry_at is null or s.retry_at <= ${NOW}) order by s.id limit $5`,
    values: [team, share, newest, after, limit],
  });
  return rows;
}

/** @returns in how many ms the first of a share is to be tried again; null: nobody is */
async function nextTry(db: Queryable, team: string, share: number, newest: number): Promise<number | null> {
  const { rows } = await db.query<{ ms: number | null }>({
    name: 'subscribers_next_try',
    text: `select ceil(extract(epoch from min(s.retry_at) - now()) * 1000)::float8 as ms from subscriber s
           where s.team = $1 and s.share = $2 and s.retry_at > ${NOW} and ${OWED}`,
    values: [team, share, newest],
  });
  const ms = rows[0]?.ms ?? null;
  return ms === null ? null : Math.max(0, ms);
}

/** Nothing up to there is for them. */
async function passed(db: Queryable, team: string, ids: readonly string[], cursor: number): Promise<void> {
  await db.query({
    name: 'subscribers_passed',
    text: `update subscriber set cursor = greatest(cursor, $3), upto = null where team = $1 and id = any($2)`,
    values: [team, ids, cursor],
  });
}

/** A message up to that change is about to go out: after a crash it is that one again, and no longer one. */
async function begin(
  db: Queryable,
  team: string,
  begun: ReadonlyArray<{ id: string; upto: number }>,
): Promise<void> {
  await db.query({
    name: 'subscribers_begin',
    text: `update subscriber s set upto = b.upto from json_to_recordset($2::json) as b(id text, upto bigint)
           where s.team = $1 and s.id = b.id`,
    values: [team, JSON.stringify(begun)],
  });
}

/** It was handed over. */
async function told(db: Queryable, team: string, id: string, cursor: number): Promise<void> {
  await db.query({
    name: 'subscriber_told',
    text: `update subscriber set cursor = greatest(cursor, $3), upto = null, told_at = now(), tries = 0, bounces = 0,
             last_error = null, retry_at = null where team = $1 and id = $2`,
    values: [team, id, cursor],
  });
}

/** Whoever asked was answered; if they asked again meanwhile, that is another question. @param error why it was in vain; null: it was not */
async function answered(
  db: Queryable,
  { team, id, askedAt }: Pick<Subscriber, 'team' | 'id' | 'askedAt'>,
  error: string | null,
): Promise<void> {
  await db.query({
    name: 'subscriber_answered',
    text: `update subscriber s set asked_at = null, tries = 0, retry_at = null, last_error = $4
           where s.team = $1 and s.id = $2 and ${iso('asked_at')} = $3`,
    values: [team, id, askedAt, error],
  });
}

/** It did not work now. */
async function failed(db: Queryable, team: string, id: string, error: string, inMs: number): Promise<void> {
  await db.query({
    name: 'subscriber_failed',
    text: `update subscriber set tries = tries + 1, last_error = $3, retry_at = now() + $4::float8 * interval '1 ms'
           where team = $1 and id = $2`,
    values: [team, id, error, inMs],
  });
}

/** Changes up to there are told no more. */
async function gaveUp(
  db: Queryable,
  team: string,
  id: string,
  { cursor, count, error }: { cursor: number; count: number; error: string | null },
): Promise<void> {
  await db.query({
    name: 'subscriber_gave_up',
    text: `update subscriber set cursor = greatest(cursor, $3), upto = null, failures = failures + $4, tries = 0, retry_at = null,
             last_error = coalesce($5, last_error) where team = $1 and id = $2`,
    values: [team, id, cursor, count, error],
  });
}

/** The other side says that there is no such recipient. @param most so many in a row retire it. @returns null: there is none of that id */
async function bounced(
  db: Queryable,
  team: string,
  id: string,
  error: string,
  most: number,
): Promise<Pick<Subscriber, 'state' | 'bounces'> | null> {
  const { rows } = await db.query<Pick<Subscriber, 'state' | 'bounces'>>({
    name: 'subscriber_bounced',
    text: `update subscriber set bounces = bounces + 1, last_error = $3,
             state = case when bounces + 1 >= $4 then 'retired' else state end
           where team = $1 and id = $2 returning state, bounces`,
    values: [team, id, error, most],
  });
  return rows[0] ?? null;
}

/** A mail came back that had been taken. @param most so many retire the address. @returns null: there is none of that id */
async function returned(
  db: Queryable,
  team: string,
  id: string,
  most: number,
): Promise<Pick<Subscriber, 'state' | 'returned'> | null> {
  const { rows } = await db.query<Pick<Subscriber, 'state' | 'returned'>>(
    `update subscriber set returned = returned + 1, last_error = 'a mail came back',
       state = case when returned + 1 >= $3 then 'retired' else state end
     where team = $1 and id = $2 returning state, returned`,
    [team, id, most],
  );
  return rows[0] ?? null;
}

/** It wants no more. */
async function retire(db: Queryable, team: string, id: string, error: string): Promise<void> {
  const text = `update subscriber set state = 'retired', upto = null, last_error = $3 where team = $1 and id = $2`;
  await db.query(text, [team, id, error]);
}

/** Tries one now that waits, or that was retired, which is then told from the newest change on. @returns its share; null: none */
async function again(db: Queryable, team: string, id: string): Promise<number | null> {
  const { rows } = await db.query<{ share: number }>(
    `update subscriber s set retry_at = null, tries = 0, bounces = 0, returned = 0,
       state = case when s.state = 'retired' and s.confirmed_at is not null then 'confirmed' else s.state end,
       cursor = case when s.state = 'retired' then ${MAX_N} else s.cursor end
     where s.team = $1 and s.id = $2 returning s.share`,
    [team, id],
  );
  return rows[0]?.share ?? null;
}

async function get(db: Queryable, team: string, id: string): Promise<Subscriber | null> {
  const { rows } = await db.query<Subscriber>(
    `select ${COLUMNS} from subscriber s where s.team = $1 and s.id = $2`,
    [team, id],
  );
  return rows[0] ?? null;
}

/** @returns some of them, in order of id. @param after '' from the beginning */
async function list(db: Queryable, team: string, after: string, limit: number): Promise<Subscriber[]> {
  const text = `select ${COLUMNS} from subscriber s where s.team = $1 and s.id > $2 order by s.id limit $3`;
  return (await db.query<Subscriber>(text, [team, after, limit])).rows;
}

export interface SubscriberCount {
  kind: SubscriberKind;
  state: SubscriberState;
  count: number;
  /** Of those, waiting for another attempt. */
  retrying: number;
  /** Changes that were given up, of all of them. */
  failures: number;
}

async function counts(db: Queryable, team: string): Promise<SubscriberCount[]> {
  const { rows } = await db.query<SubscriberCount>(
    `select kind, state, count(*)::int as count, (count(*) filter (where tries > 0))::int as retrying,
       sum(failures)::int as failures from subscriber where team = $1 group by kind, state order by kind, state`,
    [team],
  );
  return rows;
}

/** Clears away addresses that nobody has confirmed for two days, links and changes that are of no use any more, and old counts. */
async function sweep(db: Queryable): Promise<{ subscribers: number }> {
  const gone = await db.query(
    `delete from subscriber where state = 'asked' and created_at < now() - ${UNCONFIRMED}`,
  );
  await db.query(
    `delete from subscriber_token where kind = 'confirm' and created_at < now() - ${UNCONFIRMED}`,
  );
  await db.query(`delete from public_change where noted_at < now() - ${NOTED}`);
  await db.query(`delete from sign_ups where hour < now() - interval '2 hours'`);
  return { subscribers: gone.rowCount ?? 0 };
}

export type Subscribers = ReturnType<typeof subscribers>;

/** Who is told, of what, and how it went. Each method may be called again after `Unavailable`; `count` then counts double. */
export const subscribers = (db: Queryable) =>
  on(db, {
    note,
    head,
    changes,
    ask,
    add,
    count,
    addTokens,
    byToken,
    confirm,
    choose,
    remove,
    erase,
    waiting,
    nextTry,
    passed,
    begin,
    told,
    answered,
    failed,
    gaveUp,
    bounced,
    returned,
    retire,
    again,
    get,
    list,
    counts,
    sweep,
  });
