import { refuse } from '../refuse.js';
import type { Call, Methods } from '../web-api/context.js';
import { messageIn, mustBeLive, page, readable, visible } from '../web-api/conversation.js';
import type { Channel } from '../workspace/objects/channel.js';
import type { Message } from '../workspace/objects/message.js';
import { react, unreact } from '../workspace/posting.js';
import { isEmoji } from '../workspace/writing/emoji.js';

const TS = /^\d+\.\d+$/;
const ITEM = [
  ...['channel_not_found', 'not_in_channel', 'no_item_specified', 'bad_timestamp', 'message_not_found'],
  'file_not_found',
];
// Unless everything is asked for, Slack names so many of those who reacted.
const NAMED = 50;

/** Reactions to messages. */
export const reactions: Methods = {
  'reactions.add': {
    tier: 3,
    scopes: ['reactions:write'],
    errors: [
      ...ITEM,
      ...['is_archived', 'invalid_name', 'already_reacted', 'too_many_emoji', 'too_many_reactions'],
    ],
    run: (call) => {
      const channel = visible(call, call.args.need('channel'));
      mustBeLive(channel);
      mustBeIn(call, channel);
      const name = nameOf(call);
      const message = itemOf(call, channel);
      mustHaveRoom(call, message, name);
      if (!react(call.world, channel, message, call.me, name)) refuse('already_reacted');
      return {};
    },
  },
  'reactions.remove': {
    tier: 2,
    scopes: ['reactions:write'],
    errors: [...ITEM, 'invalid_name', 'no_reaction'],
    run: (call) => {
      const name = nameOf(call);
      const channel = visible(call, placeOf(call));
      mustBeIn(call, channel);
      const message = itemOf(call, channel);
      if (!unreact(call.world, channel, message, call.me, name)) refuse('no_reaction');
      return {};
    },
  },
  'reactions.get': {
    tier: 3,
    scopes: ['reactions:read'],
    errors: ITEM,
    run: (call) => {
      const channel = readable(call, placeOf(call));
      return { type: 'message', channel: channel.id, message: shown(call, channel, itemOf(call, channel)) };
    },
  },
  'reactions.list': {
    tier: 2,
    scopes: ['reactions:read'],
    errors: ['user_not_found', 'invalid_cursor', 'invalid_limit'],
    run: (call) => {
      const { args, world, me } = call;
      const user = args.text('user') || me;
      if (!world.users.has(user)) refuse('user_not_found');
      const all = [...world.channels.values()]
        .filter((it) => it.members.has(me) || (call.bearer.kind === 'user' && !it.isPrivate))
        .flatMap((channel) => channel.messages.map((message) => ({ channel, message })))
        .filter(({ message }) => message.reactions.some((it) => it.users.includes(user)))
        .sort((one, other) => other.message.ts.localeCompare(one.message.ts));
      const render = ({ channel, message }: (typeof all)[number]) => ({
        type: 'message',
        channel: channel.id,
        message: shown(call, channel, message),
      });
      // By cursor where there is a limit, otherwise in the numbered pages of old.
      if (args.has('limit') || args.has('cursor')) {
        const { items, next } = page(all, args.limit(100, 1000), args.text('cursor'));
        return { items: items.map(render), response_metadata: { next_cursor: next } };
      }
      const count = Math.max(1, Math.min(1000, Number(args.text('count')) || 100));
      const at = Math.max(1, Number(args.text('page')) || 1);
      return {
        items: all.slice((at - 1) * count, at * count).map(render),
        paging: { count, total: all.length, page: at, pages: Math.ceil(all.length / count) },
        response_metadata: { next_cursor: '' },
      };
    },
  },
};

function mustBeIn(call: Call, channel: Channel): void {
  if (!channel.members.has(call.me)) refuse('not_in_channel');
}

/** @throws SlackError `invalid_name` */
function nameOf({ args, world }: Call): string {
  const name = args.need('name');
  if (!isEmoji(name, world.emoji)) refuse('invalid_name');
  return name;
}

/** @throws SlackError `no_item_specified`, `file_not_found`: only messages carry reactions here */
function placeOf({ args }: Call): string {
  if (args.text('file')) refuse('file_not_found');
  return args.text('channel') || refuse('no_item_specified');
}

/** @throws SlackError `no_item_specified`, `bad_timestamp`, `message_not_found` */
function itemOf(call: Call, channel: Channel): Message {
  const ts = call.args.text('timestamp');
  if (!ts) refuse('no_item_specified');
  if (!TS.test(ts)) refuse('bad_timestamp');
  return messageIn(call, channel, ts);
}

/** @throws SlackError `too_many_emoji`, `too_many_reactions` */
function mustHaveRoom(call: Call, message: Message, name: string): void {
  const { emoji, reactions: each } = call.world.settings.caps;
  const known = message.reactions.some((it) => it.name === name);
  if (!known && message.reactions.length >= emoji) refuse('too_many_emoji');
  const mine = message.reactions.filter((it) => it.users.includes(call.me));
  if (mine.length >= each && !mine.some((it) => it.name === name)) refuse('too_many_reactions');
}

function shown(call: Call, channel: Channel, message: Message) {
  const full = call.args.flag('full');
  return {
    ...call.world.show(channel, message, call.me),
    ...(message.reactions.length > 0
      ? {
          reactions: message.reactions.map(({ name, users }) => ({
            name,
            users: full ? [...users] : users.slice(0, NAMED),
            count: users.length,
          })),
        }
      : {}),
    permalink: call.world.permalink(channel, message),
  };
}
