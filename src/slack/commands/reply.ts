import type { RespondArguments } from '@slack/bolt';
import { type Refusal, refuse } from '#domain/refusal.js';
import { channelRemark } from '#render/undelivered.js';
import { type Block, cut, escaped } from '../blocks/text.js';
import type { Context } from '../context.js';
import type { Log, Recorded } from '../ports.js';
import { withoutSecrets } from '../transport/client.js';

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

/** Slack takes five answers per address, within thirty minutes. */
const ATTEMPTS = 3;

/**
 * Say something through a response address: it works wherever the person is, whether or not the bot is there.
 * @returns whether Slack took it; never throws. The address is a secret and stays out of the log.
 */
export async function respondTo(url: string | null | undefined, message: object, log: Log): Promise<boolean> {
  if (!url) return false;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(message),
        redirect: 'error',
        signal: AbortSignal.timeout(5_000),
      });
      await response.body?.cancel();
      if (response.ok) return true;
      log.warn({ status: response.status, attempt }, 'Slack did not take a late answer');
      // Used up or expired: asking again changes nothing.
      if (response.status >= 400 && response.status < 500 && response.status !== 429) return false;
    } catch (error) {
      const why = withoutSecrets(error instanceof Error ? error.message : String(error));
      log.warn({ why, attempt }, 'A late answer did not reach Slack');
    }
    await new Promise((resolve) => setTimeout(resolve, 300 * attempt));
  }
  return false;
}

/** Slack waits three seconds; an empty answer at two leaves one for the way. */
const LATE_MS = 2_000;

/**
 * Give the outcome in the answer itself; when it takes too long, answer empty and tell it later.
 * @param work what has to be done; what it throws is logged and becomes a sentence
 * @param answer answers Slack; null: empty, the outcome follows
 * @param later tells the outcome another way
 */
export async function inTime<T>(options: {
  work: Promise<T>;
  failed: (reply: Reply) => T;
  answer: (outcome: T | null) => Promise<void>;
  later: (outcome: T) => Promise<unknown>;
  /** The key under which it is recorded; on every line that belongs to it. */
  request: string | null;
  log: Log;
}): Promise<void> {
  const { log, request } = options;
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    options
      .answer(null)
      .catch((error: unknown) => log.warn({ err: error, request }, 'An empty answer did not reach Slack'));
  }, LATE_MS);
  let outcome: T;
  try {
    outcome = await options.work;
  } catch (error) {
    log.error({ err: error, request }, 'What somebody asked for failed');
    // Something we did not foresee: whether it is in the record is not known here.
    outcome = options.failed(refused(refuse('NOT_CONFIRMED', {})));
  } finally {
    clearTimeout(timer);
  }
  if (late) {
    await options.later(outcome);
    return;
  }
  try {
    await options.answer(outcome);
  } catch (error) {
    // The socket closed under us, say. What was recorded is recorded: tell it the other way.
    log.warn({ err: error, request }, 'An answer did not reach Slack; telling it later');
    await options.later(outcome);
  }
}
