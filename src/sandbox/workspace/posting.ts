import { attachmentsWithIds, blocksWithIds } from '../blocks/ids.js';
import type { Fields } from '../fields.js';
import { type Channel, channelType } from './objects/channel.js';
import type { Draft, Ephemeral, Message } from './objects/message.js';
import { repliesOf } from './objects/threads.js';
import type { World } from './world.js';
import { linkShared } from './writing/links.js';
import { richText } from './writing/rich-text.js';

const MAX_EPHEMERALS = 10_000;

/**
 * Puts a message into a channel and tells the app about it, its own messages included.
 * @param unfurl false: links in it stay bare, so the app does not hear of them
 */
export function post(world: World, channel: Channel, draft: Draft, { unfurl = true } = {}): Message {
  const message: Message = { ...draft, ts: world.ids.ts(), reactions: [] };
  channel.messages.push(message);
  channel.closedBy.clear();
  // Who writes has read what stands above.
  if (!message.thread_ts && channel.members.has(message.user)) channel.lastRead.set(message.user, message.ts);
  const event = {
    ...world.show(channel, message),
    type: 'message',
    channel: channel.id,
    channel_type: channelType(channel),
    event_ts: message.ts,
  };
  world.happened({ event, channel });
  const { botUserId } = world.identity;
  // A mention in a channel is two events with one time; in a direct message there is only the message.
  if (!draft.bot && !draft.subtype && channel.kind === 'channel' && draft.text.includes(`<@${botUserId}>`)) {
    const { channel_type: _type, ...rest } = event;
    world.happened({ event: { ...rest, type: 'app_mention' }, channel });
  }
  const shared = unfurl ? linkShared(world, channel, message) : undefined;
  // Links are shown wherever the message can be seen, also where the app is no member.
  if (shared) world.happened({ event: shared, channel, everywhere: true });
  return message;
}

/** Posts as a person, with what Slack's clients add to it. @param text as Slack keeps it */
export function postAsUser(
  world: World,
  channel: Channel,
  user: string,
  text: string,
  threadTs?: string,
  broadcast = false,
): Message {
  return post(world, channel, {
    user,
    text,
    clientMsgId: world.ids.uuid(),
    blocks: richBlocks(world, text),
    ...(threadTs ? { thread_ts: threadTs } : {}),
    ...(threadTs && broadcast ? { subtype: 'thread_broadcast' } : {}),
  });
}

/** Changes what a person wrote; text and blocks stay one. @param text as Slack keeps it */
export function editAsUser(world: World, channel: Channel, message: Message, text: string): void {
  edit(world, channel, message, (it) => {
    it.text = text;
    it.blocks = richBlocks(world, text);
    it.edited = { user: message.user, ts: world.ids.ts() };
  });
}

/** The block that Slack's editor makes of a person's text; none for an empty one. */
export function richBlocks(world: World, text: string): Fields[] {
  const elements = richText(text, world.emoji);
  return elements.length > 0 ? [{ type: 'rich_text', block_id: world.ids.hex(5), elements }] : [];
}

/** Changes a message; the event carries the message before and after. */
export function edit(
  world: World,
  channel: Channel,
  message: Message,
  change: (message: Message) => void,
): void {
  const before = world.show(channel, message);
  change(message);
  changed(world, channel, before, message);
}

function changed(world: World, channel: Channel, before: Fields, message: Message): void {
  const eventTs = world.ids.ts();
  world.happened({
    channel,
    event: {
      type: 'message',
      subtype: 'message_changed',
      message: world.show(channel, message),
      previous_message: before,
      channel: channel.id,
      channel_type: channelType(channel),
      hidden: true,
      ts: eventTs,
      event_ts: eventTs,
    },
  });
}

/**
 * Deletes a message. Where others have answered it a tombstone stands in its place, told as a change, until the last answer is
 * gone too.
 */
export function remove(world: World, channel: Channel, message: Message): void {
  if (repliesOf(channel, message.ts).length > 0) {
    bury(world, channel, message);
    return;
  }
  takeAway(world, channel, message);
  const parent = channel.messages.find(({ ts }) => ts === message.thread_ts);
  if (parent?.subtype === TOMBSTONE && repliesOf(channel, parent.ts).length === 0)
    takeAway(world, channel, parent);
}

const TOMBSTONE = 'tombstone';

