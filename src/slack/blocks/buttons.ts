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
        .map(({ ref, title, value }) => button(`choose:${ref}`, cut(`${ref} ${title}`, 75), value)),
    },
  ];
}

function button(actionId: string, label: string, value: string, style?: 'primary'): types.Button {
  return { type: 'button', action_id: actionId, text: plain(label), value, ...(style && { style }) };
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

/** @returns what was packed, or null for anything else */
export function unpacked(text: string | undefined): unknown {
  if (!text || text.length > VALUE) return null;
  try {
    return JSON.parse(
      inflateRawSync(Buffer.from(text, 'base64url'), { maxOutputLength: 200_000 }).toString(),
    );
  } catch {
    return null;
  }
}

/** The id under which Slack tells us that somebody wants the plan. */
export const OFFER_ACTION = 'offer:plan';

/** Offers to plan a runbook. What would be done is then shown as a run's plan, and nothing is done without approval. */
export function runOfferMessage(offer: CarriedOffer, command: string): Message {
  const inputs = Object.entries(offer.inputs).map(([name, value]) => `${name}=${value}`);
  const line = `${command} run ${[offer.runbook, ...inputs].join(' ')}`;
  const text = `\`${escaped(offer.runbook)}\` can mend this: \`${escaped(line)}\``;
  const value = packed(offer);
  return {
    text,
    blocks: [
      section(text),
      ...(value === null
        ? []
        : [
            {
              type: 'actions' as const,
              elements: [
                {
                  type: 'button' as const,
                  action_id: OFFER_ACTION,
                  text: plain(`Plan ${offer.runbook}`.slice(0, 75)),
                  value,
                },
              ],
            },
          ]),
    ],
  };
}

/** What a button that offers a runbook brings back. Inputs are names of stores: no secrets. */
const OFFER = z.object({
  incident: z.number().int().positive(),
  runbook: z.string(),
  inputs: z.record(z.string(), z.string()),
});

type CarriedOffer = z.infer<typeof OFFER>;

/** @returns null for a button that this version did not make */
export function carriedOffer(value: string | undefined): CarriedOffer | null {
  return OFFER.safeParse(unpacked(value)).data ?? null;
}

const from = { incident: z.number().int().positive(), key: z.string().nullable() };

/** A status post that was previewed. `key`: the command's own, so that a double click is one post. */
const POST = z.object({
  ...from,
  // We packed the value and Slack signed what it brought back: only a button of another version of ours can hold something else.
  intent: z.custom<Extract<Intent<PersonRef>, { type: 'PublishPost' }>>(
    (value) => z.object({ type: z.literal('PublishPost') }).safeParse(value).success,
  ),
});
export type CarriedPost = z.infer<typeof POST>;

/** A line that was typed without saying which incident, with one that was offered. */
const LINE = z.object({
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
export type CarriedLine = z.infer<typeof LINE>;

/** @returns null for a button that this version did not make */
export function carriedPost(value: string | undefined): CarriedPost | null {
  return POST.safeParse(unpacked(value)).data ?? null;
}

export function carriedLine(value: string | undefined): CarriedLine | null {
  return LINE.safeParse(unpacked(value)).data ?? null;
}
