import type { Entry } from '#domain/entry.js';
import { toldText } from '#domain/entry-text.js';
import { personLabel } from '#domain/person.js';
import { type Clock, clockIn } from './clock.js';
import { closed } from './direction.js';
import { excerpt } from './excerpt.js';
import { timeOf } from './when.js';

/** What fits in one answer on a phone; Slack cuts a message's section at 3,000–4,000 characters. */
const BUDGET = 3_500;

interface Line {
  date: string;
  text: string;
}

/**
 * The answer to `timeline`: the newest entries that fit, oldest first, and how many earlier ones there are.
 * Reads all entries but keeps only what fits.
 * @throws RangeError when there is no such zone
 */
export async function timelineText(
  entries: AsyncIterable<Entry> | Iterable<Entry>,
  about: { ref: string; zone: string; budget?: number },
): Promise<string> {
  const clock = clockIn(about.zone);
  const { lines, earlier } = await newest(entries, clock, about.budget ?? BUDGET);
  if (lines.length === 0) return `The timeline of ${about.ref} is empty. \`note TEXT\` adds to it.`;
  const head = `Timeline of ${about.ref}, times in ${clock.zone}`;
  const more = earlier > 0 ? [`… ${earlier} earlier: \`export md\` has them all`] : [];
  return [head, ...more, ...underDays(lines)].join('\n');
}

/** The last entries whose lines fit in `budget` characters, and how many come before them. */
export async function newest(
  entries: AsyncIterable<Entry> | Iterable<Entry>,
  clock: Clock,
  budget: number,
): Promise<{ lines: Line[]; earlier: number }> {
  let lines: Line[] = [];
  let size = 0;
  let earlier = 0;
  for await (const entry of entries) {
    const line = { date: clock.read(entry.at).date, text: lineOf(entry, clock) };
    lines.push(line);
    size += line.text.length + 1;
    let gone = 0;
    for (; size > budget && gone < lines.length - 1; gone++) size -= (lines[gone]?.text.length ?? 0) + 1;
    if (gone > 0) lines = lines.slice(gone);
    earlier += gone;
  }
  return { lines, earlier };
}

/** Puts the date before the first line of each day. */
export function underDays(lines: Line[]): string[] {
  return lines.flatMap((line, i) =>
    line.date === lines[i - 1]?.date ? [line.text] : [`— ${line.date} —`, line.text],
  );
}

/** A long text must not push the numbers of an impact out. */
function shortened(entry: Entry): Entry {
  return entry.kind === 'impact' && entry.text !== null
    ? { ...entry, text: excerpt(entry.text, 200) }
    : entry;
}

function lineOf(entry: Entry, clock: Clock): string {
  const plain = entry.kind === 'note' || entry.kind === 'message';
  const what = `${plain ? '' : `${entry.kind} `}${excerpt(toldText(shortened(entry)), 280)}`;
  const who = personLabel(entry.detail.author ?? entry.by);
  return `${timeOf(entry, clock)} #${entry.n} ${closed(entry.struck ? `(struck) ${what}` : what)} — ${who}`;
}
