import { isFields, listOf, textOf } from '../fields.js';
import { refuse } from '../refuse.js';
import type { Call, Methods } from '../web-api/context.js';
import { visible } from '../web-api/conversation.js';
import type { AssistantThread } from '../workspace/world.js';

const MAX_PROMPTS = 4;

/** What an app that answers as an assistant shows in a thread. */
export const assistant: Methods = {
  'assistant.threads.setStatus': {
    tier: 'special',
    tokens: ['bot'],
    scopes: ['chat:write', 'assistant:write'],
    errors: ['channel_not_found', 'invalid_thread_ts'],
    run: (call) => {
      const thread = threadOf(call);
      const status = call.args.text('status') ?? '';
      // An empty status takes it away.
      if (status === '') delete thread.status;
      else thread.status = status;
      call.world.changed();
      return {};
    },
  },
  'assistant.threads.setTitle': {
    tier: 4,
    tokens: ['bot'],
    scopes: ['assistant:write'],
    errors: ['channel_not_found', 'invalid_thread_ts'],
    run: (call) => {
      threadOf(call).title = call.args.need('title');
      call.world.changed();
      return {};
    },
  },
  'assistant.threads.setSuggestedPrompts': {
    tier: 4,
    tokens: ['bot'],
    scopes: ['assistant:write'],
    errors: ['channel_not_found', 'invalid_thread_ts'],
    run: (call) => {
      const thread = threadOf(call);
      const given = call.args.json('prompts', 'invalid_arguments');
      const prompts = listOf(given);
      const whole = Array.isArray(given) && prompts.length === given.length && prompts.length > 0;
      if (!whole || prompts.length > MAX_PROMPTS || !prompts.every(isPrompt)) refuse('invalid_arguments');
      thread.prompts = prompts;
      call.world.changed();
      return {};
    },
  },
};

function isPrompt(prompt: unknown): boolean {
  return isFields(prompt) && Boolean(textOf(prompt.title)) && Boolean(textOf(prompt.message));
}

/** The thread that the call names. @throws SlackError `channel_not_found`, `invalid_thread_ts` */
function threadOf(call: Call): AssistantThread {
  const channel = visible(call, call.args.need('channel_id'));
  const ts = call.args.text('thread_ts') ?? '';
  if (!call.world.message(channel, ts)) refuse('invalid_thread_ts');
  const key = `${channel.id}:${ts}`;
  const thread = call.world.assistant.get(key) ?? {};
  call.world.assistant.set(key, thread);
  return thread;
}
