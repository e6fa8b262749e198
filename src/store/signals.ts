import type { Outcome, OutcomeCount, Waiting } from '#domain/alert/settle.js';
import { alertId, groupId, type Signal, signalId } from '#domain/alert/signal.js';
import { laneOfAlerts, laneOfAlertsTimer } from '#domain/incident/effect.js';
import type { Person } from '#domain/words.js';
import { believed } from './outbox.js';
import { on, type Queryable, Unavailable, utc } from './pools.js';

/** A signal, and where the rules have filed it. */
export type FiledSignal = Signal & {
  readonly rule: string | null;
  readonly key: string;
  readonly group: string;
};

/** What a source has sent in one go. */
export interface Delivery {
  readonly source: string;
  /** What makes it this delivery and no other. */
  readonly delivery: string;
  readonly shadow: boolean;
  /**
   * When its alerts stood as it says, by `performance.now()`: one that fires then, although its end was heard before, fires
   * again. Absent: what was said once may be said again by anybody, and adds nothing.
   */
  readonly asOf?: number;
  readonly signals: readonly FiledSignal[];
}

/**
 * @property repeated it was here before, and adds nothing; `fresh`: signals that were not; `lanes`: what is to be woken;
 *   `rules`: which rule has each of its signals, in their order
 */
export interface Arrived {
  repeated: boolean;
  fresh: number;
  lanes: string[];
  rules: Array<string | null>;
}

/** A signal as it is kept. What was erased of it is empty. */
export type KeptSignal = FiledSignal & {
  readonly id: string;
  /** Known also when what it was made of is erased. */
  readonly alertId: string;
  readonly source: string;
  /** ISO 8601, UTC. */
  readonly receivedAt: string;
  readonly shadow: boolean;
  /** Null: it waits. */
  readonly outcome: Outcome | null;
  readonly incident: number | null;
};

/** One that waits, without what its sender wrote. */
export type WaitingSignal = Omit<Waiting, 'rule'> & {
  readonly source: string;
  readonly rule: string | null;
  readonly key: string;
  readonly shadow: boolean;
};

interface Mute {
  key: string;
  /** Null: not muted any more. */
  until: Date | null;
  by: Person;
}

export type Signals = ReturnType<typeof signals>;

/** What sources of alerts have said, and what came of it. All times are the database's, but those by which a sender speaks. */
export function signals(db: Queryable) {
  const arrivals = new Arrivals(db);
  return {
    /**
     * Keeps what a source has sent, and has its groups settled: everything or nothing, in one statement. What was here
     * before adds nothing.
     */
    arrive: (team: string, delivery: Delivery): Promise<Arrived> => arrivals.arrive(team, delivery),
    ...on(db, {
      waiting,
      ids,
      begun,
      arrived,
      standing,
      firing,
      firingFrom,
      firingCount,
      firingInShadow,
      newest,
      openedFor,
      settled,
      refile,
      moved,
      wake,
      mute,
      mutes,
      muteOf,
      counts,
      report,
      sweep,
    }),
  };
}

/** Statements of arrivals at the same time; whoever comes meanwhile shares the next one, so that commands keep their connections. */
const AT_ONCE = 2;
/** What goes into one statement: so many deliveries, or so many signals. */
const MOST_DELIVERIES = 200;
const MOST_SIGNALS = 10_000;

interface Pending {
  team: string;
  delivery: Delivery;
  done(arrived: Arrived): void;
  failed(error: unknown): void;
}

/** Deliveries that wait to be written, together where many come at once: a storm costs a commit for all that wait, not one for each. */
class Arrivals {
  readonly #queue: Pending[] = [];
  #writing = 0;

  constructor(private readonly db: Queryable) {}

  arrive(team: string, delivery: Delivery): Promise<Arrived> {
    return new Promise((done, failed) => {
      this.#queue.push({ team, delivery, done, failed });
      void this.#write();
    });
  }

