import type { EntryKind } from '#domain/words.js';

/**
 * A document as we mean it, before it is Markdown or HTML. A string is text, to arrive character for character;
 * `cite` names the timeline entry that a sentence rests on.
 */
export type Span = string | { cite: number } | { code: string } | { strong: string };

export type Block =
  | { is: 'title'; spans: Span[] }
  | { is: 'heading'; text: string }
  | { is: 'fields'; rows: Array<{ label: string; spans: Span[] }> }
  | { is: 'sentence'; spans: Span[] }
  | { is: 'item'; spans: Span[] }
  /** An action item: done or not. */
  | { is: 'task'; done: boolean; spans: Span[] }
  /** Something that the record does not say. */
  | { is: 'question'; spans: Span[] }
  /** A place that people fill in. */
  | { is: 'prompt'; text: string }
  /** The day on which the following entries happened: `2024-11-10`. */
  | { is: 'day'; date: string }
  /** The clocks of the zone went forward or back between two entries. */
  | { is: 'shift'; from: string; to: string }
  | EntryBlock
  | { is: 'footer'; spans: Span[] };

/** One line of the timeline. `datetime` is for machines, `time` for people; `struck` says why, once struck. */
export interface EntryBlock {
  is: 'entry';
  n: number;
  kind: EntryKind;
  datetime: string;
  time: string;
  text: string;
  link: string | null;
  who: string;
  edited: boolean;
  struck: { reason: string | null } | null;
}

/** @returns spans with a separator between each two. */
export function joined(parts: Span[][], separator: string): Span[] {
  return parts.flatMap((part, i) => (i === 0 ? part : [separator, ...part]));
}

/** @returns ` [#4] [#9]`: what a sentence rests on, each entry once. */
export function cites(...entries: Array<number | null | undefined>): Span[] {
  const known = [...new Set(entries.filter((n): n is number => typeof n === 'number'))];
  return known.flatMap((cite) => [' ', { cite }]);
}
