import { natureOf } from '#domain/slack-code.js';
import type { Attempt } from './attempt.js';
import { isPermanent, type Refused } from './failure.js';
import { list } from './look.js';

const BATCH = 100;

/** Somebody who could not be brought in, and Slack's reason. */
export interface Absent {
  user: string;
  error: string;
}

// These are in already, or are us.
const FINE = new Set(['already_in_channel', 'cant_invite_self']);

/**
 * Brings people into a channel. Guests, deactivated people and strangers are no failure: they are named in the answer.
 *
 * `force` lets the valid ones in beside a bad one; where Slack refuses a whole batch all the same, everybody is tried
 * alone, so that one bad id costs nobody else a seat.
 * @param users ids, in any number, repeated ones too
 * @throws what a retry may mend, and what is wrong with the channel rather than with a person
 */
export async function inviteAll(
  attempt: Pick<Attempt, 'write'>,
  channel: string,
  users: string[],
): Promise<Absent[]> {
  const absent: Absent[] = [];
  const wanted = [...new Set(users)];
  for (let i = 0; i < wanted.length; i += BATCH) {
    const batch = wanted.slice(i, i + BATCH);
    const refused = await tryInvite(attempt, channel, batch);
    if (!refused) continue;
    if (Array.isArray(refused)) {
      absent.push(...refused);
      continue;
    }
    if (batch.length === 1) {
      if (!FINE.has(refused.code)) absent.push({ user: batch[0] as string, error: refused.code });
      continue;
    }
    for (const user of batch) {
      const alone = await tryInvite(attempt, channel, [user]);
      if (Array.isArray(alone)) absent.push(...alone);
      else if (alone && !FINE.has(alone.code)) absent.push({ user, error: alone.code });
    }
  }
  return absent;
}

// About the channel or about us: no other person would fare better.
const HOPELESS = new Set([
  'channel_not_found',
  'not_in_channel',
  'is_archived',
  'missing_scope',
  'unknown_method',
  'method_not_supported_for_channel_type',
]);

/** @returns null when all are in, the list of those who are not, or the no to the batch as a whole. */
async function tryInvite(
  attempt: Pick<Attempt, 'write'>,
  channel: string,
  users: string[],
): Promise<Absent[] | Refused | null> {
  try {
    // A comma string: an array would be sent as JSON, which Slack does not promise to take.
    const body = await attempt.write('conversations.invite', {
      channel,
      users: users.join(','),
      force: true,
    });
    return absentIn(list(body.errors));
  } catch (error) {
    if (!isPermanent(error) || HOPELESS.has(error.code)) throw error;
    // With an answer for each of them nobody needs to be asked alone; unless one speaks of a passing trouble.
    const answers = absentIn(list(error.errors));
    const passing = answers.some((one) => !['final', 'unknown'].includes(natureOf(one.error)));
    return error.errors.length >= users.length && !passing ? answers : error;
  }
}

function absentIn(errors: Record<string, unknown>[]): Absent[] {
  return errors.flatMap(({ user, ok, error }) => {
    if (ok === true || typeof user !== 'string' || typeof error !== 'string' || FINE.has(error)) return [];
    return [{ user, error }];
  });
}