  async #write(): Promise<void> {
    if (this.#writing >= AT_ONCE) return;
    this.#writing += 1;
    while (this.#queue.length > 0) await this.#writeGroup(this.#take());
    this.#writing -= 1;
  }

  #take(): Pending[] {
    const group: Pending[] = [];
    let count = 0;
    while (this.#queue.length > 0 && group.length < MOST_DELIVERIES) {
      count += this.#queue[0]?.delivery.signals.length ?? 0;
      if (group.length > 0 && count > MOST_SIGNALS) break;
      group.push(this.#queue.shift() as Pending);
    }
    return group;
  }

  async #writeGroup(group: readonly Pending[]): Promise<void> {
    try {
      const arrived = await arriveTogether(this.db, group);
      group.forEach((one, i) => {
        one.done(arrived[i] as Arrived);
      });
    } catch (error) {
      const [first, ...others] = group;
      if (others.length === 0 || error instanceof Unavailable) {
        for (const one of group) one.failed(error);
      } else {
        // One that the database does not take must not keep the others out.
        for (const one of [first as Pending, ...others]) await this.#writeGroup([one]);
      }
    }
  }
}

/**
 * Every process inserts in the same order (of deliveries, then of alerts), so that two that bring the same never wait for
 * each other; `n` says in which order they came. What is said of an alert that fires, or waits, goes where that is, whatever the
 * rules have made of it since: its end is settled behind its beginning. So it is when the source has become live, or shadow,
 * in between: what incidents know to fire ends there, and what only shadow knows, in shadow.
 *
 * Of a delivery that was here before nothing is written. Only where it says how its alerts stand now (`ms` ago), each of them is
 * looked for, two steps along indexes: a sender that lost sight of an alert says that it ended, and then the same as at first
 * (same identity, same beginning). That is a firing of its own, from when it was heard. Its id is made of the first one's and
 * of that end's, so that whoever brings it, and however often, it is one. Senders without times may do all of that in one
 * second: their next end is another too, if it is no earlier than what it ends. What such a sender said in shadow is new when
 * its source is live.
 */
const ARRIVE_SQL = `
with d as (
  select * from json_to_recordset($1::json) as d(d int, team text, source text, delivery text, ms float8)
), came as (
  insert into arrival (team, source, delivery)
  select distinct team, source, delivery from d order by team, source, delivery
  on conflict do nothing returning team, source, delivery
), said as (
  select s.*, d.team, d.source, d.ms, c.team is not null as came
  from json_to_recordset($2::json) as s(i int, d int, id text, alert text, status text, since timestamptz,
      until timestamptz, rule text, key text, grp text, shadow boolean, body jsonb)
    join d using (d) left join came c on c.team = d.team and c.source = d.source and c.delivery = d.delivery
), s as (
  select s.*, nextval('signal_n_seq') as n from (
    select i, team, source, alert, status, until, rule, key, grp, shadow, body,
      case when again is null then id else left(encode(sha256(convert_to(id || again, 'UTF8')), 'hex'), 32) end as id,
      case when again is null then since when status = 'resolved' then begun
        else greatest(date_trunc('second', now()), begun + interval '1 second') end as since
    from (
      select s.*, k.n as known, coalesce(e.id, f.id) as again, coalesce(e.since, f.since) as begun from said s
        left join signal k on s.ms is not null and k.team = s.team and k.id = s.id
        left join lateral (
          select o.id, o.n, o.since, o.received_at from signal o
          where s.ms is not null and s.status = 'firing' and o.team = s.team and o.alert = s.alert
            and o.status = 'resolved' and (s.shadow or not o.shadow)
          order by o.n desc limit 1
        ) e on e.received_at <= now() - s.ms * interval '1 ms'
          and case when k.n is null then e.since = s.since else e.n > k.n end
        left join lateral (
          select o.id, o.n, o.since, o.received_at from signal o
          where k.n is not null and s.status = 'resolved' and o.team = s.team and o.alert = s.alert
            and (o.outcome is null or o.fires) and o.status = 'firing' and o.shadow = s.shadow
          order by o.n desc limit 1
        ) f on f.received_at <= now() - s.ms * interval '1 ms' and f.n > k.n
          and date_trunc('second', f.received_at) <= s.until + interval '1 second'
    ) s where came or (ms is not null and (known is null or again is not null))
    order by i) s
), fresh as (
  insert into signal (team, id, n, source, alert, status, since, until, begun_at, rule, key, grp, shadow, body)
  select s.team, s.id, s.n, s.source, s.alert, s.status, s.since, s.until, least(s.since, now()),
    case when b.grp is null then s.rule else b.rule end, coalesce(b.key, s.key), coalesce(b.grp, s.grp),
    coalesce(b.shadow, s.shadow), s.body
  from s left join lateral (
    select o.rule, o.key, o.grp, o.shadow from signal o where o.team = s.team and o.alert = s.alert
      and (o.outcome is null or o.fires) and (o.shadow = s.shadow or s.status = 'resolved')
    order by o.shadow, o.n desc limit 1) b on true
  order by s.team, s.alert, s.n
  on conflict (team, id) do nothing
  returning team, n, grp, rule
), owed as (
  insert into outbox (team, lane, incident, seq, kind, payload)
  select distinct team, team || '/alerts/' || grp, 0, 0, 'alerts.settle', '{}'::jsonb from fresh
)
select (select json_agg(json_build_array(team, source, delivery)) from came) as came,
  (select json_agg(json_build_array(s.i, fresh.grp, fresh.rule)) from fresh join s on s.n = fresh.n) as fresh`;

