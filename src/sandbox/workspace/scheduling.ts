import type { Channel } from './objects/channel.js';
import type { Draft } from './objects/message.js';
import type { Scheduled } from './objects/scheduled.js';
import { post } from './posting.js';
import type { World } from './world.js';

/** A message, where it goes, and when, in seconds since the epoch. */
interface Order {
  readonly channel: Channel;
  readonly postAt: number;
  readonly draft: Draft;
  readonly unfurl: boolean;
}

/** Keeps a message until the sandbox's clock comes to its time. */
export function schedule(world: World, order: Order): Scheduled {
  const { channel, postAt, draft, unfurl } = order;
  const id = world.ids.make('Q');
  const waiting: Scheduled = {
    id,
    channel: channel.id,
    postAt,
    created: world.clock.seconds(),
    draft,
    unfurl,
  };
  world.scheduled.set(id, waiting);
  world.clock.at(postAt * 1000, () => deliver(world, id));
  return waiting;
}

/** Posts it, if it was not taken back and its channel still takes messages. */
function deliver(world: World, id: string): void {
  const waiting = world.scheduled.get(id);
  if (!waiting) return;
  world.scheduled.delete(id);
  const channel = world.channels.get(waiting.channel);
  if (!channel || channel.isArchived) return;
  if (channel.isPrivate && !channel.members.has(waiting.draft.user)) return;
  // Slack documents it as a fault of its own: such messages are taken, and never come.
  if (world.settings.scheduledMetadataBug && waiting.draft.metadata) return;
  post(world, channel, waiting.draft, { unfurl: waiting.unfurl });
}
