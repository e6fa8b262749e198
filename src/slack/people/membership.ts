import type { Middleware, SlackEventMiddlewareArgs } from '@slack/bolt';
import type { Asking, TypedIntent } from '#domain/incident/intent.js';
import type { IncidentState } from '#domain/incident/state.js';
import { cameLate } from '#domain/incident/state.js';
import { isOnTheWay } from '#domain/permission.js';
import { isPassing, isRefusal } from '#domain/refusal.js';
import { mendOf } from '#domain/slack-code.js';
import { botAsking, isInSlack } from '#domain/words.js';
import { unpacked } from '../blocks/buttons.js';
import { TAKE_ROLE_VALUE } from '../blocks/people.js';
import { type Click, clicked, clickedBy, originOf, tooOld } from '../buttons/click.js';
import { askAndReply, askerOfEvent, type Context, type Reply } from '../listener.js';
import { profileIn } from './people.js';

/**
 * Somebody came into an incident's channel. A private incident is seen by those who were brought in, and whoever a member lets
 * into its channel has been: without this they could read the channel but not type `show`. In public incidents everybody may
 * look already, so nothing is recorded.
 */
export function onJoined(context: Context): Middleware<SlackEventMiddlewareArgs<'member_joined_channel'>> {
  return async ({ event, body }) => {
    // The bot enters every channel that it makes, before that channel is known as an incident's; or it is let in again.
    if (event.user === context.self()) return lookAt(context, body, event.channel);
    const inviter = event.inviter && event.inviter !== event.user ? { user: event.inviter } : event;
    const { asking: heard, incident } = await askerOfEvent(context, body, inviter, event.channel);
    if (incident === null) return;
    context.members.joined(event.channel, event.user);
    // The channel itself is the permission: the inviter may be known to Slack only.
    const asking = { ...heard, seesPrivate: true };
    const state = await context.read.incident(asking, incident);
    if (isRefusal(state)) return;
    await oweCatchUp(context, state, event);
    if (!state.private || state.members.includes(event.user)) return;
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

/** So long a client takes to show a channel: what only one person sees is lost to them before. And who comes together is told together. */
const SETTLES_MS = 4_000;

/** Whoever comes late is told how it stands, once; not who came at the beginning, nor where it is over. */
async function oweCatchUp(
  { catchesUp, now, owe }: Context,
  state: IncidentState,
  { user, event_ts: ts }: { user: string; event_ts?: string },
): Promise<void> {
  const came = ts && /^\d/.test(ts) ? new Date(Number.parseInt(ts, 10) * 1000) : now();
  if (!catchesUp || !cameLate(state, came) || state.caughtUp?.includes(user)) return;
  const { team, number: incident } = state;
  const key = `catchup:${incident}:${user}`;
  await owe({ kind: 'people.catchup', payload: { user } }, { team, incident, key, inMs: SETTLES_MS });
}

/**
 * Those accounts are deactivated: the channel of each open incident in which one has a role is told so, once.
 * @throws when it could not be kept
 */
export async function noteVacant(
  { read, owe, now }: Pick<Context, 'read' | 'owe' | 'now'>,
  team: string,
  gone: ReadonlySet<string>,
): Promise<void> {
  if (gone.size === 0) return;
  for (const state of await read.open(botAsking(team, null, now()))) {
    const { number: incident } = state;
    const holders = new Set(Object.values(state.roles).map(({ id }) => id));
    for (const user of holders) {
      if (!gone.has(user)) continue;
      const key = `vacant:${incident}:${user}`;
      await owe({ kind: 'role.vacant', payload: { user } }, { team, incident, key });
    }
  }
}

/** *I am lead* under what is said of somebody who has gone: the same as typing it. */
export const onTakeRole = (context: Context) => clicked(context, takeRole, false);

async function takeRole(context: Context, { body, action }: Click): Promise<Reply | null> {
  const carried = unpacked(TAKE_ROLE_VALUE, action.value);
  if (!carried) return tooOld('Type `lead @NAME`.');
  const { incident, role } = carried;
  const { asking, here } = await clickedBy(context, body, incident, null);
  const intent = { type: 'AssignRole' as const, role, person: asking.by };
  return askAndReply(context, { intent, incident, asking: { ...asking, seesPrivate: here } }, originOf(body));
}

/** Somebody went, or was taken out: from then on a private incident is not theirs to look at. */
export function onLeft(context: Context): Middleware<SlackEventMiddlewareArgs<'member_left_channel'>> {
  return async ({ event, body }) => {
    context.members.left(event.channel, event.user);
    if (event.user === context.self()) return lookAt(context, body, event.channel);
    const { asking, incident } = await askerOfEvent(context, body, event, event.channel);
    if (incident === null) return;
    const intent: TypedIntent = { type: 'NotePeopleLeft', people: [asking.by] };
    await note(context, intent, incident, { ...asking, source: 'bot', seesPrivate: true });
  };
}

/**
 * A channel was archived, renamed, deleted, or the bot taken out of it, or one of these was undone. Events come late, twice
 * and out of order: how an incident's channel is now, Slack is asked.
 */
export function onChannel(context: Context): Middleware<SlackEventMiddlewareArgs<ChannelEvent>> {
  return async ({ event, body }) =>
    lookAt(context, body, typeof event.channel === 'string' ? event.channel : event.channel.id);
}

/** What happens to channels, public ones and private ones. */
export const CHANNEL_EVENTS = [
  'channel_archive',
  'channel_deleted',
  'channel_left',
  'channel_rename',
  'channel_unarchive',
  'group_archive',
  'group_deleted',
  'group_left',
  'group_rename',
  'group_unarchive',
] as const;
type ChannelEvent = (typeof CHANNEL_EVENTS)[number];

async function lookAt(context: Context, body: { event_id: string }, channel: string): Promise<void> {
  const team = await context.where.team(body);
  const incident = await context.where.incident(team, channel);
  if (incident === null) return;
  await context.owe({ kind: 'channel.look', payload: {} }, { team, incident, key: `event:${body.event_id}` });
}

/**
 * Our token was taken back, or the app is not installed any more. What is owed is kept; Slack is asked at once, so that
 * /readyz says it before somebody waits in vain.
 */
export function onRevoked(
  context: Context,
): Middleware<SlackEventMiddlewareArgs<'tokens_revoked' | 'app_uninstalled'>> {
  return async ({ event }) => {
    if (event.type === 'tokens_revoked' && !event.tokens.bot?.length) return;
    const fix = mendOf('token_revoked');
    context.log.error(
      { event: event.type, fix },
      'Slack has taken our token back; everything is recorded and kept until there is a new one',
    );
    await context.client.call('auth.test');
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
    const team = await context.where.team(body);
    await context.people.learn(team, event.user);
    const { id, deleted } = event.user;
    if (deleted) await noteVacant(context, team, new Set([id]));
  };
}
