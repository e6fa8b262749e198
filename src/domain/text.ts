import { stripVTControlCharacters } from 'node:util';
import { distance } from 'fastest-levenshtein';

/** @returns the names somebody may have meant by `typed`, the likeliest first; at most `count`. */
export function closest(typed: string, names: Iterable<string>, count = 3): string[] {
  const word = typed.toLowerCase().slice(0, 80);
  return [...names]
    .map((name) => ({ name, far: howFar(word, name.toLowerCase()) }))
    .sort((a, b) => a.far - b.far || (a.name < b.name ? -1 : 1))
    .slice(0, count)
    .map(({ name }) => name);
}

/** Letters to change; a name cut short, or one with more behind it, is nearer than its length says. */
function howFar(word: string, name: string): number {
  const cut = word.length > 1 && name.length > 1 && (name.startsWith(word) || word.startsWith(name));
  return cut ? 0.5 : distance(word, name);
}

// Line breaks and tabs may stay; other control characters, halves of surrogate pairs and marks that turn the direction
// of writing round have no place in a text that people read.
const UNPRINTABLE = /[^\P{Cc}\n\t]|\p{Cs}|[\u202a-\u202e\u2066-\u2069]/u;
const EACH = new RegExp(UNPRINTABLE, 'gu');

export function isPrintable(text: string): boolean {
  return !UNPRINTABLE.test(text);
}

/** @returns a text that neither moves a terminal's cursor, nor colours or turns round what follows */
export function printable(text: string): string {
  return stripVTControlCharacters(text).replace(EACH, '');
}

/** Limits on what people enter, in characters (Unicode code points) or items. Slack's own limit on a message is 40,000. */
export const LIMITS = {
  title: 200,
  text: 40_000,
  reason: 3_000,
  post: 10_000,
  component: 100,
  components: 50,
  role: 32,
  roles: 20,
  people: 100,
  members: 1_000,
  logLines: 1_000,
  files: 50,
  maintenances: 50,
  watches: 10,
  watchedAtOnce: 20,
  alertGroups: 50,
  alertKey: 200,
  links: 50,
  pages: 20,
  paged: 50,
  count: 1_000_000_000_000,
} as const;

/** @returns length in Unicode code points, as people count. */
export function lengthOf(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/** Texts that may be absent: an absent one has no field at all, so that null can mean *erased*. */
export function given(texts: Record<string, string | null>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(texts).filter((pair): pair is [string, string] => pair[1] !== null),
  );
}

const SPAN =
  /^(?=.)(?:(\d{1,6})\s*d)?\s*(?:(\d{1,6})\s*h)?\s*(?:(\d{1,6})\s*m(?:in)?)?\s*(?:(\d{1,6})\s*s)?$/i;

/** @returns a length of time as people type it, `30m`, `1h30m`, `90 s`, `1d`, in milliseconds; null: it is none */
export function readSpan(typed: string): number | null {
  const [read, days, hours, minutes, seconds] = SPAN.exec(typed.normalize('NFKC').trim()) ?? [];
  if (read === undefined) return null;
  const of = (count: string | undefined, ms: number) => Number(count ?? 0) * ms;
  return of(days, 86_400_000) + of(hours, 3_600_000) + of(minutes, 60_000) + of(seconds, 1_000);
}
