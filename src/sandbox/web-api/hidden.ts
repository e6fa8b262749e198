import { type Fields, textOf } from '../fields.js';
import { post } from '../workspace/posting.js';
import type { World } from '../workspace/world.js';

const NOTICE_EVERY_MS = 60_000;
const NOTICE =
  'Due to a high volume of activity, we are not displaying some messages sent by this application.';

/** What Slack may do with posts beyond a channel's limit instead of refusing them: take them and show nothing. */
export class Hidden {
  readonly #told = new Map<string, number>();

  constructor(readonly world: World) {}

  /** Runs a method that posts; the app gets its answer, the channel a notice at most once a minute, nobody the message. */
  run(post: () => Fields): Fields {
    const { world } = this;
    const { onHappening } = world;
    world.onHappening = () => {};
    try {
      const answer = post();
      const channel = world.channels.get(textOf(answer.channel) ?? '');
      if (channel) channel.messages = channel.messages.filter((message) => message.ts !== answer.ts);
      return answer;
    } finally {
      world.onHappening = onHappening;
    }
  }

  /** Tells the channel that something is not shown. */
  tell(channelId: string): void {
    const now = this.world.clock.now();
    const channel = this.world.channels.get(channelId);
    if (!channel || now - (this.#told.get(channelId) ?? -NOTICE_EVERY_MS) < NOTICE_EVERY_MS) return;
    this.#told.set(channelId, now);
    post(this.world, channel, { user: 'USLACKBOT', text: NOTICE });
  }

  reset(): void {
    this.#told.clear();
  }
}
