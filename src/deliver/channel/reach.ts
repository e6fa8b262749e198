import type { Loss } from '#domain/words.js';
import { type Attempt, type Body, isPermanent, Later, object } from '../attempt.js';

/** So long after a look the next one comes, where the channel is lost: in the first day, and later. */
const SOON_MS = 10 * 60_000;
const SELDOM_MS = 60 * 60_000;
const SOON_LOOKS = 144;
/** Thirty days more. Whoever lets the bot in later is heard by the event. */
const LOOKS = SOON_LOOKS + 30 * 24;

/**
 * Asks Slack how the incident's channel is, and records it where that is news: its name, and whether anything can be shown
 * in it. Where Slack shows nothing of it, it was deleted, or it is private and we are not in it.
 * @returns why nothing can be shown there; null: it can
 * @throws what keeps Slack from telling
 */
export async function seeChannel(
  attempt: Pick<Attempt, 'incident' | 'channel' | 'read' | 'record'>,
): Promise<Loss | null> {
  const { id, name: known, lost: was = null, since = 0 } = attempt.channel;
  const seen = await attempt.read('conversations.info', { channel: id }).catch((error: unknown) => {
    if (isPermanent(error) && error.code === 'channel_not_found') return null;
    throw error;
  });
  const channel = object(seen?.channel);
  const name = typeof channel.name === 'string' ? channel.name : null;
  const lost = seen === null ? 'gone' : lossIn(channel);
  if (lost !== was || (name !== null && name !== known)) {
    const intent = { type: 'NoteChannelSeen' as const, channel: id, name, lost };
    await attempt.record(intent, `seen ${since} ${lost ?? 'well'}`);
  }
  return lost;
}

function lossIn(channel: Body): Loss | null {
  if (channel.is_archived === true) return 'archived';
  return channel.is_member === false ? 'removed' : null;
}

/** Something was heard of the channel, by an event or by a refusal: what is so is asked, and never taken from what was heard. */
export async function lookAtChannel(attempt: Attempt<'channel.look'>): Promise<Body> {
  return attempt.incident.channel ? { lost: await seeChannel(attempt) } : { channel: null };
}

/** The event that says that the channel is there again may be missed: so it is looked for from time to time. */
export async function awaitFound(attempt: Attempt<'channel.await'>): Promise<Body> {
  const { row, world } = attempt;
  const isLostStill = () => attempt.incident.channel?.since === row.effect.payload.seq;
  if (!isLostStill()) return { overtaken: true };
  const lost = await seeChannel(attempt);
  if (!isLostStill() || row.attempts >= LOOKS) return { lost };
  const ms = row.attempts < SOON_LOOKS ? SOON_MS : SELDOM_MS;
  throw new Later(new Date(world.now().getTime() + ms), 'the channel', true);
}

/** Owes anew what could not be shown: it has lower numbers than what came later, and so goes first. */
export async function payWhatWaited({ world, row }: Attempt<'channel.found'>): Promise<Body> {
  return { owed: await world.outbox.reviveLost(row) };
}
