import { z } from 'zod';
import type { Captured } from './capture.js';
import { Memory } from './memory.js';

const CAPTURED = z.object({
  channel: z.object({ id: z.string(), name: z.string().optional() }),
  message: z.object({
    ts: z.string(),
    raw: z.string(),
    author: z.object({ id: z.string(), name: z.string().nullable() }),
  }),
  reply: z.string().nullable(),
});
/** What is carried when the message itself is too long: where it is. */
const PLACE = z.object({ channel: z.string(), ts: z.string(), reply: z.string().nullable() });

/** Slack's limit on what a modal carries. */
const LIMIT = 3_000;
const LONGEST_WAIT_MS = 30 * 60_000;

/** Messages whose incident is still being chosen. */
export interface Waiting {
  /** @returns what the modal is to carry, at most 3,000 characters */
  keep(captured: Captured): string;
  /** @returns the message; or only its place, when it was too long and this process does not remember it */
  find(carried: string): Captured | z.infer<typeof PLACE> | null;
}

/** A short message travels with the modal; a long one waits here, and if this process ends it is fetched from its place. */
export function createWaiting(now: () => Date): Waiting {
  const kept = new Memory<Captured>(LONGEST_WAIT_MS, 200, () => now().getTime());
  return {
    keep(captured) {
      const whole = JSON.stringify(captured);
      if (whole.length <= LIMIT) return whole;
      const { channel, message, reply } = captured;
      kept.set(`${channel.id} ${message.ts}`, captured);
      return JSON.stringify({ channel: channel.id, ts: message.ts, reply });
    },
    find(carried) {
      const json: unknown = JSON.parse(carried || 'null');
      const whole = CAPTURED.safeParse(json);
      if (whole.success) return whole.data;
      const place = PLACE.safeParse(json);
      if (!place.success) return null;
      return kept.get(`${place.data.channel} ${place.data.ts}`) ?? place.data;
    },
  };
}