async function arriveTogether(db: Queryable, group: readonly Pending[]): Promise<Arrived[]> {
  let i = 0;
  const at = performance.now();
  const deliveries = group.map(({ team, delivery: { source, delivery, asOf } }, d) => ({
    ...{ d, team, source, delivery },
    ms: asOf === undefined ? null : Math.max(0, at - asOf),
  }));
  const rows = group.map(({ delivery: { source, shadow, signals } }, d) =>
    signals.map((one) => {
      const { status, since, until, rule, key, group: grp, ...body } = one;
      const id = signalId(source, one, shadow);
      const alert = alertId(source, body);
      return { i: i++, d, id, alert, status, since, until, rule, key, grp, shadow, body };
    }),
  );
  // Not prepared: its plan must fit the tables as they are now, not as they were when they were empty.
  const { rows: answer } = await db.query<{
    came: string[][] | null;
    fresh: Array<[number, string, string | null]> | null;
  }>(ARRIVE_SQL, [JSON.stringify(deliveries), keepable(JSON.stringify(rows.flat()))]);
  // What came twice in the same statement is the first one's.
  const came = new Set((answer[0]?.came ?? []).map((one) => JSON.stringify(one)));
  const fresh = new Map((answer[0]?.fresh ?? []).map(([row, grp, rule]) => [row, { grp, rule }]));
  return group.map(({ team, delivery: { source, delivery } }, d) => {
    const first = came.delete(JSON.stringify([team, source, delivery]));
    const its = rows[d] ?? [];
    const kept = its.flatMap(({ i }) => fresh.get(i) ?? []);
    const lanes = [...new Set(kept.map(({ grp }) => grp))].map((grp) => laneOfAlerts(team, grp));
    const rules = its.map(({ i, rule }) => (fresh.get(i) ?? { rule }).rule);
    return { repeated: !first && kept.length === 0, fresh: kept.length, lanes, rules };
  });
}

/** A NUL, or half a character, can be kept in no text; in JSON both are escapes. Shown instead is that something was there. */
function keepable(json: string): string {
  return json.replace(/(?<!\\)((?:\\\\)*)\\u(?:0000|d[89a-f][0-9a-f]{2})/gi, '$1\\ufffd');
}

/** @returns those of a group that wait, in order of arrival, with what is known of their alerts */
async function waiting(db: Queryable, team: string, group: string, limit = 50_000): Promise<WaitingSignal[]> {
  // Each look behind a signal is one step along an index, however much was said of its alert before.
  const { rows } = await db.query<WaitingSignal>(
    `select s.id, s.source, s.alert, s.status, ${iso('s.begun_at')} as "begunAt", ${iso('s.received_at')} as "receivedAt",
       s.rule, s.key, s.shadow,
       case when st.fires is not null then json_build_object('incident', st.incident, 'firing', st.fires) end as stands,
       case when e.at is not null then json_build_object('at', e.at, 'until', e.until) end as ended,
       coalesce(b.since = s.since, false) as late
     from signal s
     left join lateral (select o.incident, o.fires from signal o
       where o.team = s.team and o.alert = s.alert and o.outcome in ('opened', 'attached') and o.shadow = s.shadow
       order by o.n desc limit 1) st on true
     left join lateral (select ${iso('o.received_at')} as at, ${utc('o.until')} as until from signal o
       where s.status = 'firing' and o.team = s.team and o.alert = s.alert and o.status = 'resolved' and o.n > s.n
         and (s.shadow or not o.shadow)
       order by o.n limit 1) e on true
     left join lateral (select o.since from signal o
       where s.status = 'firing' and o.team = s.team and o.alert = s.alert and o.status = 'resolved' and o.n < s.n
         and o.shadow = s.shadow
       order by o.n desc limit 1) b on true
     where s.team = $1 and s.grp = $2 and s.outcome is null order by s.n limit $3`,
    [team, group, limit],
  );
  return rows;
}

