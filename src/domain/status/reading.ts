/**
 * A text as it reads, with the place in the original at which each of its characters stands. Readings leave out what nobody
 * sees and write what looks alike in one way, so that a name is found however it was typed, pasted or broken into lines.
 */
export interface Reading {
  readonly text: string;
  /** For each character (UTF-16), where its original begins, and ends. */
  readonly from: Uint32Array;
  readonly to: Uint32Array;
  /** Places in `text` where something was left out that parts words: in order, and empty but in `joined`. */
  readonly cuts: readonly number[];
}

/** As it reads, its letters large and small as they stand. */
export function plainReading(text: string): Reading {
  return rewritten(readingOf(text, plainOf, PLAIN), OBSCURED, plainMark);
}

/** For comparing words: also without the difference between large and small letters. Words to compare go through `folded`. */
export function foldedReading(text: string): Reading {
  return readingOf(text, foldedOf, FOLDED);
}

/** @returns a word as it stands in a folded reading */
export function folded(word: string): string {
  return foldedReading(word).text.replace(/\s+/g, ' ').trim();
}

/** The same with lines put together where one may have been broken: both sides are characters of names, addresses or keys. */
export function joined(reading: Reading): Reading {
  return rewritten(reading, BREAK, () => '');
}

/** @returns the first place inside where lines were put together; null: it stands on one */
export function cutIn({ cuts }: Reading, { start, end }: { start: number; end: number }): number | null {
  let low = 0;
  for (let high = cuts.length; low < high; ) {
    const middle = (low + high) >> 1;
    if ((cuts[middle] ?? 0) <= start) low = middle + 1;
    else high = middle;
  }
  const at = cuts[low];
  return at !== undefined && at < end ? at : null;
}

/** @returns a part of a text on one line, without what nobody sees in it */
export function seen(text: string): string {
  return text.replace(/\s+/g, ' ').replace(UNSEEN, '');
}

// Accents are taken off: a name is the same with them and without, and however they are written.
const ACCENTS = /[\u0300-\u036f]/g;
const UNSEEN = /[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Cc}\p{Cs}]/gu;
const BLANKS = /[\p{Zs}\t]/gu;
const LINES = /[\n\r\v\f\u0085\u2028\u2029]/;
const DASHES = /[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]/;
/** The full stop of East Asia parts labels of a name too, for every browser. */
const STOPS = /[\u3002\uff0e\uff61]/;

function plainOf(char: string): string {
  if (LINES.test(char)) return '\n';
  if (DASHES.test(char)) return '-';
  if (STOPS.test(char)) return '.';
  // Three full stops are no part of any name.
  if (char === '\u2026') return char;
  return char.normalize('NFKD').replace(ACCENTS, '').replace(BLANKS, ' ').replace(UNSEEN, '');
}

function foldedOf(char: string): string {
  return plainOf(char).toUpperCase().toLowerCase().replace(ACCENTS, '');
}

const asciiOf = (spell: (char: string) => string) =>
  Array.from({ length: 128 }, (_, code) => spell(String.fromCharCode(code)));
const PLAIN = asciiOf(plainOf);
const FOLDED = asciiOf(foldedOf);

function readingOf(text: string, spell: (char: string) => string, ascii: readonly string[]): Reading {
  const known = new Map<string, string>();
  const spelt = (char: string) => {
    let one = known.get(char);
    if (one === undefined) {
      one = spell(char);
      known.set(char, one);
    }
    return one;
  };
  const pieces: string[] = [];
  let from = new Uint32Array(text.length + 32);
  let to = new Uint32Array(text.length + 32);
  let length = 0;
  for (let at = 0; at < text.length; ) {
    const code = text.charCodeAt(at);
    const char = code < 128 ? '' : String.fromCodePoint(text.codePointAt(at) ?? 0);
    const one = code < 128 ? (ascii[code] ?? '') : spelt(char);
    const end = at + (char.length || 1);
    // One character may read as up to eighteen.
    if (length + 18 > from.length) {
      from = larger(from);
      to = larger(to);
    }
    for (let i = 0; i < one.length; i++) {
      from[length] = at;
      to[length] = end;
      length++;
    }
    pieces.push(one);
    at = end;
  }
  return { text: pieces.join(''), from: from.subarray(0, length), to: to.subarray(0, length), cuts: [] };
}

function larger(of: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const more = new Uint32Array(of.length * 2 + 32);
  more.set(of);
  return more;
}

// `db[.]internal`, `ana (at) example dot com`: as people write what is not to be clickable.
const OBSCURED =
  / ?(?:\[ ?(?:\.|dot|@|at) ?\]|\( ?(?:\.|dot|@|at) ?\)|\{ ?(?:\.|dot|@|at) ?\}) ?|(?<=[A-Za-z0-9]) dot (?=[A-Za-z0-9])/gi;
const plainMark = (mark: string) => (/@|at/i.test(mark) ? '@' : '.');
const BREAK = /(?<=[A-Za-z0-9._@:/+=-]) *\n[ \n]*(?=[A-Za-z0-9._@:/+=-])/g;

/** @param by at most one character for each match */
function rewritten(reading: Reading, what: RegExp, by: (found: string) => string): Reading {
  const { text, from, to } = reading;
  const cuts: number[] = [];
  const newFrom = new Uint32Array(text.length);
  const newTo = new Uint32Array(text.length);
  const pieces: string[] = [];
  let length = 0;
  let last = 0;
  const keep = (end: number) => {
    for (let i = last; i < end; i++) {
      newFrom[length] = from[i] ?? 0;
      newTo[length] = to[i] ?? 0;
      length++;
    }
    pieces.push(text.slice(last, end));
  };
  for (const found of text.matchAll(what)) {
    const [whole] = found;
    const end = found.index + whole.length;
    keep(found.index);
    const mark = by(whole);
    if (mark === '') cuts.push(length);
    else {
      newFrom[length] = from[found.index] ?? 0;
      newTo[length] = to[end - 1] ?? 0;
      length++;
      pieces.push(mark);
    }
    last = end;
  }
  if (last === 0) return reading;
  keep(text.length);
  return { text: pieces.join(''), from: newFrom.subarray(0, length), to: newTo.subarray(0, length), cuts };
}
