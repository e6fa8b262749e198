import { checkAttachments, checkMessageBlocks } from '../blocks/check.js';
import { type Fields, isFields } from '../fields.js';
import { refuse, SlackError } from '../refuse.js';
import type { Call, Methods } from '../web-api/context.js';
import { joined, messageIn, mustBeLive, visible } from '../web-api/conversation.js';
import type { Channel } from '../workspace/objects/channel.js';
import type { Metadata } from '../workspace/objects/message.js';
import { edit, post, remove, whisper, withAttachmentIds, withBlockIds } from '../workspace/posting.js';
import { keptText, lengthOf } from '../workspace/text.js';

const MAX_TEXT = 40_000;
const MAX_UPDATE = 4_000;
const MAX_MARKDOWN = 12_000;

export const chat: Methods = {
  'chat.postMessage': {
    tier: 'posting',
    scopes: ['chat:write'],
    run: (call) => {
      const channel = target(call);
      const content = contentOf(call);
      if (!content.text && !content.blocks && !content.attachments) refuse('no_text');
      const threadTs = threadOf(call, channel);
      const broadcast = threadTs !== undefined && call.args.flag('reply_broadcast');
      const username = call.args.text('username');
      const message = post(call.world, channel, {
        user: call.me,
        bot: true,
        ...content,
        text: (content.text ?? '').slice(0, MAX_TEXT),
        ...(threadTs ? { thread_ts: threadTs } : {}),
        ...(broadcast ? { subtype: 'thread_broadcast' } : {}),
        ...(username && call.bearer.scopes.has('chat:write.customize')
          ? { username, subtype: 'bot_message' }
          : {}),
      });
      return { channel: channel.id, ts: message.ts, message: call.world.show(channel, message) };
    },
  },
  'chat.update': {
    tier: 3,
    scopes: ['chat:write'],
    run: (call) => {
      const channel = visible(call, call.args.need('channel'));
      if (channel.isArchived) refuse('is_inactive');
      const message = messageIn(call, channel, call.args.need('ts'));
      if (message.user !== call.me) refuse('cant_update_message');
      const content = contentOf(call);
      if (lengthOf(content.text ?? '') > MAX_UPDATE) refuse('msg_too_long');
      if (content.text === undefined && !content.blocks && !content.attachments && !content.metadata)
        refuse('no_text');
      edit(call.world, channel, message, (it) => {
        if (content.text !== undefined) {
          it.text = content.text;
          it.edited = { user: call.me, ts: call.world.ids.ts() };
          // Text without blocks takes the old blocks away.
          delete it.blocks;
        }
        if (content.blocks) it.blocks = content.blocks;
        if (it.blocks?.length === 0) delete it.blocks;
        if (content.attachments) it.attachments = content.attachments;
        if (content.metadata) it.metadata = content.metadata;
        if (call.args.text('metadata') === '{}') delete it.metadata;
      });
      return {
        channel: channel.id,
        ts: message.ts,
        text: message.text,
        message: call.world.show(channel, message),
      };
    },
  },
  'chat.delete': {
    tier: 3,
    scopes: ['chat:write'],
    run: (call) => {
      const channel = visible(call, call.args.need('channel'));
      const message = messageIn(call, channel, call.args.need('ts'));
      if (message.user !== call.me) refuse('cant_delete_message');
      remove(call.world, channel, message);
      return { channel: channel.id, ts: message.ts };
    },
  },
  'chat.postEphemeral': {
    tier: 4,
    scopes: ['chat:write'],
    run: (call) => {
      const channel = target(call);
      const user = call.args.need('user');
      if (!channel.members.has(user) || call.world.users.get(user)?.deleted) refuse('user_not_in_channel');
      const { metadata: _metadata, ...content } = contentOf(call);
      if (!content.text && !content.blocks && !content.attachments) refuse('no_text');
      const threadTs = threadOf(call, channel);
      const shown = whisper(call.world, {
        channel: channel.id,
        user,
        from: 'app',
        ...content,
        text: content.text ?? '',
        ...(threadTs ? { thread_ts: threadTs } : {}),
      });
      return { message_ts: shown.ts };
    },
  },
  'chat.getPermalink': {
    tier: 'special',
    run: (call) => {
      const channel = visible(call, call.args.need('channel'));
      const message = messageIn(call, channel, call.args.need('message_ts'));
      return { channel: channel.id, permalink: call.world.permalink(channel, message) };
    },
  },
};

/** Where a message goes: a channel by id or name, or a person. */
function target(call: Call): Channel {
  const wanted = call.args.text('channel') ?? '';
  const { world, me } = call;
  const user = world.users.get(wanted);
  if (user) {
    if (user.deleted || user.id === me) refuse('channel_not_found');
    return world.direct([me, user.id]).channel;
  }
  const channel = visible(
    call,
    world.channels.has(wanted) ? wanted : (world.channelNamed(wanted.replace(/^#/, ''))?.id ?? ''),
  );
  mustBeLive(channel);
  if (channel.members.has(me) || call.bearer.scopes.has('chat:write.public')) return channel;
  return joined(call, channel.id);
}

interface Content {
  text?: string;
  blocks?: Fields[];
  attachments?: Fields[];
  metadata?: Metadata;
}

function contentOf(call: Call): Content {
  const { args, world } = call;
  const content: Content = {};
  const text = args.text('text');
  const markdown = args.text('markdown_text');
  const blocks = args.json('blocks', 'invalid_blocks_format');
  if (markdown !== undefined) {
    if (text !== undefined || blocks !== undefined) refuse('markdown_text_conflict');
    if (lengthOf(markdown) > MAX_MARKDOWN) refuse('msg_too_long');
    content.text = markdown;
  }
  if (text !== undefined) content.text = keptText(text);
  if (blocks !== undefined) {
    const checked = withBlockIds(world, checkMessageBlocks(blocks, world.blockRules));
    if (checked.length > 0 || args.raw.ts !== undefined) content.blocks = checked;
  }
  const attachments = args.json('attachments', 'invalid_attachments');
  if (attachments !== undefined) {
    const checked = checkAttachments(attachments, world.blockRules, content.blocks);
    if (checked.length > 0) content.attachments = withAttachmentIds(world, checked);
  }
  const metadata = metadataOf(call);
  if (metadata) content.metadata = metadata;
  return content;
}

function metadataOf(call: Call): Metadata | undefined {
  const given = call.args.object('metadata', 'invalid_metadata_format');
  if (!given || Object.keys(given).length === 0) return undefined;
  const { event_type: type, event_payload: payload } = given;
  if (typeof type !== 'string' || type === '' || !isFields(payload))
    throw new SlackError('invalid_metadata_schema');
  if (JSON.stringify(given).length > 16_000) refuse('metadata_too_large');
  return { event_type: type, event_payload: payload };
}

function threadOf(call: Call, channel: Channel): string | undefined {
  const ts = call.args.text('thread_ts');
  if (!ts) return undefined;
  const parent = call.world.message(channel, ts);
  if (!parent) refuse('thread_not_found');
  if (parent.subtype?.match(/_(join|leave|topic|purpose|name|archive)$/)) refuse('cannot_reply_to_message');
  return ts;
}
