import type { Attempt, Body } from './attempt.js';
import { botUser } from './bot.js';
import { makeChannel } from './channel.js';
import { isPermanent } from './failure.js';
import { postHeadline, setTopic } from './headline.js';
import { type Absent, inviteAll } from './invite.js';
import { peopleOf } from './invited.js';
import { tellAbsent } from './notice.js';
import { together } from './together.js';
import { tellOutside } from './undelivered.js';

/**
 * Opens the incident's channel: once, and finished if it was interrupted.
 *
 * What counts at 3 a.m. is the opener standing in the channel, so that is two calls in a row, create and invite;
 * the fact is recorded beside the second. Everything else follows side by side. A later attempt knows from the
 * facts how far this one came, and looks in Slack for what has no fact yet.
 */
export async function openChannel(attempt: Attempt<'channel.open'>): Promise<Body> {
  const { world } = attempt;
  const known = attempt.incident.channel;
  // Who we are matters only when looking for what we may have made.
  const channel = known ?? (await makeChannel(attempt, attempt.repeated ? await botUser(attempt) : null));
  const recording = known
    ? Promise.resolve()
    : attempt.record({ type: 'NoteChannelOpened', channel }, 'channel');
  const inviting = inviteOpener(attempt, channel.id);
  // Both to their end before either may fail: an unheard rejection would end the process.
  await Promise.allSettled([recording, inviting]);
  await recording;
  const absent: Absent[] = [];

  const refused = await together({
    opener: async () => absent.push(...(await inviting)),
    headline: () => postHeadline(attempt, channel.id),
    topic: () => setTopic(attempt, channel.id),
    people: async () => {
      // Private means private: whoever is to see it is invited by name.
      if (attempt.incident.private) return;
      const { people, missing } = await peopleOf(attempt, world.org.invite);
      absent.push(...missing, ...(await bringIn(attempt, channel.id, people)));
    },
  });
  await tellAbsent(attempt, channel.id, absent);
  // Whoever opened it waits for it, and does not read what is said there.
  const { id: opener } = attempt.incident.opener;
  const outside = absent.find(({ user }) => user === opener);
  if (outside) await tellOutside(attempt, opener, outside.error);
  if (refused.headline) await oweHeadline(attempt);
  for (const [part, error] of Object.entries(refused)) {
    world.log.warn({ lane: attempt.row.lane, part, error }, 'the channel is open, with a part missing');
  }
  return { channel: channel.id, refused, absent };
}

/** A headline that Slack did not take is a delivery of its own: so it is listed, said, and may be tried again. */
async function oweHeadline({ world, row }: Attempt<'channel.open'>): Promise<void> {
  const { team, lane, incident, id } = row;
  await world.outbox.owe(
    { kind: 'headline.refresh', payload: {} },
    { team, lane, incident, key: `headline:${id}` },
  );
}

/** The opener, when there is one in Slack: an incident opened by the CLI has none. Whoever has left is told of below. */
async function inviteOpener(attempt: Attempt<'channel.open'>, channel: string): Promise<Absent[]> {
  const { id } = attempt.incident.opener;
  if (!/^[UW][A-Z0-9]+$/.test(id)) return [];
  return bringIn(attempt, channel, [id]);
}

/** A no to the bringing in as such (no scope for it, say) is a no to each of them. */
async function bringIn(
  attempt: Attempt<'channel.open'>,
  channel: string,
  people: string[],
): Promise<Absent[]> {
  try {
    return await inviteAll(attempt, channel, people);
  } catch (error) {
    if (!isPermanent(error)) throw error;
    return people.map((user) => ({ user, error: error.code }));
  }
}
