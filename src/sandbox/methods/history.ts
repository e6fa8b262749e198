import type { Fields } from '../fields.js';
import { refuse } from '../refuse.js';
import type { Call, Methods } from '../web-api/context.js';
import { byKind, page, readable } from '../web-api/conversation.js';
import type { Channel } from '../workspace/objects/channel.js';
import type { Message } from '../workspace/objects/message.js';

const scopes = byKind(['channels:history'], ['groups:history'], ['im:history', 'mpim:history']);
const ERRORS = [
  ...['channel_not_found', 'not_in_channel', 'invalid_ts_oldest', 'invalid_ts_latest'],
  ...['invalid_cursor', 'invalid_limit'],
];
const TS = /^\d{1,12}(\.\d{1,6})?$/;

export const history: Methods = {
  'conversations.history': {
    tier: 3,
    scopes,
    errors: ERRORS,
    run: (call) => {
      const channel = readable(call, call.args.need('channel'));
      // Replies are not in a channel's history unless they were also sent to the channel.
      const shown = channel.messages.filter((it) => !it.thread_ts || it.subtype === 'thread_broadcast');
      const within = between(call, shown).reverse();
      const { items, next } = page(within, call.args.limit(100, 999), call.args.text('cursor'));
      return {
        messages: items.map((it) => render(call, channel, it)),
        has_more: next !== '',
        pin_count: channel.messages.filter((it) => it.pinnedBy).length,
        channel_actions_ts: null,
        channel_actions_count: 0,
        ...asked(call),
        response_metadata: { next_cursor: next },
      };
    },
  },
  'conversations.replies': {
    tier: 3,
    scopes,
    errors: [...ERRORS, 'thread_not_found'],
    run: (call) => {
      const channel = readable(call, call.args.need('channel'));
      const ts = call.args.need('ts');
      const named = call.world.message(channel, ts);
      if (!named) refuse('thread_not_found');
      const root = named.thread_ts ?? named.ts;
      const parent = call.world.message(channel, root);
      const replies = between(
        call,
        channel.messages.filter((it) => it.thread_ts === root),
      );
      const thread = parent ? [parent, ...replies] : replies;
      const { items, next } = page(thread, call.args.limit(1000, 1000), call.args.text('cursor'));
      return {
        messages: items.map((it) => render(call, channel, it)),
        has_more: next !== '',
        response_metadata: { next_cursor: next },
      };
    },
  },
};

function between(call: Call, messages: readonly Message[]): Message[] {
  const oldest = time(call, 'oldest');
  const latest = time(call, 'latest');
  const inclusive = call.args.flag('inclusive');
  return messages.filter(({ ts }) => {
    if (oldest && (inclusive ? ts < oldest : ts <= oldest)) return false;
    return !(latest && (inclusive ? ts > latest : ts >= latest));
  });
}

/** The bounds as they were given. */
function asked({ args }: Call): Fields {
  return Object.fromEntries(
    (['oldest', 'latest'] as const).filter((name) => args.text(name)).map((name) => [name, args.text(name)]),
  );
}

/** A time as text that compares with message times. */
function time(call: Call, name: 'oldest' | 'latest'): string | undefined {
  const value = call.args.text(name);
  if (value === undefined || value === '' || value === '0') return undefined;
  if (!TS.test(value)) refuse(`invalid_ts_${name}`);
  const [whole = '0', part = ''] = value.split('.');
  return `${whole.padStart(10, '0')}.${part.padEnd(6, '0')}`;
}

function render(call: Call, channel: Channel, message: Message): Fields {
  const shown = call.world.show(channel, message, call.me);
  if (message.metadata && !call.args.flag('include_all_metadata')) {
    shown.metadata = { event_type: message.metadata.event_type };
  }
  return shown;
}
