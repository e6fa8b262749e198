import type { Fields } from '../fields.js';
import { refuse } from '../refuse.js';
import type { Call, Methods } from '../web-api/context.js';
import { joined, messageIn, mustBeLive, visible } from '../web-api/conversation.js';
import { pin, react } from '../workspace/posting.js';

const MAX_PINS = 100;
const MAX_BOOKMARKS = 100;

/** Pins, bookmarks and reactions. */
export const marks: Methods = {
  'pins.add': {
    tier: 2,
    scopes: ['pins:write'],
    run: (call) => {
      const channel = joined(call, call.args.need('channel'));
      const ts = call.args.text('timestamp');
      if (!ts) refuse('no_item_specified');
      if (!/^\d+\.\d+$/.test(ts)) refuse('bad_timestamp');
      const message = messageIn(call, channel, ts);
      if (message.pinnedBy) refuse('already_pinned');
      if (channel.messages.filter((it) => it.pinnedBy).length >= MAX_PINS) refuse('too_many_pins');
      pin(call.world, channel, message, call.me, true);
      return {};
    },
  },
  'pins.remove': {
    tier: 2,
    scopes: ['pins:write'],
    run: (call) => {
      const channel = joined(call, call.args.need('channel'));
      const message = messageIn(call, channel, call.args.need('timestamp'));
      if (!message.pinnedBy) refuse('no_pin');
      pin(call.world, channel, message, call.me, false);
      return {};
    },
  },
  'pins.list': {
    tier: 2,
    scopes: ['pins:read'],
    run: (call) => {
      const channel = joined(call, call.args.need('channel'));
      const items = channel.messages.flatMap((it) =>
        it.pinnedBy
          ? [
              {
                type: 'message',
                created: it.pinnedBy.at,
                created_by: it.pinnedBy.user,
                channel: channel.id,
                message: { ...call.world.show(channel, it), permalink: call.world.permalink(channel, it) },
              },
            ]
          : [],
      );
      return { items: items.reverse() };
    },
  },
  'bookmarks.add': {
    tier: 2,
    scopes: ['bookmarks:write'],
    run: (call) => {
      const channel = joined(call, call.args.need('channel_id'));
      mustBeLive(channel);
      const title = call.args.need('title');
      if (call.args.need('type') !== 'link') refuse('invalid_bookmark_type');
      const link = call.args.text('link') ?? '';
      if (!/^https?:\/\/\S+$/.test(link)) refuse('invalid_link');
      const emoji = call.args.text('emoji');
      if (emoji && !/^:[^:\s]+:$/.test(emoji)) refuse('invalid_emoji');
      if (channel.bookmarks.length >= MAX_BOOKMARKS) refuse('too_many_bookmarks');
      const bookmark = bookmarkOf(call, channel.id, title, link, emoji ?? '');
      channel.bookmarks.push({ id: String(bookmark.id), fields: bookmark });
      call.world.changed();
      return { bookmark };
    },
  },
  'bookmarks.list': {
    tier: 3,
    scopes: ['bookmarks:read'],
    run: (call) => ({
      bookmarks: joined(call, call.args.need('channel_id')).bookmarks.map((it) => it.fields),
    }),
  },
  'reactions.add': {
    tier: 3,
    scopes: ['reactions:write'],
    run: (call) => {
      const channel = visible(call, call.args.need('channel'));
      mustBeLive(channel);
      if (!channel.members.has(call.me)) refuse('not_in_channel');
      const name = call.args.need('name');
      if (!/^[\p{L}\p{N}_+'-]+(::skin-tone-[2-6])?$/u.test(name)) refuse('invalid_name');
      const message = messageIn(call, channel, call.args.need('timestamp'));
      if (!react(call.world, channel, message, call.me, name)) refuse('already_reacted');
      return {};
    },
  },
  'reactions.get': {
    tier: 3,
    scopes: ['reactions:read'],
    run: (call) => {
      const channel = joined(call, call.args.need('channel'));
      const message = messageIn(call, channel, call.args.need('timestamp'));
      const shown = {
        ...call.world.show(channel, message),
        permalink: call.world.permalink(channel, message),
      };
      return { type: 'message', channel: channel.id, message: shown };
    },
  },
};

function bookmarkOf(call: Call, channelId: string, title: string, link: string, emoji: string): Fields {
  const { ids, clock, identity } = call.world;
  return {
    id: ids.make('Bk'),
    channel_id: channelId,
    title,
    link,
    emoji,
    icon_url: null,
    type: 'link',
    entity_id: null,
    date_created: clock.seconds(),
    date_updated: 0,
    rank: 'r',
    last_updated_by_user_id: call.me,
    last_updated_by_team_id: identity.teamId,
    shortcut_id: '',
    app_id: identity.appId,
  };
}
