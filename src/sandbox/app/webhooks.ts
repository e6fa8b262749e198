import { checkAttachments, checkMessageBlocks } from '../blocks/check.js';
import { type Fields, textOf } from '../fields.js';
import { SlackError } from '../refuse.js';
import type { Channel } from '../workspace/objects/channel.js';
import { post, withAttachmentIds, withBlockIds } from '../workspace/posting.js';
import { keptText } from '../workspace/text.js';
import type { World } from '../workspace/world.js';
import { statusOf, type Take, type UrlAnswer } from './response-urls.js';

interface Webhook {
  readonly id: string;
  readonly secret: string;
  readonly channel: string;
}

/** Addresses that post into one channel for as long as the app is installed. */
export class Webhooks {
  readonly #hooks = new Map<string, Webhook>();

  constructor(readonly world: World) {}

  /** What installing the app with the scope `incoming-webhook` and picking a channel gives. */
  issue(channel: Channel): string {
    const { ids, identity } = this.world;
    const hook = { id: ids.make('B'), secret: ids.hex(24), channel: channel.id };
    this.#hooks.set(hook.id, hook);
    return `${identity.url}/services/${identity.teamId}/${hook.id}/${hook.secret}`;
  }

  /**
   * One POST to such an address.
   * @param body what was sent; undefined when it is neither JSON nor a form with a payload
   * @param take asks whether there is room for one more message
   */
  use(path: { team: string; id: string; secret: string }, body: Fields | undefined, take: Take): UrlAnswer {
    const hook = this.#hooks.get(path.id);
    if (!hook || path.team !== this.world.identity.teamId) return { status: 404, body: 'no_service' };
    if (hook.secret !== path.secret) return { status: 403, body: 'invalid_token' };
    const channel = this.world.channels.get(hook.channel);
    if (!channel) return { status: 404, body: 'channel_not_found' };
    if (channel.isArchived) return { status: 410, body: 'channel_is_archived' };
    if (!body) return { status: 400, body: 'invalid_payload' };
    const retryAfter = take(channel.id);
    if (retryAfter !== undefined) return { status: 429, body: 'ratelimited', retryAfter };
    try {
      this.#post(channel, body);
      return { status: 200, body: 'ok' };
    } catch (error) {
      if (error instanceof SlackError) return { status: statusOf(error.code), body: error.code };
      throw error;
    }
  }

  reset(): void {
    this.#hooks.clear();
  }

  #post(channel: Channel, body: Fields): void {
    const { world } = this;
    const text = keptText(textOf(body.text) ?? '');
    const rules = world.blockRules;
    const blocks = body.blocks ? withBlockIds(world, checkMessageBlocks(body.blocks, rules)) : undefined;
    const attachments = body.attachments
      ? withAttachmentIds(world, checkAttachments(body.attachments, rules, blocks))
      : undefined;
    if (!text && !blocks && !attachments) throw new SlackError('no_text');
    const threadTs = textOf(body.thread_ts);
    post(world, channel, {
      user: world.identity.botUserId,
      bot: true,
      text,
      ...(blocks ? { blocks } : {}),
      ...(attachments ? { attachments } : {}),
      ...(threadTs ? { thread_ts: threadTs } : {}),
    });
  }
}