const iso = (time: string): string => utc(time, 'SS.MS');

const KEPT = `s.body || jsonb_build_object('id', s.id, 'alertId', s.alert, 'source', s.source, 'status', s.status, 'since', ${utc('s.since')},
  'until', ${utc('s.until')}, 'rule', s.rule, 'key', s.key, 'group', s.grp, 'receivedAt', ${iso('s.received_at')},
  'shadow', s.shadow, 'outcome', s.outcome, 'incident', s.incident) as kept`;

const EMPTY = { alert: '', title: '', text: null, labels: {}, values: {}, links: [] };

/** @param rest behind `from signal s` */
async function kept(db: Queryable, rest: string, values: unknown[]): Promise<KeptSignal[]> {
  const { rows } = await db.query<{ kept: KeptSignal }>(`select ${KEPT} from signal s ${rest}`, values);
  return rows.map((row) => ({ ...EMPTY, ...row.kept }));
}

/** @returns signals by their ids; what there is not is absent */
async function ids(db: Queryable, team: string, wanted: readonly string[]): Promise<Map<string, KeptSignal>> {
  const found = await kept(db, 'where s.team = $1 and s.id = any($2::text[])', [team, wanted]);
  return new Map(found.map((one) => [one.id, one]));
}

/** Thresholds need no more of them: with so many any is reached. */
const MOST_BEGUN = 10_000;

/** @returns when alerts of a group began to fire, not before `since`, in order */
async function begun(
  db: Queryable,
  team: string,
  group: string,
  since: Date,
  shadow: boolean,
): Promise<Date[]> {
  const { rows } = await db.query<{ at: string }>(
    `select ${iso('begun_at')} as at from signal where team = $1 and grp = $2 and begun_at >= $3 and status = 'firing'
       and shadow = $4 order by begun_at desc limit ${MOST_BEGUN}`,
    [team, group, since.toISOString(), shadow],
  );
  return rows.map(({ at }) => new Date(at)).reverse();
}

const FIRING = 'where s.team = $1 and s.grp = $2 and s.fires and not s.shadow';

/** @returns the alerts of a group that fire where they are recorded: the signals that said so, newest first */
function firing(db: Queryable, team: string, group: string, limit: number): Promise<KeptSignal[]> {
  return kept(db, `${FIRING} order by s.n desc limit $3`, [team, group, limit]);
}

/**
 * @param shadow is the source in shadow now? What it said before it was made live, or shadow, is none of this
 * @returns what a source has said to fire, and we believe to: recorded as firing, or waiting. Newest first
 */
function firingFrom(
  db: Queryable,
  team: string,
  source: string,
  shadow: boolean,
  limit: number,
): Promise<KeptSignal[]> {
  return kept(
    db,
    `where s.team = $1 and s.source = $2 and s.shadow = $3 and s.status = 'firing' and (s.outcome is null or s.fires)
     order by s.n desc limit $4`,
    [team, source, shadow, limit],
  );
}

/** Has that delivery been kept? */
async function arrived(db: Queryable, team: string, source: string, delivery: string): Promise<boolean> {
  const sql = 'select 1 from arrival where team = $1 and source = $2 and delivery = $3';
  return (await db.query(sql, [team, source, delivery])).rows.length > 0;
}

/** Where an alert is at home, for what is said of it beside its firing and ending. */
interface Whereabouts {
  /** Something was heard of it, or the time has come for it, and nobody has settled that yet: where it is will be known soon. */
  coming: boolean;
  /** Where it was recorded last; null: nowhere, or it fires anew and its rule lets that wait. */
  incident: number | null;
  /** In the words of its last firing there; '' where they were erased. */
  title: string;
}

