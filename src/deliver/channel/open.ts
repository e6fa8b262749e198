import { isInSlack, refOf } from '#domain/words.js';
import { channelName } from '#slack/blocks/headline.js';
import {
  type Attempt,
  type Body,
  botUser,
  isPermanent,
  list,
  needed,
  notAhead,
  object,
  opened,
  pages,
  Refused,
} from '../attempt.js';
import { tellOutside } from '../undelivered.js';
import { beginBridge } from './bridge.js';
import { postHeadline, setTopic, settleAll } from './headline.js';
import { type Absent, inviteAll, peopleOf, tellAbsent } from './people.js';

/**
 * Opens the incident's channel: once, and finished if it was interrupted.
 *
 * What counts at 3 a.m. is that the opener is in the channel, so that is two calls in a row, create and invite;
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

  const refused = await settleAll({
    opener: async () => absent.push(...(await inviting)),
    headline: () => postHeadline(attempt, channel.id),
    topic: () => setTopic(attempt, channel.id),
    bridge: () => beginBridge(attempt),
    people: async () => {
      // A private incident is seen only by those who are invited by name.
      if (attempt.incident.private) return;
      const { people, missing } = await peopleOf(attempt, world.org.invite);
      absent.push(...missing, ...(await bringIn(attempt, channel.id, people)));
    },
  });
  await tellAbsent(attempt, channel.id, absent);
  // The opener waits for the channel, and cannot read what is said in it.
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

/** The opener, when there is one in Slack: an incident opened by the CLI has none. One who has left is among the absent. */
async function inviteOpener(attempt: Attempt<'channel.open'>, channel: string): Promise<Absent[]> {
  const { id } = attempt.incident.opener;
  if (!isInSlack(id)) return [];
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

interface Channel {
  id: string;
  name: string;
}

// Other people's channels that have our name, archived and unseen ones too; more than this many are no accident.
const NAMES = 10;
// Slack's clock and ours differ; `created` has whole seconds.
const SKEW_S = 300;
const PAGES = 20;

/**
 * Makes an incident's channel, or finds the one that an interrupted attempt has made.
 *
 * Two creates of one name can both succeed in Slack; that cannot come from us, because the lane's lease is held by
 * one worker. `name_taken` is answered with a suffix, except after an attempt whose outcome is not known: then the
 * one who took it may have been us.
 * @throws Refused with `name_taken` when all names are taken, and every other no
 */
async function makeChannel(attempt: Attempt<'channel.open'>, bot: string | null): Promise<Channel> {
  const { incident } = attempt;
  const interrupted = attempt.repeated;
  // Whoever sees the channel in a list must not take it for the real thing.
  const named = incident.drill ? `drill ${incident.title}` : incident.title;
  if (interrupted) {
    const found = await findOurs(attempt, bot);
    if (found) return found;
  }
  for (let taken = 0; taken < NAMES; taken++) {
    try {
      return await create(attempt, channelName(incident.number, named, taken));
    } catch (error) {
      const code = error instanceof Refused ? error.code : null;
      // Letters that this workspace does not take: the number alone always is a name.
      if (code?.startsWith('invalid_name')) return create(attempt, channelName(incident.number, ''));
      if (code !== 'name_taken' || taken === NAMES - 1) throw error;
      // Slack's list of channels may lag behind its names.
      const found = interrupted ? await findOurs(attempt, bot) : null;
      if (found) return found;
    }
  }
  throw new Refused('conversations.create', 'name_taken');
}

async function create(attempt: Attempt<'channel.open'>, name: string): Promise<Channel> {
  const body = await attempt.write('conversations.create', {
    name,
    is_private: attempt.incident.private,
  });
  const channel = object(body.channel);
  // The name as Slack gave it, not as we asked for it.
  return {
    id: needed('conversations.create', channel, 'id'),
    name: typeof channel.name === 'string' ? channel.name : name,
  };
}

/** @returns the channel that the bot made for this incident: `inc-7…`, by the bot, not before the incident. */
async function findOurs(attempt: Attempt<'channel.open'>, bot: string | null): Promise<Channel | null> {
  const { incident } = attempt;
  const notBefore = notAhead(opened(attempt), attempt.world.now()).getTime() / 1000 - SKEW_S;
  const prefix = refOf(incident.number).toLowerCase();
  const ours = (channel: Body): boolean =>
    (channel.name === prefix || String(channel.name).startsWith(`${prefix}-`)) &&
    Number(channel.created) >= notBefore &&
    channel.is_private === incident.private &&
    channel.is_archived !== true &&
    // Any member of a channel may bring the bot into it: where Slack does not tell who we are, none is taken for ours.
    channel.creator === bot;
  const args = {
    types: incident.private ? 'private_channel' : 'public_channel',
    exclude_archived: true,
    limit: 200,
  };
  // A Slack that cannot list: then the name decides. Taken: a suffix, and at worst one empty channel.
  for await (const body of pages(PAGES, (page) =>
    attempt.read('users.conversations', { ...args, ...page }),
  )) {
    const found = list(body.channels).find(ours);
    if (found) return { id: needed('users.conversations', found, 'id'), name: String(found.name) };
  }
  return null;
}
