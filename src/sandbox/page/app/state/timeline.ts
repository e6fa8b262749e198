import { type Signal, signal } from '@preact/signals';
import type { Message, Stretch } from '../../protocol.js';
import { ask } from './server.js';

/** The part of a channel's messages that is loaded. */
export interface Loaded extends Stretch {
  readonly ready: boolean;
}

const NOTHING: Loaded = { messages: [], older: false, newer: false, ready: false };
const PAGE = 60;
/** More than this is not kept in the page while someone only reads along. */
const MOST = 240;

/** True for what stands in the channel itself; replies do not, unless they were sent to it too. */
export function inChannel(message: Message): boolean {
  const { thread_ts: thread, ts, subtype } = message;
  return typeof thread !== 'string' || thread === ts || subtype === 'thread_broadcast';
}

/** A channel's messages as far as they are loaded; more on request, changes as they come. */
export class Timeline {
  readonly loaded: Signal<Loaded> = signal(NOTHING);
  #asking = false;

  constructor(
    readonly channel: string,
    readonly user: string,
  ) {}

  /** The newest messages, or those around a time. */
  async load(around?: string): Promise<void> {
    const got = await this.#ask({ around });
    this.loaded.value = { ...got, ready: true };
  }

  /** Older ones in front; one request at a time. */
  async more(direction: 'older' | 'newer'): Promise<void> {
    const now = this.loaded.peek();
    const edge = direction === 'older' ? now.messages[0] : now.messages.at(-1);
    if (this.#asking || !edge || !now[direction]) return;
    this.#asking = true;
    try {
      const got = await this.#ask(direction === 'older' ? { before: edge.ts } : { after: edge.ts });
      const { messages, older, newer } = this.loaded.peek();
      const known = new Set(messages.map((it) => it.ts));
      const fresh = got.messages.filter((it) => !known.has(it.ts));
      this.loaded.value =
        direction === 'older'
          ? { messages: [...fresh, ...messages], older: got.older, newer, ready: true }
          : { messages: [...messages, ...fresh], older, newer: got.newer, ready: true };
    } finally {
      this.#asking = false;
    }
  }

  /**
   * A message that was written or changed.
   * @returns true when it is new, at the end of what is shown
   */
  put(message: Message): boolean {
    const now = this.loaded.peek();
    if (!now.ready) return false;
    const at = now.messages.findIndex((it) => it.ts === message.ts);
    if (at >= 0) {
      this.loaded.value = { ...now, messages: now.messages.with(at, message) };
      return false;
    }
    const { ts } = message;
    const first = now.messages[0]?.ts;
    const last = now.messages.at(-1)?.ts ?? '0';
    if (ts > last) {
      // Someone reads far above; what is new is fetched on the way down.
      if (!now.newer) this.loaded.value = { ...now, messages: [...now.messages, message] };
      return !now.newer;
    }
    if (first !== undefined && ts < first && now.older) return false;
    const messages = [...now.messages, message].sort((a, b) => (a.ts < b.ts ? -1 : 1));
    this.loaded.value = { ...now, messages };
    return false;
  }

  remove(ts: string): void {
    const now = this.loaded.peek();
    if (now.messages.some((it) => it.ts === ts))
      this.loaded.value = { ...now, messages: now.messages.filter((it) => it.ts !== ts) };
  }

  /** Lets go of what is far above; only while nobody looks at it. */
  trim(): void {
    const now = this.loaded.peek();
    if (now.messages.length <= MOST) return;
    this.loaded.value = { ...now, messages: now.messages.slice(-MOST / 2), older: true };
  }

  #ask(where: { before?: string; after?: string; around?: string | undefined }): Promise<Stretch> {
    const { user, channel } = this;
    return ask('/page/messages', { user, channel, limit: PAGE, ...where });
  }
}
