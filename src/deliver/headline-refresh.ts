import { codeOf } from '#domain/slack-code.js';
import type { Attempt, Body } from './attempt.js';
import { Undeliverable } from './failure.js';
import { postHeadline, setTopic, updateHeadline } from './headline.js';
import { together } from './together.js';

/**
 * Brings headline and topic up to date with the state as it is now, for however many rows ask. What
 * should stand there and does not (refused when the channel was opened) is posted.
 */
export async function refreshHeadline(attempt: Attempt<'headline.refresh'>): Promise<Body> {
  const { channel, headline } = attempt.incident;
  // Made later, it will begin up to date.
  if (!channel) return { channel: null };
  const refused = await together({
    headline: () => (headline ? updateHeadline(attempt, headline) : postHeadline(attempt, channel.id)),
    topic: () => setTopic(attempt, channel.id),
  });
  // An old headline says what is not so any more: that is missed, and said. One that somebody deleted is not.
  if (refused.headline && codeOf(refused.headline) !== 'message_not_found')
    throw new Undeliverable(refused.headline);
  for (const [part, error] of Object.entries(refused)) {
    attempt.world.log.warn({ lane: attempt.row.lane, part, error }, 'a part could not be brought up to date');
  }
  return { channel: channel.id, refused };
}
