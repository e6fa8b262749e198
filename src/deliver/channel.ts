import { type IncidentState, refOf } from '#domain/state.js';
import { channelName } from '#slack/blocks/channel-name.js';
import type { Attempt, Body } from './attempt.js';
import { isPermanent, Refused } from './failure.js';
import { list, needed, notAhead, object, opened } from './look.js';

export interface Channel {
  id: string;
  name: string;
}

// Somebody else's channels of our name, archived and unseen ones too. More than this is no accident.
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
export async function makeChannel(attempt: Attempt<'channel.open'>, bot: string | null): Promise<Channel> {
  const { incident } = attempt;
  const interrupted = attempt.repeated;
  if (interrupted) {
    const found = await findOurs(attempt, incident, bot);
    if (found) return found;
  }
  for (let taken = 0; taken < NAMES; taken++) {
    try {
      return await create(attempt, channelName(incident.number, incident.title, taken));
    } catch (error) {
      const code = error instanceof Refused ? error.code : null;
      // Letters that this workspace does not take: the number alone always is a name.
      if (code?.startsWith('invalid_name')) return create(attempt, channelName(incident.number, ''));
      if (code !== 'name_taken' || taken === NAMES - 1) throw error;
      // Slack's list of channels may lag behind its names.
      const found = interrupted ? await findOurs(attempt, incident, bot) : null;
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
async function findOurs(
  attempt: Attempt<'channel.open'>,
  incident: IncidentState,
  bot: string | null,
): Promise<Channel | null> {
  const notBefore = notAhead(opened(attempt), attempt.world.now()).getTime() / 1000 - SKEW_S;
  const prefix = refOf(incident.number).toLowerCase();
  const ours = (channel: Body): boolean =>
    (channel.name === prefix || String(channel.name).startsWith(`${prefix}-`)) &&
    Number(channel.created) >= notBefore &&
    channel.is_private === incident.private &&
    channel.is_archived !== true &&
    // Whoever is in a channel may bring us into it: where Slack does not tell who we are, none is taken for ours.
    channel.creator === bot;
  let cursor = '';
  for (let page = 0; page < PAGES; page++) {
    const body = await attempt
      .read('users.conversations', {
        types: incident.private ? 'private_channel' : 'public_channel',
        exclude_archived: true,
        limit: 200,
        ...(cursor ? { cursor } : {}),
      })
      .catch((error: unknown) => {
        // A Slack that cannot list: then the name decides. Taken: a suffix, and at worst one empty channel.
        if (isPermanent(error)) return null;
        throw error;
      });
    if (!body) return null;
    const found = list(body.channels).find(ours);
    if (found) return { id: needed('users.conversations', found, 'id'), name: String(found.name) };
    const next = object(body.response_metadata).next_cursor;
    if (typeof next !== 'string' || next === '') return null;
    cursor = next;
  }
  return null;
}
