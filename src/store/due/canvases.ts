import type { Queryable } from '../pools.js';

/** How far the canvas of an incident's channel has come. */
export interface KeptCanvas {
  /** Slack's id of it; null: there is none. */
  canvas: string | null;
  /** The newest fact that was looked at for it. */
  seq: number;
  digest: string | null;
  /** `method: code`, with which Slack said no the last time; null: it did not. */
  refused: string | null;
  /** Nothing more is to be done about that. */
  settled: boolean;
}

/** An incident whose canvas does not show all that it could. `again`: a refusal is tried once more, known by when it was said. */
interface Behind {
  team: string;
  incident: number;
  seq: number;
  again: string | null;
}

/** Of what is over, a canvas follows corrections for so long. */
const FOLLOWED = `interval '90 days'`;
/** What Slack refuses, an admin may mend. */
const AGAIN = `interval '1 hour'`;

/** Canvases of channels. The record knows nothing of them: what stands there is a reading, and made anew at will. */
export function canvases(db: Queryable) {
  return {
    /**
     * Incidents with a channel whose canvas is behind, those that changed longest ago first. Of an incident that is over only
     * one that has a canvas, or was refused one and has had no file instead.
     * @param lane what the lane of such a delivery ends with: those that are owed already are left out
     */
    async behind(lane: string, limit: number): Promise<Behind[]> {
      const { rows } = await db.query<Behind>({
        name: 'canvases_behind',
        text: `with one as (
                 select i.team, i.number, i.seq, i.open, i.updated_at, c.seq as shown, c.refused, c.settled, c.at
                 from incident i left join canvas c on c.team = i.team and c.incident = i.number
                 where i.open and i.channel_id is not null
                 union all
                 select i.team, i.number, i.seq, i.open, i.updated_at, c.seq, c.refused, c.settled, c.at
                 from canvas c join incident i on i.team = c.team and i.number = c.incident
                 where not i.open and i.channel_id is not null and c.at > now() - ${FOLLOWED}
               )
               select team, number as incident, seq, case when refused is not null then at::text end as again from one
               where case when shown is null then open
                   when refused is not null then not settled and (not open or at < now() - ${AGAIN})
                   else shown < seq end
                 and not exists (select from outbox o where o.team = one.team
                   and o.lane = one.team || '/INC-' || one.number || '/' || $1 and o.done_at is null and o.dead_at is null)
               order by updated_at limit $2`,
        values: [lane, limit],
      });
      return rows;
    },
    async known(team: string, incident: number): Promise<KeptCanvas | null> {
      const { rows } = await db.query<KeptCanvas>({
        name: 'canvas_of',
        text: 'select canvas, seq, digest, refused, settled from canvas where team = $1 and incident = $2',
        values: [team, incident],
      });
      return rows[0] ?? null;
    },
    async keep(team: string, incident: number, kept: KeptCanvas): Promise<void> {
      await db.query({
        name: 'keep_canvas',
        text: `insert into canvas (team, incident, canvas, seq, digest, refused, settled)
               values ($1, $2, $3, $4, $5, $6, $7) on conflict (team, incident) do update set canvas = excluded.canvas,
                 seq = excluded.seq, digest = excluded.digest, refused = excluded.refused, settled = excluded.settled, at = now()`,
        values: [team, incident, kept.canvas, kept.seq, kept.digest, kept.refused, kept.settled],
      });
    },
    /** @returns what Slack said no with, the newest first, each with an incident that was refused; of a week */
    async refused(): Promise<Array<{ refused: string; incident: number }>> {
      const { rows } = await db.query<{ refused: string; incident: number }>(
        `select refused, max(incident)::int as incident from canvas
         where refused is not null and at > now() - interval '7 days' group by refused order by max(at) desc limit 5`,
      );
      return rows;
    },
  };
}
