import type { types } from '@slack/bolt';

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
