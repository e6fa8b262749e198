/**
 * One white space inside a line, as the source of a pattern: tabs, and the no-break and thin spaces that phones,
 * word processors and clocks put between a time and what belongs to it. A line's end is none: behind it stands the text.
 */
export const BLANK = String.raw`[^\S\r\n\u2028\u2029]`;

const BLANKS = new RegExp(`${BLANK}*`, 'y');

/** @returns the index behind the white space that stands at `at`, on the same line. */
export function skipBlanks(text: string, at: number): number {
  BLANKS.lastIndex = at;
  return at + (BLANKS.exec(text)?.[0].length ?? 0);
}
