import type { Fields } from '../fields.js';
import { refuse } from '../refuse.js';
import type { Call, Methods } from '../web-api/context.js';
import { renderUsergroup, type Usergroup } from '../workspace/objects/usergroup.js';
import {
  alterGroup,
  createGroup,
  type GroupNotes,
  setGroupUsers,
  switchGroup,
} from '../workspace/people/usergroups.js';
import { lengthOf } from '../workspace/text.js';
import { mustBeMember } from './people.js';

const MAX_NAME = 80;
const MAX_DESCRIPTION = 140;
const MAX_USERS = 1000;
const MAX_CHANNELS = 100;
const RESERVED = ['here', 'channel', 'everyone', 'group'];

/** Names that stand for several people. */
export const usergroups: Methods = {
  'usergroups.list': {
    tier: 2,
    scopes: ['usergroups:read'],
    errors: [],
    run: (call) => ({
      usergroups: [...call.world.usergroups.values()]
        .filter((group) => !group.disabled || call.args.flag('include_disabled'))
        .map((group) =>
          renderUsergroup(group, call.world.identity.teamId, {
            users: call.args.flag('include_users'),
            count: call.args.flag('include_count'),
          }),
        ),
    }),
  },
  'usergroups.users.list': {
    tier: 2,
    scopes: ['usergroups:read'],
    errors: ['no_such_subteam'],
    run: (call) => {
      const group = known(call);
      if (group.disabled && !call.args.flag('include_disabled')) refuse('no_such_subteam');
      return { users: [...group.users] };
    },
  },
  'usergroups.create': {
    tier: 2,
    scopes: ['usergroups:write'],
    errors: [
      ...['missing_subteam_name', 'name_too_long', 'name_already_exists', 'description_too_long'],
      ...['bad_handle', 'forbidden_handle', 'handle_already_exists', 'invalid_channel_provided'],
      ...['permission_denied', 'too_many_linked_channels'],
    ],
    run: (call) => {
      mustBeMember(call);
      const { name, handle, ...notes } = notesOf(call, undefined);
      if (!name) refuse('missing_subteam_name');
      return shown(call, createGroup(call.world, call.me, { name, handle: handle ?? '', ...notes }));
    },
  },
  'usergroups.update': {
    tier: 2,
    scopes: ['usergroups:write'],
    errors: [
      ...['no_such_subteam', 'name_too_long', 'name_already_exists', 'description_too_long', 'bad_handle'],
      ...['forbidden_handle', 'handle_already_exists', 'invalid_channel_provided', 'permission_denied'],
      ...['too_many_linked_channels'],
    ],
    run: (call) => {
      mustBeMember(call);
      const group = known(call);
      alterGroup(call.world, group, call.me, notesOf(call, group));
      return shown(call, group);
    },
  },
  'usergroups.enable': {
    tier: 2,
    scopes: ['usergroups:write'],
    errors: ['no_such_subteam', 'permission_denied'],
    run: (call) => switched(call, true),
  },
  'usergroups.disable': {
    tier: 2,
    scopes: ['usergroups:write'],
    errors: ['no_such_subteam', 'permission_denied'],
    run: (call) => switched(call, false),
  },
  'usergroups.users.update': {
    tier: 2,
    scopes: ['usergroups:write'],
    errors: [
      ...['no_such_subteam', 'no_users_provided', 'invalid_users', 'permission_denied'],
      'subteam_max_users_exceeded',
    ],
    run: (call) => {
      mustBeMember(call);
      const group = known(call);
      const users = [...new Set(call.args.list('users'))];
      // A group that nobody is in must be disabled instead.
      if (users.length === 0) refuse('no_users_provided');
      if (users.length > MAX_USERS) refuse('subteam_max_users_exceeded');
      const bad = (id: string) => {
        const user = call.world.users.get(id);
        return !user || user.deleted === true || user.teamId !== undefined || user.ultraRestricted === true;
      };
      if (users.some(bad)) refuse('invalid_users');
      setGroupUsers(call.world, group, call.me, users);
      return shown(call, group);
    },
  },
};

function known(call: Call): Usergroup {
  const group = call.world.usergroups.get(call.args.need('usergroup'));
  if (!group) refuse('no_such_subteam');
  return group;
}

function switched(call: Call, on: boolean): Fields {
  mustBeMember(call);
  const group = known(call);
  switchGroup(call.world, group, call.me, on);
  return shown(call, group);
}

function shown(call: Call, group: Usergroup): Fields {
  const wanted = { users: true, count: call.args.flag('include_count') };
  return { usergroup: renderUsergroup(group, call.world.identity.teamId, wanted) };
}

/** What the call says of a group, checked. @param self the group that is changed; absent for a new one */
function notesOf(call: Call, self: Usergroup | undefined): GroupNotes {
  const { args, world } = call;
  const [name, handle, description] = [args.text('name'), args.text('handle'), args.text('description')];
  const others = [...world.usergroups.values()].filter((it) => it !== self);
  const notes: GroupNotes = {};
  if (name) {
    if (lengthOf(name) > MAX_NAME) refuse('name_too_long');
    if (others.some((it) => it.name === name)) refuse('name_already_exists');
    notes.name = name;
  }
  if (handle) {
    if (!/^[\p{L}\p{N}._-]{1,21}$/u.test(handle)) refuse('bad_handle');
    if (RESERVED.includes(handle)) refuse('forbidden_handle');
    // People, channels and groups are all mentioned by name: one name is one of them.
    const taken = others.some((it) => it.handle === handle) || world.channelNamed(handle);
    if (taken || [...world.users.values()].some((it) => it.name === handle)) refuse('handle_already_exists');
    notes.handle = handle;
  }
  if (description !== undefined) {
    if (lengthOf(description) > MAX_DESCRIPTION) refuse('description_too_long');
    notes.description = description;
  }
  if (args.has('channels')) {
    const channels = args.list('channels');
    if (channels.length > MAX_CHANNELS) refuse('too_many_linked_channels');
    if (channels.some((id) => world.channels.get(id)?.kind !== 'channel')) refuse('invalid_channel_provided');
    notes.channels = channels;
  }
  return notes;
}
