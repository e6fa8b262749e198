import type { Channel } from './channel.js';
import type { Message } from './message.js';

interface Index {
  messages: readonly Message[];
  read: number;
  readonly replies: Map<string, Message[]>;
}

const indexes = new WeakMap<Channel, Index>();

/** The replies to a message, oldest first. The list is looked up, not searched: a channel may hold many thousands. */
export function repliesOf(channel: Channel, ts: string): readonly Message[] {
  let index = indexes.get(channel);
  // Whoever takes messages out makes a new list; whoever adds some adds them at the end.
  if (!index || index.messages !== channel.messages || index.read > channel.messages.length) {
    index = { messages: channel.messages, read: 0, replies: new Map() };
    indexes.set(channel, index);
  }
  for (; index.read < channel.messages.length; index.read += 1) {
    const message = channel.messages[index.read];
    if (!message?.thread_ts || message.thread_ts === message.ts) continue;
    const known = index.replies.get(message.thread_ts);
    if (known) known.push(message);
    else index.replies.set(message.thread_ts, [message]);
  }
  return index.replies.get(ts) ?? [];
}
