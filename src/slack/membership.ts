import type { Middleware, SlackEventMiddlewareArgs } from '@slack/bolt';
import { isRefusal } from '#domain/refusal.js';
import { type Context, spokenBy } from './context.js';
import { profileIn } from './person.js';

/**
 * Somebody came into an incident's channel. A private incident is seen by those who were brought in, and whoever a member lets
 * into its channel has been: without this they could read the channel but not type `show`. In public incidents everybody may
 * look already, so nothing is recorded.
 */
export function onJoined(context: Context): Middleware<SlackEventMiddlewareArgs<'member_joined_channel'>> {
  return async ({ event, body }) => {
    // The bot enters every channel that it makes, before that channel is known as an incident's.
    if (event.user === context.self()) return;
    const user = event.inviter ?? event.user;
    const speaker = { payload: body, user, ...(user === event.user && { profile: profileIn(event) }) };
    const spoken = await spokenBy(context, speaker, `event:${body.event_id}`);
    const { team } = spoken.asking;
    const incident = await context.where.incident(team, event.channel);
    if (incident === null) return;
    // The channel itself is the permission: the inviter may be known to Slack only.
    const asking = { ...spoken.asking, seesPrivate: true };
    const state = await context.read.incident(asking, incident);
    if (isRefusal(state) || !state.private || state.members.includes(event.user)) return;
    const { name } = await context.people.known(team, event.user, profileIn(event));
    const outcome = await context.handle(
      { type: 'InvitePeople', people: [{ id: event.user, name }] },
      incident,
      asking,
    );
    if (!isRefusal(outcome)) return;
    if (outcome.code === 'NOT_RECORDED' || outcome.code === 'NOT_CONFIRMED') throw new Error(outcome.code);
    context.log.warn({ code: outcome.code, incident }, 'Somebody who joined could not be made a member');
  };
}

/** Slack tells of changed names, zones and kinds of account, and of who is new. */
export function onUserChange(
  context: Context,
): Middleware<SlackEventMiddlewareArgs<'user_change' | 'team_join'>> {
  return async ({ event, body }) => {
    await context.people.learn(await context.where.team(body), event.user);
  };
}
