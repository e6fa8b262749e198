import { type Fields, isFields } from '../fields.js';
import { refuse } from '../refuse.js';
import type { Call, Methods } from '../web-api/context.js';
import { page } from '../web-api/conversation.js';
import { isGuest, type User } from '../workspace/objects/user.js';
import { presenceOf } from '../workspace/people/profile.js';

/** Members of a workspace whose list must be asked for in pages. */
const MUST_PAGE = 5000;

/** Who is in the workspace, and whether they are there. */
export const people: Methods = {
  'users.info': {
    tier: 4,
    scopes: ['users:read'],
    errors: ['user_not_found', 'user_not_visible'],
    run: (call) => ({ user: show(call, visibleUser(call, call.args.text('user') ?? '')) }),
  },
  'users.list': {
    tier: 2,
    scopes: ['users:read'],
    errors: ['invalid_cursor', 'invalid_limit', 'limit_required'],
    run: (call) => {
      // People from outside are not listed: Slack tells of them by `users.info` alone.
      const all = [...call.world.users.values()].filter((user) => user.teamId === undefined);
      if (all.length > MUST_PAGE && !call.args.has('limit')) refuse('limit_required');
      const { items, next } = page(all, call.args.limit(1000, 1000), call.args.text('cursor'));
      return {
        members: items.map((user) => withFields(user, show(call, user))),
        cache_ts: call.world.clock.seconds(),
        response_metadata: { next_cursor: next },
      };
    },
  },
  'users.lookupByEmail': {
    tier: 3,
    scopes: ['users:read.email'],
    errors: ['users_not_found'],
    run: (call) => {
      const email = call.args.need('email').toLowerCase();
      const user = [...call.world.users.values()].find(
        (it) => it.email?.toLowerCase() === email && !it.deleted && it.teamId === undefined,
      );
      if (!user) refuse('users_not_found');
      return { user: show(call, user) };
    },
  },
  'users.getPresence': {
    tier: 3,
    scopes: ['users:read'],
    errors: ['user_not_found', 'user_not_visible'],
    run: (call) => {
      const user = visibleUser(call, call.args.text('user') || call.me);
      return presenceOf(call.world, user, user.id === call.me);
    },
  },
  'users.setPresence': {
    tier: 2,
    scopes: ['users:write'],
    errors: ['invalid_presence'],
    run: (call) => {
      const presence = call.args.text('presence');
      if (presence !== 'auto' && presence !== 'away') refuse('invalid_presence');
      const user = ownUser(call);
      user.away = presence === 'away';
      call.world.changed();
      return {};
    },
  },
  'migration.exchange': {
    tier: 2,
    scopes: ['tokens.basic'],
    errors: ['not_enterprise_team', 'too_many_users'],
    run: (call) => {
      const { world, args } = call;
      if (!world.enterprise) refuse('not_enterprise_team');
      const users = args.list('users');
      if (users.length > 400) refuse('too_many_users');
      // Nobody here has two ids: each is exchanged for itself.
      const known = users.filter((id) => world.users.has(id));
      return {
        team_id: world.identity.teamId,
        enterprise_id: world.enterprise.id,
        user_id_map: Object.fromEntries(known.map((id) => [id, id])),
        invalid_user_ids: users.filter((id) => !known.includes(id)),
      };
    },
  },
};

/** The user, with e-mail and language where the caller may see or asked for them. */
function show(call: Call, user: User): Fields {
  return call.world.showUser(user, {
    email: call.bearer.scopes.has('users:read.email'),
    locale: call.args.flag('include_locale'),
  });
}

/** The list has everybody's own profile fields, which a single user has not. */
function withFields(user: User, shown: Fields): Fields {
  const profile = isFields(shown.profile) ? shown.profile : {};
  return { ...shown, profile: { ...profile, fields: { ...user.fields } } };
}

/**
 * Somebody whom the app may know of.
 * @throws SlackError `user_not_found`; `user_not_visible` for people from outside who share no conversation with us
 */
export function visibleUser(call: Call, id: string): User {
  const user = call.world.users.get(id);
  if (!user) refuse('user_not_found');
  if (!call.world.isKnown(user)) refuse('user_not_visible');
  return user;
}

/** Whom the token speaks for. @throws SlackError `account_inactive` */
export function ownUser(call: Call): User {
  const user = call.world.users.get(call.me);
  if (!user || user.deleted) refuse('account_inactive');
  return user;
}

/** @throws SlackError `permission_denied` when the caller is a guest */
export function mustBeMember(call: Call): void {
  if (isGuest(ownUser(call))) refuse('permission_denied');
}
