import { checkAttachments, checkMessageBlocks } from '../blocks/check.js';
import { type Fields, isFields, textOf } from '../fields.js';
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
  readonly channel: Channel;
  readonly issued: number;
  /** Time of the message that held the button; absent for commands. */
  readonly original?: string;
  uses: number;
  readonly responses: Fields[];
}

/** The short-lived addresses that let an app answer without a token. */
export class ResponseUrls {
  readonly #grants = new Map<string, Grant>();
  readonly #waiting = new Set<() => void>();

  constructor(readonly world: World) {}

  /** A fresh address for this person in this channel. */
  issue(user: string, channel: Channel, original?: string): { id: string; url: string } {
    const id = this.world.ids.hex(24);
    const issued = this.world.clock.now();
    this.#grants.set(id, { id, user, channel, issued, original, uses: 0, responses: [] });
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
   * @returns HTTP status and body
   */
  use(id: string, body: unknown): { status: number; body: string } {
    const grant = this.#grants.get(id);
    if (!grant || this.world.clock.now() - grant.issued > LIFETIME_MS)
      return { status: 404, body: 'expired_url' };
    if (grant.uses >= MAX_USES) return { status: 404, body: 'used_url' };
    if (!isFields(body)) return { status: 400, body: 'invalid_payload' };
    grant.uses += 1;
    try {
      this.show(grant.id, body, 'response_url');
      return { status: 200, body: 'ok' };
    } catch (error) {
      if (error instanceof SlackError) return { status: 400, body: error.code };
      throw error;
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
    const { channel, user } = grant;
    const text = keptText(textOf(body.text) ?? '');
    // Long answers are tolerated here: the sum of block text is only counted for chat.* methods.
    const rules = { ...world.blockRules, textCap: null };
    const blocks = body.blocks ? withBlockIds(world, checkMessageBlocks(body.blocks, rules)) : undefined;
    const attachments = body.attachments
      ? withAttachmentIds(world, checkAttachments(body.attachments, rules, blocks))
      : undefined;
    if (!text && !blocks && !attachments && body.delete_original !== true) throw new SlackError('no_text');
    grant.responses.push({ via, ...body });
    for (const wake of [...this.#waiting]) wake();
    if (body.delete_original === true && grant.original) {
      this.#deleteOriginal(grant, grant.original);
      if (!text && !blocks) return;
    }
    const content = { text, ...(blocks ? { blocks } : {}), ...(attachments ? { attachments } : {}) };
    if (
      body.replace_original === true &&
      grant.original &&
      this.#replaceOriginal(grant, grant.original, content)
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

  reset(): void {
    this.#grants.clear();
  }

  #replaceOriginal(grant: Grant, ts: string, content: { text: string; blocks?: Fields[] }): boolean {
    const { world } = this;
    const shown = world.ephemerals.find((other) => other.ts === ts && other.user === grant.user);
    if (shown) {
      delete shown.blocks;
      Object.assign(shown, content);
      world.changed();
      return true;
    }
    const message = world.message(grant.channel, ts);
    if (!message?.bot) return false;
    edit(world, grant.channel, message, (it) => {
      delete it.blocks;
      Object.assign(it, content);
    });
    return true;
  }

  #deleteOriginal(grant: Grant, ts: string): void {
    const { world } = this;
    world.ephemerals = world.ephemerals.filter((other) => other.ts !== ts || other.user !== grant.user);
    const message = world.message(grant.channel, ts);
    if (message?.bot) remove(world, grant.channel, message);
    world.changed();
  }
}
