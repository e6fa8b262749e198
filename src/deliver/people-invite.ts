import type { Attempt, Body } from './attempt.js';
import { Undeliverable } from './failure.js';
import { inviteAll } from './invite.js';
import { tellAbsent } from './notice.js';

/** Brings people into the incident's channel who were named by a command; says in the channel who could not be. */
export async function invitePeople(attempt: Attempt<'people.invite'>): Promise<Body> {
  const { channel } = attempt.incident;
  if (!channel) throw new Undeliverable('no_channel');
  // Somebody named by an API token or on the CLI may be nobody in Slack.
  const people = attempt.row.effect.payload.people.filter((id) => /^[UW][A-Z0-9]+$/.test(id));
  if (people.length === 0) return { absent: [] };
  const absent = await inviteAll(attempt, channel.id, people);
  await tellAbsent(attempt, channel.id, absent);
  return { channel: channel.id, absent };
}
