import type { Channel } from './objects/channel.js';
import type { Message } from './objects/message.js';
import { richBlocks } from './posting.js';
import type { SeedMessage } from './seed.js';
import { keptText, typedMessage } from './text.js';
import type { World } from './world.js';

const MINUTE_MS = 60_000;

/**
 * Puts what the seed says was written into the channels and direct messages, with bookmarks. The app hears of none of
 * it: it was there before.
 */
export function plant(world: World): void {
  const planter = new Planter(world);
  for (const { name, messages = [], bookmarks = [] } of world.seed.channels ?? []) {
    const channel = world.channelNamed(name);
    if (!channel) continue;
    planter.sow(channel, messages);
    for (const bookmark of bookmarks) planter.mark(channel, bookmark);
  }
  for (const { members, messages = [] } of world.seed.dms ?? [])
    planter.sow(world.direct(members).channel, messages);
  world.changed();
}

class Planter {
  /** Makes times unique in the workspace that the seed did not give, or gave twice. */
  #micros = 0;

  constructor(readonly world: World) {}

  /** What has no time of its own was said a minute after what stands before it, the last a minute before now. */
  sow(channel: Channel, messages: readonly SeedMessage[]): void {
    const all = messages.flatMap((message) => [message, ...(message.replies ?? [])]);
    const now = this.world.clock.now();
    const times = new Map(all.map((message, index) => [message, now - (all.length - index) * MINUTE_MS]));
    for (const message of messages) {
      const parent = this.#put(channel, message, times.get(message) ?? now);
      for (const reply of message.replies ?? [])
        this.#put(channel, reply, times.get(reply) ?? now, parent.ts);
    }
    channel.messages.sort((a, b) => (a.ts < b.ts ? -1 : 1));
  }

  mark(channel: Channel, { title, link, emoji }: { title: string; link: string; emoji?: string }): void {
    const { world } = this;
    const id = world.ids.make('Bk');
    const made = world.clock.seconds();
    channel.bookmarks.push({
      id,
      fields: {
        ...{ id, channel_id: channel.id, title, link, emoji: emoji ?? '', icon_url: null, type: 'link' },
        ...{ entity_id: null, date_created: made, date_updated: 0, rank: String(channel.bookmarks.length) },
        ...{ last_updated_by_user_id: channel.creator, last_updated_by_team_id: world.identity.teamId },
        ...{ shortcut_id: null, app_id: null },
      },
    });
  }

  #put(channel: Channel, given: SeedMessage, usual: number, thread?: string): Message {
    const { world } = this;
    const bot = given.user === world.identity.botUserId;
    const text = bot ? keptText(given.text) : typedMessage(world, given.text);
    const message: Message = {
      ts: this.#ts(given.at ?? usual),
      user: given.user,
      text,
      reactions: (given.reactions ?? []).map(({ name, users }) => ({ name, users: [...users] })),
      ...(bot
        ? { bot: true, ...(given.blocks ? { blocks: given.blocks } : {}) }
        : { clientMsgId: world.ids.uuid(), blocks: richBlocks(world, text) }),
      ...(thread ? { thread_ts: thread } : {}),
      ...(given.pinned ? { pinnedBy: { user: given.user, at: Math.floor((given.at ?? usual) / 1000) } } : {}),
    };
    channel.messages.push(message);
    return message;
  }

  #ts(ms: number): string {
    this.#micros += 1;
    return `${Math.floor(ms / 1000)}.${String(this.#micros % 1_000_000).padStart(6, '0')}`;
  }
}
