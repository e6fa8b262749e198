import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { types } from '@slack/bolt';
import { z } from 'zod';
import type { Intent } from '#domain/incident/intent.js';
import type { PersonRef } from '#domain/words.js';
import { type Block, cut, escaped, type Message, plain, section } from './text.js';

/** Ids under which Slack tells us what was clicked. */
export const ACTIONS = { publish: 'publish', cancel: 'cancel', choose: /^choose:/ } as const;

/**
 * Shown to one person before a public status post is recorded, because it cannot be edited afterwards.
 * @param value what the button brings back
 */
export function publishQuestion(state: string, text: string, value: string): Block[] {
  return [
    {
      type: 'section',
      text: plain(`This would be kept as a public status post, ${state}. It is sent to no public page.`),
    },
    { type: 'section', text: plain(cut(text, 2_900, '… (cut here, not in what is kept)') || '…') },
    {
      type: 'actions',
      elements: [
        button(ACTIONS.publish, 'Record it', value, 'primary'),
        button(ACTIONS.cancel, 'Cancel', 'cancel'),
      ],
    },
  ];
}

interface Choice {
  ref: string;
  title: string;
  /** What the button brings back. */
  value: string;
}

/** Buttons for the open incidents, when it was not said which one is meant; at most 25 fit. */
export function whichIncident(choices: readonly Choice[]): Block[] {
  return [
    { type: 'section', text: plain('Which incident?') },
    {
      type: 'actions',
      elements: choices
        .slice(0, 25)
        .map(({ ref, title, value }) => button(`choose:${ref}`, `${ref} ${title}`, value)),
    },
  ];
}

/** @param value what it brings back, see `packed` */
export function button(actionId: string, label: string, value: string, style?: 'primary'): types.Button {
  return { type: 'button', action_id: actionId, text: plain(cut(label, 75)), value, ...(style && { style }) };
}

/** Slack's limit on a button's value. */
const VALUE = 2_000;

/**
 * Carry something through a button. Packed into letters that nothing on the way rewrites (`&`, emoji names).
 * @returns null when it does not fit
 */
export function packed(value: unknown): string | null {
  const text = deflateRawSync(JSON.stringify(value)).toString('base64url');
  return text.length <= VALUE ? text : null;
}

/** @returns what a button of that kind brought back; null for one that this version did not make */
export function unpacked<T>(kind: z.ZodType<T>, text: string | undefined): T | null {
  if (!text || text.length > VALUE) return null;
  try {
    const json = inflateRawSync(Buffer.from(text, 'base64url'), { maxOutputLength: 200_000 }).toString();
    return kind.safeParse(JSON.parse(json)).data ?? null;
  } catch {
    return null;
  }
}

/** The id under which Slack tells us that somebody wants the plan. */
export const OFFER_ACTION = 'offer:plan';

/** Offers to plan a runbook. What would be done is then shown as a run's plan, and nothing is done without approval. */
export function runOfferMessage(offer: z.infer<typeof OFFER_VALUE>, command: string): Message {
  const inputs = Object.entries(offer.inputs).map(([name, value]) => `${name}=${value}`);
  const line = `${command} run ${[offer.runbook, ...inputs].join(' ')}`;
  const text = `\`${escaped(offer.runbook)}\` can mend this: \`${escaped(line)}\``;
  const value = packed(offer);
  const blocks = [section(text)];
  if (value !== null)
    blocks.push({ type: 'actions', elements: [button(OFFER_ACTION, `Plan ${offer.runbook}`, value)] });
  return { text, blocks };
}

/** What a button that offers a runbook brings back. Inputs are names of stores: no secrets. */
export const OFFER_VALUE = z.object({
  incident: z.number().int().positive(),
  runbook: z.string(),
  inputs: z.record(z.string(), z.string()),
});

const from = { incident: z.number().int().positive(), key: z.string().nullable() };

/** A status post that was previewed. `key`: the command's own, so that a double click is one post. */
export const POST_VALUE = z.object({
  ...from,
  // We packed the value and Slack signed what it brought back: only a button of another version of ours can hold something else.
  intent: z.custom<Extract<Intent<PersonRef>, { type: 'PublishPost' }>>(
    (value) => z.object({ type: z.literal('PublishPost') }).safeParse(value).success,
  ),
});
export type CarriedPost = z.infer<typeof POST_VALUE>;

/** A line that was typed without saying which incident, with one that was offered. */
export const LINE_VALUE = z.object({
  ...from,
  line: z.object({
    text: z.string(),
    mentions: z
      .array(
        z.object({
          start: z.number(),
          end: z.number(),
          id: z.string().nullable(),
          name: z.string().nullable(),
        }),
      )
      .readonly(),
  }),
});
export type CarriedLine = z.infer<typeof LINE_VALUE>;
