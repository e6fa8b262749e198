import type { Fields } from '../fields.js';
import { refuse, SlackError } from '../refuse.js';
import type { Call } from '../web-api/context.js';
import { joined, mustBeChannel, mustBeLive } from '../web-api/conversation.js';
import { join } from '../workspace/membership.js';
import type { Channel } from '../workspace/objects/channel.js';

const MAX_USERS = 100;

/** What an invitation can be refused with, as a whole or for one of the people. */
export const INVITE_ERRORS = [
  ...['channel_not_found', 'not_in_channel', 'method_not_supported_for_channel_type', 'is_archived'],
  ...['no_user', 'too_many_users', 'cant_invite_self', 'user_not_found', 'cant_invite', 'already_in_channel'],
  ...['no_external_invite_permission', 'ura_max_channels', 'user_is_restricted', 'org_user_not_in_team'],
];

/**
 * `conversations.invite`. Without `force` one bad id fails the call and nobody is added; with it the good ones go
 * in and the bad ones are listed.
 */
export function invite(call: Call, show: (call: Call, id: string) => Fields): Fields {
  const channel = joined(call, call.args.need('channel'));
  mustBeChannel(channel);
  mustBeLive(channel);
  const users = call.args.list('users');
  if (users.length === 0) refuse('no_user');
  if (users.length > MAX_USERS) refuse('too_many_users');
  const errors: Array<{ user: string; ok: false; error: string }> = [];
  const good: string[] = [];
  for (const user of users) {
    const error = problem(call, channel, user);
    if (error) errors.push({ user, ok: false, error });
    else good.push(user);
  }
  const first = errors[0];
  const force = call.args.flag('force');
  if (first && (!force || good.length === 0)) throw new SlackError(first.error, { errors });
  for (const user of good) join(call.world, channel, user, call.me);
  return { channel: show(call, channel.id), ...(errors.length > 0 ? { errors } : {}) };
}

function problem(call: Call, channel: Channel, id: string): string | undefined {
  if (id === call.me) return 'cant_invite_self';
  const user = call.world.users.get(id);
  if (!user) return 'user_not_found';
  if (user.deleted) return 'user_not_found';
  if (id === 'USLACKBOT') return 'cant_invite';
  if (channel.members.has(id)) return 'already_in_channel';
  // Somebody who has not accepted the invitation to the workspace cannot be in its channels yet.
  if (user.invited) return 'cant_invite';
  const { enterprise } = call.world;
  if (enterprise?.teams.some((team) => team.id === user.teamId)) return 'org_user_not_in_team';
  // People of another workspace come into channels that are shared with it; we know none but those we share one with.
  if (user.teamId && user.teamId !== channel.sharedWith) {
    const shared = [...call.world.channels.values()].some((it) => it.sharedWith && it.members.has(id));
    return shared ? 'no_external_invite_permission' : 'user_not_found';
  }
  if (!user.ultraRestricted) return undefined;
  // A single-channel guest who has a channel already is full.
  const full = [...call.world.channels.values()].some((it) => it.kind === 'channel' && it.members.has(id));
  return full ? 'ura_max_channels' : 'user_is_restricted';
}
