import { refuse } from '#domain/refusal.js';
import type { Log } from './ports.js';
import { type Reply, refused } from './reply.js';

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
