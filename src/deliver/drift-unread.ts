import { homeOf, note, opened, type Watching } from './drift-incident.js';

// A restart of a store, or a network that was away for a moment, is nobody's affair.
const MISSES = 3;
const FOR_MS = 5 * 60_000;

/** How long a watch has been blind, kept with the schedule: a restart of the bot does not begin anew. */
export interface Unread {
  /** Of the first look that failed. ISO 8601, UTC. */
  since: string;
  misses: number;
  /** Where that was told; null: nowhere yet. */
  incident: number | null;
}

/**
 * Counts a look that failed. A watch that stays blind says so once: silence would pass for stores that are in step.
 * @param drift where a drift was told, and this belongs too
 */
export async function stillUnread(
  before: Unread | null,
  why: string,
  drift: number | null,
  watching: Watching,
): Promise<Unread> {
  const { world, from, to } = watching;
  const now = world.now();
  const { misses, incident } = before ?? { misses: 0, incident: null };
  // One that lies ahead was written by a clock that was: it begins now.
  const since = before && Date.parse(before.since) <= now.getTime() ? before.since : now.toISOString();
  const unread: Unread = { since, misses: misses + 1, incident };
  if (unread.misses < MISSES || now.getTime() - Date.parse(since) < FOR_MS) return unread;
  const home = await homeOf(incident ?? drift, watching);
  if (home !== null && home === incident) return unread;
  const there =
    home ?? (await opened(`Drift between ${from} and ${to} is not being looked for`, 'unread', watching));
  if (there === null) return unread;
  const minute = `${since.slice(0, 16).replace('T', ' ')} UTC`;
  const text = `Drift between ${from} and ${to} has not been looked for since ${minute}: ${why}.`;
  return (await note(there, text, 'unread', watching)) ? { ...unread, incident: there } : unread;
}

/** Tells it where it was told that they could not be read, as long as that is open. */
export async function readAgain(before: Unread | null, watching: Watching): Promise<void> {
  const told = before?.incident ?? null;
  if (told === null || (await homeOf(told, watching)) !== told) return;
  const { from, to } = watching;
  await note(told, `Drift between ${from} and ${to} is looked for again.`, 'read', watching);
}
