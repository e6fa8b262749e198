import { isGroup } from '#domain/person.js';
import type { Attempt, Body } from './attempt.js';
import { Undeliverable } from './failure.js';
import { inviteAll } from './invite.js';
import { peopleOf } from './invited.js';
import { tellAbsent } from './notice.js';

/** Brings people into the incident's channel who were named by a command; says in the channel who could not be. */
export async function invitePeople(attempt: Attempt<'people.invite'>): Promise<Body> {
  const { channel } = attempt.incident;
  if (!channel) throw new Undeliverable('no_channel');
  // Somebody named by an API token or on the CLI may be nobody in Slack.
  const people = attempt.row.effect.payload.people.filter((id) => /^[UW][A-Z0-9]+$/.test(id));
  const groups = attempt.row.effect.payload.people.filter(isGroup);
  if (people.length + groups.length === 0) return { absent: [] };
  // Who is in a group is asked when they are brought in: it is the people of now who are wanted.
  const named = await peopleOf(attempt, { people, groups });
  const absent = [...named.missing, ...(await inviteAll(attempt, channel.id, named.people))];
  await tellAbsent(attempt, channel.id, absent);
  return { channel: channel.id, absent };
}
