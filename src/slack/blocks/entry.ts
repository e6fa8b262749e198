import { z } from 'zod';
import type { Entry } from '#domain/incident/entry.js';
import { personLabel, refOf } from '#domain/words.js';
import { closed } from '#render/clock.js';
import { safeLink } from '#render/document.js';
import { button, packed } from './buttons.js';
import {
  type Block,
  channelLink,
  context,
  cut,
  escaped,
  MAX,
  type Message,
  receiptBlocks,
  section,
  whenLabel,
} from './text.js';

/** A timeline entry on its way into the channel. */
export interface Shown {
  entry: Entry;
  /** What the entry says: `toldText(entry)`. */
  words: string;
  /** Why it is shown: it is new, or how it was corrected. */
  how: 'new' | 'edited' | 'retimed' | 'struck' | 'filed' | 'deleted';
  /** At changes of state: the chain as it stood, so that people can prove later what the record was. */
  record?: { facts: number; head: string } | null;
}

interface EntryMessage extends Message {
  /** How many of the entries, from the first on, this message shows; at least one. */
  count: number;
}

/**
 * Entries as one message, in the order given, as many as fit Slack's limits: call again with the rest.
 * Each has a section of its own, so that odd formatting in one cannot run into the next.
 */
export function entryMessage(shown: readonly Shown[]): EntryMessage {
  const blocks: Block[] = [];
  const lines: string[] = [];
  let sum = 0;
  let count = 0;
  for (const one of shown) {
    const line = entryLine(one, MAX.section - 1);
    const record = one.record ? `record: ${one.record.facts} facts, head \`${one.record.head}\`` : null;
    const size = line.length + (record?.length ?? 0);
    const more = record === null ? 1 : 2;
    if (count > 0 && (sum + size > MAX.sum || blocks.length + more > MAX.blocks)) break;
    blocks.push(section(line));
    if (record !== null) blocks.push(context(record));
    lines.push(line);
    sum += size;
    count++;
  }
  return { text: cut(lines.join('\n'), MAX.text), blocks, count };
}

/** @returns whether a block of a message of ours shows that entry */
export function showsEntry(block: unknown, n: number): boolean {
  return lineIn(block)?.startsWith(`*#${n}* `) ?? false;
}

/** A block's text as it stands in Slack. */
function lineIn(block: unknown): string | null {
  const { type, text } = (block ?? {}) as { type?: unknown; text?: { text?: unknown } | null };
  return type === 'section' && typeof text?.text === 'string' ? text.text : null;
}

/**
 * A message of ours with one of its entries as it stands now; whatever else it shows stays.
 * @param blocks as Slack gives them out
 */
export function entryMessageAnew(
  blocks: readonly unknown[],
  shown: Shown,
): { text: string; blocks: unknown[] } {
  const { n } = shown.entry;
  const renewed = blocks.map((block) =>
    showsEntry(block, n) ? section(entryLine(shown, MAX.section - 1)) : block,
  );
  const lines = renewed.flatMap((block) => lineIn(block) ?? []);
  return { text: cut(lines.join('\n'), MAX.text), blocks: renewed };
}

/** The id of the button that strikes what was unpinned, and what it brings back. */
export const STRIKE_ACTION = 'capture:strike';
export const STRIKE_VALUE = z.object({ incident: z.number(), n: z.number(), key: z.string() });

/**
 * Said to whoever takes away the pin by which they recorded a message: it stays, and how it goes.
 * @param key makes two clicks one
 * @param may they may strike it; else somebody else does
 * @param command how it is called here
 */
export function unpinnedMessage(
  entry: Entry,
  of: { incident: number; key: string; may: boolean; command: string },
): Message {
  const { n } = entry;
  const ref = refOf(of.incident);
  const typed = `\`${escaped(of.command)} strike ${n} REASON\``;
  const next = of.may
    ? `Leave it there, or strike it; ${typed} does so later.`
    : `A full member can strike it: ${typed}.`;
  const text = `You took the pin away. The message stays in the timeline of ${ref} as #${n}. ${next}`;
  const value = packed({ incident: of.incident, n, key: of.key } satisfies z.infer<typeof STRIKE_VALUE>);
  const buttons: Block[] =
    of.may && value !== null
      ? [{ type: 'actions', elements: [button(STRIKE_ACTION, `Strike #${n}`, value)] }]
      : [];
  return { text, blocks: [section(text), ...buttons] };
}

/**
 * `#5 01:41 UTC requests start to fail — ana`, escaped, at most `max` characters: a longer text is cut and says where the
 * rest is.
 */
function entryLine({ entry, words, how }: Shown, max: number): string {
  const when = `${whenLabel(entry, entry.recordedAt)} UTC`;
  const correction = how === 'new' ? '' : ` (${how === 'filed' ? filedAs(entry) : how})`;
  // The kind is named where the words alone do not say what happened; those of a page begin with it.
  const kind = ['note', 'message', 'page'].includes(entry.kind) ? '' : `_${entry.kind}_ `;
  const head = `*#${entry.n}* ${when}${correction} ${kind}`;
  const author = entry.detail.author;
  const by = escaped(cut(personLabel(author ?? entry.by), 100));
  const { link, channel } = entry.detail;
  const there = link === 'into' && channel !== undefined ? ` → ${channelLink(channel)}` : '';
  const tail =
    there + (author ? ` — ${by}, added by ${escaped(cut(personLabel(entry.by), 100))}` : ` — ${by}`);
  const size = [...words].length.toLocaleString('en');
  const rest = `… (#${entry.n}, ${size} characters, in the timeline)`;
  const room = max - head.length - tail.length;
  const cutShort = closed(cut(escaped(words), room, rest));
  // A text of thousands of marks for the direction of writing leaves no room for the marks that end them.
  const said = cutShort.length <= room ? cutShort : cut(escaped(words.replace(/\p{Cf}/gu, '')), room, rest);
  return head + (how === 'struck' ? strike(said) : said) + tail;
}

/** Where the ticket of an action item is. */
function filedAs({ link, detail }: Entry): string {
  const name = escaped(cut(detail.ticket ?? 'a ticket', 100)).replaceAll('|', '¦');
  const address = safeLink(link);
  return `filed as ${address ? `<${address.replace(/[|<>]/g, encodeURIComponent)}|${name}>` : name}`;
}

/** Each line is struck by itself, because Slack strikes within a line only. */
function strike(text: string): string {
  return text
    .split('\n')
    .map((line) => (line.trim() === '' ? line : `~${line.trim()}~`))
    .join('\n');
}

/** The id under which Slack tells us that the lines of a message are to be entries. */
export const LINES_ACTION = 'lines:take';

/** What that button brings back: where the message stands. */
export const LINES_VALUE = z.object({
  incident: z.number().int().positive(),
  channel: z.string().max(40),
  ts: z.string().max(40),
});

/** @param words the receipt of a message that holds many timed lines, and what is offered; plain */
export function linesOffer(words: string, of: z.infer<typeof LINES_VALUE>): Block[] {
  const value = packed(of) ?? '';
  return [
    ...receiptBlocks(words),
    { type: 'actions', elements: [button(LINES_ACTION, 'Take in as entries', value, 'primary')] },
  ];
}
