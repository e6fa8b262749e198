import type { Fields } from '../fields.js';
import { refuse, SlackError } from '../refuse.js';
import type { Call, Methods } from '../web-api/context.js';
import { byKind, joined, mustBeChannel, mustBeLive, page, visible } from '../web-api/conversation.js';
import { archive, createChannel, join, leave, rename, setNote } from '../workspace/membership.js';
import { channelType, renderChannel } from '../workspace/objects/channel.js';
import { checkChannelName } from '../workspace/objects/channel-name.js';
import { lengthOf } from '../workspace/text.js';
import { invite } from './invite.js';

const manage = byKind(['channels:manage'], ['groups:write']);
const topic = byKind(['channels:manage', 'channels:write.topic'], ['groups:write', 'groups:write.topic']);
const READ = {
  public_channel: 'channels:read',
  private_channel: 'groups:read',
  im: 'im:read',
  mpim: 'mpim:read',
};
const read = byKind(['channels:read'], ['groups:read'], ['im:read', 'mpim:read']);

export const conversations: Methods = {
  'conversations.create': {
    tier: 2,
    scopes: ({ args }) => (args.flag('is_private') ? ['groups:write'] : ['channels:manage']),
    run: (call) => {
      const name = call.args.text('name') ?? '';
      checkChannelName(name);
      if (call.world.channelNamed(name)) refuse('name_taken');
      return {
        channel: show(call, createChannel(call.world, name, call.args.flag('is_private'), call.me).id),
      };
    },
  },
  'conversations.rename': {
    tier: 2,
    scopes: manage,
    run: (call) => {
      const channel = joined(call, call.args.need('channel'));
      mustBeChannel(channel);
      mustBeLive(channel);
      if (channel.creator !== call.me) refuse('not_authorized');
      const name = call.args.text('name') ?? '';
      checkChannelName(name);
      const holder = call.world.channelNamed(name);
      if (holder && holder !== channel) refuse('name_taken');
      if (!holder) rename(call.world, channel, name, call.me);
      return { channel: show(call, channel.id) };
    },
  },
  'conversations.invite': {
    tier: 3,
    scopes: byKind(['channels:manage', 'channels:write.invites'], ['groups:write', 'groups:write.invites']),
    run: (call) => invite(call, show),
  },
  'conversations.kick': {
    tier: 3,
    scopes: manage,
    run: (call) => {
      const channel = joined(call, call.args.need('channel'));
      mustBeChannel(channel);
      const user = call.args.need('user');
      if (user === call.me) refuse('cant_kick_self');
      if (channel.isGeneral) refuse('cant_kick_from_general');
      if (!call.world.users.has(user)) refuse('user_not_found');
      if (!channel.members.has(user)) refuse('not_in_channel');
      leave(call.world, channel, user);
      return { errors: {} };
    },
  },
  'conversations.setTopic': { tier: 2, scopes: topic, run: (call) => setText(call, 'topic') },
  'conversations.setPurpose': { tier: 2, scopes: topic, run: (call) => setText(call, 'purpose') },
  'conversations.archive': {
    tier: 2,
    scopes: manage,
    run: (call) => {
      const channel = visible(call, call.args.need('channel'));
      mustBeChannel(channel);
      if (channel.isArchived) refuse('already_archived');
      if (channel.isGeneral) refuse('cant_archive_general');
      if (!channel.members.has(call.me)) refuse('not_in_channel');
      archive(call.world, channel, call.me, true);
      return {};
    },
  },
  'conversations.join': {
    tier: 3,
    scopes: ['channels:join'],
    run: (call) => {
      const channel = call.world.channels.get(call.args.need('channel'));
      if (!channel || (channel.kind === 'channel' && channel.isPrivate)) refuse('channel_not_found');
      mustBeChannel(channel);
      mustBeLive(channel);
      if (channel.members.has(call.me)) {
        const warning = 'already_in_channel';
        return { channel: show(call, channel.id), warning, response_metadata: { warnings: [warning] } };
      }
      join(call.world, channel, call.me);
      return { channel: show(call, channel.id) };
    },
  },
  'conversations.list': {
    tier: 2,
    scopes: ({ args }) => typesOf(args.text('types')).map((type) => READ[type]),
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
    run: (call) => ({
      channel: show(call, visible(call, call.args.need('channel')).id, call.args.flag('include_num_members')),
    }),
  },
  'conversations.members': {
    tier: 4,
    scopes: read,
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
  'conversations.open': {
    tier: 3,
    scopes: ({ args }) => (args.list('users').length > 1 ? ['mpim:write'] : ['im:write', 'mpim:write']),
    run: (call) => {
      const id = call.args.text('channel');
      if (id) return { channel: { id: visible(call, id).id }, no_op: true, already_open: true };
      const users = call.args.list('users');
      if (users.length === 0) refuse('users_list_not_supplied');
      if (users.length > 8) refuse('too_many_users');
      for (const user of users) {
        const found = call.world.users.get(user);
        if (!found) refuse('user_not_found');
        if (found.deleted) refuse('user_disabled');
      }
      const { channel, made } = call.world.direct([call.me, ...users]);
      const shown = call.args.flag('return_im') ? show(call, channel.id) : { id: channel.id };
      return made ? { channel: shown } : { channel: shown, no_op: true, already_open: true };
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

function setText(call: Call, note: 'topic' | 'purpose'): Fields {
  const channel = joined(call, call.args.need('channel'));
  mustBeChannel(channel);
  mustBeLive(channel);
  const value = call.args.text(note) ?? '';
  if (lengthOf(value) > 250) refuse('too_long');
  if (channel[note].value !== value) setNote(call.world, channel, note, value, call.me);
  return { [note]: value, channel: show(call, channel.id) };
}

function show(call: Call, id: string, withCount = false): Fields {
  const channel = call.world.channels.get(id);
  return channel ? renderChannel(channel, call.world.identity.teamId, call.me, withCount) : {};
}
