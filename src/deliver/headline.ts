import type { IncidentState } from '#domain/state.js';
import { headlineMessage } from '#slack/blocks/headline.js';
import { topic } from '#slack/blocks/topic.js';
import type { Attempt } from './attempt.js';
import { isPermanent, Refused } from './failure.js';
import { findTagged, needed, opened, tag } from './look.js';

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
export async function updateHeadline(attempt: Any, headline: { channel: string; ts: string }): Promise<void> {
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
