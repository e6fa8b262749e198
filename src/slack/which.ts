import type { Middleware, SlackViewMiddlewareArgs, ViewSubmitAction } from '@slack/bolt';
import { refOf } from '#domain/state.js';
import { capture } from './capture.js';
import { type Context, spokenBy, triggerKey } from './context.js';
import { inTime } from './in-time.js';
import { valuesOf } from './modal/frame.js';
import { ephemeral, type Reply, said } from './reply.js';
import { respondTo } from './response-url.js';
import { outcome } from './shortcut.js';
import type { Waiting } from './waiting.js';

/** The incident has been chosen for a message that was to be added to a timeline. */
export function onWhich(
  context: Context,
  waiting: Waiting,
): Middleware<SlackViewMiddlewareArgs<ViewSubmitAction>> {
  return ({ body, view, ack }) => {
    const found = waiting.find(view.private_metadata);
    const tell = async (reply: Reply) => respondTo(found?.reply, ephemeral(reply), context.log);
    return inTime<Reply>({
      work: record(context, body, Number(valuesOf(view).chosen('incident')[0]), found),
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

async function record(
  context: Context,
  body: ViewSubmitAction,
  incident: number,
  found: ReturnType<Waiting['find']>,
): Promise<Reply> {
  if (!found || !Number.isInteger(incident)) return said('That form is too old. Add the message again.');
  const speaker = {
    payload: body,
    user: body.user.id,
    handle: body.user.name,
  };
  const { asking } = await spokenBy(context, speaker, null);
  if ('message' in found) return outcome(await capture(context, found, incident, asking));
  const { channel, ts } = found;
  const owed = { team: asking.team, incident, key: `message:${channel}:${ts}:${asking.by.id}` };
  await context.owe({ kind: 'message.capture', payload: { channel, ts, by: asking.by.id } }, owed);
  return said(
    `The message will be fetched and added to ${refOf(incident)}; look at the timeline in a moment.`,
  );
}
