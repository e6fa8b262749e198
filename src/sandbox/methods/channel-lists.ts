import type { Fields } from '../fields.js';
import { refuse, SlackError } from '../refuse.js';
import type { Call, Methods } from '../web-api/context.js';
import { byKind, page, visible } from '../web-api/conversation.js';
import { channelType, renderChannel, renderDetails } from '../workspace/objects/channel.js';

const READ = {
  public_channel: 'channels:read',
  private_channel: 'groups:read',
  im: 'im:read',
  mpim: 'mpim:read',
};
const read = byKind(['channels:read'], ['groups:read'], ['im:read', 'mpim:read']);
const LIST_ERRORS = ['invalid_types', 'invalid_limit', 'invalid_cursor'];

/** Which conversations there are, and who is in them. */
export const channelLists: Methods = {
  'conversations.list': {
    tier: 2,
    scopes: ({ args }) => typesOf(args.text('types')).map((type) => READ[type]),
    errors: LIST_ERRORS,
    run: (call) => {
      const known = [...call.world.channels.values()].filter(
        (it) => !it.isPrivate || it.members.has(call.me),
      );
      return listed(call, known);
    },
  },
  'users.conversations': {
    tier: 3,
    scopes: ({ args }) => typesOf(args.text('types')).map((type) => READ[type]),
    errors: [...LIST_ERRORS, 'user_not_found'],
    run: (call) => {
      const user = call.args.text('user') || call.me;
      if (!call.world.users.has(user)) refuse('user_not_found');
      const theirs = [...call.world.channels.values()].filter(
        (it) => it.members.has(user) && (!it.isPrivate || it.members.has(call.me)),
      );
      return listed(call, theirs);
    },
  },
  'conversations.info': {
    tier: 3,
    scopes: read,
    errors: ['channel_not_found'],
    run: (call) => {
      const { id } = visible(call, call.args.need('channel'));
      const locale = call.args.flag('include_locale') ? { locale: 'en-US' } : {};
      return {
        channel: {
          ...show(call, id, call.args.flag('include_num_members')),
          ...details(call, id),
          ...locale,
        },
      };
    },
  },
  'conversations.members': {
    tier: 4,
    scopes: read,
    errors: ['channel_not_found', 'invalid_limit', 'invalid_cursor'],
    run: (call) => {
      const channel = visible(call, call.args.need('channel'));
      const { items, next } = page(
        [...channel.members],
        call.args.limit(100, 1000),
        call.args.text('cursor'),
      );
      return { members: items, response_metadata: { next_cursor: next } };
    },
  },
};

type ListType = keyof typeof READ;

function typesOf(types: string | undefined): ListType[] {
  const wanted = (types || 'public_channel').split(',').map((type) => type.trim());
  const known = wanted.filter((type): type is ListType => type in READ);
  if (known.length < wanted.length) refuse('invalid_types');
  return known;
}

function listed(call: Call, channels: Array<Parameters<typeof channelType>[0]>): Fields {
  const types = typesOf(call.args.text('types'));
  // One missing scope is enough: unlike elsewhere, every type asked for must be allowed.
  for (const type of types) {
    if (!call.bearer.scopes.has(READ[type])) {
      const provided = [...call.bearer.scopes].join(',');
      throw new SlackError('missing_scope', { needed: READ[type], provided });
    }
  }
  const named = { channel: 'public_channel', group: 'private_channel', im: 'im', mpim: 'mpim' } as const;
  const wanted = channels.filter(
    (it) => types.includes(named[channelType(it)]) && !(it.isArchived && call.args.flag('exclude_archived')),
  );
  const { items, next } = page(wanted, call.args.limit(100, 1000), call.args.text('cursor'));
  return { channels: items.map((it) => show(call, it.id, true)), response_metadata: { next_cursor: next } };
}

/** The conversation as the caller sees it. */
export function show(call: Call, id: string, withCount = false): Fields {
  const channel = call.world.channels.get(id);
  return channel ? renderChannel(channel, call.world.identity.teamId, call.me, withCount) : {};
}

/** What is known of one conversation beside what lists show. */
export function details(call: Call, id: string): Fields {
  const channel = call.world.channels.get(id);
  const latest = channel?.messages.findLast((it) => !it.thread_ts);
  return channel
    ? renderDetails(channel, call.me, latest ? call.world.show(channel, latest, call.me) : undefined)
    : {};
}
