import { type ActionItem, itemsOf } from '#domain/incident/action.js';
import { laneBeside } from '#domain/incident/effect.js';
import type { IncidentState } from '#domain/incident/state.js';
import { isInSlack } from '#domain/words.js';
import { dayIn } from '#render/clock.js';
import { type RemindedItem, remindMessage, unownedMessage } from '#slack/blocks/action.js';
import { type Attempt, type Body, isPermanent, NO_PREVIEWS, needed, object, sinceOf } from '../attempt.js';

type Remind = Attempt<'actions.remind'>;
type Unowned = Attempt<'actions.unowned'>;

/**
 * Reminds somebody of their action items in one direct message: of those that are theirs, open and due still, and of incidents
 * that they may see. Where they cannot be written to, the lead of each incident is told, or its channel.
 */
export async function remindOwner(attempt: Remind): Promise<Body> {
  const { world, row } = attempt;
  const { user, items } = row.effect.payload;
  const theirs: RemindedItem[] = [];
  const unseen: Array<[number, number]> = [];
  for (const [incident, action] of items) {
    const found = await dueItem(attempt, incident, action);
    if (found?.item.owner?.id !== user) continue;
    if (await world.owners.sees(row.team, incident, user)) theirs.push(found);
    else unseen.push([incident, action]);
  }
  await oweUnowned(attempt, unseen);
  if (theirs.length === 0) return { overtaken: true };
  const today = dayIn(world.now(), await world.owners.zone(row.team, user));
  try {
    const { channel } = await attempt.read('conversations.open', { users: user });
    const where = needed('conversations.open', object(channel), 'id');
    const message = remindMessage(theirs, today, world.org.command);
    const tagged = { id: `remind ${row.id}`, incident: row.incident };
    const say = { channel: where, ...message, ...NO_PREVIEWS };
    const { found, body } = await attempt.postOnce(tagged, sinceOf(attempt), say, { patient: false });
    return { channel: where, ts: found ?? needed('chat.postMessage', body, 'ts') };
  } catch (error) {
    if (!isPermanent(error)) throw error;
    world.log.warn({ lane: row.lane, user, error: error.message }, 'somebody cannot be reminded in Slack');
    await oweUnowned(
      attempt,
      theirs.map(({ incident, item }) => [incident.number, item.n]),
    );
    return { told: null, refused: error.message };
  }
}

/** Others are to see to these: owed once for each incident, however often this is tried. */
async function oweUnowned({ world, row }: Remind, items: ReadonlyArray<[number, number]>): Promise<void> {
  const { team } = row;
  for (const incident of new Set(items.map(([number]) => number))) {
    const its = items.flatMap(([number, action]) => (number === incident ? [action] : []));
    const lane = laneBeside(team, incident, 'actions.unowned');
    const key = `unowned:${row.id}:${incident}:${its.join(',')}`;
    await world.outbox.owe(
      { kind: 'actions.unowned', payload: { items: its } },
      { team, lane, incident, key },
    );
  }
}

/**
 * Tells the lead of an incident of action items that are due and that nobody is reminded of: nobody owns them, or whoever does
 * cannot be reached. Without a lead who can be, its channel is told.
 */
export async function tellUnowned(attempt: Unowned): Promise<Body> {
  const { world, incident, row } = attempt;
  const found: RemindedItem[] = [];
  for (const action of row.effect.payload.items) {
    const one = await dueItem(attempt, row.incident, action);
    if (one) found.push(one);
  }
  if (found.length === 0) return { overtaken: true };
  const lead = incident.roles.lead?.id ?? null;
  const today = dayIn(world.now(), await world.owners.zone(row.team, lead ?? ''));
  const message = (mention: string | null) => unownedMessage(found, today, world.org.command, mention);
  const tagged = (way: string) => ({ id: `unowned ${row.id} ${way}`, incident: row.incident });
  const say = (way: string, channel: string, mention: string | null) =>
    attempt.postOnce(
      tagged(way),
      sinceOf(attempt),
      { channel, ...message(mention), ...NO_PREVIEWS },
      { patient: false },
    );
  const owns = found.some(({ item }) => item.owner?.id === lead);
  if (lead && isInSlack(lead) && !owns && (await world.owners.sees(row.team, row.incident, lead))) {
    try {
      const { channel } = await attempt.read('conversations.open', { users: lead });
      await say('lead', needed('conversations.open', object(channel), 'id'), null);
      return { told: 'lead' };
    } catch (error) {
      if (!isPermanent(error)) throw error;
    }
  }
  await say('channel', attempt.channel.id, lead && isInSlack(lead) && !owns ? lead : null);
  return { told: 'channel' };
}

/** null: it is done, struck or due on no day by now. */
async function dueItem(
  { world, row }: Remind | Unowned,
  incident: number,
  action: number,
): Promise<{ incident: IncidentState; item: ActionItem & { due: string } } | null> {
  const [loaded, entries] = await Promise.all([
    world.incidents.load(row.team, incident),
    world.incidents.entriesOfAction(row.team, incident, action),
  ]);
  const item = itemsOf(entries)[0];
  if (!loaded || !item || item.done || item.due === null) return null;
  return { incident: loaded.state, item: { ...item, due: item.due } };
}
