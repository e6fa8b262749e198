import { refuse } from '../refuse.js';
import type { Call, Methods } from '../web-api/context.js';
import { page, visible } from '../web-api/conversation.js';
import type { Draft } from '../workspace/objects/message.js';
import { renderMessage } from '../workspace/objects/message.js';
import { renderScheduled } from '../workspace/objects/scheduled.js';
import { schedule } from '../workspace/scheduling.js';
import { CONTENT_ERRORS, draftOf, PLACE_ERRORS, target, unfurls } from './content.js';

const FARTHEST_SECONDS = 120 * 24 * 3600;
const WINDOW_SECONDS = 300;
const MOST_IN_WINDOW = 30;
// What goes out within a minute cannot be held back any more.
const TOO_LATE_SECONDS = 60;

/** Messages for later. */
export const scheduled: Methods = {
  'chat.scheduleMessage': {
    tier: 3,
    scopes: ['chat:write'],
    errors: [
      ...PLACE_ERRORS,
      ...CONTENT_ERRORS,
      ...['invalid_time', 'time_in_past', 'time_too_far', 'restricted_too_many'],
    ],
    run: (call) => {
      const postAt = timeOf(call);
      const channel = target(call);
      const draft = draftOf(call, channel);
      const window = Math.floor(postAt / WINDOW_SECONDS);
      const near = [...call.world.scheduled.values()].filter(
        (it) => it.channel === channel.id && Math.floor(it.postAt / WINDOW_SECONDS) === window,
      );
      if (near.length >= MOST_IN_WINDOW) refuse('restricted_too_many');
      const waiting = schedule(call.world, { channel, postAt, draft, ...unfurls(call) });
      return {
        channel: channel.id,
        scheduled_message_id: waiting.id,
        post_at: postAt,
        message: preview(call, channel.id, draft),
      };
    },
  },
  'chat.deleteScheduledMessage': {
    tier: 3,
    scopes: ['chat:write'],
    errors: ['channel_not_found', 'invalid_scheduled_message_id'],
    run: (call) => {
      const channel = visible(call, call.args.need('channel'));
      const waiting = call.world.scheduled.get(call.args.need('scheduled_message_id'));
      const late = waiting && waiting.postAt - call.world.clock.seconds() < TOO_LATE_SECONDS;
      if (!waiting || late || waiting.channel !== channel.id || waiting.draft.user !== call.me)
        refuse('invalid_scheduled_message_id');
      call.world.scheduled.delete(waiting.id);
      return {};
    },
  },
  'chat.scheduledMessages.list': {
    tier: 3,
    errors: ['invalid_channel', 'invalid_cursor', 'invalid_limit'],
    run: (call) => {
      const channel = call.args.text('channel');
      if (channel && !call.world.channels.has(channel)) refuse('invalid_channel');
      const oldest = Number(call.args.text('oldest') || 0);
      const latest = Number(call.args.text('latest') || Number.POSITIVE_INFINITY);
      const own = [...call.world.scheduled.values()]
        .filter((it) => it.draft.user === call.me && (!channel || it.channel === channel))
        .filter((it) => it.postAt >= oldest && it.postAt <= latest)
        .sort((one, other) => one.postAt - other.postAt);
      const { items, next } = page(own, call.args.limit(100, 1000), call.args.text('cursor'));
      return { scheduled_messages: items.map(renderScheduled), response_metadata: { next_cursor: next } };
    },
  },
};

/** @throws SlackError `invalid_time`, `time_in_past`, `time_too_far` */
function timeOf(call: Call): number {
  const postAt = Number(call.args.need('post_at'));
  if (!Number.isInteger(postAt) || postAt < 0) refuse('invalid_time');
  const ahead = postAt - call.world.clock.seconds();
  if (ahead <= 0) refuse('time_in_past');
  if (ahead > FARTHEST_SECONDS) refuse('time_too_far');
  return postAt;
}

/** The message as it will be, without a time. */
function preview(call: Call, channelId: string, draft: Draft) {
  const { ts: _ts, ...shown } = renderMessage(
    { ...draft, ts: '', reactions: [] },
    {
      profile: call.world.identity,
      channelId,
      viewer: call.me,
      replies: [],
      parent: undefined,
      root: undefined,
      files: () => undefined,
      block: (block) => block,
    },
  );
  return { ...shown, type: 'delayed_message' };
}
