import type { Middleware, SlackEventMiddlewareArgs } from '@slack/bolt';
import type { Asking, TypedIntent } from '#domain/incident/intent.js';
import { isOnTheWay } from '#domain/permission.js';
import { isPassing, isRefusal } from '#domain/refusal.js';
import { botAsking, isInSlack } from '#domain/words.js';
import { askerOfEvent, type Context } from '../listener.js';
import { profileIn } from './people.js';

/**
 * Somebody came into an incident's channel. A private incident is seen by those who were brought in, and whoever a member lets
 * into its channel has been: without this they could read the channel but not type `show`. In public incidents everybody may
 * look already, so nothing is recorded.
 */
export function onJoined(context: Context): Middleware<SlackEventMiddlewareArgs<'member_joined_channel'>> {
  return async ({ event, body }) => {
    // The bot enters every channel that it makes, before that channel is known as an incident's.
    if (event.user === context.self()) return;
    const inviter = event.inviter && event.inviter !== event.user ? { user: event.inviter } : event;
    const { asking: heard, incident } = await askerOfEvent(context, body, inviter, event.channel);
    if (incident === null) return;
    context.members.joined(event.channel, event.user);
    // The channel itself is the permission: the inviter may be known to Slack only.
    const asking = { ...heard, seesPrivate: true };
    const state = await context.read.incident(asking, incident);
    if (isRefusal(state) || !state.private || state.members.includes(event.user)) return;
    // The event may come late, after that person has left again: who is not in the channel is not let in.
    if ((await context.members.has(event.channel, event.user)) === false) return;
    const { name } = await context.people.known(asking.team, event.user, profileIn(event));
    // Slack has let them in already; whether the inviter may type `invite` is another question.
    await note(context, { type: 'InvitePeople', people: [{ id: event.user, name }] }, incident, {
      ...asking,
      source: 'bot',
    });
  };
}

/** Somebody went, or was taken out: from then on a private incident is not theirs to look at. */
export function onLeft(context: Context): Middleware<SlackEventMiddlewareArgs<'member_left_channel'>> {
  return async ({ event, body }) => {
    context.members.left(event.channel, event.user);
    const { asking, incident } = await askerOfEvent(context, body, event, event.channel);
    if (incident === null) return;
    const intent: TypedIntent = { type: 'NotePeopleLeft', people: [asking.by] };
    await note(context, intent, incident, { ...asking, source: 'bot', seesPrivate: true });
  };
}

/** @throws when it could not be kept: then Slack sends the event again */
async function note(context: Context, intent: TypedIntent, incident: number, asking: Asking): Promise<void> {
  const outcome = await context.handle(intent, incident, asking);
  if (!isRefusal(outcome)) return;
  if (isPassing(outcome)) throw new Error(outcome.code);
  context.log.warn({ code: outcome.code, incident }, 'Who is in a channel could not be kept');
}

/**
 * The channel's own list has been read: of a private incident, whoever is recorded as a member and is not in it has
 * left, and the event that would have said so was missed.
 * @param people everybody who is in the channel
 */
export async function noteWhoLeft(
  context: Pick<Context, 'where' | 'read' | 'handle' | 'now'>,
  team: string,
  channel: string,
  people: ReadonlySet<string>,
): Promise<void> {
  const incident = await context.where.incident(team, channel);
  if (incident === null) return;
  const now = context.now();
  const asking = botAsking(team, null, now);
  const state = await context.read.incident(asking, incident);
  if (isRefusal(state) || !state.private) return;
  const gone = state.members.filter((id) => isInSlack(id) && !people.has(id) && !isOnTheWay(state, id, now));
  if (gone.length === 0) return;
  const intent: TypedIntent = { type: 'NotePeopleLeft', people: gone.map((id) => ({ id, name: null })) };
  await context.handle(intent, incident, asking);
}

/** Slack tells of changed names, zones and kinds of account, and of who is new. */
export function onUserChange(
  context: Context,
): Middleware<SlackEventMiddlewareArgs<'user_change' | 'team_join'>> {
  return async ({ event, body }) => {
    await context.people.learn(await context.where.team(body), event.user);
  };
}
