import { entryOf, toldText } from '#domain/incident/entry.js';
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

/** Says in the incident's channel that the public was promised another post by now; nothing where there has been one since. */
export async function remindOfPost(attempt: Attempt<'status.remind'>): Promise<Body> {
  const { incident, row, channel, world } = attempt;
  const { n } = row.effect.payload;
  const { promised } = incident;
  if (promised?.n !== n) return { overtaken: true };
  const { found, body } = await attempt.postOnce(
    { id: `reminder ${n}`, incident: row.incident, entry: n },
    new Date(promised.by),
    {
      channel: channel.id,
      ...reminderMessage(promised.by, incident.roles.lead?.id ?? null, world.org.command, {
        incident: row.incident,
        n,
      }),
      ...NO_PREVIEWS,
    },
    { patient: false },
  );
  return { channel: channel.id, ts: found ?? needed('chat.postMessage', body, 'ts') };
}
