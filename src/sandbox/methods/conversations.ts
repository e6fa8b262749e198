import type { Fields } from '../fields.js';
import { refuse } from '../refuse.js';
import type { Call, Methods } from '../web-api/context.js';
import { byKind, joined, mustBeChannel, mustBeLive, visible } from '../web-api/conversation.js';
import { archive, createChannel, join, leave, rename, setNote } from '../workspace/membership.js';
import type { Channel } from '../workspace/objects/channel.js';
import { nameProblem } from '../workspace/objects/channel-name.js';
import { lengthOf } from '../workspace/text.js';
import { show } from './channel-lists.js';
import { INVITE_ERRORS, invite } from './invite.js';

const asBot = byKind(['channels:manage'], ['groups:write'], ['im:write', 'mpim:write']);
const asPerson = byKind(['channels:write'], ['groups:write'], ['im:write', 'mpim:write']);
/** What a bot's scope calls managing, a person's calls writing. */
const manage = (call: Call) => (call.bearer.kind === 'user' ? asPerson(call) : asBot(call));
const finer = (part: string) => {
  const bot = byKind(['channels:manage', `channels:write.${part}`], ['groups:write', `groups:write.${part}`]);
  const person = byKind(
    ['channels:write', `channels:write.${part}`],
    ['groups:write', `groups:write.${part}`],
  );
  return (call: Call) => (call.bearer.kind === 'user' ? person(call) : bot(call));
};
const topic = finer('topic');
const NAMES = [
  ...['invalid_name_required', 'invalid_name_maxlength', 'invalid_name_punctuation', 'invalid_name_specials'],
  'name_taken',
];
const NOT_HERE = ['channel_not_found', 'method_not_supported_for_channel_type'];
const NOTE_ERRORS = [...NOT_HERE, 'not_in_channel', 'is_archived', 'too_long'];
// So long two makings of one name may not see each other.
const RACE_MS = 1000;

