import { type Form, formsOf } from './scrub-forms.js';
import { type Match, WordIndex } from './scrub-index.js';
import { isLetter, Joined, withoutUnfinishedBreak } from './scrub-joined.js';
import { type Fingerprint, Secret } from './secret.js';

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
