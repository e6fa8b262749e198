import { checkAttachments, checkMessageBlocks } from '../blocks/check.js';
import { type Fields, isFields } from '../fields.js';
import { refuse, refuseWith, SlackError } from '../refuse.js';
import type { Call } from '../web-api/context.js';
import { joined, mustBeLive, visible } from '../web-api/conversation.js';
import { type Channel, partner } from '../workspace/objects/channel.js';
import type { Draft, Metadata } from '../workspace/objects/message.js';
import { withAttachmentIds, withBlockIds } from '../workspace/posting.js';
import { keptText, lengthOf } from '../workspace/text.js';
import { mrkdwnOf } from '../workspace/writing/markdown.js';

const MAX_TEXT = 40_000;
const MAX_MARKDOWN = 12_000;
const MAX_METADATA = 16_000;

/** What every method that takes the content of a message can refuse with. */
export const CONTENT_ERRORS = [
  ...['no_text', 'msg_too_long', 'markdown_text_conflict', 'as_user_not_supported'],
  ...['invalid_blocks', 'invalid_blocks_format', 'msg_blocks_too_long'],
  ...['invalid_attachments', 'too_many_attachments'],
  ...['invalid_metadata_format', 'invalid_metadata_schema', 'metadata_too_large'],
];
/** What every method that posts can refuse with beside its content. */
export const PLACE_ERRORS = [
  ...['channel_not_found', 'not_in_channel', 'is_archived', 'messages_tab_disabled'],
  ...['thread_not_found', 'cannot_reply_to_message'],
];

/** What a message says. A member that the call did not name is absent; an empty list was named, and is empty. */
export interface Content {
  text?: string;
  blocks?: Fields[];
  attachments?: Fields[];
  metadata?: Metadata;
  mrkdwn?: false;
}

/**
 * The content of a message in the arguments of a call.
 * @throws SlackError one of {@link CONTENT_ERRORS}
 */
export function contentOf(call: Call): Content {
  const { args, world } = call;
  if (args.flag('as_user') && call.bearer.kind === 'bot') refuse('as_user_not_supported');
  const content: Content = {};
  const text = args.text('text');
  const markdown = args.text('markdown_text');
  const blocks = args.json('blocks', 'invalid_blocks_format');
  if (markdown !== undefined) {
    if (text !== undefined || blocks !== undefined) refuse('markdown_text_conflict');
    if (lengthOf(markdown) > MAX_MARKDOWN) refuse('msg_too_long');
    Object.assign(content, markdownContent(call, markdown));
  }
  const parse = args.text('parse');
  const plain = parse === 'full' || args.text('mrkdwn') === 'false';
  if (text !== undefined) {
    const names = args.flag('link_names') || parse === 'full' ? world : undefined;
    content.text = keptText(text, { parse, names });
    if (plain) content.mrkdwn = false;
  }
  if (blocks !== undefined) content.blocks = blocksOf(call, blocks);
  const attachments = args.json('attachments', 'invalid_attachments');
  if (attachments !== undefined) {
    const checked = checkAttachments(attachments, world.blockRules, content.blocks);
    content.attachments = withAttachmentIds(world, checked);
  }
  const metadata = metadataOf(call);
  if (metadata) content.metadata = metadata;
  return content;
}

/**
 * The blocks of a message, checked and with an id each.
 * @throws SlackError `invalid_blocks`, `invalid_blocks_format`, `invalid_attachments`, `msg_blocks_too_long`
 */
export function blocksOf({ world }: Call, given: unknown): Fields[] {
  const blocks = withBlockIds(world, checkMessageBlocks(given, world.blockRules));
  const strange = blocks.findIndex((it) => it.type === 'call' && !world.calls.has(String(it.call_id)));
  if (strange >= 0)
    refuseWith('invalid_blocks', [`invalid call_id [json-pointer:/blocks/${strange}/call_id]`]);
  return blocks;
}

/** Standard Markdown as the text and the block of a message. */
export function markdownContent(call: Call, markdown: string): { text: string; blocks: Fields[] } {
  return {
    text: keptText(mrkdwnOf(markdown)),
    blocks: withBlockIds(call.world, [{ type: 'markdown', text: markdown }]),
  };
}

