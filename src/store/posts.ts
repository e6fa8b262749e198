import { believed } from './outbox.js';
import { on, type Queryable } from './pools.js';

/** How fast a workspace is posted to, by all processes together. */
export interface Pace {
  /** From one post to the next, in the long run. */
  everyMs: number;
  /** So many may come at once after a quiet time. */
  burst: number;
  /** From one post to the next in one channel. */
  gapMs: number;
}

/** Somebody who wants to post to a channel now. `urgent`: goes before those who are not. */
interface Poster {
  team: string;
  channel: string;
  urgent: boolean;
}

/**
 * Shares out the posts of a workspace among all processes: in turn, channel by channel, and first to those that say something
 * urgent. A channel that has to wait says everything at once that has come meanwhile, so nobody is late by more than one round.
 *
 * Kept among the lanes, `next_at` being until when a row matters. One is the workspace's pace: when all that was posted will
 * have been paid for at that pace. One for each channel says that it spoke, or that it waits, `fence` being its place.
 * Two that ask at the same moment may both be the first: then there is one post more, which the pace makes up for.
 * @param keepMs who has not asked again for so long is not there any more: its worker died, or what it had to say went away
 * @returns milliseconds until it is this channel's turn as things stand; 0: now, and it counts as posted
 */
async function turnToPost(
  db: Queryable,
  { team, channel, urgent }: Poster,
  { everyMs, burst, gapMs }: Pace,
  keepMs: number,
): Promise<number> {
  const { rows } = await db.query<{ ms: number }>({
    name: 'turn_to_post',
    text: TURN_SQL,
    values: [team, nameOf(team), `${nameOf(team)}/${channel}`, urgent, everyMs, burst, gapMs, keepMs],
  });
  return rows[0]?.ms ?? 0;
}

/** Slack says that it was too much: nothing more is posted at once, only at this pace. */
async function tooManyPosts(db: Queryable, team: string, { everyMs, burst }: Pace): Promise<void> {
  await db.query({
    name: 'too_many_posts',
    text: `insert into lane (team, lane, next_at) values ($1, $2, now() + $3::float8 * ${MS})
           on conflict (team, lane) do update set next_at = excluded.next_at, set_at = now()`,
    values: [team, nameOf(team), everyMs * burst],
  });
}

const nameOf = (team: string): string => `${team}/posts`;

const MS = `interval '1 millisecond'`;

const LEFT = `greatest(0, extract(epoch from next_at - now()) * 1000)::float8`;

const TURN_SQL = `
with given as (
  select $1::text as team, $2::text as pace, $3::text as channel, $4::boolean as urgent, $5::float8 as every,
    $6::float8 as burst, $7::float8 as gap, $8::float8 as keep
), asked as (
  select l.lane, l.owner, l.fence, ${LEFT} as left_ms from lane l, given
  where l.team = $1 and starts_with(l.lane, given.pace) and next_at > now() and ${believed('l')}
), queued as (
  select lane, owner = 'urgent' as urgent, fence from asked, given where lane <> given.pace and owner <> 'spoke'
), me as (
  select given.urgent or coalesce((select q.urgent from queued q where q.lane = given.channel), false) as urgent,
    (select q.fence from queued q where q.lane = given.channel) as place,
    coalesce((select a.left_ms from asked a where a.lane = given.channel and a.owner = 'spoke'), 0) as rests,
    -- What is not paid for yet, never more than a burst.
    least(burst * every, coalesce((select a.left_ms from asked a where a.lane = given.pace), 0)) as owing
  from given
), turn as (
  select me.urgent, rests, case when rests > 0 then rests else greatest(0, every * (1 - burst + (
      select count(*) from queued q where q.lane <> given.channel and (q.urgent and not me.urgent
        or q.urgent = me.urgent and (me.place is null or q.fence < me.place)))) + owing) end as ms
  from me, given
), posted as (
  insert into lane (team, lane, next_at) select team, pace, now() + every * ${MS} from turn, given where ms = 0
  on conflict (team, lane) do update set set_at = now(),
    next_at = least(greatest(case when ${believed('lane')} then lane.next_at end, now()), now() + ($6 - 1) * $5 * ${MS})
      + $5 * ${MS}
), said as (
  insert into lane (team, lane, owner, fence, next_at)
  select team, channel, case when ms = 0 then 'spoke' when turn.urgent then 'urgent' else 'waits' end, nextval('lane_fence'),
    now() + case when ms = 0 then gap else keep end * ${MS}
  from turn, given where rests = 0
  on conflict (team, lane) do update set owner = excluded.owner, next_at = excluded.next_at, set_at = now(),
    fence = case when lane.owner <> 'spoke' and lane.next_at > now() and ${believed('lane')}
      then lane.fence else excluded.fence end
)
select ceil(ms)::float8 as ms from turn`;

/** Part of the outbox. */
export const posts = (db: Queryable) => on(db, { turnToPost, tooManyPosts });
