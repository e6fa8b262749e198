/** A text as times are read in it, and where each of its characters stands in what was typed. */
export interface Folded {
  readonly text: string;
  /** @returns the index in the typed text of the character at `index` of the folded one. */
  readonly typedAt: (index: number) => number;
}

/** Dashes and colons that keyboards of phones and word processors put for the plain ones; not the long dash: it parts sentences. */
const SAME: Record<string, string> = {
  '\u2010': '-',
  '\u2011': '-',
  '\u2012': '-',
  '\u2013': '-',
  '\u2212': '-',
  '\ufe58': '-',
  '\u02d0': ':',
  '\u2236': ':',
  '\ua789': ':',
  '\u301c': '~',
  '\u223c': '~',
  '\u2248': '~',
};
/** Times and zones stand in the first characters; what lies behind is text, and may be long. */
const HEAD = 512;
const NOT_ASCII = /[^\0-\x7f]/gu;
// Marks for the direction of writing, joiners, a byte order mark, the soft hyphen, selectors of a character's picture.
const UNSEEN = /^[\p{Cf}\p{Default_Ignorable_Code_Point}]$/u;

/**
 * Full-width and other forms of a character become the plain one (NFKC), digits of every script 0 to 9, and what nobody
 * sees goes: `\u200e１３：４１` says 13:41. Only times and zones are read like this; the text behind them stays as typed.
 */
export function fold(typed: string): Folded {
  let text = '';
  const places: number[] = [];
  let done = 0;
  for (const { 0: char, index } of typed.slice(0, HEAD).matchAll(NOT_ASCII)) {
    for (let at = done; at < index; at++) places.push(at);
    const plain = plainly(char);
    text += typed.slice(done, index) + plain;
    for (let i = 0; i < plain.length; i++) places.push(index);
    done = index + char.length;
  }
  if (done === 0) return { text: typed, typedAt: (index) => index };
  const [end, beyond] = [places.length, done];
  return {
    text: text + typed.slice(done),
    typedAt: (index) => (index < end ? (places[index] ?? 0) : beyond + index - end),
  };
}

function plainly(char: string): string {
  if (UNSEEN.test(char)) return '';
  const same = SAME[char];
  if (same !== undefined) return same;
  if (!/^\p{Nd}$/u.test(char)) return char.normalize('NFKC');
  // The digits of a script stand in a row that begins with its zero.
  const code = char.codePointAt(0) ?? 0;
  let zero = code;
  while (code - zero < 9 && /^\p{Nd}$/u.test(String.fromCodePoint(zero - 1))) zero--;
  // Rows of mathematical digits follow each other without a gap, and NFKC knows them.
  return /^\d$/.test(char.normalize('NFKC')) ? char.normalize('NFKC') : String(code - zero);
}
