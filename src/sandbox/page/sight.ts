import type { Modals } from '../app/modals.js';
import type { Fields } from '../fields.js';
import type { Channel } from '../workspace/objects/channel.js';
import { renderFile } from '../workspace/objects/file.js';
import type { Message as Stored } from '../workspace/objects/message.js';
import type { World } from '../workspace/world.js';
import type { Conversation, Details, Directory, Message, Start, Stretch } from './protocol.js';

const MOST_UNREAD = 100;
const MOST_FOUND = 30;
/** Messages that nobody needs to read. */
const QUIET = /^(channel|group)_(join|leave)$/;

/** What one person sees of the workspace, in the pieces in which the page asks for it. */
export class Sight {
  constructor(
    readonly world: World,
    readonly modals: Modals,
  ) {}

  /** Everything but messages. @param seq number of the last change that is in it */
  start(user: string, epoch: string, seq: number): Start {
    const { identity, manifest, clock } = this.world;
    return {
      epoch,
      seq,
      me: user,
      now: clock.now(),
      teamName: identity.teamName,
      appName: identity.appName,
      botUserId: identity.botUserId,
      apiUrl: `${identity.url}/api/`,
      homeTab: manifest.homeTab,
      commands: manifest.commands,
      shortcuts: manifest.shortcuts,
      ...this.directory(),
      conversations: [...this.world.channels.values()]
        .filter((it) => sees(it, user))
        .map((it) => this.conversation(it, user)),
      views: this.views(user),
      home: this.home(user),
    };
  }

  directory(): Directory {
    const { users, usergroups, seed } = this.world;
    return {
      people: [...users.values()].map((it) => ({
        id: it.id,
        name: it.name,
        realName: it.realName,
        displayName: it.displayName,
        title: it.title ?? '',
        tz: it.tz,
        deleted: it.deleted ?? false,
        bot: Boolean(it.bot) || it.id === 'USLACKBOT',
        guest: (it.restricted ?? false) || (it.ultraRestricted ?? false),
        ...(it.teamId ? { outside: it.teamId } : {}),
      })),
      groups: [...usergroups.values()]
        .filter((it) => !it.disabled)
        .map(({ id, handle, name }) => ({ id, handle, name })),
      emoji: seed.emoji ?? {},
    };
  }

  conversation(channel: Channel, user: string): Conversation {
    const lastRead = channel.lastRead.get(user) ?? '0';
    return {
      id: channel.id,
      name: channel.name,
      kind: channel.kind,
      isPrivate: channel.isPrivate,
      isArchived: channel.isArchived,
      isGeneral: channel.isGeneral,
      isMember: channel.members.has(user),
      isShared: channel.sharedWith !== undefined,
      topic: channel.topic.value,
      purpose: channel.purpose.value,
      creator: channel.creator,
      created: channel.created,
      memberCount: channel.members.size,
      ...(channel.kind === 'channel' ? {} : { people: [...channel.members] }),
      bookmarks: channel.bookmarks.map((it) => it.fields),
      ...(channel.canvas ? { canvas: channel.canvas } : {}),
      pinCount: channel.messages.filter((it) => it.pinnedBy).length,
      lastRead,
      latest: channel.messages.at(-1)?.ts ?? '0',
      ...this.#unread(channel, user, lastRead),
    };
  }

  message(channel: Channel, message: Stored): Message {
    return { ...this.world.show(channel, message), ts: message.ts };
  }

  views(user: string): Fields[] {
    return (this.modals.stacks.get(user) ?? []).map((view) => this.modals.show(view));
  }

  home(user: string): Fields | null {
    const view = this.modals.homes.get(user);
    return view ? this.modals.show(view) : null;
  }

  /**
   * Messages of the channel itself, replies left out unless they were sent to it too.
   * @param where the newest; those before or after a time; or those around it
   */
  stretch(
    channel: Channel,
    where: { before?: string; after?: string; around?: string },
    limit: number,
  ): Stretch {
    const all = channel.messages.filter(inChannel);
    let from = Math.max(0, all.length - limit);
    let to = all.length;
    const { before, after, around } = where;
    if (before !== undefined) {
      to = countBefore(all, before);
      from = Math.max(0, to - limit);
    } else if (after !== undefined) {
      from = countBefore(all, after);
      if (all[from]?.ts === after) from += 1;
      to = Math.min(all.length, from + limit);
    } else if (around !== undefined) {
      from = Math.max(0, countBefore(all, around) - Math.floor(limit / 2));
      to = Math.min(all.length, from + limit);
    }
    return {
      messages: all.slice(from, to).map((it) => this.message(channel, it)),
      older: from > 0,
      newer: to < all.length,
    };
  }

  /** A thread from its first message on; empty when that was deleted and nobody replied. */
  thread(channel: Channel, ts: string): Message[] {
    return channel.messages
      .filter((it) => it.ts === ts || it.thread_ts === ts)
      .map((it) => this.message(channel, it));
  }

  details(channel: Channel): Details {
    return {
      members: [...channel.members],
      pins: channel.messages.filter((it) => it.pinnedBy).map((it) => this.message(channel, it)),
      files: [...this.world.files.values()]
        .filter((it) => it.completed && !it.deleted && it.shares.has(channel.id))
        .map(renderFile),
      canvas: this.#canvas(channel),
    };
  }

  /** The newest messages with these words that the person can see. */
  search(user: string, words: string): Array<{ channel: string; message: Message }> {
    const wanted = words.toLowerCase();
    const found: Array<{ channel: Channel; message: Stored }> = [];
    for (const channel of this.world.channels.values()) {
      if (!sees(channel, user)) continue;
      for (const message of channel.messages) {
        if (message.text.toLowerCase().includes(wanted)) found.push({ channel, message });
      }
    }
    return found
      .sort((a, b) => (a.message.ts < b.message.ts ? 1 : -1))
      .slice(0, MOST_FOUND)
      .map(({ channel, message }) => ({ channel: channel.id, message: this.message(channel, message) }));
  }

  #canvas({ canvas }: Channel): Details['canvas'] {
    const file = this.world.files.get(canvas ?? '');
    if (!file || file.deleted) return null;
    return { id: file.id, title: file.title, markdown: file.content?.toString('utf8') ?? '' };
  }

  #unread(channel: Channel, user: string, lastRead: string): { unread: number; mentions: number } {
    let unread = 0;
    let mentions = 0;
    if (!channel.members.has(user)) return { unread, mentions };
    const { messages } = channel;
    for (let at = messages.length - 1; at >= 0 && unread < MOST_UNREAD; at -= 1) {
      const message = messages[at];
      if (!message || message.ts <= lastRead) break;
      if (message.user === user || !inChannel(message) || QUIET.test(message.subtype ?? '')) continue;
      unread += 1;
      const named = message.text.includes(`<@${user}`) || /<!(here|channel|everyone)/.test(message.text);
      if (named || channel.kind !== 'channel') mentions += 1;
    }
    return { unread, mentions };
  }
}

/** Whether a person may look into a channel. */
export function sees(channel: Channel, user: string): boolean {
  return !channel.isPrivate || channel.members.has(user);
}

function inChannel(message: Stored): boolean {
  return !message.thread_ts || message.thread_ts === message.ts || message.subtype === 'thread_broadcast';
}

/** How many are older than that time. */
function countBefore(messages: readonly Stored[], ts: string): number {
  let low = 0;
  let high = messages.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((messages[middle]?.ts ?? '') < ts) low = middle + 1;
    else high = middle;
  }
  return low;
}
