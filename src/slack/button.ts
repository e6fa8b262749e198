import type { BlockButtonAction, Middleware, SlackActionMiddlewareArgs } from '@slack/bolt';
import { z } from 'zod';
import type { TypedIntent } from '#domain/intent.js';
import { isRefusal } from '#domain/refusal.js';
import { type Context, spokenBy } from './context.js';
import { inTime } from './in-time.js';
import { unpacked } from './packed.js';
import { ephemeral, type Reply, refused, said } from './reply.js';
import { respondTo } from './response-url.js';

type ButtonArgs = SlackActionMiddlewareArgs<BlockButtonAction>;

/** We packed it and Slack signed the way back; only a button from an older version of ours could hold something else. */
const CARRIED = z.object({
  intent: z.custom<TypedIntent>((value) => z.object({ type: z.string() }).safeParse(value).success),
  incident: z.number().int().positive(),
  key: z.string().nullable(),
});

/** A button that carries an intent: publish what was previewed, or record it in the incident that was chosen. */
export function onCarried(context: Context): Middleware<ButtonArgs> {
  return ({ body, action, ack }) =>
    inTime<Reply>({
      work: carryOut(context, body, action.value),
      failed: (reply) => reply,
      answer: async (reply) => {
        await ack();
        if (reply) await replace(context, body.response_url, reply);
      },
      later: (reply) => replace(context, body.response_url, reply),
      log: context.log,
    });
}

/** The person thought better of it. */
export function onCancel(context: Context): Middleware<ButtonArgs> {
  return async ({ body, ack }) => {
    await ack();
    await replace(context, body.response_url, said('Not published. Nothing was recorded.'));
  };
}

async function carryOut(
  context: Context,
  body: BlockButtonAction,
  value: string | undefined,
): Promise<Reply> {
  const carried = CARRIED.safeParse(unpacked(value));
  if (!carried.success) return said('That button is too old to be understood. Type the command again.');
  const { intent, incident, key } = carried.data;
  const speaker = {
    team: body.team?.id ?? body.user.team_id ?? '',
    user: body.user.id,
    handle: body.user.username ?? body.user.name,
  };
  // Not this click's key but the command's: clicking twice publishes once.
  const { asking } = await spokenBy(context, speaker, key === null ? null : `${key}:${incident}`);
  const outcome = await context.handle(intent, incident, asking);
  return isRefusal(outcome) ? refused(outcome) : said(outcome.receipt);
}

/** The question gives way to what came of it. */
function replace(context: Context, url: string | undefined, reply: Reply): Promise<boolean> {
  return respondTo(url, { replace_original: true, ...ephemeral(reply) }, context.log);
}
