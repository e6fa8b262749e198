import { reminderMessage } from '#slack/blocks/reminder.js';
import { type Attempt, type Body, NO_PREVIEWS, needed } from './attempt.js';

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
