import { refuse } from '../refuse.js';
import type { Channel } from '../workspace/objects/channel.js';
import type { Message } from '../workspace/objects/message.js';
import type { Call } from './context.js';

/**
 * The conversation of an argument, if the app may know of it.
 * @throws SlackError `channel_not_found`, also for private channels that it is no member of
 */
export function visible(call: Call, id: string): Channel {
  const channel = call.world.channels.get(id);
  if (!channel || (channel.isPrivate && !channel.members.has(call.me))) refuse('channel_not_found');
  return channel;
}

/** Like {@link visible}, and the app must be in it: `not_in_channel`. */
export function joined(call: Call, id: string): Channel {
  const channel = visible(call, id);
  if (!channel.members.has(call.me)) refuse('not_in_channel');
  return channel;
}

/** The conversation, if the caller may read it: a person every public channel, a bot only where it is. */
export function readable(call: Call, id: string): Channel {
  const channel = visible(call, id);
  return call.bearer.kind === 'user' && !channel.isPrivate ? channel : joined(call, id);
}

/** Refuses what does not go in direct messages. */
export function mustBeChannel(channel: Channel): void {
  if (channel.kind !== 'channel') refuse('method_not_supported_for_channel_type');
}

export function mustBeLive(channel: Channel): void {
  if (channel.isArchived) refuse('is_archived');
}

/** @throws SlackError `message_not_found` */
export function messageIn(call: Call, channel: Channel, ts: string): Message {
  const message = call.world.message(channel, ts);
  if (!message) refuse('message_not_found');
  return message;
}

/**
 * Scopes by the kind of conversation that the call names.
 * Where it names none that exists, any of them will do, so that the method can say what is wrong.
 */
export function byKind(open: string[], closed: string[], direct: string[] = [], argument = 'channel') {
  return (call: Call): readonly string[] => {
    const channel = call.world.channels.get(call.args.text(argument) ?? '');
    if (!channel) return [...open, ...closed, ...direct];
    if (channel.kind !== 'channel') return direct.length > 0 ? direct : [...open, ...closed];
    return channel.isPrivate ? closed : open;
  };
}

/**
 * One page of a list with Slack's cursor.
 * @throws SlackError `invalid_cursor`
 */
export function page<T>(
  items: readonly T[],
  limit: number,
  cursor: string | undefined,
): { items: T[]; next: string } {
  let from = 0;
  if (cursor) {
    const match = /^at:(\d+)$/.exec(Buffer.from(cursor, 'base64').toString());
    if (!match) refuse('invalid_cursor');
    from = Number(match[1]);
  }
  const to = from + limit;
  return {
    items: items.slice(from, to),
    next: to < items.length ? Buffer.from(`at:${to}`).toString('base64') : '',
  };
}
