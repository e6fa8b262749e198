import { type Entry, entryText } from '#domain/incident/entry.js';
import { personLabel } from '#domain/words.js';
import { type Clock, closed, durationInWords, timeOf } from './clock.js';
import { type Block, cites, type EntryBlock } from './document.js';

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
