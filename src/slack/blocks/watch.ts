import { z } from 'zod';
import type { Entry } from '#domain/incident/entry.js';
import { button, packed } from './buttons.js';
import { type Block, cut, escaped, MAX, type Message, receiptBlocks, section, whenLabel } from './text.js';

/** Ids under which Slack tells us what was clicked. */
export const WATCH_ACTIONS = { start: 'watch:start', reopen: 'watch:reopen' } as const;

const incident = z.number().int().positive();

/** What *Watch 30m* under a receipt brings back. `n`: the entry that says that it is resolved; of each there is one offer. */
export const WATCH_VALUE = z.object({ incident, n: z.number().int(), span: z.string().max(20) });
/** What *Reopen* brings back. `n`: the entry of what failed. */
export const REOPEN_VALUE = z.object({ incident, watch: z.number().int(), n: z.number().int() });

interface Told {
  incident: number;
  watch: number;
  entry: Entry;
  /** What the entry says: `toldText(entry)`. */
  words: string;
  /** Who is to know it: ids. */
  people: readonly string[];
  /** The incident is held to be over, and may be taken up again. */
  reopens: boolean;
}

/** What a watch saw, in the channel: as an entry is shown there, but nobody is to miss it. */
export function watchMessage({ incident, watch, entry, words, people, reopens }: Told): Message {
  const who = people.map((id) => `<@${id}>`).join(' ');
  const head = `*#${entry.n}* ${whenLabel(entry, entry.recordedAt)} UTC `;
  const tail = who === '' ? '' : ` ${who}`;
  const text = head + cut(escaped(words), MAX.section - head.length - tail.length - 1) + tail;
  const value = reopens ? packed({ incident, watch, n: entry.n }) : null;
  const blocks = [section(text)];
  if (value !== null)
    blocks.push({ type: 'actions', elements: [button(WATCH_ACTIONS.reopen, 'Reopen', value)] });
  return { text, blocks };
}

/** A receipt that says *resolved*, with the offer to keep looking. */
export function watchOffer(receipt: string, offer: z.infer<typeof WATCH_VALUE>): Block[] | null {
  const value = packed(offer);
  if (value === null) return null;
  return [
    ...receiptBlocks(receipt),
    { type: 'actions', elements: [button(WATCH_ACTIONS.start, `Watch ${offer.span}`, value)] },
  ];
}
