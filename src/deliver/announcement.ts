import { announcementMessage } from '#slack/blocks/announcement.js';
import type { Attempt } from './attempt.js';
import { findTagged, opened, tag } from './look.js';

type Any = Attempt<'channel.open'> | Attempt<'headline.refresh'>;

/**
 * Tells the configured channel of the incident; nothing when none is configured or the incident is private.
 *
 * Where the bot is not a member it may post (`chat:write.public`) but not look, so there an announcement whose
 * answer was lost may stand twice.
 */
export async function announce(attempt: Any): Promise<void> {
  const { incident, world } = attempt;
  const where = world.org.announce;
  if (!where || incident.private || incident.announcement) return;
  const id = `announcement ${incident.team} ${incident.number}`;
  const found = attempt.repeated ? await findTagged(attempt, where, opened(attempt), id) : null;
  if (found) return attempt.record({ type: 'NoteAnnounced', channel: where, ts: found }, 'announced');
  const body = await attempt.write(
    'chat.postMessage',
    {
      channel: where,
      ...announcementMessage(incident),
      metadata: tag({ id, incident: incident.number }),
      unfurl_links: false,
      unfurl_media: false,
    },
    { patient: true },
  );
  // The id, where the configuration has a name.
  const channel = typeof body.channel === 'string' ? body.channel : where;
  await attempt.record({ type: 'NoteAnnounced', channel, ts: String(body.ts) }, 'announced');
}

/** Brings the announcement up to date, where there is one. */
export async function updateAnnouncement(attempt: Any): Promise<void> {
  const { announcement } = attempt.incident;
  if (announcement) {
    await attempt.write('chat.update', { ...announcement, ...announcementMessage(attempt.incident) });
  }
}
