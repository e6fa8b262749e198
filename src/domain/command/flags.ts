import { type Refusal, refuse } from '../refusal.js';
import { matchAt, skipSpace } from './entered.js';
import { goesOn } from './time/time.js';

/** A flag of a verb: with a value if `value` names one; `many`: may stand more than once. */
export interface FlagSpec {
  readonly name: string;
  readonly value?: string;
  readonly many?: boolean;
}

interface Found {
  spec: FlagSpec;
  value: string;
  why: string | null;
  start: number;
  end: number;
}

// Phones and Macs make one long dash of two short ones.
const FLAG = /(?:--|—|–)([A-Za-z][A-Za-z0-9-]*)(?:(=)|(?=\s|$))/y;
const STARTS = /(?<!\S)(?=(?:--|—|–)[A-Za-z])/g;
const BARE = /(?<!\S)--(?!\S)/;

/** @returns `component` of `--component`, `—component`, `–component` or `--component=…`; null for anything else. */
export function plainFlag(word: string): string | null {
  return flagAt(word, 0)?.name ?? null;
}

/** @returns the flag that begins at `start`, whatever its name; `joined`: a `=` stands behind it; null: none does. */
export function flagAt(text: string, start: number): { name: string; end: number; joined: boolean } | null {
  const match = matchAt(FLAG, text, start);
  return match
    ? { name: (match[1] ?? '').toLowerCase(), end: start + match[0].length, joined: match[2] === '=' }
    : null;
}

/**
 * The flags of one command: takes them off the front and off the end of the text.
 * In the middle of a text a flag of this verb is refused: `open Leak --private see thread` must not become public.
 */
export class Flags {
  /** The flags that were given, by name; a flag without a value has the value ''. */
  private readonly given = new Map<string, string[]>();

  constructor(
    private readonly specs: readonly FlagSpec[],
    private readonly form: string,
  ) {}

  /** @returns what stands behind the flags at the start, or the whole text when there are none. */
  head(text: string): string | Refusal {
    let rest = text;
    for (;;) {
      const start = rest.length - rest.trimStart().length;
      const found = this.read(rest, start);
      if (!found) return rest;
      const refusal = this.take(found);
      if (refusal) return refusal;
      rest = rest.slice(found.end);
    }
  }

  /** @returns the text without the flags at its end. */
  tail(text: string): string | Refusal {
    const all = [...text.matchAll(STARTS)].flatMap((match) => this.read(text, match.index) ?? []);
    const chain = lastChain(all, text);
    const first = chain[0];
    const bare = BARE.exec(text)?.index ?? -1;
    if (bare >= 0 && (!first || bare < first.start)) {
      const stray = all.find((found) => found.start < bare);
      if (stray) return this.bad(stray, IN_THE_MIDDLE);
      // A bare `--` that kept a flag as text is no part of that text.
      const next = all[0];
      return next && text.slice(bare + 2, next.start).trim() === ''
        ? text.slice(0, bare) + text.slice(next.start)
        : text;
    }
    const stray = all.find((found) => !first || found.start < first.start);
    if (stray) return this.bad(stray, IN_THE_MIDDLE);
    for (const found of chain) {
      const refusal = this.take(found);
      if (refusal) return refusal;
    }
    return first ? text.slice(0, first.start).trimEnd() : text;
  }

  has(name: string): boolean {
    return this.given.has(name);
  }

  all(name: string): string[] {
    return this.given.get(name) ?? [];
  }

  /** @returns remarks on words of the text that look like flags but are none of this verb. */
  remarks(text: string): string[] {
    const words = new Set(text.match(/(?<!\S)--[A-Za-z][A-Za-z0-9-]*/g) ?? []);
    return [...words].map((word) => `\`${word}\` is not a flag here: it is part of the text.`);
  }

  private read(text: string, start: number): Found | null {
    const flag = flagAt(text, start);
    const spec = this.specs.find(({ name }) => name === flag?.name);
    if (!flag || !spec) return null;
    const { end, joined } = flag;
    const found = { spec, value: '', why: null, start, end };
    if (!spec.value) return joined ? { ...found, why: 'takes no value' } : found;
    const at = joined ? end : skipSpace(text, end);
    const none = { ...found, why: `needs a value (${spec.value})` };
    if (at >= text.length || this.known(text, at) || /^--(?!\S)/.test(text.slice(at, at + 3))) return none;
    const quoted = quotedAt(text, at);
    if (quoted && 'unclosed' in quoted)
      return { ...none, why: `has no closing quote: ${quoted.unclosed}`, end: text.length };
    if (quoted) return quoted.value.trim() ? { ...found, ...quoted } : { ...none, end: quoted.end };
    const value = /^\S*/.exec(text.slice(at))?.[0] ?? '';
    if (!value) return none;
    const why = spec.value === 'TIME' && goesOn(text, at, value.length) ? QUOTES(spec.name) : null;
    return { ...found, value, why, end: at + value.length };
  }

