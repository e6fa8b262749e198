import type { IncidentState } from '#domain/incident/state.js';
import { codeOf } from '#domain/slack-code.js';
import { headlineMessage, topic } from '#slack/blocks/headline.js';
import {
  type Attempt,
  type Body,
  findTagged,
  isPermanent,
  Later,
  needed,
  opened,
  Refused,
  tag,
  Undeliverable,
} from '../attempt.js';

type Any = Attempt<'channel.open'> | Attempt<'headline.refresh'>;
const ID = 'headline';

/** Posts and pins the headline, unless an interrupted attempt has done so: then that one is taken. */
export async function postHeadline(attempt: Any, channel: string): Promise<void> {
  const { incident } = attempt;
  if (incident.headline) return pin(attempt, incident.headline);
  const found = attempt.repeated ? await findTagged(attempt, channel, opened(attempt), ID) : null;
  const ts = found ?? (await post(attempt, channel));
  await Promise.all([
    attempt.record({ type: 'NoteHeadlinePosted', channel, ts }, 'headline'),
    pin(attempt, { channel, ts }),
  ]);
}

/** Brings the posted headline up to date. */
async function updateHeadline(attempt: Any, headline: { channel: string; ts: string }): Promise<void> {
  await attempt.write('chat.update', { ...headline, ...headlineMessage(attempt.incident) });
}

/** Sets the topic; a workspace where the bot may not do that has the headline. */
export async function setTopic(attempt: Any, channel: string): Promise<void> {
  await attempt.write('conversations.setTopic', { channel, topic: topic(attempt.incident) });
}

async function post(attempt: Any, channel: string): Promise<string> {
  const message = headlineMessage(attempt.incident);
  const metadata = tag({ id: ID, incident: attempt.incident.number });
  const body = await attempt.write(
    'chat.postMessage',
    { channel, ...message, metadata, unfurl_links: false, unfurl_media: false },
    { patient: true },
  );
  return needed('chat.postMessage', body, 'ts');
}

async function pin(attempt: Any, { channel, ts }: NonNullable<IncidentState['headline']>): Promise<void> {
  await attempt.write('pins.add', { channel, timestamp: ts }).catch((error: unknown) => {
    if (error instanceof Refused && error.code === 'already_pinned') return;
    // A headline that is not pinned is a headline still.
    if (!isPermanent(error)) throw error;
    attempt.world.log.warn({ channel, error: error.message }, 'the headline could not be pinned');
  });
}

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

/**
 * Does the parts of a delivery side by side, each as far as it comes.
 * @returns what Slack said no to for good, part by part: the delivery is paid without these
 * @throws when another try may finish a part; only after every part has ended
 */
export async function together(
  parts: Record<string, () => Promise<unknown>>,
): Promise<Record<string, string>> {
  const names = Object.keys(parts);
  const ended = await Promise.allSettled(Object.values(parts).map((part) => part()));
  const refused: Record<string, string> = {};
  const failures: unknown[] = [];
  ended.forEach((end, i) => {
    if (end.status === 'fulfilled') return;
    if (isPermanent(end.reason)) refused[names[i] as string] = end.reason.message;
    else failures.push(end.reason);
  });
  // A mere wait says less than a failure, so it is the last to speak; of several waits the longest.
  const worst =
    failures.find((failure) => !(failure instanceof Later)) ??
    failures
      .filter((failure) => failure instanceof Later)
      .sort((a, b) => b.until.getTime() - a.until.getTime())[0];
  if (worst) throw worst;
  return refused;
}
