import type { types } from '@slack/bolt';
import type { Precision } from '#domain/words.js';

export type Block = types.KnownBlock;

/** What chat.postMessage and chat.update take: `text` is what notifications and old clients show. */
export interface Message {
  text: string;
  blocks: Block[];
}

/** Slack's limits that we keep to, with room: the sum of a message's text is not documented, refusals begin near 11,000. */
export const MAX = {
  section: 3_000,
  blocks: 50,
  sum: 9_500,
  text: 3_900,
  topic: 250,
  channelName: 80,
} as const;

/** A section of already escaped mrkdwn. `verbatim`: Slack must not look for names and addresses of its own in it. */
export function section(text: string): Block {
  return { type: 'section', text: { type: 'mrkdwn', text, verbatim: true } };
}

/** Small grey text, already escaped. */
export function context(text: string): Block {
  return { type: 'context', elements: [{ type: 'mrkdwn', text, verbatim: true }] };
}

export function plain(text: string): types.PlainTextElement {
  return { type: 'plain_text', text, emoji: false };
}

/**
 * Cut a text to at most `max` UTF-16 units (Slack does not say what it counts; these are never fewer than what it may
 * mean). Never cuts inside a character or an escaped reference.
 * @param tail what stands at the end of a text that was cut; counted in `max`
 */
export function cut(text: string, max: number, tail = '…'): string {
  if (text.length <= max) return text;
  let end = Math.max(0, max - tail.length);
  // A reference such as &amp; is one character to the reader.
  const reference = text.lastIndexOf('&', end - 1);
  if (reference >= 0 && end - reference < 5 && /^&(amp|lt|gt);/.test(text.slice(reference, reference + 5))) {
    if (text.indexOf(';', reference) >= end) end = reference;
  }
  const unit = text.charCodeAt(end - 1);
  if (unit >= 0xd800 && unit <= 0xdbff) end--;
  return text.slice(0, end).trimEnd() + tail.slice(0, max);
}

/** A word joiner: unseen, and enough to keep Slack from reading a broadcast in what somebody typed. */
const JOINER = '\u2060';

/**
 * Text as entered → text for a Slack message. Slack's three control characters become references, so `<!channel>` or
 * `<@U1>` in a note is shown and pings nobody; `@channel` and its kin, which some clients link by themselves, are broken
 * by an unseen character. Everything else, formatting too, stays as typed.
 */
export function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/@(?=(?:channel|here|everyone|group)\b)/gi, `@${JOINER}`);
}

/** @returns a Slack link; both parts may hold anything. A `|` or `>` in the address would end it early. */
export function link(url: string, label: string): string {
  return `<${escaped(url).replaceAll('|', '%7C')}|${escaped(label).replaceAll('|', '¦')}>`;
}

/** @returns a mention of a channel that clients render with its current name. */
export function channelLink(id: string): string {
  return `<#${id}>`;
}

interface When {
  at: string;
  until: string | null;
  precision: Precision;
}

/**
 * @param when times in UTC, ISO 8601 with Z
 * @param beside a day (`YYYY-MM-DD…`, UTC) that the reader takes for granted: another day is named
 * @returns `01:41`, `01:41:07`, `~01:41`, `01:41–01:44`, `2024-11-10 01:41`, or `2024-11-10` for a date; in UTC, the zone is
 *   named by whoever composes the line
 */
export function whenLabel(when: When, beside: string): string {
  const from = one(when.at, when.precision, beside);
  return when.until === null ? from : `${from}–${one(when.until, when.precision, when.at)}`;
}

function one(at: string, precision: Precision, beside: string): string {
  const day = at.slice(0, 10);
  if (precision === 'date') return day;
  const clock = precision === 'second' ? at.slice(11, 19) : at.slice(11, 16);
  const about = precision === 'approx' ? '~' : '';
  return day === beside.slice(0, 10) ? about + clock : `${about}${day} ${clock}`;
}

/**
 * A receipt as blocks: people's words as they are, and below, readable as code, what its last line says can be typed.
 * @param words `receiptOf`, with what was remarked; a text that does not fit is cut
 */
export function receiptBlocks(words: string): Block[] {
  const lines = words.split('\n');
  const at = lines.findLastIndex((line) => HOW_TO_CORRECT.test(line));
  const hint = at > 0 ? lines.splice(at, 1) : [];
  return [
    { type: 'section', text: plain(cut(lines.join('\n'), MAX.section) || '…') },
    ...hint.map((line) => context(escaped(cut(line, 1_000)))),
  ];
}

/** Begins a line that is ours alone but for names of keys. */
const HOW_TO_CORRECT = /^To (?:correct|take it back|bring them back): /;