function bury(world: World, channel: Channel, message: Message): void {
  // The words of a tombstone were deleted already.
  if (message.subtype === TOMBSTONE) return;
  const before = world.show(channel, message);
  const stone: Message = {
    ts: message.ts,
    user: 'USLACKBOT',
    text: 'This message was deleted.',
    subtype: TOMBSTONE,
    extra: { hidden: true, parent_user_id: 'USLACKBOT' },
    reactions: [],
  };
  channel.messages = channel.messages.map((other) => (other === message ? stone : other));
  changed(world, channel, before, stone);
}

function takeAway(world: World, channel: Channel, message: Message): void {
  const before = world.show(channel, message);
  channel.messages = channel.messages.filter((other) => other !== message);
  const eventTs = world.ids.ts();
  world.happened({
    channel,
    event: {
      type: 'message',
      subtype: 'message_deleted',
      deleted_ts: message.ts,
      previous_message: before,
      channel: channel.id,
      channel_type: channelType(channel),
      hidden: true,
      ts: eventTs,
      event_ts: eventTs,
    },
  });
}

/** Shows something to one person only; it is in no history and makes no event. */
export function whisper(world: World, ephemeral: Omit<Ephemeral, 'ts'>): Ephemeral {
  const shown: Ephemeral = { ...ephemeral, ts: world.ids.ts() };
  world.ephemerals.push(shown);
  // Nobody scrolls back that far, and a load test would fill the memory.
  if (world.ephemerals.length > MAX_EPHEMERALS * 1.1)
    world.ephemerals = world.ephemerals.slice(-MAX_EPHEMERALS);
  world.changed();
  return shown;
}

/**
 * Adds a person's reaction.
 * @returns false when it was there already
 */
export function react(world: World, channel: Channel, message: Message, user: string, name: string): boolean {
  const reaction = message.reactions.find((other) => other.name === name);
  if (reaction?.users.includes(user)) return false;
  if (reaction) reaction.users.push(user);
  else message.reactions.push({ name, users: [user] });
  world.happened({ channel, event: reactionEvent(world, 'reaction_added', channel, message, user, name) });
  return true;
}

/**
 * Takes a person's reaction away.
 * @returns false when there was none
 */
export function unreact(
  world: World,
  channel: Channel,
  message: Message,
  user: string,
  name: string,
): boolean {
  const reaction = message.reactions.find((other) => other.name === name);
  if (!reaction?.users.includes(user)) return false;
  reaction.users = reaction.users.filter((other) => other !== user);
  message.reactions = message.reactions.filter((other) => other.users.length > 0);
  world.happened({ channel, event: reactionEvent(world, 'reaction_removed', channel, message, user, name) });
  return true;
}

function reactionEvent(
  world: World,
  type: string,
  channel: Channel,
  message: Message,
  user: string,
  reaction: string,
): Fields & { type: string } {
  return {
    type,
    user,
    reaction,
    item: { type: 'message', channel: channel.id, ts: message.ts },
    item_user: message.user,
    event_ts: world.ids.ts(),
  };
}

/** Pins a message, or takes the pin away. */
export function pin(world: World, channel: Channel, message: Message, user: string, on: boolean): void {
  if (on) message.pinnedBy = { user, at: world.clock.seconds() };
  else delete message.pinnedBy;
  const count = channel.messages.filter((other) => other.pinnedBy).length;
  world.happened({
    channel,
    event: {
      type: on ? 'pin_added' : 'pin_removed',
      user,
      channel_id: channel.id,
      item: {
        type: 'message',
        created: world.clock.seconds(),
        created_by: user,
        channel: channel.id,
        message: { ...world.show(channel, message), permalink: world.permalink(channel, message) },
      },
      item_user: message.user,
      pin_count: count,
      pinned_info: { channel: channel.id, pinned_by: user, pinned_ts: world.clock.seconds() },
      ...(on ? {} : { has_pins: count > 0 }),
      event_ts: world.ids.ts(),
    },
  });
}

/** Gives every block an id, as Slack does when the app left it out. */
export function withBlockIds(world: World, blocks: Fields[]): Fields[] {
  return blocksWithIds(world.ids, blocks);
}

/** Numbers attachments and gives the blocks in them ids. */
export function withAttachmentIds(world: World, attachments: Fields[]): Fields[] {
  return attachmentsWithIds(world.ids, attachments);
}
