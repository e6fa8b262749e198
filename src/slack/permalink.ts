import { age, type Moment, moment } from '#elapsed.js';
import type { SlackClient } from './client.js';

/** After one that did not come in time, Slack is not asked for this long: nobody waits twice for an unwell Slack. */
const SKIP_MS = 30_000;

/** @returns a function that gives a message's address, or null: never fails, never takes longer than the client's patience */
export function createPermalink(client: SlackClient, now: () => Date) {
  let unwell: Moment | null = null;
  return async (channel: string, ts: string): Promise<string | null> => {
    if (unwell && age(unwell, now().getTime()) < SKIP_MS) return null;
    const result = await client.call('chat.getPermalink', { channel, message_ts: ts });
    if (result.kind === 'unknown' || result.kind === 'ratelimited') unwell = moment(now().getTime());
    return result.kind === 'ok' && typeof result.data.permalink === 'string' ? result.data.permalink : null;
  };
}
