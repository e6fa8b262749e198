import type { IncidentState } from '#domain/state.js';
import type { Queryable } from './pools.js';

/** Which incidents: `open` true for those not resolved, false for the resolved ones; `before`: only numbers below, for the next page. */
export interface IncidentFilter {
  limit: number;
  open?: boolean;
  before?: number;
}

/** @returns the incident whose channel this is, or null. Should two ever claim one channel, the older has it. */
export async function incidentOfChannel(
  db: Queryable,
  team: string,
  channelId: string,
): Promise<number | null> {
  const { rows } = await db.query<{ number: number }>({
    name: 'incident_of_channel',
    text: 'select number from incident where team = $1 and channel_id = $2 order by number limit 1',
    values: [team, channelId],
  });
  return rows[0]?.number ?? null;
}

/** @returns every incident that is not resolved, oldest first. Private ones too: who may see them is decided in `read`. */
export async function openIncidents(db: Queryable, team: string): Promise<IncidentState[]> {
  return states(db, 'open_incidents', 'select state from incident where team = $1 and open order by number', [
    team,
  ]);
}

/** @returns incidents, newest first, without the standing record. Private ones too: who may see them is decided in `read`. */
export async function listIncidents(
  db: Queryable,
  team: string,
  filter: IncidentFilter,
): Promise<IncidentState[]> {
  const sql = `select state from incident
    where team = $1 and number > 0 and ($2::boolean is null or open = $2) and ($3::int is null or number < $3)
    order by number desc limit $4`;
  return states(db, 'list_incidents', sql, [team, filter.open ?? null, filter.before ?? null, filter.limit]);
}

async function states(
  db: Queryable,
  name: string,
  text: string,
  values: unknown[],
): Promise<IncidentState[]> {
  const { rows } = await db.query<{ state: IncidentState }>({ name, text, values });
  return rows.map((row) => row.state);
}
