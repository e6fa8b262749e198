import type { BlockButtonAction, Middleware, SlackActionMiddlewareArgs } from '@slack/bolt';
import { z } from 'zod';
import { plain } from '#domain/command/entered.js';
import { answered } from '../command.js';
import {
  type Context,
  ephemeral,
  inTime,
  type Reply,
  respondTo,
  said,
  spokenBy,
  standsIn,
  triggerKey,
} from '../context.js';
import { packed, unpacked } from '../packed.js';

const TOO_OLD = said('That button is too old to be understood. Type the command that stands beside it.');

/** A click on an offered runbook: the same as typing the command that stands beside the button, in that incident. */
export function onRunOffer(context: Context): Middleware<SlackActionMiddlewareArgs<BlockButtonAction>> {
  return ({ body, action, ack }) => {
    const tell = (reply: Reply) =>
      respondTo(body.response_url, { replace_original: false, ...ephemeral(reply) }, context.log);
    return inTime<Reply>({
      work: ask(context, body, carriedOffer(action.value)),
      failed: (reply) => reply,
      async answer(reply) {
        await ack();
        if (reply) await tell(reply);
      },
      later: tell,
      request: triggerKey(body.trigger_id),
      log: context.log,
    });
  };
}

async function ask(context: Context, body: BlockButtonAction, offer: CarriedOffer | null): Promise<Reply> {
  if (!offer) return TOO_OLD;
  const { user } = body;
  const speaker = { payload: body, user: user.id, handle: user.username ?? user.name };
  const spoken = await spokenBy(context, speaker, triggerKey(body.trigger_id));
  const inputs = Object.entries(offer.inputs).map(([name, value]) => `${name}="${value}"`);
  const line = plain(['run', offer.runbook, ...inputs].join(' '));
  // As if it had been typed in that incident's channel, where the button stands.
  const here = await standsIn(context, spoken.asking, body.channel?.id, offer.incident);
  const typed = { ...spoken, implied: offer.incident, chosen: !here, entered: line };
  const spot = {
    channel: body.channel?.id ?? '',
    trigger: body.trigger_id,
    reply: body.response_url || null,
  };
  return (await answered(context, await context.answer(typed), typed, spot)) ?? TOO_OLD;
}

/** What a button that offers a runbook brings back. Inputs are names of stores: no secrets. */
export interface CarriedOffer {
  incident: number;
  runbook: string;
  inputs: Record<string, string>;
}

const OFFER = z.object({
  incident: z.number().int().positive(),
  runbook: z.string(),
  inputs: z.record(z.string(), z.string()),
});

/** @returns null when it does not fit */
export function packOffer(offer: CarriedOffer): string | null {
  return packed(offer);
}

/** @returns null for a button that this version did not make */
function carriedOffer(value: string | undefined): CarriedOffer | null {
  return OFFER.safeParse(unpacked(value)).data ?? null;
}