/** @param alert its `alertId`. What is only in shadow is nowhere */
async function standing(db: Queryable, team: string, alert: string): Promise<Whereabouts> {
  const last = (what: string, where = '') =>
    `(select ${what} from signal s where s.team = $1 and s.alert = $2 and s.outcome in ('opened', 'attached')
        and not s.shadow ${where} order by s.n desc limit 1)`;
  const { rows } = await db.query<Whereabouts>(
    `with waits as (
       select s.status, $1 || '/alerts/' || s.grp as lane from signal s
       where s.team = $1 and s.alert = $2 and s.outcome is null and not s.shadow
     )
     select
       exists (
         select from waits w join outbox o on o.team = $1 and o.lane = any(array[w.lane, w.lane || '/timer'])
         where o.done_at is null and o.dead_at is null and (o.lane = w.lane or o.due_at <= now())
       ) as coming,
       case when not exists (select from waits where status = 'firing') then ${last('s.incident')} end as incident,
       coalesce(${last("s.body ->> 'title'", "and s.status = 'firing'")}, ${last("s.body ->> 'title'")}, '') as title`,
    [team, alert],
  );
  return rows[0] ?? { coming: false, incident: null, title: '' };
}

async function firingCount(db: Queryable, team: string, group: string): Promise<number> {
  const sql = `select count(*)::int as count from signal s ${FIRING}`;
  return (await db.query<{ count: number }>(sql, [team, group])).rows[0]?.count ?? 0;
}

/** @returns the `alertId`s of those that fire in what would be an incident */
async function firingInShadow(db: Queryable, team: string, group: string): Promise<string[]> {
  const sql = 'select alert from signal where team = $1 and grp = $2 and fires and shadow';
  return (await db.query<{ alert: string }>(sql, [team, group])).rows.map(({ alert }) => alert);
}

/** @returns the last signal of a group that was recorded in that incident, or null */
async function newest(
  db: Queryable,
  team: string,
  group: string,
  incident: number,
): Promise<KeptSignal | null> {
  const rest = `where s.team = $1 and s.grp = $2 and s.incident = $3 and not s.shadow
    and s.outcome in ('opened', 'attached') order by s.n desc limit 1`;
  return (await kept(db, rest, [team, group, incident]))[0] ?? null;
}

/** Under which the incident is opened that a signal opens. */
export const openingKey = (id: string): string => `signal:${id}:open`;

/** @returns those of these signals that have opened an incident before, and which: whoever had it opened may have died before it was written down */
async function openedFor(
  db: Queryable,
  team: string,
  wanted: readonly string[],
): Promise<Map<string, number>> {
  const sql = `select w.id, f.incident from unnest($2::text[], $3::text[]) as w(id, key)
    join fact f on f.team = $1 and f.key = w.key and f.key is not null`;
  const { rows } = await db.query<{ id: string; incident: number }>(sql, [
    ...[team, wanted, wanted.map(openingKey)],
  ]);
  return new Map(rows.map(({ id, incident }) => [id, incident]));
}

/**
 * Writes down what came of signals, once: what has an outcome keeps it. Of what is recorded in no incident nothing is read any
 * more but how often it was; what its sender wrote goes, since no `erase` finds it there. An end that incidents hear of is one
 * in shadow too, where the source, then in shadow, said that the same alert fires.
 */
