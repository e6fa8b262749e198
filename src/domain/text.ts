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

/**
 * One white space inside a line, as the source of a pattern: tabs, and the no-break and thin spaces that phones,
 * word processors and clocks put between a time and what belongs to it. A line's end is none: the text begins behind it.
 */
export const BLANK = String.raw`[^\S\r\n\u2028\u2029]`;

const BLANKS = new RegExp(`${BLANK}*`, 'y');

/** @returns the index behind the white space at `at`, on the same line. */
export function skipBlanks(text: string, at: number): number {
  return at + (matchAt(BLANKS, text, at)?.[0].length ?? 0);
}

const SPACE = /\s*/y;

/** @returns the index behind all white space at `at`, line ends too. */
export function skipSpace(text: string, at: number): number {
  return at + (matchAt(SPACE, text, at)?.[0].length ?? 0);
}

/** @param pattern a sticky one. @returns its match that begins at `at`; null: none does */
export function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
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

/** @returns the word at `at`, or so many words, short enough to be quoted. */
export function wordAt(text: string, at: number, words = 1): string {
  const pattern = new RegExp(`\\S+(?:\\s+\\S+){0,${words - 1}}`, 'y');
  // By characters, so that none is cut in half.
  return [...(matchAt(pattern, text, at)?.[0] ?? '').slice(0, 80)].slice(0, 40).join('');
}
