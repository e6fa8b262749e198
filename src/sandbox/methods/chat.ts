import type { Fields } from '../fields.js';
import { refuse } from '../refuse.js';
import type { Call, Methods } from '../web-api/context.js';
import { messageIn, visible } from '../web-api/conversation.js';
import type { Channel } from '../workspace/objects/channel.js';
import type { Message } from '../workspace/objects/message.js';
import { edit, post, remove, whisper } from '../workspace/posting.js';
import { keptText, lengthOf } from '../workspace/text.js';
import {
  CONTENT_ERRORS,
  type Content,
  contentOf,
  draftOf,
  newContent,
  PLACE_ERRORS,
  target,
  threadOf,
  unfurls,
} from './content.js';

const MAX_UPDATE = 4_000;

/** Posting, changing and deleting messages. */
export const chat: Methods = {
  'chat.postMessage': {
    tier: 'posting',
    scopes: ['chat:write'],
    errors: [...PLACE_ERRORS, ...CONTENT_ERRORS],
    run: (call) => {
      const channel = target(call);
      const message = post(call.world, channel, draftOf(call, channel), unfurls(call));
      return { channel: channel.id, ts: message.ts, message: call.world.show(channel, message) };
    },
  },
  'chat.meMessage': {
    tier: 3,
    scopes: ['chat:write'],
    errors: [...PLACE_ERRORS, 'no_text', 'msg_too_long'],
    run: (call) => {
      const channel = target(call);
      const text = call.args.text('text') ?? '';
      if (text === '') refuse('no_text');
      if (lengthOf(text) > MAX_UPDATE) refuse('msg_too_long');
      const draft = { user: call.me, bot: true, subtype: 'me_message', text: keptText(text) };
      return { channel: channel.id, ts: post(call.world, channel, draft).ts };
    },
  },
  'chat.update': {
    tier: 3,
    scopes: ['chat:write'],
    errors: [
      ...CONTENT_ERRORS,
      ...['channel_not_found', 'is_inactive', 'message_not_found', 'cant_update_message', 'block_mismatch'],
      ...['streaming_state_conflict', 'cant_broadcast_message', 'no_dual_broadcast_content_update'],
      'file_not_found',
    ],
    run: (call) => {
      const channel = visible(call, call.args.need('channel'));
      if (channel.isArchived) refuse('is_inactive');
      const message = messageIn(call, channel, call.args.need('ts'));
      if (message.user !== call.me) refuse('cant_update_message');
      if (message.streaming_state === 'in_progress') refuse('streaming_state_conflict');
      update(call, channel, message);
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
    errors: ['channel_not_found', 'message_not_found', 'cant_delete_message'],
    run: (call) => {
      const channel = visible(call, call.args.need('channel'));
      const message = messageIn(call, channel, call.args.need('ts'));
      // What was sent under another name is nobody's own any more; people who run the workspace may delete all.
      const own = message.user === call.me && message.username === undefined;
      const admin = call.bearer.kind === 'user' && call.world.users.get(call.me)?.admin === true;
      if (!own && !admin) refuse('cant_delete_message');
      remove(call.world, channel, message);
      return { channel: channel.id, ts: message.ts };
    },
  },
  'chat.postEphemeral': {
    tier: 4,
    scopes: ['chat:write'],
    errors: [...PLACE_ERRORS, ...CONTENT_ERRORS, 'user_not_in_channel'],
    run: (call) => {
      const channel = target(call);
      const user = call.args.need('user');
      if (!channel.members.has(user) || call.world.users.get(user)?.deleted) refuse('user_not_in_channel');
      const { metadata: _metadata, mrkdwn: _mrkdwn, ...content } = newContent(call);
      const threadTs = threadOf(call, channel);
      const shown = whisper(call.world, {
        channel: channel.id,
        user,
        from: 'app',
        ...content,
        ...(threadTs ? { thread_ts: threadTs } : {}),
      });
      return { message_ts: shown.ts };
    },
  },
  'chat.getPermalink': {
    tier: 'special',
    errors: ['channel_not_found', 'message_not_found'],
    run: (call) => {
      const channel = visible(call, call.args.need('channel'));
      const message = messageIn(call, channel, call.args.need('message_ts'));
      return { channel: channel.id, permalink: call.world.permalink(channel, message) };
    },
  },
};

function update(call: Call, channel: Channel, message: Message): void {
  const { args, world } = call;
  const content = contentOf(call);
  const files = args.has('file_ids') ? args.list('file_ids') : undefined;
  const clearsMetadata = args.text('metadata')?.trim() === '{}' || isEmptyObject(args.raw.metadata);
  const broadcast = args.flag('reply_broadcast');
  if (lengthOf(content.text ?? '') > MAX_UPDATE) refuse('msg_too_long');
  const says = content.text !== undefined || content.blocks || content.attachments;
  if (broadcast) {
    if (!message.thread_ts || message.subtype) refuse('cant_broadcast_message');
    if (says) refuse('no_dual_broadcast_content_update');
  } else if (!says && !content.metadata && !clearsMetadata && !files) refuse('no_text');
  if (isRichText(message) && content.blocks?.every((block) => block.type !== 'rich_text') === true)
    refuse('block_mismatch');
  if (files?.some((id) => world.files.get(id)?.completed !== true)) refuse('file_not_found');
  const after = { ...message, ...revised(message, content) };
  if (!after.text && !after.blocks && !after.attachments && !(files ?? message.files)?.length)
    refuse('no_text');
  edit(world, channel, message, (it) => {
    Object.assign(it, revised(message, content));
    if (content.text !== undefined) it.edited = { user: call.me, ts: world.ids.ts() };
    if (clearsMetadata) delete it.metadata;
    if (files) it.files = files;
    if (broadcast) it.subtype = 'thread_broadcast';
    for (const member of ['blocks', 'attachments', 'mrkdwn'] as const)
      if (it[member] === undefined) delete it[member];
  });
}

/** What changes: text without blocks takes the old blocks away, an empty list clears, what is not named stays. */
function revised(message: Message, content: Content): Partial<Message> {
  const { text, blocks, attachments, metadata, mrkdwn } = content;
  const kept = text === undefined ? message.blocks : undefined;
  return {
    ...(text === undefined ? {} : { text, mrkdwn }),
    blocks: blocks ? nonEmpty(blocks) : kept,
    attachments: attachments ? nonEmpty(attachments) : message.attachments,
    ...(metadata ? { metadata } : {}),
  };
}

function nonEmpty(list: Fields[]): Fields[] | undefined {
  return list.length > 0 ? list : undefined;
}

function isRichText(message: Message): boolean {
  return message.blocks?.some((block) => block.type === 'rich_text') ?? false;
}

function isEmptyObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
