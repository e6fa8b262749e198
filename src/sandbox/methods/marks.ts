import type { Fields } from '../fields.js';
import { refuse } from '../refuse.js';
import type { Call, Methods } from '../web-api/context.js';
import { joined, messageIn, mustBeLive } from '../web-api/conversation.js';
import type { Channel } from '../workspace/objects/channel.js';
import { pin } from '../workspace/posting.js';
import { isEmoji } from '../workspace/writing/emoji.js';

const TS = /^\d+\.\d+$/;
const LINK_ERRORS = ['channel_not_found', 'not_in_channel', 'is_archived', 'invalid_link', 'invalid_emoji'];

/** Pins and bookmarks. */
export const marks: Methods = {
  'pins.add': {
    tier: 2,
    scopes: ['pins:write'],
    errors: [
      ...['channel_not_found', 'not_in_channel', 'no_item_specified', 'bad_timestamp'],
      ...['message_not_found', 'not_pinnable', 'already_pinned', 'too_many_pins'],
    ],
    run: (call) => {
      const channel = joined(call, call.args.need('channel'));
      const message = messageIn(call, channel, timestamp(call));
      if (message.subtype?.match(/_(join|leave)$/)) refuse('not_pinnable');
      if (message.pinnedBy) refuse('already_pinned');
      if (channel.messages.filter((it) => it.pinnedBy).length >= call.world.settings.caps.pins)
        refuse('too_many_pins');
      pin(call.world, channel, message, call.me, true);
      return {};
    },
  },
  'pins.remove': {
    tier: 2,
    scopes: ['pins:write'],
    errors: [
      ...['channel_not_found', 'not_in_channel', 'no_item_specified', 'bad_timestamp'],
      ...['message_not_found', 'no_pin'],
    ],
    run: (call) => {
      const channel = joined(call, call.args.need('channel'));
      const message = messageIn(call, channel, timestamp(call));
      if (!message.pinnedBy) refuse('no_pin');
      pin(call.world, channel, message, call.me, false);
      return {};
    },
  },
  'pins.list': {
    tier: 2,
    scopes: ['pins:read'],
    errors: ['channel_not_found', 'not_in_channel'],
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
    errors: [...LINK_ERRORS, 'invalid_bookmark_type', 'too_many_bookmarks'],
    run: (call) => {
      const channel = joined(call, call.args.need('channel_id'));
      mustBeLive(channel);
      const title = call.args.need('title');
      if (call.args.need('type') !== 'link') refuse('invalid_bookmark_type');
      const link = linkOf(call) ?? refuse('invalid_link');
      const emoji = emojiOf(call) ?? '';
      if (channel.bookmarks.length >= call.world.settings.caps.bookmarks) refuse('too_many_bookmarks');
      const bookmark = bookmarkOf(call, channel.id, title, link, emoji);
      channel.bookmarks.push({ id: String(bookmark.id), fields: bookmark });
      call.world.changed();
      return { bookmark };
    },
  },
  'bookmarks.edit': {
    tier: 2,
    scopes: ['bookmarks:write'],
    errors: [...LINK_ERRORS, 'not_found'],
    run: (call) => {
      const channel = joined(call, call.args.need('channel_id'));
      mustBeLive(channel);
      const found = marked(call, channel);
      const title = call.args.text('title');
      const link = linkOf(call);
      const emoji = emojiOf(call);
      Object.assign(found.fields, {
        ...(title ? { title } : {}),
        ...(link ? { link } : {}),
        ...(emoji === undefined ? {} : { emoji }),
        date_updated: call.world.clock.seconds(),
        last_updated_by_user_id: call.me,
      });
      call.world.changed();
      return { bookmark: { ...found.fields } };
    },
  },
  'bookmarks.remove': {
    tier: 2,
    scopes: ['bookmarks:write'],
    errors: ['channel_not_found', 'not_in_channel', 'is_archived', 'not_found'],
    run: (call) => {
      const channel = joined(call, call.args.need('channel_id'));
      mustBeLive(channel);
      const found = marked(call, channel);
      channel.bookmarks = channel.bookmarks.filter((it) => it !== found);
      call.world.changed();
      return {};
    },
  },
  'bookmarks.list': {
    tier: 3,
    scopes: ['bookmarks:read'],
    errors: ['channel_not_found', 'not_in_channel'],
    run: (call) => ({
      bookmarks: joined(call, call.args.need('channel_id')).bookmarks.map((it) => it.fields),
    }),
  },
};

/** @throws SlackError `no_item_specified`, `bad_timestamp` */
function timestamp(call: Call): string {
  const ts = call.args.text('timestamp');
  if (!ts) refuse('no_item_specified');
  if (!TS.test(ts)) refuse('bad_timestamp');
  return ts;
}

/** @throws SlackError `invalid_link` */
function linkOf({ args }: Call): string | undefined {
  const link = args.text('link');
  if (link !== undefined && !/^https?:\/\/\S+$/.test(link)) refuse('invalid_link');
  return link;
}

/** @throws SlackError `invalid_emoji` */
function emojiOf({ args, world }: Call): string | undefined {
  const emoji = args.text('emoji');
  if (emoji && !isEmoji(/^:([^:\s]+(?:::skin-tone-[2-6])?):$/.exec(emoji)?.[1] ?? '', world.emoji))
    refuse('invalid_emoji');
  return emoji;
}

/** @throws SlackError `not_found` */
function marked(call: Call, channel: Channel) {
  const id = call.args.need('bookmark_id');
  return channel.bookmarks.find((it) => it.id === id) ?? refuse('not_found');
}

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
    app_action_id: '',
  };
}
