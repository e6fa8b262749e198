import type { BlockButtonAction, Middleware, SlackActionMiddlewareArgs } from '@slack/bolt';
import { isRefusal } from '#domain/refusal.js';
import { answered, carriedLine, carriedPost } from '../command.js';
import {
  type Context,
  ephemeral,
  inTime,
  type Reply,
  recorded,
  refused,
  respondTo,
  type Spoken,
  said,
  spokenBy,
  standsIn,
  triggerKey,
} from '../context.js';

type ButtonArgs = SlackActionMiddlewareArgs<BlockButtonAction>;
type Work = (context: Context, body: BlockButtonAction, value: string | undefined) => Promise<Reply>;

const TOO_OLD = said('That button is too old to be understood. Type the command again.');

/** *Record it* under the preview of a status post. */
export const onPublish = (context: Context) => clicked(context, publish);
/** One of the open incidents, for a line that did not say which. */
export const onChoose = (context: Context) => clicked(context, choose);

/** The person thought better of it. */
export function onCancel(context: Context): Middleware<ButtonArgs> {
  return async ({ body, ack }) => {
    await ack();
    await replace(context, body.response_url, said('Nothing was kept.'));
  };
}

function clicked(context: Context, work: Work): Middleware<ButtonArgs> {
  return ({ body, action, ack }) =>
    inTime<Reply>({
      work: work(context, body, action.value),
      failed: (reply) => reply,
      async answer(reply) {
        await ack();
        if (reply) await replace(context, body.response_url, reply);
      },
      later: (reply) => replace(context, body.response_url, reply),
      request: triggerKey(body.trigger_id),
      log: context.log,
    });
}

async function publish(context: Context, body: BlockButtonAction, value: string | undefined): Promise<Reply> {
  const carried = carriedPost(value);
  if (!carried) return TOO_OLD;
  const { intent, incident, key } = carried;
  const { asking } = await speaking(context, body, key);
  const seesPrivate = await standsIn(context, asking, body.channel?.id, incident);
  const outcome = await context.handle(intent, incident, { ...asking, seesPrivate });
  return isRefusal(outcome) ? refused(outcome) : recorded(context, asking.team, outcome);
}

async function choose(context: Context, body: BlockButtonAction, value: string | undefined): Promise<Reply> {
  const carried = carriedLine(value);
  if (!carried) return TOO_OLD;
  const { line, incident, key } = carried;
  const spoken = await speaking(context, body, key && `${key}:${incident}`);
  // What was typed means that incident now. That it was offered once says nothing of what they may do or see there today.
  const here = await standsIn(context, spoken.asking, body.channel?.id, incident);
  const typed = { ...spoken, implied: incident, chosen: !here, entered: line };
  const spot = {
    channel: body.channel?.id ?? '',
    trigger: body.trigger_id,
    reply: body.response_url || null,
  };
  const reply = await answered(context, await context.answer(typed), typed, spot);
  return reply ?? said('The form is open.');
}

/** @param key of what was typed, so that a double click, which has two triggers, is one fact */
function speaking(context: Context, body: BlockButtonAction, key: string | null): Promise<Spoken> {
  const { user } = body;
  const speaker = { payload: body, user: user.id, handle: user.username ?? user.name };
  return spokenBy(context, speaker, key ?? triggerKey(body.trigger_id));
}

/** The question gives way to what came of it. */
function replace(context: Context, url: string | undefined, reply: Reply): Promise<boolean> {
  return respondTo(url, { replace_original: true, ...ephemeral(reply) }, context.log);
}
