import { entryOf, toldText } from '#domain/incident/entry.js';
import type { About } from '#domain/incident/reminder.js';
import type { IncidentState } from '#domain/incident/state.js';
import { isInSlack } from '#domain/words.js';
import { reminderMessage } from '#slack/blocks/reminder.js';
import { watchMessage } from '#slack/blocks/watch.js';
import { type Attempt, type Body, NO_PREVIEWS, needed, Undeliverable } from './attempt.js';

/**
 * Tells the incident's channel what a watch saw, or why it cannot go on, and names who is to know it: the lead, and of the
 * latter who asked for it. While the incident is resolved, a button reopens it.
 */
export async function tellWatch(attempt: Attempt<'watch.tell'>): Promise<Body> {
  const { world, incident, row, channel } = attempt;
  const { seq, n, asked } = row.effect.payload;
  const fact = await world.incidents.fact(row.team, row.incident, seq);
  const entry = fact && entryOf(fact);
  if (!fact || !entry || (fact.type !== 'WatchFailed' && fact.type !== 'WatchEnded'))
    throw new Undeliverable('no_such_fact');
  const ended = fact.type === 'WatchEnded';
  const lead = incident.roles.lead?.id;
  const people = [lead ?? asked, ...(ended ? [asked] : [])].filter(isInSlack);
  const message = watchMessage({
    incident: row.incident,
    watch: fact.data.watch,
    entry,
    words: toldText(entry),
    people: [...new Set(people)],
    reopens: !ended && incident.status === 'resolved',
  });
  const { found, body } = await attempt.postOnce(
    { id: `watch ${row.id}`, incident: row.incident, entry: n },
    new Date(fact.recordedAt),
    { channel: channel.id, ...message, ...NO_PREVIEWS },
    { patient: false },
  );
  return { channel: channel.id, ts: found ?? needed('chat.postMessage', body, 'ts') };
}

/** Reminds the incident's channel; nothing where somebody has done something about it since, or it was reminded anew. */
export async function remindChannel(attempt: Attempt<'reminder.post'>): Promise<Body> {
  const { incident, row, channel, world } = attempt;
  const { about, seq } = row.effect.payload;
  const told = incident.rhythm?.told?.[about];
  if (told?.seq !== seq || isOver(incident, about)) return { overtaken: true };
  // Who leads it was told that; a reminder is worth nothing later.
  if (channel.lost) return { lost: channel.lost };
  const message = reminderMessage(incident, about, told, { command: world.org.command, now: world.now() });
  const { found, body } = await attempt.postOnce(
    {
      ...{ id: `reminded ${seq}`, incident: row.incident },
      ...(told.promise !== undefined && { entry: told.promise }),
    },
    new Date(told.at),
    { channel: channel.id, ...message, ...NO_PREVIEWS },
    { patient: false },
  );
  return { channel: channel.id, ts: found ?? needed('chat.postMessage', body, 'ts') };
}

/** A promise to the public that has been kept, or taken back; and all else of what is resolved. */
function isOver({ status, promised, rhythm }: IncidentState, about: About): boolean {
  if (about === 'public') return promised?.n !== rhythm?.told?.public?.promise;
  return status === 'resolved';
}
