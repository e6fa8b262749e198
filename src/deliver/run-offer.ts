import { runOfferMessage } from '#slack/blocks/run-offer.js';
import type { Attempt, Body } from './attempt.js';
import { Undeliverable } from './failure.js';
import { findTagged, needed, opened, tag } from './look.js';

/** Offers, with a button in the incident's channel, to plan the runbook that would mend what a watch has found. */
export async function offerRun(attempt: Attempt<'run.offer'>): Promise<Body> {
  const { channel } = attempt.incident;
  if (!channel) throw new Undeliverable('no_channel');
  const { id, incident, effect } = attempt.row;
  const name = `offer ${id}`;
  const found = attempt.repeated ? await findTagged(attempt, channel.id, opened(attempt), name) : null;
  if (found) return { ts: found };
  const message = runOfferMessage({ incident, ...effect.payload }, attempt.world.org.command ?? '/incident');
  const body = await attempt.write('chat.postMessage', {
    channel: channel.id,
    ...message,
    metadata: tag({ id: name, incident }),
  });
  return { ts: needed('chat.postMessage', body, 'ts') };
}