/** Content for a new message: with something in it, no empty lists, and the text cut where Slack cuts it. */
export function newContent(call: Call): Content & { text: string } {
  const { blocks = [], attachments = [], text = '', ...rest } = contentOf(call);
  if (text === '' && blocks.length === 0 && attachments.length === 0) refuse('no_text');
  return {
    ...rest,
    text: text.slice(0, MAX_TEXT),
    ...(blocks.length > 0 ? { blocks } : {}),
    ...(attachments.length > 0 ? { attachments } : {}),
  };
}

/**
 * A new message of the caller, ready to be posted.
 * @param channel where it will go: the thread is looked for there
 * @throws SlackError one of {@link CONTENT_ERRORS} or {@link PLACE_ERRORS}
 */
export function draftOf(call: Call, channel: Channel): Draft {
  const content = newContent(call);
  const threadTs = threadOf(call, channel);
  const broadcast = threadTs !== undefined && call.args.flag('reply_broadcast');
  const clientMsgId = call.args.text('client_msg_id');
  return {
    user: call.me,
    bot: true,
    ...content,
    ...(threadTs ? { thread_ts: threadTs } : {}),
    ...(clientMsgId ? { clientMsgId } : {}),
    ...costume(call),
    // A name of its own makes a `bot_message` of everything but what also goes to the channel.
    ...(broadcast ? { subtype: 'thread_broadcast' } : {}),
  };
}

/** Name and icon for one message; without the scope Slack takes no notice of them. */
export function costume(call: Call): Partial<Draft> {
  const { args } = call;
  if (!call.bearer.scopes.has('chat:write.customize')) return {};
  const username = args.text('username');
  const emoji = args.text('icon_emoji');
  const image = args.text('icon_url');
  if (!username && !emoji && !image) return {};
  const icons = emoji ? { emoji } : image ? { image_36: image, image_48: image, image_72: image } : undefined;
  return { ...(username ? { username } : {}), ...(icons ? { icons } : {}), subtype: 'bot_message' };
}

/** Whether links in the message are shown with what is behind them: always, unless the call says no. */
export function unfurls(call: Call): { unfurl: boolean } {
  return { unfurl: call.args.text('unfurl_links') !== 'false' };
}

/**
 * Where a message goes: a channel by id or name, or a person.
 * @throws SlackError `channel_not_found`, `not_in_channel`, `is_archived`, `messages_tab_disabled`
 */
export function target(call: Call): Channel {
  const wanted = call.args.text('channel') ?? '';
  const { world, me } = call;
  const user = world.users.get(wanted);
  if (user) {
    if (user.deleted || user.id === me) refuse('channel_not_found');
    return reachable(call, world.direct([me, user.id]).channel);
  }
  const id = world.channels.has(wanted) ? wanted : (world.channelNamed(wanted.replace(/^#/, ''))?.id ?? '');
  const channel = visible(call, id);
  mustBeLive(channel);
  if (channel.members.has(me)) return reachable(call, channel);
  return call.bearer.scopes.has('chat:write.public') ? channel : joined(call, channel.id);
}

/** Nobody can be written to directly by an app that has no Messages tab. */
function reachable(call: Call, channel: Channel): Channel {
  const { manifest, identity } = call.world;
  const own = call.me === identity.botUserId && channel.kind === 'im';
  if (own && !manifest.messagesTab && partner(channel, call.me) !== call.me) refuse('messages_tab_disabled');
  return channel;
}

/**
 * The thread that the call names, if any.
 * @throws SlackError `thread_not_found`, `cannot_reply_to_message`
 */
export function threadOf(call: Call, channel: Channel): string | undefined {
  const ts = call.args.text('thread_ts');
  if (!ts) return undefined;
  const parent = call.world.message(channel, ts);
  if (!parent) refuse('thread_not_found');
  if (parent.subtype?.match(/_(join|leave|topic|purpose|name|archive|unarchive)$/))
    refuse('cannot_reply_to_message');
  return ts;
}

/** @throws SlackError `invalid_metadata_format`, `invalid_metadata_schema`, `metadata_too_large` */
export function metadataOf(call: Call): Metadata | undefined {
  const given = call.args.object('metadata', 'invalid_metadata_format');
  if (!given || Object.keys(given).length === 0) return undefined;
  const { event_type: type, event_payload: payload } = given;
  if (typeof type !== 'string' || type === '' || !isFields(payload))
    throw new SlackError('invalid_metadata_schema');
  if (JSON.stringify(given).length > MAX_METADATA) refuse('metadata_too_large');
  return { event_type: type, event_payload: payload };
}
