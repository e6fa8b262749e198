import type { Middleware, SlackEventMiddlewareArgs } from '@slack/bolt';
import { type Context, spokenBy } from './context.js';
import { profileIn } from './person.js';

/** The reaction that keeps a message. */
export const PIN = 'pushpin';

/**
 * :pushpin: on a message in an incident's channel. The event names the message without its text; fetching it is owed, so that
 * neither a crash nor a rate limit loses it. Slack gets its answer after that is kept.
 * @throws when it could not be kept: then Slack sends the event again
 */
export function onReaction(context: Context): Middleware<SlackEventMiddlewareArgs<'reaction_added'>> {
  return async ({ event, body }) => {
    if (event.reaction !== PIN || event.item.type !== 'message') return;
    const { channel, ts } = event.item;
    const { asking } = await spokenBy(
      context,
      { payload: body, user: event.user, profile: profileIn(event) },
      `event:${body.event_id}`,
    );
    const incident = await context.where.incident(asking.team, channel);
    if (incident === null) return;
    const { team, key } = asking;
    await context.owe(
      { kind: 'message.capture', payload: { channel, ts, by: event.user } },
      { team, incident, key },
    );
  };
}
