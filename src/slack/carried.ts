import { z } from 'zod';
import type { Entered } from '#domain/command/entered.js';
import type { Intent } from '#domain/intent.js';
import type { PersonRef } from '#domain/person.js';
import { unpacked } from './packed.js';

/** A status post that was previewed. `key`: the command's own, so that a double click publishes once. */
export interface CarriedPost {
  intent: Extract<Intent<PersonRef>, { type: 'PublishPost' }>;
  incident: number;
  key: string | null;
}

/** A line that was typed without saying which incident, with one that was offered. */
export interface CarriedLine {
  line: Entered;
  incident: number;
  key: string | null;
}

const from = { incident: z.number().int().positive(), key: z.string().nullable() };
const POST = z.object({
  ...from,
  // We packed it and Slack signed the way back; only a button from another version of ours could hold something else.
  intent: z.custom<CarriedPost['intent']>(
    (value) => z.object({ type: z.literal('PublishPost') }).safeParse(value).success,
  ),
});
const LINE = z.object({
  ...from,
  line: z.object({
    text: z.string(),
    mentions: z.array(
      z.object({
        start: z.number(),
        end: z.number(),
        id: z.string().nullable(),
        name: z.string().nullable(),
      }),
    ),
  }),
});

/** @returns null for a button that this version did not make */
export function carriedPost(value: string | undefined): CarriedPost | null {
  return POST.safeParse(unpacked(value)).data ?? null;
}

export function carriedLine(value: string | undefined): CarriedLine | null {
  return LINE.safeParse(unpacked(value)).data ?? null;
}
