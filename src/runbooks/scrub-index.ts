// All forms are at least this long: the first letters are what candidates are found by.
const HEAD = 4;
const BITS = 20;

/** `T` found at `start`, up to before `end`. */
export interface Match<T> {
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
export class WordIndex<T> {
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
