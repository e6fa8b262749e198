import type { Fields } from '../fields.js';
import { refuse } from '../refuse.js';
import type { Call, Methods } from '../web-api/context.js';
import { page } from '../web-api/conversation.js';
import { renderUser, type User } from '../workspace/objects/user.js';
import type { Usergroup } from '../workspace/seed.js';

/** Users and user groups. */
export const people: Methods = {
  'users.info': {
    tier: 4,
    scopes: ['users:read'],
    run: (call) => {
      const user = call.world.users.get(call.args.text('user') ?? '');
      if (!user) refuse('user_not_found');
      return { user: show(call, user) };
    },
  },
  'users.list': {
    tier: 2,
    scopes: ['users:read'],
    run: (call) => {
      // People from outside are not listed: Slack tells of them by `users.info` alone.
      const all = [...call.world.users.values()].filter((user) => user.teamId === undefined);
      const { items, next } = page(all, call.args.limit(1000, 1000), call.args.text('cursor'));
      return {
        members: items.map((user) => show(call, user)),
        cache_ts: call.world.clock.seconds(),
        response_metadata: { next_cursor: next },
      };
    },
  },
  'users.lookupByEmail': {
    tier: 3,
    scopes: ['users:read.email'],
    run: (call) => {
      const email = call.args.need('email').toLowerCase();
      const user = [...call.world.users.values()].find((it) => it.email === email && !it.deleted);
      if (!user) refuse('users_not_found');
      return { user: show(call, user) };
    },
  },
  'usergroups.list': {
    tier: 2,
    scopes: ['usergroups:read'],
    run: (call) => ({
      usergroups: [...call.world.usergroups.values()]
        .filter((group) => !group.disabled || call.args.flag('include_disabled'))
        .map((group) => showGroup(call, group)),
    }),
  },
  'usergroups.users.list': {
    tier: 2,
    scopes: ['usergroups:read'],
    run: (call) => {
      const group = call.world.usergroups.get(call.args.need('usergroup'));
      if (!group || (group.disabled && !call.args.flag('include_disabled'))) refuse('no_such_subteam');
      return { users: [...group.users] };
    },
  },
};

function show(call: Call, user: User): Fields {
  const { identity, clock } = call.world;
  return renderUser(user, identity.teamId, clock.now(), call.bearer.scopes.has('users:read.email'));
}

function showGroup(call: Call, group: Usergroup): Fields {
  return {
    id: group.id,
    team_id: call.world.identity.teamId,
    is_usergroup: true,
    is_subteam: true,
    name: group.name,
    description: '',
    handle: group.handle,
    is_external: false,
    date_create: 1700000000,
    date_update: 1700000000,
    date_delete: group.disabled ? 1700000001 : 0,
    auto_type: null,
    created_by: 'U0ANA00001',
    updated_by: 'U0ANA00001',
    deleted_by: null,
    prefs: { channels: [], groups: [] },
    ...(call.args.flag('include_users') ? { users: [...group.users] } : {}),
    ...(call.args.flag('include_count') ? { user_count: group.users.length } : {}),
  };
}
