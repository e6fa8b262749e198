import type { BlockButtonAction, Middleware, SlackActionMiddlewareArgs } from '@slack/bolt';
import type { Entered } from '#domain/command/entered.js';
import type { CarriedNext } from '../blocks/buttons.js';
import {
  type Asker,
  askAndReply,
  askerOf,
  type Context,
  ephemeral,
  interaction,
  isInChannelOf,
  type Origin,
  type Reply,
  respondTo,
  said,
  tellAlone,
  triggerKey,
} from '../listener.js';

export type ButtonArgs = SlackActionMiddlewareArgs<BlockButtonAction>;
export type Click = { body: BlockButtonAction; action: BlockButtonAction['actions'][number] };

/** @param replaces the question gives way to what came of it; else the message stays, and only who clicked reads the answer */
export function clicked(
  context: Context,
  work: (context: Context, click: Click) => Promise<Reply | null>,
  replaces: boolean,
): Middleware<ButtonArgs> {
  return ({ body, action, ack }) =>
    interaction(context, {
      request: triggerKey(body.trigger_id),
      work: work(context, { body, action }),
      // Its key makes another click the same decision, whatever came of this one.
      failed: (reply) => ({ ...reply, keeps: true }),
      ack,
      tell: (reply) => tell(context, body, reply, replaces && !reply.keeps),
    });
}

export async function tell(
  context: Context,
  body: BlockButtonAction,
  reply: Reply,
  replaces: boolean,
): Promise<unknown> {
  // In the Home tab there is no channel to be told in.
  if (body.view?.type === 'home') return tellAlone(context, body.user.id, reply, body.trigger_id);
  return respondTo(body.response_url, { replace_original: replaces, ...ephemeral(reply) }, context.log);
}

/** What a button says that this version did not make. */
export const tooOld = (next: string) => said(`That button is too old to be understood. ${next}`);
export const TYPE_AGAIN = 'Type the command again.';
export const TYPE_BESIDE = 'Type the command that stands beside it.';

/**
 * Who clicked, and whether they are in that incident's channel now.
 * @param key of what was typed or decided, so that a double click, which has two triggers, is one fact; null: the trigger
 */
export async function clickedBy(
  context: Context,
  body: BlockButtonAction,
  incident: number | null,
  key: string | null,
): Promise<Asker & { here: boolean }> {
  const { user } = body;
  const actor = { payload: body, user: user.id, handle: user.username ?? user.name };
  const asker = await askerOf(context, actor, key ?? triggerKey(body.trigger_id));
  return { ...asker, here: await isInChannelOf(context, asker.asking, body.channel?.id, incident) };
}

export const originOf = (body: BlockButtonAction): Origin => ({
  channel: body.channel?.id ?? '',
  trigger: body.trigger_id,
  reply: body.response_url || null,
});
/**
 * As if the line had been typed in that incident's channel. That it was offered there once says nothing of what whoever
 * clicks may do or see there today.
 */
export async function asTyped(
  context: Context,
  body: BlockButtonAction,
  incident: number | null,
  entered: Entered,
  key: string | null,
  seen?: CarriedNext['seen'],
): Promise<Reply | null> {
  const { here, ...asker } = await clickedBy(context, body, incident, key);
  const asked = { ...asker, implied: incident, chosen: !here, entered, ...(seen && { seen }) };
  return askAndReply(context, asked, originOf(body));
}