async function settled(
  db: Queryable,
  team: string,
  ends: ReadonlyArray<{ id: string; outcome: Outcome; incident: number | null }>,
): Promise<void> {
  await db.query(
    `with g as (
       select s.id, s.alert, s.n, s.status, s.shadow, e.outcome, e.incident
       from json_to_recordset($2::json) as e(id text, outcome text, incident int)
       join signal s on s.team = $1 and s.id = e.id and s.outcome is null
     ), over as (
       select alert, shadow, max(n) as n from g where status = 'resolved' and outcome = 'attached' group by alert, shadow
     ), now_over as (
       update signal s set fires = false from over
       where s.team = $1 and s.alert = over.alert and s.shadow = over.shadow and s.fires and s.outcome is not null
     ), over_in_shadow as (
       update signal s set fires = false
       from (select alert, max(n) as n from g where status = 'resolved' and not shadow group by alert) l
       where s.team = $1 and s.alert = l.alert and s.shadow and s.fires and s.n < l.n
     )
     update signal s set outcome = g.outcome, incident = g.incident, settled_at = now(),
       fires = g.status = 'firing' and g.outcome in ('opened', 'attached') and g.n > coalesce(over.n, 0)
         and not (g.shadow and exists (select from signal o
           where o.team = $1 and o.alert = g.alert and o.status = 'resolved' and not o.shadow and o.n > g.n)),
       key = case when g.outcome in ('opened', 'attached') then s.key else '' end,
       body = case when g.outcome in ('opened', 'attached') then s.body else jsonb_build_object('alert', s.body -> 'alert') end
     from g left join over on over.alert = g.alert and over.shadow = g.shadow
     where s.team = $1 and s.id = g.id`,
    [team, JSON.stringify(ends)],
  );
}

/** Files signals that wait anew, because the rule that had filed them is gone. @returns lanes that have something to settle now */
async function refile(
  db: Queryable,
  team: string,
  filed: ReadonlyArray<{ id: string; rule: string | null; key: string; group: string }>,
): Promise<string[]> {
  const { rows } = await db.query<{ lane: string }>(
    `with filed as (
       update signal s set rule = f.rule, key = f.key, grp = f."group"
       from json_to_recordset($2::json) as f(id text, rule text, key text, "group" text)
       where s.team = $1 and s.id = f.id and s.outcome is null returning s.grp
     )
     insert into outbox (team, lane, incident, seq, kind, payload)
     select distinct $1, $1 || '/alerts/' || grp, 0, 0, 'alerts.settle', '{}'::jsonb from filed returning lane`,
    [team, JSON.stringify(filed)],
  );
  return rows.map(({ lane }) => lane);
}

/**
 * Those of a group that fire in one incident are another's from now on: there it is recorded when they end.
 * @param to null: nobody's, as if they did not fire
 */
async function moved(
  db: Queryable,
  team: string,
  group: string,
  from: number,
  to: number | null,
): Promise<void> {
  await db.query(
    `update signal set incident = coalesce($4, incident), fires = $4::int is not null
     where team = $1 and grp = $2 and fires and incident = $3 and not shadow`,
    [team, group, from, to],
  );
}

/**
 * Has a group settled again in so many ms. The time is a row, not a timer, so it outlives every process; it is in a lane of
 * its own, because rows of one lane go in order. One row is enough for each group: it is moved to an earlier time. One that is
 * due already is another worker's, and what it wakes may have looked before this was known.
 */
async function wake(db: Queryable, team: string, group: string, inMs: number): Promise<void> {
  await db.query(
    `with there as (
       update outbox o set due_at = least(due_at, date_trunc('milliseconds', now()) + $3::float8 * interval '1 ms'),
         set_at = now(), owed_at = now()
       where team = $1 and lane = $2 and done_at is null and dead_at is null and due_at > now() + interval '1 ms'
         and ${believed('o')}
       returning 1
     )
     insert into outbox (team, lane, incident, seq, kind, payload, due_at)
     select $1, $2, 0, 0, 'alerts.settle', '{}'::jsonb, date_trunc('milliseconds', now()) + $3::float8 * interval '1 ms'
     where not exists (select from there)`,
    [team, laneOfAlertsTimer(team, group), inMs],
  );
}

/** Mutes a key, or (`until` null) does not any more. @returns lanes in which something waits that may open something now */
async function mute(db: Queryable, team: string, { key, until, by }: Mute): Promise<string[]> {
  const { rows } = await db.query<{ lane: string }>(
    `with muted as (
       insert into mute as m (team, grp, key, from_at, until_at, by_id, by_name)
       select $1, $2, $3, now(), $4::timestamptz, $5, $6 where $4::timestamptz is not null
       on conflict (team, grp) do update set key = excluded.key, until_at = excluded.until_at, by_id = excluded.by_id,
         by_name = excluded.by_name, from_at = case when m.until_at > now() then m.from_at else excluded.from_at end
     ), unmuted as (
       update mute set until_at = now() where team = $1 and grp = $2 and $4::timestamptz is null and until_at > now()
     )
     insert into outbox (team, lane, incident, seq, kind, payload)
     select $1, $7, 0, 0, 'alerts.settle', '{}'::jsonb
     where exists (select from signal where team = $1 and grp = $2 and outcome is null) returning lane`,
    [
      ...[team, groupId(key), key, until?.toISOString() ?? null],
      ...[by.id, by.name, laneOfAlerts(team, groupId(key))],
    ],
  );
  return rows.map(({ lane }) => lane);
}