/** The life of a channel: from its making to the archive, who is in it, what it says of itself. */
export const conversations: Methods = {
  'conversations.create': {
    tier: 2,
    scopes: ({ args, bearer }) => {
      if (args.flag('is_private')) return ['groups:write'];
      return [bearer.kind === 'user' ? 'channels:write' : 'channels:manage'];
    },
    errors: [...NAMES, 'cannot_create_channel'],
    run: (call) => {
      const name = call.args.text('name') ?? '';
      checkName(name);
      const holder = call.world.channelNamed(name);
      const racing =
        call.world.settings.createRace && holder && call.world.clock.now() - holder.createdMs < RACE_MS;
      if (holder && !racing) refuse('name_taken');
      const { channels } = call.world;
      if (
        [...channels.values()].filter((it) => it.kind === 'channel').length >=
        call.world.settings.caps.channels
      )
        refuse('cannot_create_channel');
      return {
        channel: show(call, createChannel(call.world, name, call.args.flag('is_private'), call.me).id),
      };
    },
  },
  'conversations.rename': {
    tier: 2,
    scopes: manage,
    errors: [...NAMES, ...NOT_HERE, 'not_in_channel', 'is_archived', 'not_authorized'],
    run: (call) => {
      const channel = joined(call, call.args.need('channel'));
      mustBeChannel(channel);
      mustBeLive(channel);
      const admin = call.bearer.kind === 'user' && call.world.users.get(call.me)?.admin === true;
      if (channel.creator !== call.me && !admin) refuse('not_authorized');
      const name = call.args.text('name') ?? '';
      checkName(name);
      const holder = call.world.channelNamed(name);
      if (holder && holder !== channel) refuse('name_taken');
      if (!holder) rename(call.world, channel, name, call.me);
      return { channel: show(call, channel.id) };
    },
  },
  'conversations.invite': {
    tier: 3,
    scopes: finer('invites'),
    errors: INVITE_ERRORS,
    run: (call) => invite(call, show),
  },
  'conversations.kick': {
    tier: 3,
    scopes: manage,
    errors: [...NOT_HERE, 'not_in_channel', 'cant_kick_self', 'cant_kick_from_general', 'user_not_found'],
    run: (call) => {
      const channel = joined(call, call.args.need('channel'));
      mustBeChannel(channel);
      const user = call.args.need('user');
      if (user === call.me) refuse('cant_kick_self');
      if (channel.isGeneral) refuse('cant_kick_from_general');
      if (!call.world.users.has(user)) refuse('user_not_found');
      if (!channel.members.has(user)) refuse('not_in_channel');
      leave(call.world, channel, user, call.me);
      return { errors: {} };
    },
  },
  'conversations.leave': {
    tier: 3,
    scopes: manage,
    errors: [...NOT_HERE, 'is_archived', 'cant_leave_general', 'last_member'],
    run: (call) => {
      const channel = visible(call, call.args.need('channel'));
      mustBeChannel(channel);
      if (!channel.members.has(call.me)) return { not_in_channel: true };
      mustBeLive(channel);
      if (channel.isGeneral) refuse('cant_leave_general');
      if (channel.members.size === 1) refuse('last_member');
      leave(call.world, channel, call.me);
      return {};
    },
  },
  'conversations.setTopic': {
    tier: 2,
    scopes: topic,
    errors: NOTE_ERRORS,
    run: (call) => setText(call, 'topic'),
  },
  'conversations.setPurpose': {
    tier: 2,
    scopes: topic,
    errors: NOTE_ERRORS,
    run: (call) => setText(call, 'purpose'),
  },
  'conversations.archive': {
    tier: 2,
    scopes: manage,
    errors: [...NOT_HERE, 'already_archived', 'cant_archive_general', 'not_in_channel'],
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
  'conversations.unarchive': {
    tier: 2,
    scopes: manage,
    errors: [...NOT_HERE, 'not_archived', 'not_in_channel'],
    run: (call) => {
      const channel = visible(call, call.args.need('channel'));
      mustBeChannel(channel);
      if (!channel.isArchived) refuse('not_archived');
      // Slack documents it as a fault of its own: no bot can, whatever its scopes.
      if (call.bearer.kind === 'bot') refuse('not_in_channel');
      archive(call.world, channel, call.me, false);
      return {};
    },
  },
  'conversations.mark': {
    tier: 3,
    scopes: manage,
    errors: ['channel_not_found', 'not_in_channel', 'invalid_timestamp'],
    run: (call) => {
      const channel = joined(call, call.args.need('channel'));
      const ts = call.args.need('ts');
      if (!/^\d{1,10}\.\d{1,6}$/.test(ts)) refuse('invalid_timestamp');
      channel.lastRead.set(call.me, ts);
      call.world.changed();
      return {};
    },
  },
  'conversations.join': {
    tier: 3,
    scopes: ({ bearer }) => [bearer.kind === 'user' ? 'channels:write' : 'channels:join'],
    errors: [...NOT_HERE, 'is_archived', 'too_many_members'],
    run: (call) => {
      const channel = call.world.channels.get(call.args.need('channel'));
      if (!channel || (channel.kind === 'channel' && channel.isPrivate)) refuse('channel_not_found');
      mustBeChannel(channel);
      mustBeLive(channel);
      if (channel.members.has(call.me)) {
        const warning = 'already_in_channel';
        return { channel: show(call, channel.id), warning, response_metadata: { warnings: [warning] } };
      }
      mustHaveRoom(call, channel);
      join(call.world, channel, call.me);
      return { channel: show(call, channel.id) };
    },
  },
};

function setText(call: Call, note: 'topic' | 'purpose'): Fields {
  const channel = joined(call, call.args.need('channel'));
  mustBeChannel(channel);
  mustBeLive(channel);
  const value = call.args.text(note) ?? '';
  if (lengthOf(value) > 250) refuse('too_long');
  if (channel[note].value !== value) setNote(call.world, channel, note, value, call.me);
  return { [note]: value, channel: show(call, channel.id) };
}

function mustHaveRoom(call: Call, channel: Channel): void {
  if (channel.members.size >= call.world.settings.caps.members) refuse('too_many_members');
}

/** @throws SlackError `invalid_name_*` */
function checkName(name: string): void {
  const problem = nameProblem(name);
  if (problem) refuse(problem);
}
