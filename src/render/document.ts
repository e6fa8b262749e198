import type { SealedFact } from '#domain/incident/chain.js';
import type { Entry } from '#domain/incident/entry.js';
import type { IncidentState } from '#domain/incident/state.js';
import type { RunView } from '#domain/run/view.js';
import type { EntryKind } from '#domain/words.js';

/**
 * A document as we mean it, before it is Markdown or HTML. A string is text, to arrive character for character;
 * `cite` names the timeline entry that a sentence rests on.
 */
export type Span = string | { cite: number } | { code: string } | { strong: string };

export type Block =
  | { is: 'title'; spans: Span[] }
  | { is: 'heading'; text: string }
  | { is: 'fields'; rows: Array<{ label: string; spans: Span[] }> }
  | { is: 'sentence'; spans: Span[] }
  | { is: 'item'; spans: Span[] }
  /** An action item: done or not. */
  | { is: 'task'; done: boolean; spans: Span[] }
  /** Something that the record does not say. */
  | { is: 'question'; spans: Span[] }
  /** A place that people fill in. */
  | { is: 'prompt'; text: string }
  /** The day on which the following entries happened: `2024-11-10`. */
  | { is: 'day'; date: string }
  /** The clocks of the zone went forward or back between two entries. */
  | { is: 'shift'; from: string; to: string }
  | EntryBlock
  | { is: 'footer'; spans: Span[] };

/** One line of the timeline. `datetime` is for machines, `time` for people; `struck` says why, once struck. */
export interface EntryBlock {
  is: 'entry';
  n: number;
  kind: EntryKind;
  datetime: string;
  time: string;
  text: string;
  link: string | null;
  who: string;
  edited: boolean;
  struck: { reason: string | null } | null;
}

/** @returns spans with a separator between each two. */
export function joined(parts: Span[][], separator: string): Span[] {
  return parts.flatMap((part, i) => (i === 0 ? part : [separator, ...part]));
}

/** @returns ` [#4] [#9]`: what a sentence rests on, each entry once. */
export function cites(...entries: Array<number | null | undefined>): Span[] {
  const known = [...new Set(entries.filter((n): n is number => typeof n === 'number'))];
  return known.flatMap((cite) => [' ', { cite }]);
}

/** Characters that are handed on together: few enough for memory, enough not to write to a socket for every line. */
const PIECE = 16_384;

/** Gathers small pieces of text into larger ones; the text stays the same. */
export async function* inPieces(texts: AsyncIterable<string>): AsyncGenerator<string, void, undefined> {
  let waiting: string[] = [];
  let size = 0;
  for await (const text of texts) {
    waiting.push(text);
    size += text.length;
    if (size < PIECE) continue;
    yield waiting.join('');
    waiting = [];
    size = 0;
  }
  if (size > 0) yield waiting.join('');
}

/**
 * Everything an export is made of: one incident as it was in one snapshot of the database. Entries and facts are
 * read as a stream, as often as an export needs them, so that a hundred thousand of them fit in little memory.
 * No clock and no settings come in: the same dossier in the same zone gives the same bytes, for ever.
 */
export interface Dossier {
  state: IncidentState;
  /** Hash of the last fact: 64 hex digits. */
  head: string;
  /** How many facts there are; the sequence number of the last one. */
  facts: number;
  /** Sorted by (at, n), struck ones among them. `kinds`: others need not be read; a store that gives them all is only slower. */
  entries: (only?: { kinds?: readonly EntryKind[] }) => AsyncIterable<Entry>;
  /** Facts in order of recording, with the texts that are still there. */
  factLines: () => AsyncIterable<SealedFact>;
  /** Its runs, in order of their numbers. Held in memory: there are as many as people will ever ask for. */
  runs: () => Promise<RunView[]>;
}

/** @returns the entries of those kinds that nobody struck. */
export async function* standing(
  dossier: Dossier,
  kinds: readonly EntryKind[],
): AsyncGenerator<Entry, void, undefined> {
  for await (const entry of dossier.entries({ kinds })) {
    if (!entry.struck && kinds.includes(entry.kind)) yield entry;
  }
}
