import { couldFollow, rolesOf } from '#domain/incident/state.js';
import { isRefusal } from '#domain/refusal.js';
import { LIMITS } from '#domain/text.js';
import { personLabel } from '#domain/words.js';
import { caughtUpMessage, crowdMessage, vacantMessage } from '#slack/blocks/people.js';
import { type Attempt, type Body, isPermanent, NO_PREVIEWS, needed, sinceOf } from '../attempt.js';
import { personOf } from '../channel/people.js';
import { tellDirectly } from '../undelivered.js';

/** When more than so many wait, they came together (a group was invited), and are told together. */
const CROWD = 5;

/**
 * Tells somebody who came late how the incident stands: in the channel, for them alone; directly, where Slack does not take that.
 * Once for each person, for ever, which a fact says. A crowd is told by one message for all, so that nobody's entry waits behind a
 * hundred of these. After a crash they may be shown it a second time, because nobody can look for what one person was shown.
 */
export async function tellLate(attempt: Attempt<'people.catchup'>): Promise<Body> {
  const { channel, incident } = attempt;
  const told = new Set(incident.caughtUp);
  const waiting = attempt.rows.filter(({ effect }) => !told.has(effect.payload.user));
  if (waiting.length === 0 || incident.status === 'resolved') return { overtaken: true };
  // How many are remembered is bounded, as those who may be invited are.
  if (told.size + waiting.length > LIMITS.members) return { full: true };
  if (waiting.length > CROWD)
    return tellCrowd(
      attempt,
      waiting.map(({ effect }) => effect.payload.user),
    );
  attempt.narrow(waiting.slice(0, 1));
  const { row, world } = attempt;
  const { user } = row.effect.payload;
  if (['bot', 'gone'].includes(await world.people.account(row.team, user))) return { nobody: user };
  attempt.pace('people.catchup', channel.id);
  const words = await world.catchup(row.team, row.incident, user);
  if (isRefusal(words)) return { refused: words.code };
  const message = caughtUpMessage(words, world.org.command);
  try {
    await attempt.write('chat.postEphemeral', { channel: channel.id, user, ...message });
  } catch (error) {
    if (!isPermanent(error)) throw error;
    // Who has left again is not followed.
    if (error.code === 'user_not_in_channel') return { left: user };
    try {
      await tellDirectly(attempt, user, message.text);
    } catch (refused) {
      // The channel and `catchup` are there; nobody waits for this.
      if (!isPermanent(refused)) throw refused;
      return { refused: refused.message };
    }
  }
  await attempt.record({ type: 'NoteCaughtUp', people: [user] }, 'told');
  return { told: user };
}

async function tellCrowd(attempt: Attempt<'people.catchup'>, people: string[]): Promise<Body> {
  const { channel, world, row } = attempt;
  const tagged = { id: `crowd ${row.id}`, incident: row.incident };
  const message = { channel: channel.id, ...crowdMessage(people.length, world.org.command), ...NO_PREVIEWS };
  const { found, body } = await attempt.postOnce(tagged, sinceOf(attempt), message, { patient: false });
  await attempt.record({ type: 'NoteCaughtUp', people }, 'crowd');
  return { crowd: people.length, ts: found ?? needed('chat.postMessage', body, 'ts') };
}

/** As many as are asked: of more everybody waits for another. */
const ASKED = 3;

/** Says in the channel that somebody with a role has gone for good, and asks those who could take it over. */
export async function tellVacant(attempt: Attempt<'role.vacant'>): Promise<Body> {
  const { channel, incident, row, world } = attempt;
  const { user } = row.effect.payload;
  const roles = rolesOf(incident, user);
  const back = (await world.people.account(row.team, user)) !== 'gone';
  if (roles.length === 0 || incident.status === 'resolved' || back) return { overtaken: true };
  const others: string[] = [];
  for (const id of couldFollow(incident, user)) {
    if (others.length === ASKED) break;
    if ((await world.people.account(row.team, id)) === 'member') others.push(id);
  }
  const held = incident.roles[roles[0] ?? ''];
  const name = personLabel(held?.name ? held : await personOf(attempt, user));
  const { command } = world.org;
  const { found, body } = await attempt.postOnce(
    { id: `vacant ${row.id}`, incident: row.incident },
    sinceOf(attempt),
    {
      channel: channel.id,
      ...vacantMessage({ incident: row.incident, name, roles, others, command }),
      ...NO_PREVIEWS,
    },
    { patient: false },
  );
  return { channel: channel.id, ts: found ?? needed('chat.postMessage', body, 'ts') };
}