  private known(text: string, at: number): boolean {
    const name = flagAt(text, at)?.name;
    return this.specs.some((spec) => spec.name === name);
  }

  private take(found: Found): Refusal | null {
    if (found.why) return this.bad(found, found.why);
    const before = this.all(found.spec.name);
    if (before.length && found.spec.value && !found.spec.many) return this.bad(found, 'stands there twice');
    this.given.set(found.spec.name, [...before, found.value]);
    return null;
  }

  private bad(found: Found, why: string): Refusal {
    return refuse('BAD_FLAG', { flag: `--${found.spec.name}`, why, form: this.form });
  }
}

const IN_THE_MIDDLE =
  'stands in the middle of the text; flags go before or after it, values of several words in quotes, and a bare `--` before the text keeps it all as text';

const QUOTES = (name: string) =>
  `takes one word, and what follows it belongs to the time; put a time of several words in quotes, as in \`--${name} "2024-11-10 01:41 UTC"\`, or a bare \`--\` before the text`;

/** @returns the flags that follow each other up to the end of the text. */
function lastChain(all: Found[], text: string): Found[] {
  const byStart = new Map(all.map((found) => [found.start, found]));
  const next = (found: Found) => skipSpace(text, found.end);
  const reaches = new Set<number>([text.length]);
  let first: Found | null = null;
  for (const found of [...all].reverse()) {
    if (!reaches.has(next(found))) continue;
    reaches.add(found.start);
    first = found;
  }
  const chain: Found[] = [];
  for (let found = first; found; found = byStart.get(next(found)) ?? null) chain.push(found);
  return chain;
}

/** What opens a quotation, and what closes it: in one language or another, and as phones and word processors set them. */
const CLOSERS: Record<string, string> = {
  // These close themselves.
  ...Object.fromEntries(Array.from('"”″＂\'’′＇`´ʺˮʼ', (mark) => [mark, mark])),
  '“': '”“',
  '„': '“”‟',
  '‟': '”‟',
  '〝': '〞〟',
  '❝': '❞',
  '‘': '’‘',
  '‚': '‘’‛',
  '‛': '’‛',
  '❛': '❜',
  '«': '»',
  '»': '«»',
  '‹': '›',
  '›': '‹›',
  '「': '」',
  '『': '』',
  '｢': '｣',
  '《': '》',
  '〈': '〉',
};
/** Marks that close for each other: a phone that opens with one of them may close with another. */
const KINDS = ['"“”„‟″＂〝〞〟❝❞ʺˮ', "'‘’‚‛′＇`´❛❜ʼ", '«»', '‹›', '「」', '『』', '｢｣', '《》', '〈〉'];
const GUILLEMETS = '«»‹›';

const ENDS_WORD = /(?=\s|$)/y;
// A closing mark that does not fit the opening one ends the value only before one of these.
const NEXT_BEGINS = /(?=\s*$|\s+(?:--|—|–)[A-Za-z]|\s+[A-Za-z][\w-]*=)/y;

/** A value in quotes; `end` is the index behind the closing one. */
interface Quoted {
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
    if (!kind.includes(found) || !matchAt(ENDS_WORD, text, end + 1)) continue;
    if (closers.includes(found) || matchAt(NEXT_BEGINS, text, end + 1)) return quotedBetween(text, at, end);
    if (other < 0) other = end;
  }
  return other < 0
    ? { unclosed: `${mark} needs a ${closers[0]} at the end` }
    : quotedBetween(text, at, other);
}

/** `''a b''`: people type two single marks on each side where their keyboard has no double one; they count as one. */
function doubledAt(text: string, at: number, closers: string): Quoted | null {
  if (matchAt(ENDS_WORD, text, at + 2)) return null;
  for (let end = at + 3; end < text.length; end++) {
    const both = closers.includes(text[end] as string) && text[end - 1] === text[end];
    if (both && matchAt(ENDS_WORD, text, end + 1))
      return { value: text.slice(at + 2, end - 1), end: end + 1 };
  }
  return null;
}

function quotedBetween(text: string, at: number, end: number): Quoted {
  const value = text.slice(at + 1, end);
  return { value: GUILLEMETS.includes(text[at] as string) ? value.trim() : value, end: end + 1 };
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
