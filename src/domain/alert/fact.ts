import { z } from 'zod';
import { type BodyOf, count, happened, id, number, second, shape } from '../shape.js';

/** What happened to an alert inside an incident. Whatever a sender wrote is a text, which can be erased; ids are ours (`alertId`, `groupId`). */
export const ALERT_FACTS = {
  /** An alert is heard of in this incident for the first time; `until`: it had ended by then. `labels`, `values` and `links` are JSON. */
  AlertFired: shape(
    { ...happened, alert: id, group: id, source: id, rule: id.nullable() },
    { required: ['title', 'key'], optional: ['text', 'labels', 'values', 'link', 'links'] },
  ),
  /**
   * It ended, or fires again: `times` so often it has fired by then. One that fires again says anew what was measured, and what
   * its sender says beside it; without `values` that is not known, and what was said before stands.
   */
  AlertChanged: shape(
    {
      ...{ entry: number, alert: id, group: id },
      ...{ does: z.enum(['fired', 'resolved']), at: second, times: number },
    },
    { optional: ['text', 'values'] },
  ),
  /** Where the one message of a group stands. */
  AlertsShown: shape({ group: id, channel: id, ts: id }),
  /** A group goes to another incident, or (`to` null) into one of its own. `hidden`: its number is not to be read here. */
  AlertsMoved: shape(
    { ...happened, group: id, to: number.nullable(), firing: count, hidden: z.literal(true).optional() },
    { required: ['key'] },
  ),
  /** A group comes from another incident. */
  AlertsTaken: shape(
    {
      ...happened,
      group: id,
      source: id,
      rule: id.nullable(),
      from: number,
      hidden: z.literal(true).optional(),
    },
    { required: ['key'] },
  ),
};

export type AlertFactBody = BodyOf<typeof ALERT_FACTS>;
