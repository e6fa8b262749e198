import type { IncidentState } from '#domain/incident/state.js';
import { codeOf } from '#domain/slack-code.js';
import { announcementMessage, headlineMessage, topic } from '#slack/blocks/headline.js';
import {
  type Attempt,
  type Body,
  isPermanent,
  Later,
  NO_PREVIEWS,
  needed,
  opened,
  Refused,
  Undeliverable,
} from '../attempt.js';

type Any = Attempt<'channel.open'> | Attempt<'headline.refresh'>;
const ID = 'headline';

function shown({ incident, world: { org } }: Any) {
  const emoji = org.capture?.emoji ?? ['pushpin'];
  return headlineMessage(incident, org.command, emoji[0] ?? null);
}

/** Posts and pins the headline, unless an interrupted attempt has done so: then that one is taken. */
export async function postHeadline(attempt: Any, channel: string): Promise<void> {
  const { incident } = attempt;
  if (incident.headline) return pin(attempt, incident.headline);
  const { found, body } = await attempt.postOnce({ id: ID, incident: incident.number }, opened(attempt), {
    channel,
    ...shown(attempt),
    ...NO_PREVIEWS,
  });
  const ts = found ?? needed('chat.postMessage', body, 'ts');
  await Promise.all([
    attempt.record({ type: 'NoteHeadlinePosted', channel, ts }, 'headline'),
    pin(attempt, { channel, ts }),
  ]);
}

/**
 * Brings the posted headline up to date. One that somebody has deleted is posted anew, once: whoever deletes that too means it.
 */
async function updateHeadline(attempt: Any, headline: NonNullable<IncidentState['headline']>): Promise<void> {
  const { channel, ts, again } = headline;
  const message = shown(attempt);
  try {
    await attempt.write('chat.update', { channel, ts, ...message });
  } catch (error) {
    const deleted = error instanceof Refused && error.code === 'message_not_found';
    if (!deleted || again) throw error;
    const tagged = { id: `${ID} after ${ts}`, incident: attempt.incident.number };
    const { found, body } = await attempt.postOnce(tagged, opened(attempt), {
      channel,
      ...message,
      ...NO_PREVIEWS,
    });
    const anew = found ?? needed('chat.postMessage', body, 'ts');
    await attempt.record({ type: 'NoteHeadlinePosted', channel, ts: anew }, `headline after ${ts}`);
    await pin(attempt, { channel, ts: anew });
  }
}

/** Sets the topic; a workspace where the bot may not do that has the headline. */
export async function setTopic(attempt: Any, channel: string): Promise<void> {
  await attempt.write('conversations.setTopic', { channel, topic: topic(attempt.incident) });
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
  const refused = await settleAll({
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
export async function settleAll(
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
  // A failure is thrown before a mere wait; of several waits the longest.
  const worst =
    failures.find((failure) => !(failure instanceof Later)) ??
    failures
      .filter((failure) => failure instanceof Later)
      .sort((a, b) => b.until.getTime() - a.until.getTime())[0];
  if (worst) throw worst;
  return refused;
}

/** An announcement waits this long for the channel, so that it can lead there; then it is posted without. */
const PATIENCE_MS = 5_000;
const AGAIN_MS = 250;

type Announcement = Attempt<'announcement.refresh'>;

/**
 * Announces the incident in the configured channel, or brings its announcement up to date, for however many rows ask.
 * Nothing when no channel is configured or the incident is private.
 */
export async function refreshAnnouncement(attempt: Announcement): Promise<Body> {
  const { incident, world } = attempt;
  const where = world.org.announce;
  if (!where || incident.private) return { announced: null };
  const refused = await awaitChannel(attempt);
  const message = announcementMessage(incident, { refused, command: world.org.command });
  const { announcement } = incident;
  if (!announcement) return announce(attempt, where, { ...message });
  try {
    await attempt.write('chat.update', { ...announcement, ...message });
    return { ...announcement };
  } catch (error) {
    // Somebody deleted it: it is not posted again.
    if (error instanceof Refused && error.code === 'message_not_found')
      return { ...announcement, deleted: true };
    throw error;
  }
}

/**
 * Waits a moment for the incident's channel while that is being made.
 * @returns what Slack said to it, where there is no channel
 * @throws Later
 */
export async function awaitChannel({
  incident,
  world,
}: Pick<Attempt, 'incident' | 'world'>): Promise<string | null> {
  if (incident.channel) return null;
  const opening = (await world.outbox.refused(incident.team, incident.number)).find(
    ({ effect }) => effect.kind === 'channel.open',
  );
  if (opening) return codeOf(opening.error);
  const now = world.now().getTime();
  // Either way: a clock that was ahead when it was opened is no reason to wait until that time.
  if (Math.abs(now - Date.parse(incident.recordedAt)) < PATIENCE_MS) {
    throw new Later(new Date(now + AGAIN_MS), 'the channel', false);
  }
  return null;
}

/**
 * Where the bot is not a member it may post (`chat:write.public`) but not look, so there an announcement whose
 * answer was lost may stand twice.
 */
async function announce(attempt: Announcement, where: string, message: Body): Promise<Body> {
  const { incident } = attempt;
  const { found, body } = await attempt.postOnce(
    { id: `announcement ${incident.team} ${incident.number}`, incident: incident.number },
    opened(attempt),
    { channel: where, ...message, ...NO_PREVIEWS },
  );
  // The id, where the configuration has a name.
  const channel = typeof body.channel === 'string' ? body.channel : where;
  const ts = found ?? needed('chat.postMessage', body, 'ts');
  await attempt.record({ type: 'NoteAnnounced', channel, ts }, 'announced');
  return found ? { found } : { channel, ts };
}
