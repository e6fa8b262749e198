import { isGroup } from '#domain/person.js';
import type { Attempt, Body } from './attempt.js';
import { isPermanent, Undeliverable } from './failure.js';
import { type Absent, inviteAll } from './invite.js';
import { peopleOf } from './invited.js';
import { tellAbsent } from './notice.js';

/** Brings people into the incident's channel who were named by a command; says in the channel who could not be. */
export async function invitePeople(attempt: Attempt<'people.invite'>): Promise<Body> {
  const { channel } = attempt.incident;
  if (!channel) throw new Undeliverable('no_channel');
  // Whoever was taken out again meanwhile must not come back in.
  const people = slackPeople(attempt).filter((id) => attempt.incident.members.includes(id));
  const groups = attempt.row.effect.payload.people.filter(isGroup);
  if (people.length + groups.length === 0) return { absent: [] };
  // Who is in a group is asked when they are brought in: it is the people of now who are wanted.
  const named = await peopleOf(attempt, { people, groups });
  const absent = [...named.missing, ...(await inviteAll(attempt, channel.id, named.people))];
  await tellAbsent(attempt, channel.id, absent);
  return { channel: channel.id, absent };
}

/** Slack's answers by which somebody is not in the channel, which is what was wanted. */
const OUT = new Set(['not_in_channel', 'user_not_found', 'user_not_in_channel']);

/**
 * Takes people out of the incident's channel. Access to the incident has ended with the record; where Slack does not
 * let the bot remove somebody, whoever asked hears it, for the channel itself can still be read.
 */
export async function removePeople(attempt: Attempt<'people.remove'>): Promise<Body> {
  const { channel } = attempt.incident;
  if (!channel) throw new Undeliverable('no_channel');
  const kept: Absent[] = [];
  // Whoever was brought back meanwhile stays.
  for (const user of slackPeople(attempt).filter((id) => !attempt.incident.members.includes(id))) {
    try {
      await attempt.write('conversations.kick', { channel: channel.id, user });
    } catch (error) {
      if (!isPermanent(error)) throw error;
      if (!OUT.has(error.code)) kept.push({ user, error: error.code });
    }
  }
  if (kept.length > 0) await tellKept(attempt, channel.id, kept);
  return { channel: channel.id, kept };
}

async function tellKept(attempt: Attempt<'people.remove'>, channel: string, kept: Absent[]): Promise<void> {
  const { by: user } = attempt.row.effect.payload;
  const people = kept.map((one) => `<@${one.user}> (Slack says ${one.error})`).join(', ');
  const text = `I could not take ${people} out of this channel. They see the incident here for as long as they are in it: remove them by hand.`;
  try {
    await attempt.write('chat.postEphemeral', { channel, user, text });
  } catch (error) {
    if (!isPermanent(error)) throw error;
    await attempt.write('chat.postMessage', { channel, text });
  }
}

/** Somebody named by an API token or on the CLI may be nobody in Slack. */
function slackPeople(attempt: Attempt<'people.invite'> | Attempt<'people.remove'>): string[] {
  return attempt.row.effect.payload.people.filter((id) => /^[UW][A-Z0-9]+$/.test(id));
}
