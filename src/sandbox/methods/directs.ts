import { refuse } from '../refuse.js';
import type { Call, Methods } from '../web-api/context.js';
import { byKind, visible } from '../web-api/conversation.js';
import { openDirect } from '../workspace/membership.js';
import type { Channel } from '../workspace/objects/channel.js';
import { details, show } from './channel-lists.js';

const MAX_PEOPLE = 8;
const MANAGE = ['channels:manage', 'groups:write'];
const close = byKind(MANAGE, MANAGE, ['im:write', 'mpim:write']);

/** Direct messages between a few. */
export const directs: Methods = {
  'conversations.open': {
    tier: 3,
    // Slack takes the scopes that manage channels for it too.
    scopes: ({ args }) => [...(args.list('users').length > 1 ? [] : ['im:write']), 'mpim:write', ...MANAGE],
    errors: [
      ...['channel_not_found', 'method_not_supported_for_channel_type', 'users_list_not_supplied'],
      ...['too_many_users', 'user_not_found', 'user_disabled', 'user_not_visible'],
    ],
    run: (call) => {
      const id = call.args.text('channel');
      if (id) {
        const channel = visible(call, id);
        if (channel.kind === 'channel') refuse('method_not_supported_for_channel_type');
        return opened(call, channel, false);
      }
      const members = [call.me, ...people(call)];
      const known = call.world.directOf(members);
      if (!known && call.args.flag('prevent_creation')) refuse('channel_not_found');
      return opened(call, known ?? call.world.direct(members).channel, known === undefined);
    },
  },
  'conversations.close': {
    tier: 2,
    scopes: close,
    errors: ['channel_not_found', 'method_not_supported_for_channel_type'],
    run: (call) => {
      const channel = visible(call, call.args.need('channel'));
      if (channel.kind === 'channel') refuse('method_not_supported_for_channel_type');
      if (channel.closedBy.has(call.me)) return { no_op: true, already_closed: true };
      openDirect(call.world, channel, call.me, false);
      return {};
    },
  },
};

/** @throws SlackError `users_list_not_supplied`, `too_many_users`, `user_not_found`, `user_disabled`, `user_not_visible` */
function people(call: Call): string[] {
  const { users: known, channels } = call.world;
  const users = call.args.list('users');
  if (users.length === 0) refuse('users_list_not_supplied');
  if (users.length > MAX_PEOPLE) refuse('too_many_users');
  for (const user of users) {
    const found = known.get(user);
    if (!found) refuse('user_not_found');
    if (found.deleted) refuse('user_disabled');
    // Somebody from outside is only seen where a channel is shared with them.
    if (found.teamId && ![...channels.values()].some((it) => it.sharedWith && it.members.has(user)))
      refuse('user_not_visible');
  }
  return users;
}

function opened(call: Call, channel: Channel, made: boolean) {
  const closed = channel.closedBy.has(call.me);
  if (made || closed) openDirect(call.world, channel, call.me, true);
  const { id } = channel;
  const shown = call.args.flag('return_im') ? { ...show(call, id), ...details(call, id) } : { id };
  return made ? { channel: shown } : { channel: shown, no_op: true, already_open: !closed };
}
