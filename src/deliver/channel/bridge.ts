import { bridgeOf, hostOf } from '#domain/incident/bridge.js';
import { codeOf } from '#domain/slack-code.js';
import { isInSlack, refOf } from '#domain/words.js';
import { bridgeMessage, bridgeOverMessage } from '#slack/blocks/headline.js';
import {
  type Attempt,
  type Body,
  botUser,
  isAboutTheMessage,
  isPermanent,
  NO_PREVIEWS,
  needed,
  object,
  Refused,
  seenSince,
  tag,
} from '../attempt.js';

type Open = NonNullable<ReturnType<typeof bridgeOf>>;

/** Begins the call with the incident, where tocsin.yml says so and nobody was quicker. */
export async function beginBridge(attempt: Attempt<'channel.open'>): Promise<void> {
  const { incident, world } = attempt;
  const wanted = world.bridge?.atOpen === true && incident.status !== 'resolved';
  if (!wanted || incident.bridge) return;
  await attempt.record({ type: 'OpenBridge', url: world.bridge?.address(incident.number) ?? null }, 'bridge');
}

/**
 * Shows the call in the incident's channel: as Slack's card, and as a link where Slack makes none for us, which is no reason for
 * people not to meet. A card that was made before a crash and stands in no message is seen by nobody; a message is not said twice.
 */
export async function showBridge(attempt: Attempt<'bridge.show'>): Promise<Body> {
  const { channel, incident, row, world } = attempt;
  const { n } = row.effect.payload;
  const bridge = bridgeOf(incident);
  if (bridge?.n !== n) return { overtaken: true };
  if (bridge.shown) return { ...bridge.shown };
  const said = await saidAlready(attempt, channel.id, bridge);
  const { call, refused } = said ?? (await makeCard(attempt, bridge));
  const posted = said ?? (await post(attempt, channel.id, bridge, call));
  const shown = { channel: channel.id, ts: posted.ts, call: posted.call };
  await attempt.record({ type: 'NoteBridgeShown', bridge: n, shown }, 'bridge');
  if (refused) world.log.warn({ lane: row.lane, error: refused }, 'a call is shown as a plain link');
  return { ...shown, ...(refused && { refused }) };
}

/** Metadata can be read by everybody in the channel: ids, no address. */
const idOf = (n: number) => `bridge ${n}`;

async function saidAlready(
  attempt: Attempt<'bridge.show'>,
  channel: string,
  { n, at }: Open,
): Promise<{ ts: string; call: string | null; refused: null } | null> {
  if (!attempt.repeated) return null;
  for await (const { ts, tag: seen } of seenSince(attempt, channel, new Date(at)))
    if (seen?.id === idOf(n))
      return { ts, call: typeof seen.call === 'string' ? seen.call : null, refused: null };
  return null;
}

/** @returns Slack's id of the card; or none, and why */
async function makeCard(
  attempt: Attempt<'bridge.show'>,
  { n, url, at, by }: Open,
): Promise<{ call: string | null; refused: string | null }> {
  const { incident, row } = attempt;
  const people = [by, incident.roles.lead?.id ?? '', incident.opener.id];
  const createdBy = people.find(isInSlack) ?? (await botUser(attempt));
  const ref = refOf(row.incident);
  try {
    const body = await attempt.write('calls.add', {
      external_unique_id: `tocsin-${row.team}-${ref}-${n}`,
      external_display_id: ref,
      join_url: url,
      title: `${ref} at ${hostOf(url)}`,
      date_start: Math.floor(Date.parse(at) / 1000),
      ...(createdBy !== null && { created_by: createdBy }),
    });
    return { call: needed('calls.add', object(body.call), 'id'), refused: null };
  } catch (error) {
    if (!isPermanent(error)) throw error;
    return { call: null, refused: error.message };
  }
}

async function post(
  attempt: Attempt<'bridge.show'>,
  channel: string,
  bridge: Open,
  call: string | null,
): Promise<{ ts: string; call: string | null }> {
  const { row, world } = attempt;
  const about = { ref: refOf(row.incident), command: world.org.command };
  const say = async (card: string | null) => {
    const metadata = tag({
      id: idOf(bridge.n),
      incident: row.incident,
      ...(card !== null && { call: card }),
    });
    const message = { channel, ...bridgeMessage(bridge, card, about), metadata, ...NO_PREVIEWS };
    const body = await attempt.write('chat.postMessage', message, { patient: true });
    return { ts: needed('chat.postMessage', body, 'ts'), call: card };
  };
  try {
    return await say(call);
  } catch (error) {
    if (call === null || !isPermanent(error) || !isAboutTheMessage(error.message)) throw error;
    return say(null);
  }
}

/** Says that the call is over, where it was shown; of one that was never shown there is nothing to say. */
export async function endBridge(attempt: Attempt<'bridge.end'>): Promise<Body> {
  const { incident, row } = attempt;
  const { n, shown: known } = row.effect.payload;
  const shown = (incident.bridge?.n === n ? incident.bridge.shown : null) ?? known;
  if (!shown) return { shown: null };
  const { channel, ts, call } = shown;
  if (call !== null)
    await attempt.write('calls.end', { id: call }).catch((error: unknown) => {
      // Over already, or forgotten by Slack: what the message says is enough.
      if (!isPermanent(error)) throw error;
    });
  try {
    await attempt.write('chat.update', { channel, ts, ...bridgeOverMessage(refOf(row.incident), n, call) });
  } catch (error) {
    if (!(error instanceof Refused) || codeOf(error.message) !== 'message_not_found') throw error;
  }
  return { ...shown };
}
