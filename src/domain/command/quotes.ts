/** What opens a quotation, and what closes it: in one language or another, and as phones and word processors set them. */
const CLOSERS: Record<string, string> = {
  '"': '"',
  '“': '”“',
  '”': '”',
  '„': '“”‟',
  '‟': '”‟',
  '″': '″',
  '＂': '＂',
  '〝': '〞〟',
  '❝': '❞',
  "'": "'",
  '‘': '’‘',
  '’': '’',
  '‚': '‘’‛',
  '‛': '’‛',
  '′': '′',
  '＇': '＇',
  '❛': '❜',
  '`': '`',
  '´': '´',
  '«': '»',
  '»': '«»',
  '‹': '›',
  '›': '‹›',
  '「': '」',
  '『': '』',
  '｢': '｣',
  '《': '》',
  '〈': '〉',
  ʺ: 'ʺ',
  ˮ: 'ˮ',
  ʼ: 'ʼ',
};
/** Marks of one width: a phone that sets the first as one of them may leave the last as another. */
const KINDS = ['"“”„‟″＂〝〞〟❝❞ʺˮ', "'‘’‚‛′＇`´❛❜ʼ", '«»', '‹›', '「」', '『』', '｢｣', '《》', '〈〉'];
const GUILLEMETS = '«»‹›';

const ENDS_WORD = /(?=\s|$)/y;
// Behind a mark that does not fit the first one, only these show that the value is over.
const NEXT_BEGINS = /(?=\s*$|\s+(?:--|—|–)[A-Za-z]|\s+[A-Za-z][\w-]*=)/y;

/** A value in quotes; `end` is the index behind the closing one. */
export interface Quoted {
  readonly value: string;
  readonly end: number;
}

/**
 * Reads the quotation that begins at `at`. It ends with the first closing mark that ends a word, so that an apostrophe
 * or an inch in it stays: in `"6" pipe"` that is the one behind the 6. French blanks inside « » are not the value's.
 * @returns null: no quotation begins there; `unclosed`: nothing ends it, and what would, to be told
 */
export function quotedAt(text: string, at: number): Quoted | { unclosed: string } | null {
  const mark = text[at] ?? '';
  const closers = Object.hasOwn(CLOSERS, mark) ? (CLOSERS[mark] as string) : null;
  if (closers === null) return null;
  const kind = KINDS.find((marks) => marks.includes(mark)) ?? closers;
  const twice = text[at + 1] === mark ? doubledAt(text, at, closers) : null;
  if (twice) return twice;
  let other = -1;
  for (let end = at + 1; end < text.length; end++) {
    const found = text[end] as string;
    if (!kind.includes(found) || !matches(ENDS_WORD, text, end + 1)) continue;
    if (closers.includes(found) || matches(NEXT_BEGINS, text, end + 1)) return within(text, at, end);
    if (other < 0) other = end;
  }
  return other < 0 ? { unclosed: `${mark} needs a ${closers[0]} at the end` } : within(text, at, other);
}

/** `''a b''`: two marks on each side are one, which keyboards without the other kind have people type. */
function doubledAt(text: string, at: number, closers: string): Quoted | null {
  if (matches(ENDS_WORD, text, at + 2)) return null;
  for (let end = at + 3; end < text.length; end++) {
    const both = closers.includes(text[end] as string) && text[end - 1] === text[end];
    if (both && matches(ENDS_WORD, text, end + 1))
      return { value: text.slice(at + 2, end - 1), end: end + 1 };
  }
  return null;
}

function within(text: string, at: number, end: number): Quoted {
  const value = text.slice(at + 1, end);
  return { value: GUILLEMETS.includes(text[at] as string) ? value.trim() : value, end: end + 1 };
}

function matches(pattern: RegExp, text: string, at: number): boolean {
  pattern.lastIndex = at;
  return pattern.test(text);
}

/** @returns the text without white space around it, and without the quotes around all of it. */
export function unquoted(text: string): string {
  const said = text.trim();
  const quoted = quotedAt(said, 0);
  return quoted && 'value' in quoted && quoted.end === said.length ? quoted.value.trim() : said;
}

/** @returns the value as the grammar reads it back: in quotes where it would be taken for less, or for a quotation. */
export function quoted(value: string): string {
  if (value !== '' && !/\s/.test(value) && !Object.hasOwn(CLOSERS, value[0] ?? '')) return value;
  const forms = ['""', '“”', '「」', '『』', '｢｣', '``', "''"].map(([a, z]) => `${a}${value}${z}`);
  return forms.find((form) => same(quotedAt(`${form} x`, 0), value, form.length)) ?? `"${value}"`;
}

function same(read: ReturnType<typeof quotedAt>, value: string, length: number): boolean {
  return read !== null && 'value' in read && read.value === value && read.end === length;
}
