import { type Fields, isFields } from '../fields.js';
import type { Clock } from '../workspace/clock.js';

export const trafficKinds = [
  'api',
  'upload',
  'response_url',
  'webhook',
  'event',
  'command',
  'interactive',
  'options',
] as const;

export type TrafficKind = (typeof trafficKinds)[number];

/** One exchange between the app and the sandbox. */
export interface Exchange {
  readonly seq: number;
  /** Milliseconds since the epoch, by the sandbox's clock, when it began. */
  readonly at: number;
  /** `in`: the app asked; `out`: the sandbox delivered. */
  readonly way: 'in' | 'out';
  readonly kind: TrafficKind;
  /** Web API method, type of event, command, type of interaction, or the kind itself. */
  readonly name: string;
  /** HTTP status; null when no answer came. An ack over a socket counts as 200. */
  readonly status: number | null;
  /** `ok`, or Slack's error code, or what went wrong on the way: `timeout`, `http_error`, `connection_failed`… */
  readonly outcome: string;
  /** Milliseconds of real time until the answer. */
  readonly ms: number;
  readonly request: unknown;
  readonly answer: unknown;
  /** The failure that was ordered for it. */
  readonly fault?: string;
  /** Which repeat of an event it was, and why. */
  readonly retry?: { readonly num: number; readonly reason: string };
}

export interface TrafficQuery {
  /** Only what came after this `seq`. */
  readonly since?: number;
  /** The newest so many. */
  readonly limit?: number;
  readonly kind?: TrafficKind;
}

const KEPT = 2000;

/** Everything that went both ways, oldest first, so far as it is kept. */
export class Traffic {
  #list: Exchange[] = [];
  #seq = 0;
  readonly #watchers = new Set<() => void>();

  constructor(readonly clock: Clock) {}

  add(exchange: Omit<Exchange, 'seq'>): void {
    this.#seq += 1;
    this.#list.push({ seq: this.#seq, ...exchange });
    if (this.#list.length > KEPT * 1.1) this.#list = this.#list.slice(-KEPT);
    for (const tell of this.#watchers) tell();
  }

  /** What was exchanged, without tokens and the secret parts of addresses. */
  list({ since = 0, limit = 200, kind }: TrafficQuery = {}): Exchange[] {
    return this.#list
      .filter((it) => it.seq > since && (!kind || it.kind === kind))
      .slice(-limit)
      .map((it) => ({ ...it, request: masked(it.request), answer: masked(it.answer) }));
  }

  /** The exchange as it was, secrets included: to deliver it again. */
  find(seq: number): Exchange | undefined {
    return this.#list.find((it) => it.seq === seq);
  }

  /**
   * Tells whenever something was added.
   * @returns ends it
   */
  watch(tell: () => void): () => void {
    this.#watchers.add(tell);
    return () => this.#watchers.delete(tell);
  }

  get last(): number {
    return this.#seq;
  }

  reset(): void {
    this.#list = [];
  }
}

const SECRET_KEYS = new Set(['token', 'client_secret', 'signing_secret', 'refresh_token', 'access_token']);
const TOKEN = /\bx(?:ox[a-z]|app)-[\w-]+/g;
// Whoever knows such an address may use it.
const ADDRESS = /(\/(?:commands|services|link|upload\/v1)\/[^\s"]*?)([\w-]{4})[\w-]{6,}(?=["\s]|$)/g;
const TICKET = /([?&]ticket=)[\w-]+/g;

/** A copy in which nothing can be used by whoever reads it. */
export function masked(value: unknown): unknown {
  if (typeof value === 'string')
    return value
      .replace(TOKEN, (token) => `${token.slice(0, 5)}…`)
      .replace(TICKET, '$1…')
      .replace(ADDRESS, '$1$2…');
  if (Array.isArray(value)) return value.map(masked);
  if (!isFields(value)) return value;
  const shown: Fields = {};
  for (const [key, member] of Object.entries(value))
    shown[key] = SECRET_KEYS.has(key) && typeof member === 'string' ? '…' : masked(member);
  return shown;
}
