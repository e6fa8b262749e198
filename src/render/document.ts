import type { SealedFact } from '#domain/incident/chain.js';
import { type Entry, entryText } from '#domain/incident/entry.js';
import type { IncidentState } from '#domain/incident/state.js';
import type { RunView } from '#domain/run/view.js';
import { type EntryKind, personLabel } from '#domain/words.js';
import { type Clock, closed, durationInWords, timeOf } from './clock.js';

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

/** @returns the link when it is one that a browser may follow; anything else (`javascript:` …) is never made clickable. */
export function safeLink(link: string | null): string | null {
  return link !== null && /^https?:\/\/[^\s\p{Cc}]+$/iu.test(link) ? link : null;
}

/** Between start and resolution, a silence of this many seconds is asked about. */
const SILENCE = 15 * 60;

/** From where to where silences are asked about; `to` null: to the last entry. */
export interface Watched {
  from: { at: string; n: number };
  to: string | null;
}

/**
 * The timeline: a day's date before its first entry, then every entry in order. Days follow the clock, so they never go
 * back; a bare date stands where it sorts and shows the date that was typed.
 * @param watched ask about silences within it
 */
export async function* timelineBlocks(
  entries: AsyncIterable<Entry>,
  clock: Clock,
  watched: Watched | null = null,
): AsyncGenerator<Block, void, undefined> {
  let day: string | null = null;
  let offset: string | null = null;
  let covered = watched && { ...watched.from, end: Date.parse(watched.from.at) };
  for await (const entry of entries) {
    if (covered && watched && counts(entry, watched)) {
      if (Date.parse(entry.at) - covered.end >= SILENCE * 1000) yield silence(covered, entry, clock);
      const end = Date.parse(entry.until ?? entry.at);
      if (end >= covered.end) covered = { at: entry.until ?? entry.at, n: entry.n, end };
    }
    const wall = clock.read(entry.at);
    if (wall.date !== day && !foreignDate(entry, wall.date)) {
      day = wall.date;
      yield { is: 'day', date: day };
    }
    // An hour that comes twice must not read as if time went back.
    if (offset !== null && wall.offset !== offset) yield { is: 'shift', from: offset, to: wall.offset };
    offset = wall.offset;
    yield entryBlock(entry, clock);
  }
}

function entryBlock(entry: Entry, clock: Clock): EntryBlock {
  const by = personLabel(entry.by);
  const author = entry.detail.author;
  return {
    is: 'entry',
    n: entry.n,
    kind: entry.kind,
    datetime: entry.precision === 'date' ? entry.at.slice(0, 10) : entry.at,
    time: timeOf(entry, clock),
    text: entryText(entry),
    link: entry.link,
    who: author && author.id !== entry.by.id ? `${closed(personLabel(author))} (recorded by ${by})` : by,
    edited: entry.editedAt !== null && !entry.struck,
    struck: entry.struck ? { reason: entry.detail.struckReason ?? null } : null,
  };
}

/** West of Greenwich a bare date sorts into the evening before: it says its own date, so it opens no day. */
function foreignDate(entry: Entry, date: string): boolean {
  return entry.precision === 'date' && entry.at.slice(0, 10) !== date;
}

function counts(entry: Entry, { from, to }: Watched): boolean {
  if (entry.struck || entry.precision === 'date') return false;
  return entry.at >= from.at && (to === null || entry.at <= to);
}

function silence(covered: { at: string; n: number; end: number }, entry: Entry, clock: Clock): Block {
  const seconds = Math.floor((Date.parse(entry.at) - covered.end) / 1000);
  const [from, to] = [clock.read(covered.at), clock.read(entry.at)];
  const minute = (reading: typeof from) =>
    `${from.date === to.date ? '' : `${reading.date} `}${reading.time.slice(0, 5)}`;
  return {
    is: 'question',
    spans: [
      `what happened in the ${durationInWords(seconds)} between ${minute(from)} and ${minute(to)}? Nothing is recorded there`,
      ...cites(covered.n, entry.n),
    ],
  };
}
