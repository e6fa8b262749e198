import { firingIn } from '#domain/alert/state.js';
import { type Entry, ERASED } from '#domain/incident/entry.js';
import { alertsMessage, LISTED, type ListedAlert } from '#slack/blocks/alert.js';
import type { Message } from '#slack/blocks/text.js';
import { type Attempt, type Body, NO_PREVIEWS, needed, opened, Refused, Undeliverable } from './attempt.js';

type Show = Attempt<'alerts.show'>;

/** A message that somebody deletes is posted once more; deleted again, it stays away. */
const POSTS = 2;

/**
 * Brings the one message of a group of alerts in the incident's channel up to date with the group as it is now, for however
 * many rows ask; posts it the first time. An attempt whose answer was lost is found again by its tag.
 */
export async function showAlerts(attempt: Show): Promise<Body> {
  const { channel, incident } = attempt;
  const shown = groupOf(attempt).message;
  if (!shown) {
    // Taken out before it was ever shown: there is nothing to say of it here.
    if (groupOf(attempt).moved) return { silent: true };
    return post(attempt, channel.id, 1);
  }
  const at = { channel: shown.channel, ts: shown.ts };
  // One a second for all groups together: in a storm Slack takes some fifty updates a minute, whatever their channels are.
  attempt.pace('alerts.show', 'anywhere');
  const message = await wording(attempt);
  try {
    await attempt.write('chat.update', { ...at, ...message });
    return { ...at, alerts: incident.alerts?.[groupIdOf(attempt)]?.alerts };
  } catch (error) {
    if (!(error instanceof Refused) || error.code !== 'message_not_found') throw error;
    if (shown.times >= POSTS) return { ...at, deleted: true };
    return post(attempt, channel.id, shown.times + 1);
  }
}

async function post(attempt: Show, channel: string, time: number): Promise<Body> {
  const group = groupIdOf(attempt);
  const message = await wording(attempt);
  const { found, body } = await attempt.postOnce(
    { id: `alerts ${group} ${time}`, incident: attempt.row.incident },
    opened(attempt),
    { channel, ...message, ...NO_PREVIEWS },
    { patient: false },
  );
  const ts = found ?? needed('chat.postMessage', body, 'ts');
  await attempt.record({ type: 'NoteAlertsShown', group, channel, ts }, `shown:${time}`);
  // It shows the group as it was when that attempt was made.
  if (found) await attempt.write('chat.update', { channel, ts, ...message });
  return { channel, ts };
}

function groupIdOf({ row }: Show): string {
  return row.effect.payload.group;
}

function groupOf(attempt: Show) {
  const group = attempt.incident.alerts?.[groupIdOf(attempt)];
  if (!group) throw new Undeliverable('no_such_alerts');
  return group;
}

/** As the record has it, so that the message says what the timeline says. */
function listed({ text, at, detail, link }: Entry): ListedAlert {
  const { about = null, since = at, labels = {}, values = {} } = detail;
  // One that was recorded when there was one link only.
  const links = detail.links ?? (link === null ? {} : { details: link });
  return { title: text ?? ERASED, text: about, since, labels, values, links };
}

async function wording(attempt: Show): Promise<Message> {
  const { world, incident } = attempt;
  const { team } = attempt.row;
  const id = groupIdOf(attempt);
  const group = groupOf(attempt);
  const [alerts, mutedUntil] = group.moved
    ? [[], null]
    : await Promise.all([
        group.firing > 0
          ? world.incidents.firingAlerts(team, incident.number, id, LISTED)
          : group.alerts > 0
            ? world.incidents
                .entriesNumbered(team, incident.number, [group.n])
                .then((found) => [...found.values()])
            : [],
        world.alerts.mutedUntil(team, group.key),
      ]);
  return alertsMessage({
    ...{
      incident: incident.number,
      open: incident.status !== 'resolved',
      id,
      group,
      alerts: alerts.map(listed),
    },
    firing: firingIn(incident.alerts),
    mutedUntil: mutedUntil && mutedUntil > world.now() ? mutedUntil : null,
    offer: group.rule === null ? null : world.alerts.offer(group.rule),
    mark: String(incident.entries),
  });
}
