import type { Effect } from '#domain/effect.js';
import type { Queryable } from './pools.js';

/** What something owed belongs to. `key` names the request: the same one twice owes it once (null: no such promise). */
export interface OwedFor {
  team: string;
  lane: string;
  incident: number;
  key: string | null;
  /** Not before so many milliseconds have passed; at once when absent. A span, because whose clock is right is not known. */
  inMs?: number;
}

/**
 * Leaves an effect in the outbox that no fact caused: an export to send, a pinned message to fetch.
 * @returns false: the same request has left it before
 */
export async function owe(
  db: Queryable,
  effect: Effect,
  { team, lane, incident, key, inMs }: OwedFor,
): Promise<boolean> {
  const { rows } = await db.query<{ left: boolean }>({
    name: 'owe',
    // Cut off and not rounded up: what is due at once is not due in a moment.
    text: `with owed as (
             insert into outbox (team, lane, incident, seq, kind, payload, key, due_at)
             values ($1, $2, $3, 0, $4, $5, $6, date_trunc('milliseconds', now()) + $7::float8 * interval '1 ms') on conflict (team, key) where key is not null do nothing returning 1
           ) select exists (select from owed) as left`,
    values: [team, lane, incident, effect.kind, JSON.stringify(effect.payload), key, inMs ?? 0],
  });
  return rows[0]?.left ?? false;
}
