import { codeOf } from '#domain/slack-code.js';
import { announcementMessage } from '#slack/blocks/headline.js';
import { type Attempt, type Body, findTagged, Later, needed, opened, Refused, tag } from './attempt.js';

/** An announcement with the way to the channel in it is worth this wait; one without it is worth more than none. */
const PATIENCE_MS = 5_000;
const LOOK_MS = 250;

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
  const message = announcementMessage(incident, { refused, command: world.org.command ?? '/incident' });
  const { announcement } = incident;
  if (!announcement) return announce(attempt, where, { ...message });
  try {
    await attempt.write('chat.update', { ...announcement, ...message });
    return { ...announcement };
  } catch (error) {
    // Somebody deleted it, and so will have it no more.
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
    throw new Later(new Date(now + LOOK_MS), 'the channel', false);
  }
  return null;
}

/**
 * Where the bot is not a member it may post (`chat:write.public`) but not look, so there an announcement whose
 * answer was lost may stand twice.
 */
async function announce(attempt: Announcement, where: string, message: Body): Promise<Body> {
  const { incident } = attempt;
  const id = `announcement ${incident.team} ${incident.number}`;
  const found = attempt.repeated ? await findTagged(attempt, where, opened(attempt), id) : null;
  if (found) {
    await attempt.record({ type: 'NoteAnnounced', channel: where, ts: found }, 'announced');
    return { found };
  }
  const body = await attempt.write(
    'chat.postMessage',
    {
      channel: where,
      ...message,
      metadata: tag({ id, incident: incident.number }),
      unfurl_links: false,
      unfurl_media: false,
    },
    { patient: true },
  );
  // The id, where the configuration has a name.
  const channel = typeof body.channel === 'string' ? body.channel : where;
  const ts = needed('chat.postMessage', body, 'ts');
  await attempt.record({ type: 'NoteAnnounced', channel, ts }, 'announced');
  return { channel, ts };
}
