import { z } from 'zod';

/**
 * A failure to come.
 * - `ratelimit`: HTTP 429 with `Retry-After: value` (default 1; `none`: without that header)
 * - `error`: `ok:false` with the code `value`
 * - `http500`: HTTP status `value` (default 500)
 * - `body`: HTTP status 200 with `value` as its body, whatever that is (default: empty); nothing happens
 * - `answer`: `answer` as the JSON body, with HTTP status `value` (default 200); nothing happens, or with `merge` the
 *   call is done and `answer` laid over what it says
 * - `delay`: the call is handled `value` ms later
 * - `slow_body`: the answer comes in pieces over `value` ms (default 1000)
 * - `drop`: the effect happens and the answer is lost
 * - `cut`: the connection breaks before anything happened
 * - `hang`: nothing happens, and no answer comes for as long as the caller waits
 * - `duplicate`: only of deliveries
 *
 * The address for uploads answers text: `error` is HTTP 400 with the code alone, `http500` a page with that status, any
 * other kind breaks the connection.
 *
 * Deliveries to the app, `event`, `command`, `interactive` and `options`: `drop` loses one for good, `cut` and `http500`
 * fail as if the app could not be reached, `delay` brings it `value` ms later, `duplicate` brings it twice. `hello` with
 * `drop`: the next socket gets no hello.
 */
export const faultSchema = z.strictObject({
  method: z
    .string()
    .min(1)
    .describe(
      'Web API method, upload, response_url, webhook, event, command, interactive, options, hello, or *',
    ),
  times: z.number().int().min(1).default(1),
  after: z.number().int().min(0).default(0).describe('how many calls go well before it'),
  kind: z.enum([
    ...['ratelimit', 'error', 'http500', 'body', 'answer', 'delay', 'slow_body'],
    ...['drop', 'cut', 'hang', 'duplicate'],
  ] as const),
  value: z.union([z.string(), z.number()]).optional(),
  answer: z.record(z.string(), z.unknown()).optional(),
  merge: z.boolean().optional(),
  /** Only calls that name this channel, by the id or name that they use. */
  channel: z.string().optional(),
  /** Only calls with this kind of token. */
  token: z.enum(['bot', 'user', 'app']).optional(),
  /** Only events of this type. */
  type: z.string().optional(),
});

export type Fault = z.infer<typeof faultSchema>;

/** What a failure may be narrowed to. */
export interface Occasion {
  readonly channel?: string;
  readonly token?: string;
  readonly type?: string;
}

/** `*` is every call of the app; what is delivered to it must be named. */
const DELIVERIES = new Set(['event', 'command', 'interactive', 'options', 'hello']);

/** Failures that were ordered for the next calls. */
export class Faults {
  #ordered: Fault[] = [];

  add(fault: Fault): void {
    this.#ordered.push({ ...fault });
  }

  /** The failure for this call, if one is due. */
  take(method: string, occasion: Occasion = {}): Fault | undefined {
    const every = !DELIVERIES.has(method);
    const fault = this.#ordered.find(
      (it) =>
        (it.method === method || (it.method === '*' && every)) &&
        (!it.channel || it.channel === occasion.channel) &&
        (!it.token || it.token === occasion.token) &&
        (!it.type || it.type === occasion.type),
    );
    if (!fault) return undefined;
    if (fault.after > 0) {
      fault.after -= 1;
      return undefined;
    }
    fault.times -= 1;
    this.#ordered = this.#ordered.filter((it) => it.times > 0);
    return fault;
  }

  get pending(): readonly Fault[] {
    return this.#ordered;
  }

  clear(): void {
    this.#ordered = [];
  }
}