/** @returns what is muted now, the first to end first */
async function mutes(
  db: Queryable,
  team: string,
  now: Date,
): Promise<Array<{ key: string; until: Date; by: Person }>> {
  const { rows } = await db.query<{ key: string; until: string; by: Person }>(
    `select key, ${iso('until_at')} as until, json_build_object('id', by_id, 'name', by_name) as by
     from mute where team = $1 and until_at > $2 order by until_at, key`,
    [team, now.toISOString()],
  );
  return rows.map((row) => ({ ...row, until: new Date(row.until) }));
}

/** @returns from when until when a group was muted last; null: it never was */
async function muteOf(
  db: Queryable,
  team: string,
  group: string,
): Promise<{ from: Date; until: Date } | null> {
  const { rows } = await db.query<{ from: string; until: string }>(
    `select ${iso('from_at')} as from, ${iso('until_at')} as until from mute where team = $1 and grp = $2`,
    [team, group],
  );
  return rows[0] ? { from: new Date(rows[0].from), until: new Date(rows[0].until) } : null;
}

/** What asks for these would rather have no answer than a late one. */
const SOON_MS = 3_000;

/** @returns how many signals are kept, of all workspaces, for metrics */
async function counts(
  db: Queryable,
): Promise<Array<Pick<OutcomeCount, 'source' | 'shadow' | 'outcome' | 'signals'>>> {
  const { rows } = await db.query<OutcomeCount>({
    text: `select source, shadow, outcome, count(*)::int as signals from signal
           group by source, shadow, outcome order by source, shadow, outcome`,
    ...{ query_timeout: SOON_MS },
  });
  return rows;
}

/** @returns what came of the signals that were received since then, by source and rule */
async function report(db: Queryable, team: string, since: Date): Promise<OutcomeCount[]> {
  const { rows } = await db.query<OutcomeCount>(
    `select s.source, s.rule, s.shadow, s.outcome, count(*)::int as signals,
       count(*) filter (where s.outcome = 'opened' and i.state -> 'falseAlarm' = 'true')::int as dismissed
     from signal s left join incident i on i.team = s.team and i.number = s.incident
     where s.team = $1 and s.received_at >= $2
     group by s.source, s.rule, s.shadow, s.outcome
     order by s.source, s.rule nulls last, s.shadow, s.outcome nulls last`,
    [team, since.toISOString()],
  );
  return rows;
}

/**
 * Clears away a little of what was received longer ago than `keepMs`: never what waits, nor the signal of an alert that fires,
 * but in shadow, where nobody may hear of its end once the source is live.
 * @returns how many signals and deliveries went; fewer than `limit` of both: that was all
 */
async function sweep(
  db: Queryable,
  keepMs: number,
  limit: number,
): Promise<{ signals: number; arrivals: number }> {
  const swept = async (text: string) => (await db.query({ text, values: [keepMs, limit] })).rowCount ?? 0;
  const old = `now() - $1::float8 * interval '1 ms'`;
  const went = await swept(
    `with old as (
       select team, id from signal where received_at < ${old} and (shadow or (outcome is not null and not fires))
       order by received_at limit $2 for update skip locked
     ) delete from signal s using old where s.team = old.team and s.id = old.id`,
  );
  const arrivals = await swept(
    `with old as (
       select team, source, delivery from arrival where received_at < ${old} order by received_at limit $2
       for update skip locked
     ) delete from arrival a using old where a.team = old.team and a.source = old.source and a.delivery = old.delivery`,
  );
  await swept(
    `with old as (select team, grp from mute where until_at < ${old} limit $2 for update skip locked)
     delete from mute m using old where m.team = old.team and m.grp = old.grp`,
  );
  return { signals: went, arrivals };
}
