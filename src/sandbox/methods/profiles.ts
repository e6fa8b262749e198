import { type Fields, isFields } from '../fields.js';
import { refuse } from '../refuse.js';
import type { Call, Methods } from '../web-api/context.js';
import { isAdmin, type ProfileValue, renderProfile, statusAt, type User } from '../workspace/objects/user.js';
import { setStatus, userChanged } from '../workspace/people/profile.js';
import type { ProfileField } from '../workspace/seed.js';
import { lengthOf } from '../workspace/text.js';
import { ownUser, visibleUser } from './people.js';

const MAX_STATUS = 100;
const MAX_NAME = 80;
/** Members of a profile that are stored as they are. */
const PLAIN = { title: 'title', phone: 'phone', pronouns: 'pronouns', email: 'email' } as const;
const PROTECTED = ['real_name', 'first_name', 'last_name', 'display_name'];

/** What people say of themselves, and the fields that the workspace has for it. */
export const profiles: Methods = {
  'users.profile.get': {
    tier: 4,
    scopes: ['users.profile:read'],
    errors: ['user_not_found', 'user_not_visible'],
    run: (call) => {
      const user = visibleUser(call, call.args.text('user') || call.me);
      return { profile: show(call, user, call.args.flag('include_labels')) };
    },
  },
  'users.profile.set': {
    tier: 3,
    tokens: ['user'],
    scopes: ['users.profile:write'],
    errors: [
      ...['user_not_found', 'user_not_visible', 'not_admin', 'invalid_profile', 'too_long', 'email_taken'],
      ...['cannot_update_admin_user', 'profile_set_failed'],
    ],
    run: (call) => {
      const me = ownUser(call);
      const user = visibleUser(call, call.args.text('user') || call.me);
      if (user !== me) mayAlter(me, user);
      alter(call, user, wanted(call));
      return { profile: show(call, user, false), username: user.name };
    },
  },
  'team.profile.get': {
    tier: 3,
    scopes: ['users.profile:read'],
    errors: [],
    run: ({ world, args }) => {
      const hidden = args.text('visibility') === 'hidden';
      const all = args.text('visibility') === undefined || args.text('visibility') === 'all';
      const fields = world.profileFields.filter((it) => all || (it.hidden ?? false) === hidden);
      return { profile: { fields: fields.map(renderField), sections: [section(world.identity.teamId)] } };
    },
  },
};

function mayAlter(me: User, user: User): void {
  if (!isAdmin(me)) refuse('not_admin');
  if (isAdmin(user) && !me.owner && !me.primaryOwner) refuse('cannot_update_admin_user');
}

/** The changes of a call: a `profile` of several, or one `name` with its `value`. */
function wanted(call: Call): Fields {
  const profile = call.args.object('profile', 'invalid_profile');
  if (profile) return profile;
  const name = call.args.text('name');
  if (!name) refuse('invalid_profile');
  return { [name]: call.args.text('value') ?? '' };
}

function alter(call: Call, user: User, profile: Fields): void {
  const text = (name: string): string | undefined => {
    const value = profile[name];
    if (value === undefined) return undefined;
    if (typeof value !== 'string') refuse('invalid_profile');
    return value;
  };
  // Everything is checked before anything is changed.
  const status = statusOf(call, user, profile, text);
  const fields = fieldsOf(call, user, profile);
  for (const name of [...PROTECTED, ...Object.keys(PLAIN)])
    if (lengthOf(text(name) ?? '') > MAX_NAME) refuse('too_long');
  const email = text('email')?.toLowerCase();
  for (const other of call.world.users.values())
    if (email && other !== user && other.email?.toLowerCase() === email) refuse('email_taken');
  for (const [name, member] of Object.entries(PLAIN) as Array<[string, 'title']>) {
    const value = text(name);
    if (value !== undefined) user[member] = value;
  }
  const realName =
    text('real_name') ??
    (profile.first_name === undefined && profile.last_name === undefined
      ? undefined
      : [text('first_name') ?? '', text('last_name') ?? ''].join(' ').trim());
  if (realName) user.realName = realName;
  user.displayName = text('display_name') ?? user.displayName;
  if (fields) user.fields = fields;
  if (status) setStatus(call.world, user, status);
  else userChanged(call.world, user, ['user_profile_changed']);
}

function statusOf(call: Call, user: User, profile: Fields, text: (name: string) => string | undefined) {
  const given = [text('status_text'), text('status_emoji'), profile.status_expiration];
  if (given.every((it) => it === undefined)) return undefined;
  const before = statusAt(user, call.world.clock.now());
  const status = {
    text: text('status_text') ?? before.text,
    emoji: text('status_emoji') ?? before.emoji,
    expiration: Number(profile.status_expiration ?? before.expiration),
  };
  if (lengthOf(status.text) > MAX_STATUS) refuse('too_long');
  if (status.emoji !== '' && !/^:[^:\s]+:$/.test(status.emoji)) refuse('profile_set_failed');
  if (!Number.isInteger(status.expiration) || status.expiration < 0) refuse('invalid_profile');
  return status;
}

function fieldsOf(call: Call, user: User, profile: Fields): Record<string, ProfileValue> | undefined {
  if (profile.fields === undefined) return undefined;
  if (!isFields(profile.fields)) refuse('invalid_profile');
  const fields = { ...user.fields };
  for (const [id, given] of Object.entries(profile.fields)) {
    const known = call.world.profileFields.find((it) => it.id === id);
    const value = isFields(given) ? given.value : given;
    const alt = isFields(given) ? given.alt : undefined;
    if (!known || typeof value !== 'string') refuse('invalid_profile');
    if (known.possible_values && value !== '' && !known.possible_values.includes(value))
      refuse('invalid_profile');
    if (value === '') delete fields[id];
    else fields[id] = { value, alt: typeof alt === 'string' ? alt : '' };
  }
  return fields;
}

function show(call: Call, user: User, labels: boolean): Fields {
  const view = call.world.viewOf(user, { email: call.bearer.scopes.has('users:read.email') });
  const label = (id: string) => call.world.profileFields.find((it) => it.id === id)?.label ?? '';
  const fields = Object.entries(user.fields ?? {}).map(([id, field]) => [
    id,
    { ...field, ...(labels ? { label: label(id) } : {}) },
  ]);
  return { ...renderProfile(user, view), fields: Object.fromEntries(fields) };
}

const SECTION = 'Xs0SANDBOX1';

function renderField(field: ProfileField, ordering: number): Fields {
  return {
    id: field.id,
    ordering,
    field_name: field.label.toLowerCase().replaceAll(/\W+/g, '_'),
    label: field.label,
    hint: field.hint ?? '',
    type: field.type ?? 'text',
    ...(field.possible_values ? { possible_values: [...field.possible_values] } : {}),
    options: { is_scim: false, is_protected: false },
    is_hidden: field.hidden ?? false,
    is_inverse: false,
    section_id: SECTION,
    permissions: { ui: true, api: ['users.profile:write'], scim: false },
  };
}

function section(teamId: string): Fields {
  return {
    id: SECTION,
    team_id: teamId,
    section_type: 'about_me',
    label: 'About me',
    order: 1,
    is_hidden: false,
  };
}
