import { gemoji } from 'gemoji';
import { type Fingerprint, Secret } from './secret.js';
import type { Systems } from './systems.js';

// Shorter values stand in ordinary text by chance: taking them out would make it unreadable, and where something is
// missing would give them away.
const SHORTEST = 6;
// A line of a longer secret (a private key) may be quoted alone.
const SHORTEST_LINE = 20;

interface Known {
  form: Form;
  marker: string;
}

/** Takes known secrets out of texts, in whatever form they stand there, and puts `[secret fp:…]` in their place. */
export class Scrub {
  readonly #known = new Set<string>();
  readonly #plain = new WordIndex<Known>();
  readonly #breakable = new WordIndex<Known>();

  constructor(private readonly fingerprint: Fingerprint) {}

  /** From now on this one is taken out. Values of fewer than 6 characters are not. */
  learn(secret: Secret | string): void {
    const value = typeof secret === 'string' ? secret : secret.reveal();
    if (value.length < SHORTEST || this.#known.has(value)) return;
    this.#known.add(value);
    const marker = `[secret ${this.fingerprint(new Secret(value))}]`;
    const lines = value
      .split(/\r?\n/)
      .filter((line) => line.length >= SHORTEST_LINE && !line.startsWith('-----'));
    for (const part of new Set([value, ...lines]))
      for (const form of formsOf(part))
        (form.breakable ? this.#breakable : this.#plain).add(form.text, { form, marker });
  }

  text(text: string): string {
    return this.#from(text).end();
  }

  /** Every text in it, names of members too; a number that is a secret becomes a text. */
  json<T>(value: T): T {
    return this.#deep(value) as T;
  }

  #deep(value: unknown): unknown {
    if (typeof value === 'string') return this.#textOrJson(value);
    if (typeof value === 'number' || typeof value === 'bigint') {
      const text = this.text(`${value}`);
      return text === `${value}` ? value : text;
    }
    if (value instanceof Secret) return `${value}`;
    if (Array.isArray(value)) return value.map((item) => this.#deep(item));
    if (typeof value !== 'object' || value === null || value instanceof Date) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [this.text(key), this.#deep(item)]));
  }

  /** A text that is JSON stays JSON: where a secret touches an escape or is a number, its marker would break it. */
  #textOrJson(text: string): string {
    const plain = this.text(text);
    if (plain === text || !/^[[{]/.test(text)) return plain;
    try {
      const value: unknown = JSON.parse(text);
      // Only as machines write it: what somebody has laid out for reading is a text.
      if (JSON.stringify(value) === text) return this.text(JSON.stringify(this.#deep(value)));
    } catch {
      // No JSON.
    }
    return plain;
  }

  /** For text that comes in pieces: no more is held back than may still become a secret. */
  stream(): { write(chunk: string): string; end(): string } {
    return this.#from('');
  }

  #from(start: string) {
    let held = start;
    // How much of `held` belongs to a secret whose marker is written already.
    let covered = 0;
    const give = (upTo: number, matches: Array<Match<string>>): string => {
      let out = '';
      let at = Math.min(covered, upTo);
      let end = covered;
      for (const match of matches) {
        if (match.start >= upTo) break;
        if (match.start >= end) {
          out += held.slice(at, match.start) + match.found;
          end = match.end;
        }
        end = Math.max(end, match.end);
        at = Math.min(end, upTo);
      }
      out += held.slice(at, upTo);
      held = held.slice(upTo);
      covered = Math.max(0, end - upTo);
      return out;
    };
    return {
      write: (chunk: string) => {
        held += chunk;
        const matches = this.#matches(held);
        return give(this.#safe(held, matches), matches);
      },
      end: () => give(held.length, this.#matches(held)),
    };
  }

  /** Where markers go, in order. */
  #matches(text: string): Array<Match<string>> {
    const plain = this.#plain
      .matches(text)
      .map(({ start, end, found }) => ({ start, end, found: found.marker }));
    const joined = new Joined(text);
    const broken = this.#breakable.matches(joined.text).map(({ start: from, end: to, found }) => {
      const start = joined.origin(from);
      const end = joined.origin(to - 1) + 1;
      const { before, after } = found.form;
      return {
        start: before && isLetter(text[start - 1]) ? start - 1 : start,
        end: after && isLetter(text[end]) ? end + 1 : end,
        found: found.marker,
      };
    });
    if (broken.length === 0) return plain;
    return [...plain, ...broken].sort((a, b) => a.start - b.start || b.end - a.end);
  }

  /** @returns up to where nothing that is still to come can make a difference */
  #safe(text: string, matches: Array<Match<string>>): number {
    let safe = this.#plain.tail(text);
    for (const ending of new Set([text, withoutUnfinishedBreak(text)])) {
      const joined = new Joined(ending);
      const tail = joined.text.length && this.#breakable.tail(joined.text);
      // One letter more: it may hold bits of the secret.
      if (tail < joined.text.length) safe = Math.min(safe, Math.max(0, joined.origin(tail) - 1));
    }
    // One that ends here may still take in the letter that follows, and one that follows the letter that is last here.
    for (const { start, end } of matches) if (end === text.length) safe = Math.min(safe, start);
    return this.#known.size > 0 && isLetter(text.at(-1)) ? Math.min(safe, text.length - 1) : safe;
  }
}

// All forms are at least this long: the first letters are what candidates are found by.
const HEAD = 4;
const BITS = 20;

/** `T` found at `start`, up to before `end`. */
interface Match<T> {
  start: number;
  end: number;
  found: T;
}

/**
 * Finds any of many words in a text in one pass, however many they are: at each place the last four letters, as a
 * number, say whether one may begin there; only then are words compared, by length, the longest first. A regular
 * expression of ten thousand words takes minutes for what this does in a moment, and has to be built anew for each one
 * that is added.
 */
class WordIndex<T> {
  readonly #maybe = new Uint8Array(1 << BITS);
  readonly #words = new Map<number, Map<number, Map<string, T>>>();
  /** Sorted, for the question whether a word begins so. */
  #sorted: string[] | null = null;
  #all: string[] = [];
  longest = 0;

  /** @param word of at least four letters; one that is there already is left alone */
  add(word: string, found: T): void {
    const head = headOf(word);
    const lengths = this.#words.get(head) ?? new Map<number, Map<string, T>>();
    const words = lengths.get(word.length) ?? new Map<string, T>();
    if (words.has(word)) return;
    words.set(word, found);
    if (words.size === 1) lengths.set(word.length, words);
    // The longest first: a shorter one inside it must not leave the rest standing.
    this.#words.set(head, new Map([...lengths].sort(([a], [b]) => b - a)));
    this.#maybe[slot(head)] = 1;
    this.#all.push(word);
    this.#sorted = null;
    this.longest = Math.max(this.longest, word.length);
  }

  /** @returns the longest word at each place where one begins, in order; they may overlap */
  matches(text: string): Array<Match<T>> {
    const matches: Array<Match<T>> = [];
    if (this.#all.length === 0) return matches;
    const maybe = this.#maybe;
    let head = 0;
    for (let i = 0; i < text.length; i++) {
      head = (head << 8) ^ text.charCodeAt(i);
      if (maybe[slot(head)] === 0 || i < HEAD - 1) continue;
      const match = this.#at(text, i - HEAD + 1);
      if (match) matches.push(match);
    }
    return matches;
  }

  #at(text: string, start: number): Match<T> | null {
    const lengths = this.#words.get(headOf(text, start));
    for (const [length, words] of lengths ?? []) {
      const found = words.get(text.slice(start, start + length));
      if (found !== undefined) return { start, end: start + length, found };
    }
    return null;
  }

  /** @returns where the end of the text begins to look like a word that goes on; its length: nowhere */
  tail(text: string): number {
    for (let start = Math.max(0, text.length - this.longest + 1); start < text.length; start++) {
      const known = start + HEAD <= text.length;
      if (known && this.#maybe[slot(headOf(text, start))] === 0) continue;
      if (this.#begins(text.slice(start))) return start;
    }
    return text.length;
  }

  #begins(prefix: string): boolean {
    this.#sorted ??= [...this.#all].sort((a, b) => (a < b ? -1 : 1));
    let low = 0;
    for (let high = this.#sorted.length; low < high; ) {
      const middle = (low + high) >> 1;
      if (this.#sorted[middle]! < prefix) low = middle + 1;
      else high = middle;
    }
    // The whole word is no beginning any more, but one that is longer may follow it.
    for (; this.#sorted[low]?.startsWith(prefix); low++) if (this.#sorted[low] !== prefix) return true;
    return false;
  }
}

// Taken out of Math once: where code runs in a context of its own, a look at a global costs more than all the rest here.
const { imul } = Math;
const slot = (head: number) => imul(head, 0x9e3779b1) >>> (32 - BITS);

function headOf(text: string, start = 0): number {
  let head = 0;
  for (let i = start; i < start + HEAD; i++) head = (head << 8) ^ text.charCodeAt(i);
  return head;
}

// A line break between two letters of base64 or hex, real or written inside JSON, with what indents the next line.
const BREAK = /(?:\r?\n|(?:\\r)?\\n)[ \t]{0,8}/g;
const UNFINISHED = /(?:\r?\n?|\\(?:r(?:\\n?)?|n)?)[ \t]{0,8}$/;
const LETTER = /[A-Za-z0-9+/_-]/;

const isLetter = (char: string | undefined): boolean => char !== undefined && LETTER.test(char);

/** A text without the breaks that programs put into long base64 or hex, and where each of its letters was. */
class Joined {
  readonly text: string;
  /** Where something was left out, and how much in all up to there. */
  readonly #cuts: Array<{ at: number; shift: number }> = [];

  constructor(source: string) {
    let text = '';
    let from = 0;
    let shift = 0;
    for (const found of source.includes('\n') || source.includes('\\n') ? source.matchAll(BREAK) : []) {
      const { index } = found;
      const end = index + found[0].length;
      if (!isLetter(source[index - 1]) || !isLetter(source[end])) continue;
      text += source.slice(from, index);
      from = end;
      shift += found[0].length;
      this.#cuts.push({ at: text.length, shift });
    }
    this.text = from === 0 ? source : text + source.slice(from);
  }

  /** @returns where the letter at this place was in the source */
  origin(place: number): number {
    let low = 0;
    for (let high = this.#cuts.length; low < high; ) {
      const middle = (low + high) >> 1;
      if (this.#cuts[middle]!.at <= place) low = middle + 1;
      else high = middle;
    }
    return place + (this.#cuts[low - 1]?.shift ?? 0);
  }
}

/** @returns the text without a break at its end that may still be going on */
const withoutUnfinishedBreak = (text: string): string => text.replace(UNFINISHED, '');

/** One way in which a secret may stand in a text. */
interface Form {
  text: string;
  /** Written in the 64 letters or in hex: programs break such text into lines anywhere. */
  breakable: boolean;
  /** Letters at either end that hold bits of the secret beside those of its neighbours. */
  before: 0 | 1;
  after: 0 | 1;
}

const whole = (text: string): Form => ({ text, breakable: false, before: 0, after: 0 });

/** Every form that is looked for; more than one level deep only where programs do that without being asked (JSON in JSON). */
function formsOf(secret: string): Form[] {
  const bytes = Buffer.from(secret, 'utf8');
  const plain = [secret, ...inSlack(secret)];
  const forms = [...plain, ...plain.flatMap(quoted), ...urlEncoded(secret, bytes)].map(whole);
  const hex = bytes.toString('hex');
  for (const text of [hex, hex.toUpperCase()]) forms.push({ ...whole(text), breakable: true });
  forms.push(...inBase64(bytes));
  return [...new Map(forms.map((form) => [form.text, form])).values()];
}

const PICTOGRAPH = /\p{Extended_Pictographic}|\p{Regional_Indicator}|\u20e3/u;
const TONE = /[\u{1f3fb}-\u{1f3ff}]/gu;

/** As Slack keeps a message: an emoji is written out, `:key:`, by one of the names that it has. */
function inSlack(secret: string): string[] {
  // The list is long, and hardly any secret holds one.
  if (!PICTOGRAPH.test(secret)) return [];
  // The longest first: a family is written with the signs of its people.
  const found = gemoji
    .filter(({ emoji }) => secret.includes(emoji))
    .sort((one, other) => other.emoji.length - one.emoji.length);
  if (found.length === 0) return [];
  const most = Math.max(...found.map(({ names }) => names.length));
  return Array.from({ length: most }, (_, which) => {
    let text = secret;
    for (const { emoji, names } of found) text = text.replaceAll(emoji, `:${names[which] ?? names[0]}:`);
    return text.replace(TONE, (tone) => `:skin-tone-${(tone.codePointAt(0) ?? 0) - 0x1f3f9}:`);
  });
}

/** Inside the quotes of a JSON text: as Node writes it, with `/` escaped, in ASCII only, safe for HTML, and twice. */
function quoted(secret: string): string[] {
  const inside = (text: string) => JSON.stringify(text).slice(1, -1);
  const code = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  const once = inside(secret);
  const variants = [
    once,
    once.replaceAll('/', '\\/'),
    once.replace(/[^\0-~]/g, code),
    once.replace(/[<>&\u2028\u2029]/g, code),
    once.replace(/[<>&'+]|[^\0-~]/g, (char) => code(char).toUpperCase().replace('\\U', '\\u')),
  ];
  return variants.flatMap((text) => [text, inside(text)]);
}

/** In an address or a form: the blank as `%20` or `+`, marks left alone or not, the hex digits large or small. */
function urlEncoded(secret: string, bytes: Buffer): string[] {
  const percent = (byte: number) => `%${byte.toString(16).padStart(2, '0').toUpperCase()}`;
  const keeping = (kept: RegExp) =>
    Array.from(bytes, (byte) =>
      kept.test(String.fromCharCode(byte)) ? String.fromCharCode(byte) : percent(byte),
    ).join('');
  const variants = [
    keeping(/[A-Za-z0-9_.!~*'()-]/),
    keeping(/[A-Za-z0-9_.~-]/),
    keeping(/[A-Za-z0-9_.*-]/),
    keeping(/[A-Za-z0-9_.~/:@-]/),
    keeping(/[A-Za-z0-9;,/?:@&=+$_.!~*'()#-]/),
    keeping(/[A-Za-z0-9]/),
    keeping(/[^\0-\xff]/),
    new URLSearchParams([['', secret]]).toString().slice(1),
  ];
  const lower = (text: string) => text.replace(/%../g, (code) => code.toLowerCase());
  const plus = (text: string) => text.replaceAll('%20', '+');
  return variants.flatMap((text) => [text, plus(text)]).flatMap((text) => [text, lower(text)]);
}

/**
 * Within something longer that was encoded as a whole (`user:SECRET` in a header), the secret may begin at any of three
 * places of a group. The letters that hold only bits of it are the form; one beside them may hold a few more.
 */
function inBase64(bytes: Buffer): Form[] {
  return [0, 1, 2].flatMap((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const start = Math.ceil((8 * offset) / 6);
    const end = Math.floor((8 * (offset + bytes.length)) / 6);
    const text = encoded.slice(start, end);
    const form: Omit<Form, 'text'> = {
      breakable: true,
      before: (8 * offset) % 6 === 0 ? 0 : 1,
      after: (8 * (offset + bytes.length)) % 6 === 0 ? 0 : 1,
    };
    return [text, text.replaceAll('+', '-').replaceAll('/', '_')].map((one) => ({ text: one, ...form }));
  });
}

/** A store that does not answer must not keep a run waiting. */
const READ_MS = 2_000;
/** What was read stands for so long: keys are added by other hands too. */
const FRESH_MS = 60_000;

/**
 * Reads every key store, so that its keys are taken out of what programs print, and out of what people type, also in a
 * process that has never touched that store: one that takes over another's run, or that has just started.
 * @returns what to wait for before something is told: all that could be read is known by then; never throws
 */
export function keyLearner(stores: readonly string[], systems: Pick<Systems, 'store'>): () => Promise<void> {
  let reading: Promise<void> | null = null;
  let readAt = Number.NEGATIVE_INFINITY;
  return async () => {
    if (stores.length === 0) return;
    if (reading === null && performance.now() - readAt < FRESH_MS) return;
    reading ??= Promise.all(stores.map((name) => readOnce(systems, name))).then(() => {
      readAt = performance.now();
      reading = null;
    });
    await reading;
  };
}

/** Also where a client does not listen to its signal. */
async function readOnce(systems: Pick<Systems, 'store'>, name: string): Promise<void> {
  const limit = AbortSignal.timeout(READ_MS);
  const late = new Promise<void>((resolve) => limit.addEventListener('abort', () => resolve()));
  const read = async () => void (await systems.store(name).read(limit));
  // The step that needs the store says what is wrong with it.
  await Promise.race([read().catch(() => undefined), late]);
}
