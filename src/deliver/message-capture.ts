import { checkText } from '#domain/command/entered.js';
import { isPassing, isRefusal, type Refusal, refuse } from '#domain/refusal.js';
import { refOf } from '#domain/state.js';
import { Lost } from '#runbooks/action.js';
import { escaped } from '#slack/blocks/escaped.js';
import type { Attempt, Body } from './attempt.js';
import { isPermanent, Later, NotRecorded, Undeliverable } from './failure.js';
import { findMessage, messageText } from './message.js';
import { metPerson } from './person.js';

/**
 * Records a message that somebody pinned, at its own time, and ticks it once it is in the record.
 *
 * The message's place in Slack is the key: pinned by two people, or paid twice after a crash, it is one fact.
 */
export async function captureMessage(attempt: Attempt<'message.capture'>): Promise<Body> {
  const { row, world, incident } = attempt;
  const { channel, ts, by } = row.effect.payload;
  const found = await findMessage(attempt, channel, ts);
  if (!found) {
    await tell(attempt, 'That message could not be read, so it was not kept. Is the bot in this channel?');
    throw new Undeliverable('message_not_found');
  }
  const text = await messageText(attempt, found);
  const unfit = checkText(text, undefined, 'The message');
  if (unfit) return decline(attempt, unfit);

  const pinner = await metPerson(attempt, by);
  const answer = await world.tell(
    {
      type: 'CaptureMessage',
      message: { channel, ts, text, author: found.author, link: await permalink(attempt, channel, ts) },
    },
    row.incident,
    {
      team: row.team,
      by: pinner,
      source: 'slack',
      key: `message:${channel}:${ts}`,
      now: world.now(),
      // Whoever pins in a private incident's own channel sees it already.
      seesPrivate: incident.channel?.id === channel,
      account: await world.people.account(row.team, by),
    },
  );
  if (isRefusal(answer)) {
    if (isPassing(answer)) throw new NotRecorded(answer.code);
    return decline(attempt, answer);
  }
  const entry = await world.incidents.capturedEntry(row.team, row.incident, channel, ts);
  if (entry && entry.by.id !== by) {
    const who = entry.by.name ?? entry.by.id;
    const known = refuse('ALREADY_CAPTURED', { ref: refOf(row.incident), entry: entry.n, by: who });
    await tell(attempt, `${known.sentence} ${known.next}`);
  }
  await atBest(
    attempt.write('reactions.add', { channel, timestamp: ts, name: 'white_check_mark' }, { patient: true }),
  );
  return { entry: entry?.n ?? null };
}

async function decline(attempt: Attempt<'message.capture'>, refusal: Refusal): Promise<Body> {
  await tell(attempt, `${refusal.sentence} ${refusal.next}`);
  return { refused: refusal.code };
}

/** Beside the message; directly, where Slack does not let us speak there. */
async function tell(attempt: Attempt<'message.capture'>, words: string): Promise<void> {
  const { channel, by: user } = attempt.row.effect.payload;
  const text = escaped(words);
  try {
    await attempt.write('chat.postEphemeral', { channel, user, text });
  } catch (error) {
    if (!isPermanent(error)) return atBest(Promise.reject(error));
    await atBest(attempt.write('chat.postMessage', { channel: user, text }));
  }
}

/** An entry without a link is an entry; only a wait that Slack has named is worth it. */
async function permalink(
  attempt: Attempt<'message.capture'>,
  channel: string,
  ts: string,
): Promise<string | null> {
  try {
    const body = await attempt.read('chat.getPermalink', { channel, message_ts: ts });
    return typeof body.permalink === 'string' ? body.permalink : null;
  } catch (error) {
    if (error instanceof Later || error instanceof Lost) throw error;
    return null;
  }
}

/** A courtesy that may fail: the record does not hang on it. */
async function atBest(courtesy: Promise<unknown>): Promise<void> {
  await courtesy.catch((error: unknown) => {
    if (error instanceof Lost || !(error instanceof Error)) throw error;
    if (!isPermanent(error) && error instanceof Later) throw error;
  });
}
