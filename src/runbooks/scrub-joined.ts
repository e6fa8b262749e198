// A line break between two letters of base64 or hex, real or written inside JSON, with what indents the next line.
const BREAK = /(?:\r?\n|(?:\\r)?\\n)[ \t]{0,8}/g;
const UNFINISHED = /(?:\r?\n?|\\(?:r(?:\\n?)?|n)?)[ \t]{0,8}$/;
const LETTER = /[A-Za-z0-9+/_-]/;

export const isLetter = (char: string | undefined): boolean => char !== undefined && LETTER.test(char);

/** A text without the breaks that programs put into long base64 or hex, and where each of its letters was. */
export class Joined {
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
export const withoutUnfinishedBreak = (text: string): string => text.replace(UNFINISHED, '');
