import { personLabel, refOf, runRef } from '#domain/words.js';
import { cut, escaped } from '#slack/blocks/text.js';
import { awaitChannel } from '../announcement.js';
import { type Attempt, type Body, findTagged, isPermanent, tag, Undeliverable } from '../attempt.js';

/**
 * Somebody went on without the agreement that a run needs. Everybody who is in the incident's channel hears of it at
 * once, and the announcement channel too, unless the incident is private. In a lane of its own: it does not wait for a
 * channel that cannot be made.
 */
export async function soundAlarm(attempt: Attempt<'run.alarm'>): Promise<Body> {
  const { world, incident, row } = attempt;
  const { run, seq } = row.effect.payload;
  await awaitChannel(attempt);
  const fact = await world.incidents.fact(row.team, row.incident, seq);
  if (!fact) throw new Undeliverable('no_such_fact');
  const who = escaped(cut(personLabel(fact.by), 80));
  const why = fact.texts.reason ? `: ${escaped(cut(fact.texts.reason, 500))}` : '';
  const what = `*Glass broken*: ${who} goes on with ${runRef(run)} of ${refOf(incident.number)} without the agreement that it needs${why}`;
  const since = new Date(fact.recordedAt);
  // Refused for good in the channel, it is heard elsewhere all the same; then the row is dead, and `deliveries` says so.
  const deaf = await here(attempt, `<!here> ${what}`, since).catch((error: unknown) => {
    if (!isPermanent(error) && !(error instanceof Undeliverable)) throw error;
    return error;
  });
  if (world.org.announce && !incident.private) {
    try {
      await say(attempt, world.org.announce, what, since);
    } catch (error) {
      // No such channel, or not ours to post in: those who are there have been told.
      if (!isPermanent(error)) throw error;
    }
  }
  if (deaf) throw deaf;
  return { told: true };
}

async function here(attempt: Attempt<'run.alarm'>, text: string, since: Date): Promise<void> {
  const { channel } = attempt.incident;
  if (!channel) throw new Undeliverable('no_channel');
  await say(attempt, channel.id, text, since);
}

async function say(attempt: Attempt<'run.alarm'>, channel: string, text: string, since: Date): Promise<void> {
  const id = `alarm ${attempt.row.id} ${channel}`;
  if (attempt.repeated && (await findTagged(attempt, channel, since, id))) return;
  const message = { channel, text, metadata: tag({ id, incident: attempt.row.incident }) };
  await attempt.write('chat.postMessage', message, { patient: true });
}
