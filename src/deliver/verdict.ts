import { natureOf } from '#domain/slack-code.js';
import type { Settlement } from '#store/lanes.js';
import { Later, NotRecorded, Refused, triesOf, Undeliverable, Unknown } from './failure.js';

const FIRST_MS = 1_000;
const LONGEST_MS = 60_000;

// A mistake of ours (a wording that throws, say) would hold its lane for ever: after about five minutes it is
// dead, which people can see and retry. A database that is away does not get here: nothing can be settled then.
const BUG_ATTEMPTS = 10;

/** Milliseconds to wait after the n-th failed attempt (1, 2, …): doubles up to a minute, minus up to a tenth. */
export function backoffMs(attempt: number, random: () => number = Math.random): number {
  const full = Math.min(FIRST_MS * 2 ** Math.min(attempt - 1, 10), LONGEST_MS);
  return Math.round(full * (1 - random() / 10));
}

/**
 * What becomes of rows whose delivery failed.
 *
 * Slack away is retried for ever, so an outage of hours delivers everything afterwards, in order. A plain no is
 * dead at once, so that the rest goes on; a code that we do not know is heard a few times first. A bot that is shut out keeps what it owes for when it is let in again.
 * @param attempts how often it was tried before this time
 * @param unsure something of this or an earlier attempt may have reached Slack
 * @param before what was kept with the rows until now
 */
export function verdict(
  error: unknown,
  attempts: number,
  unsure: boolean,
  now: Date,
  before: string | null = null,
): Settlement {
  const message = error instanceof Error ? error.message : String(error);
  const retry = (mayHaveHappened: boolean): Settlement => ({
    retryInMs: backoffMs(attempts + 1),
    error: message.slice(0, 500),
    uncertain: unsure || mayHaveHappened,
  });
  if (error instanceof Later) {
    const retryInMs = Math.max(0, error.until.getTime() - now.getTime());
    // A mere wait does not make a code forgotten that we are counting.
    return { retryInMs, error: before !== null && triesOf(before) > 0 ? before : message, uncertain: unsure };
  }
  if (error instanceof Undeliverable) return { dead: error.code };
  // Whether it may have happened is known to the attempt: some requests certainly never left.
  if (error instanceof Unknown || error instanceof NotRecorded) return retry(false);
  if (error instanceof Refused) {
    if (error.final) return { dead: error.kept };
    // Of a code that we do not know nobody can say whether it means that nothing happened.
    if (error.tries > 0) return { retryInMs: backoffMs(error.tries), error: error.kept, uncertain: true };
    return retry(natureOf(error.code) === 'doubtful');
  }
  return attempts + 1 >= BUG_ATTEMPTS ? { dead: `internal: ${message.slice(0, 500)}` } : retry(true);
}
