import type { ScrubStream } from './run-ports.js';

/** Characters of a step's printed output that are kept: its beginning and its end. */
const HEAD = 4_000;
const TAIL = 28_000;

/**
 * What a step prints, in little memory however much it is.
 * Scrubbed before anything is cut off: half a secret would not be recognised as one.
 */
export class RunOutput {
  readonly #scrub: ScrubStream | undefined;
  #head = '';
  #tail = '';
  #dropped = 0;

  constructor(scrub?: ScrubStream) {
    this.#scrub = scrub;
  }

  say(line: string): void {
    const text = `${line}\n`;
    this.#keep(this.#scrub ? this.#scrub.write(text) : text);
  }

  #keep(text: string): void {
    if (this.#head.length + text.length <= HEAD && this.#tail === '') {
      this.#head += text;
      return;
    }
    this.#tail += text;
    if (this.#tail.length > 2 * TAIL) this.#cut();
  }

  /** @returns what is kept, or null when nothing was printed */
  text(): string | null {
    if (this.#scrub) this.#keep(this.#scrub.end());
    if (this.#tail.length > TAIL) this.#cut();
    const gap = this.#dropped > 0 ? `… ${this.#dropped.toLocaleString('en')} characters left out …\n` : '';
    const text = `${this.#head}${gap}${this.#tail}`;
    return text === '' ? null : text;
  }

  #cut(): void {
    const excess = this.#tail.length - TAIL;
    // Not inside a pair of surrogates: half a character cannot be kept.
    const at = /[\udc00-\udfff]/.test(this.#tail[excess] ?? '') ? excess + 1 : excess;
    this.#dropped += at;
    this.#tail = this.#tail.slice(at);
  }
}
