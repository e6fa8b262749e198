import { checkText } from '#domain/command/entered.js';
import type { Asking } from '#domain/intent.js';
import { isRefusal, type Refusal } from '#domain/refusal.js';
import type { Context } from './context.js';
import { entered } from './entered.js';
import type { SlackMessage } from './message.js';
import type { Recorded } from './ports.js';

/** A message that somebody wants in the timeline. `reply`: where they are told. */
export interface Captured {
  message: SlackMessage;
  channel: { id: string; name?: string | undefined };
  reply: string | null;
}

/**
 * Records a message at its own time, which is in its `ts`.
 * The key has the person in it: the same click twice is one fact with one receipt, and somebody else who adds the same
 * message is told who did so first.
 */
export async function capture(
  context: Context,
  { message, channel }: Captured,
  incident: number,
  asking: Asking,
): Promise<Recorded | Refusal> {
  const { ts, raw, author } = message;
  const here = { id: channel.id, name: channel.name };
  // The link is a courtesy with a short patience; the record does not wait for a Slack that is unwell.
  const [{ text }, known, link] = await Promise.all([
    entered(context, asking.team, raw, here),
    author.name === null ? context.people.known(asking.team, author.id, author.profile) : author,
    context.permalink(channel.id, ts),
  ]);
  const unfit = checkText(text, undefined, 'The message');
  if (unfit) return unfit;
  const outcome = await context.handle(
    {
      type: 'CaptureMessage',
      message: { channel: channel.id, ts, text, author: { id: author.id, name: known.name }, link },
    },
    incident,
    { ...asking, key: `message:${channel.id}:${ts}:${asking.by.id}` },
  );
  if (!isRefusal(outcome)) tick(context, channel.id, ts);
  return outcome;
}

/** A sign on the message for everybody, after the commit; where the bot is not a member there is none. */
function tick(context: Context, channel: string, timestamp: string): void {
  void context.client.call('reactions.add', { channel, timestamp, name: 'white_check_mark' });
}
