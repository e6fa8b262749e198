import { checkAttachments, checkMessageBlocks } from '../blocks/check.js';
import { type Fields, textOf } from '../fields.js';
import { SlackError } from '../refuse.js';
import type { Channel } from '../workspace/objects/channel.js';
import { edit, post, remove, whisper, withAttachmentIds, withBlockIds } from '../workspace/posting.js';
import { keptText } from '../workspace/text.js';
import type { World } from '../workspace/world.js';

const LIFETIME_MS = 30 * 60_000;
const MAX_USES = 5;

/** What a payload's `response_url` may be used for. */
interface Grant {
  readonly id: string;
  readonly user: string;
  /** By id: after a restore the channel is another object. */
  readonly channel: string;
  readonly issued: number;
  /** Time of the message that held the button; absent for commands. */
  readonly original?: string;
  uses: number;
  readonly responses: Fields[];
}

/** What an address answers. */
export interface UrlAnswer {
  readonly status: number;
  readonly body: string;
  /** Seconds, with HTTP 429. */
  readonly retryAfter?: number;
}

/** Takes one message out of a conversation's budget; returns the seconds to wait when there is none left. */
export type Take = (channel: string, onlyFor?: string) => number | undefined;

/** The short-lived addresses that let an app answer without a token. */
export class ResponseUrls {
  readonly #grants = new Map<string, Grant>();
  readonly #waiting = new Set<() => void>();

  constructor(readonly world: World) {}

  /** A fresh address for this person in this channel. */
  issue(user: string, channel: Channel, original?: string): { id: string; url: string } {
    const id = this.world.ids.hex(24);
    const issued = this.world.clock.now();
    this.#grants.set(id, { id, user, channel: channel.id, issued, original, uses: 0, responses: [] });
    return { id, url: `${this.world.identity.url}/commands/${this.world.identity.teamId}/${id}` };
  }

  /** Everything answered through the payload that this address came with, its ack included. */
  responses(id: string): Fields[] {
    return this.#grants.get(id)?.responses ?? [];
  }

  /** Waits until that many answers came, at most `ms`. */
  async waitFor(id: string, count: number, ms: number): Promise<Fields[]> {
    const until = Date.now() + ms;
    while (this.responses(id).length < count && Date.now() < until) {
      await new Promise<void>((resolve) => {
        const wake = () => {
          clearTimeout(timer);
          this.#waiting.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, until - Date.now());
        this.#waiting.add(wake);
      });
    }
    return this.responses(id);
  }

  /**
   * One POST to such an address.
   * @param body what was sent; undefined when it is neither JSON nor a form with a payload
   * @param take asks whether there is room for one more message
   * @returns HTTP status and body, and for 429 the seconds to wait
   */
  use(id: string, body: Fields | undefined, take: Take = () => undefined): UrlAnswer {
    const grant = this.#grants.get(id);
    if (!grant || this.world.clock.now() - grant.issued > LIFETIME_MS)
      return { status: 404, body: 'expired_url' };
    if (grant.uses >= MAX_USES) return { status: 404, body: 'used_url' };
    if (!body) return { status: 400, body: 'invalid_payload' };
    const shared = body.response_type === 'in_channel' || this.#replacesForAll(grant, body);
    const retryAfter = take(grant.channel, shared ? undefined : grant.user);
    if (retryAfter !== undefined) return { status: 429, body: 'ratelimited', retryAfter };
    try {
      this.show(grant.id, body, 'response_url');
      grant.uses += 1;
      return { status: 200, body: 'ok' };
    } catch (error) {
      if (!(error instanceof SlackError)) throw error;
      grant.uses += 1;
      return { status: statusOf(error.code), body: error.code };
    }
  }

  /**
   * Shows an answer to a payload, from its ack or from its address.
   * @throws SlackError when the message would be refused
   */
  show(id: string, body: Fields, via: 'ack' | 'response_url'): void {
    const grant = this.#grants.get(id);
    if (!grant) throw new SlackError('expired_url');
    const { world } = this;
    const { user } = grant;
    const channel = world.channels.get(grant.channel);
    if (!channel) throw new SlackError('channel_not_found');
    const text = keptText(textOf(body.text) ?? '');
    // Long answers are tolerated here: the sum of block text is only counted for chat.* methods.
    const rules = { ...world.blockRules, textCap: null };
    const blocks = body.blocks ? withBlockIds(world, checkMessageBlocks(body.blocks, rules)) : undefined;
    const attachments = body.attachments
      ? withAttachmentIds(world, checkAttachments(body.attachments, rules, blocks))
      : undefined;
    const empty = !text && !blocks && !attachments;
    if (empty && body.delete_original !== true) throw new SlackError('no_text');
    grant.responses.push({ via, ...body });
    for (const wake of [...this.#waiting]) wake();
    // A typed command is no message that could be deleted.
    if (body.delete_original === true && grant.original) this.#deleteOriginal(channel, user, grant.original);
    if (empty) return;
    const content = { text, ...(blocks ? { blocks } : {}), ...(attachments ? { attachments } : {}) };
    if (
      body.replace_original === true &&
      grant.original &&
      this.#replaceOriginal(channel, user, grant.original, content)
    )
      return;
    const threadTs = textOf(body.thread_ts);
    const thread = threadTs ? { thread_ts: threadTs } : {};
    if (body.response_type === 'in_channel') {
      post(world, channel, { user: world.identity.botUserId, bot: true, ...content, ...thread });
    } else {
      whisper(world, { channel: channel.id, user, from: 'app', ...content, ...thread });
    }
  }

  /** Whether it takes the place of a message that everybody sees; what only one person saw stays theirs. */
  #replacesForAll(grant: Grant, body: Fields): boolean {
    if (body.replace_original !== true || !grant.original) return false;
    const channel = this.world.channels.get(grant.channel);
    return channel !== undefined && this.world.message(channel, grant.original) !== undefined;
  }

  reset(): void {
    this.#grants.clear();
  }

  #replaceOriginal(channel: Channel, user: string, ts: string, content: Content): boolean {
    const { world } = this;
    const shown = world.ephemerals.find((other) => other.ts === ts && other.user === user);
    if (shown) {
      delete shown.blocks;
      delete shown.attachments;
      Object.assign(shown, content);
      world.changed();
      return true;
    }
    const message = world.message(channel, ts);
    if (!message?.bot) return false;
    edit(world, channel, message, (it) => {
      delete it.blocks;
      delete it.attachments;
      Object.assign(it, content);
    });
    return true;
  }

  #deleteOriginal(channel: Channel, user: string, ts: string): void {
    const { world } = this;
    world.ephemerals = world.ephemerals.filter((other) => other.ts !== ts || other.user !== user);
    const message = world.message(channel, ts);
    if (message?.bot) remove(world, channel, message);
    world.changed();
  }
}

interface Content {
  readonly text: string;
  readonly blocks?: Fields[];
  readonly attachments?: Fields[];
}

/** HTTP status of a refusal by an address: most are 400. */
export function statusOf(code: string): number {
  if (code === 'channel_not_found') return 404;
  return code === 'is_archived' || code === 'channel_is_archived' ? 410 : 400;
}
