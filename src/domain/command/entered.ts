import { LIMITS, lengthOf } from '../limits.js';
import { type Refusal, refuse } from '../refusal.js';
import { type Names, readSlackToken } from './slack-token.js';

export type { Names };

/** Somebody, or a user group, named in the text: `@ana` from `start` to `end` (UTF-16 indices). A bare `@name` has no id. */
export interface Mention {
  readonly start: number;
  readonly end: number;
  readonly id: string | null;
  readonly name: string | null;
}

/** What the person meant: the text as they saw it, and who is named in it. */
export interface Entered {
  readonly text: string;
  readonly mentions: readonly Mention[];
}

// `a@b.c` is an address, not a person; a name does not end with a dot.
const BARE = /(?<![\p{L}\p{N}_.@/+-])@([\p{L}\p{N}_](?:[\p{L}\p{N}_.-]*[\p{L}\p{N}_])?)/gu;
const EVERYBODY = new Set(['here', 'channel', 'everyone']);
const ENTITIES: Record<string, string> = { '&amp;': '&', '&lt;': '<', '&gt;': '>' };
const STOP = /[<&]/g;

/**
 * Undoes Slack's encoding, once, in one pass: what comes out is never looked at again, so `&amp;lt;` becomes `&lt;`.
 * @param raw text of a slash command, a modal's field or a message, as Slack sends it
 */
export function decodeSlack(raw: string, names: Names): Entered {
  let text = '';
  let literal = '';
  const mentions: Mention[] = [];
  // Names are looked for in what was typed, not in what a control sequence stands for.
  const flush = () => {
    mentions.push(...bareMentions(literal, text.length));
    text += literal;
    literal = '';
  };
  let at = 0;
  while (at < raw.length) {
    STOP.lastIndex = at;
    const stop = STOP.exec(raw)?.index ?? raw.length;
    literal += raw.slice(at, stop);
    if (stop === raw.length) break;
    const token = raw[stop] === '<' ? readSlackToken(raw, stop, names) : null;
    if (token) {
      flush();
      if (token.named)
        mentions.push({ start: text.length, end: text.length + token.text.length, ...token.named });
      text += token.text;
      at = token.end;
      continue;
    }
    const entity = /^&(?:amp|lt|gt);/.exec(raw.slice(stop, stop + 5))?.[0];
    literal += entity ? ENTITIES[entity] : raw[stop];
    at = stop + (entity?.length ?? 1);
  }
  flush();
  return { text, mentions };
}

/** Text from a terminal or a program: nothing to undo. */
export function plain(raw: string): Entered {
  return { text: raw, mentions: bareMentions(raw, 0) };
}

function bareMentions(text: string, offset: number): Mention[] {
  const found: Mention[] = [];
  for (const match of text.matchAll(BARE)) {
    const name = match[1] ?? '';
    if (EVERYBODY.has(name)) continue;
    const start = offset + match.index;
    found.push({ start, end: start + match[0].length, id: null, name });
  }
  return found;
}

/**
 * What no store or export could give back exactly is refused: NUL and halves of a character. Everything else is kept.
 * @param limit in code points
 * @param what names the text in the refusal, capitalised: `The title`
 */
export function checkText(text: string, limit: number = LIMITS.text, what = 'The text'): Refusal | null {
  if (text.includes('\0')) return refuse('BAD_TEXT', { what: 'a NUL character' });
  if (/\p{Surrogate}/u.test(text))
    return refuse('BAD_TEXT', { what: 'half of a character (a lone surrogate)' });
  // Code units are never fewer than code points, so short texts need no counting.
  if (text.length <= limit) return null;
  const length = lengthOf(text);
  return length > limit ? refuse('TEXT_TOO_LONG', { what, length, limit }) : null;
}
