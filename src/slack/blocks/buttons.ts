import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { types } from '@slack/bolt';
import { z } from 'zod';
import { type Block, channelLink, context, cut, escaped, MAX, type Message, plain, section } from './text.js';

/** Ids of the buttons that say which incident is meant. */
export const CHOOSE_ACTIONS = /^choose:/;

interface Choice {
  ref: string;
  title: string;
  /** They are in it. */
  yours: boolean;
  /** What the button brings back. */
  value: string;
}

/**
 * Buttons for incidents, when it was not said which one is meant; at most 25 fit.
 * @param typed the line that waits for it
 * @param words what is said above them: that none is open, say
 */
export function whichIncident(choices: readonly Choice[], typed: string, words = 'Which incident?'): Block[] {
  const line = cut(typed.replace(/\s+/g, ' ').trim(), 150);
  return [
    { type: 'section', text: plain(cut(words, MAX.section)) },
    {
      type: 'actions',
      elements: choices.slice(0, 25).map(({ ref, title, yours, value }) => {
        const label = `${ref} ${title}`;
        return button(`choose:${ref}`, yours ? `${cut(label, 67)} · yours` : label, value);
      }),
    },
    context(`Press one to do this there: ${escaped(line)}`),
  ];
}

/** Ids of the buttons for what is likely next. */
export const NEXT_ACTIONS = /^next:/;

interface NextChoice {
  label: string;
  /** What a press has to be sure of; absent: it is done at once. */
  sure?: string;
  /** What the button brings back, see `NEXT_VALUE`. */
  value: string;
}

/**
 * Where somebody is, and buttons for what is likely next.
 * @param head with people's words in it
 * @param channels that it names as `#name`, to be made links of
 */
export function nextButtons(
  head: string,
  choices: readonly NextChoice[],
  channels: ReadonlyArray<{ id: string; name: string }>,
): Block[] {
  const linked = channels.reduce(
    (text, { id, name }) => text.replaceAll(new RegExp(`#${name}$`, 'gm'), channelLink(id)),
    cut(escaped(head), MAX.section),
  );
  const elements = choices.map(({ label, sure, value }, i) => ({
    ...button(`next:${i}`, label, value),
    ...(sure && {
      confirm: {
        title: plain(label),
        text: { type: 'mrkdwn' as const, text: sure },
        confirm: plain(label),
        deny: plain('Go back'),
      },
    }),
  }));
  return [section(linked), ...(elements.length > 0 ? [{ type: 'actions' as const, elements }] : [])];
}

/** @param value what it brings back, see `packed` */
export function button(actionId: string, label: string, value: string, style?: 'primary'): types.Button {
  return { type: 'button', action_id: actionId, text: plain(cut(label, 75)), value, ...(style && { style }) };
}

/** Slack's limits on what a button and a modal carry. */
const VALUE = 2_000;
export const METADATA = 3_000;

/**
 * Carry something through a button. Packed into letters that nothing on the way rewrites (`&`, emoji names).
 * @param room how many letters there is room for
 * @returns null when it does not fit
 */
export function packed(value: unknown, room = VALUE): string | null {
  const text = deflateRawSync(JSON.stringify(value)).toString('base64url');
  return text.length <= room ? text : null;
}

/** @returns what a button (or a modal) of that kind brought back; null for one that this version did not make */
export function unpacked<T>(kind: z.ZodType<T>, text: string | undefined): T | null {
  if (!text || text.length > METADATA) return null;
  try {
    const json = inflateRawSync(Buffer.from(text, 'base64url'), { maxOutputLength: 200_000 }).toString();
    return kind.safeParse(JSON.parse(json)).data ?? null;
  } catch {
    return null;
  }
}

/** Ids of the buttons of the headline, which stand in the Home tab too: `head:status` asks what `status` alone asks for. */
export const HEAD_ACTIONS = /^head:/;

/** What they bring back. */
export const HEAD_VALUE = z.object({ incident: z.number().int().positive() });

/** @param verb that it stands for */
export function headButton(verb: string, label: string, incident: number, beside = ''): types.Button {
  return button(`head:${verb}${beside}`, label, packed({ incident }) ?? '');
}

/** Ticks an action item off, in a form and in the Home tab: `item:done:7:3`. */
export const ITEM_ACTION = 'item:done';
export const ITEM_ACTIONS = /^item:done:/;
export const ITEM_VALUE = z.object({
  incident: z.number().int().positive(),
  action: z.number().int().positive(),
});

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

/** A line that was typed without saying which incident, with one that was offered. */
export const LINE_VALUE = z.object({
  ...{ incident: z.number().int().positive(), key: z.string().nullable() },
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

/** What a button for what is likely next brings back: a line, and the incident in which it is meant; null: in none, or it names it. */
export const NEXT_VALUE = LINE_VALUE.extend({
  incident: z.number().int().nonnegative().nullable(),
  /** Absent: there is nothing that somebody could have changed since, or an earlier version made it. */
  seen: z.object({ entry: z.number().int().nullable(), lead: z.string().nullable() }).optional(),
});
export type CarriedNext = z.infer<typeof NEXT_VALUE>;
