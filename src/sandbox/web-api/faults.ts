import { z } from 'zod';

/**
 * A failure to come.
 * - `ratelimit`: HTTP 429 with `Retry-After: value` (default 1; `none`: without that header)
 * - `error`: `ok:false` with the code `value`
 * - `http500`: HTTP status `value` (default 500)
 * - `body`: HTTP status 200 with `value` as its body, whatever that is (default: empty); nothing happens
 * - `delay`: the call is handled `value` ms later
 * - `drop`: the effect happens and the answer is lost
 * - `cut`: the connection breaks before anything happened
 * - `hang`: nothing happens, and no answer comes for as long as the caller waits
 *
 * The address for uploads answers text: `error` is HTTP 400 with the code alone, `http500` a page with that status, any
 * other kind breaks the connection.
 */
export const faultSchema = z.strictObject({
  method: z.string().min(1).describe('Web API method, upload, response_url, or * for all'),
  times: z.number().int().min(1).default(1),
  after: z.number().int().min(0).default(0).describe('how many calls go well before it'),
  kind: z.enum(['ratelimit', 'error', 'http500', 'body', 'delay', 'drop', 'cut', 'hang']),
  value: z.union([z.string(), z.number()]).optional(),
});

export type Fault = z.infer<typeof faultSchema>;

/** Failures that were ordered for the next calls. */
export class Faults {
  #ordered: Fault[] = [];

  add(fault: Fault): void {
    this.#ordered.push({ ...fault });
  }

  /** The failure for this call, if one is due. */
  take(method: string): Fault | undefined {
    const fault = this.#ordered.find((it) => it.method === '*' || it.method === method);
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
