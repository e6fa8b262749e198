import type { RespondArguments } from '@slack/bolt';
import type { Refusal } from '#domain/refusal.js';
import { channelRemark } from '#render/undelivered.js';
import type { Block } from './blocks/block.js';
import { cut } from './blocks/cut.js';
import { escaped } from './blocks/escaped.js';
import type { Context } from './context.js';
import type { Recorded } from './ports.js';

/** What somebody gets to read, and only they. `words` is plain text, escaped on its way out. */
export interface Reply {
  words: string;
  /** Our own sentences set commands in `code`; what people wrote is shown literally. */
  formatted: boolean;
  blocks?: Block[];
}

/** Slack cuts at 40,000 without a word; what is left out here is said. */
const LONGEST = 38_000;
const REST = '\n… and more: `export md` gives all of it.';

export function said(words: string): Reply {
  return { words, formatted: false };
}

/** The receipt, and that the incident has no channel, where that is so: they may not have been told. */
export async function recorded(
  { read }: Pick<Context, 'read'>,
  team: string,
  { receipt, incident, ref }: Recorded,
): Promise<Reply> {
  // It is recorded, whatever becomes of this look.
  const rows = await read.refused(team, incident).catch(() => []);
  const remark = channelRemark(ref, rows);
  return said(remark === null ? receipt : `${receipt}\n${remark}`);
}

export function refused(refusal: Refusal): Reply {
  return { words: `${refusal.sentence}\n${refusal.next}`, formatted: true };
}

/** @returns the message for an answer or a response address: for one person's eyes, pinging nobody */
export function ephemeral(reply: Reply): RespondArguments & { response_type: 'ephemeral' } {
  return {
    response_type: 'ephemeral',
    text: cut(escaped(reply.words), LONGEST, REST),
    ...(reply.formatted ? {} : { mrkdwn: false }),
    ...(reply.blocks && { blocks: reply.blocks }),
  };
}
