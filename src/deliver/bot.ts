import type { Attempt } from './attempt.js';
import { isPermanent } from './failure.js';

/** @returns the bot's own user id; null where Slack does not tell. */
export async function botUser(attempt: Pick<Attempt, 'read'>): Promise<string | null> {
  try {
    const { user_id: id } = await attempt.read('auth.test', {});
    return typeof id === 'string' ? id : null;
  } catch (error) {
    if (isPermanent(error)) return null;
    throw error;
  }
}
