import { createHash } from 'node:crypto';
import { nameToEmoji } from 'gemoji';
import { DateTime } from 'luxon';
import type { Fields } from '../../fields.js';
import { type Enterprise, renderEnterpriseUser } from './enterprise.js';

/** What somebody says of themselves beside their name; `expiration` in seconds since the epoch, 0: until they change it. */
export interface Status {
  text: string;
  emoji: string;
  expiration: number;
}

/** When somebody is not to be disturbed. */
interface Dnd {
  /** Every day from `start` to `end`, `HH:MM` in their own time zone; over midnight when `end` is the earlier. */
  start?: string;
  end?: string;
  /** A pause asked for by hand, in seconds since the epoch. */
  snooze?: { from: number; until: number };
  /** The end of the hours that were ended before their time. */
  ended?: number;
}

/** One value of a field that the workspace added to its profiles. */
export interface ProfileValue {
  value: string;
  alt: string;
}

/** A member of the workspace, person or bot. */
export interface User {
  readonly id: string;
  name: string;
  realName: string;
  displayName: string;
  /** IANA name; Slack knows none for some members. */
  tz: string | null;
  /** `en-US` when absent. */
  locale?: string;
  email?: string;
  title?: string;
  phone?: string;
  pronouns?: string;
  /** First day at work, `YYYY-MM-DD`. */
  startDate?: string;
  /** Address of a picture of their own; a drawn one when absent. */
  picture?: string;
  /** Of a guest: who invited them. */
  invitedBy?: string;
  deleted?: boolean;
  admin?: boolean;
  owner?: boolean;
  primaryOwner?: boolean;
  /** Multi-channel guest. */
  restricted?: boolean;
  /** Single-channel guest. */
  ultraRestricted?: boolean;
  /** Invited, and not here yet. */
  invited?: boolean;
  /** Somebody who only uses this app. */
  appUser?: boolean;
  /** The workspace of somebody from outside, `T…`; absent for our own people. */
  teamId?: string;
  bot?: { botId: string; appId: string };
  status?: Status;
  /** Away by hand. */
  away?: boolean;
  /** Whether a client of theirs is connected; yes when absent. */
  online?: boolean;
  dnd?: Dnd;
  /** Values of the workspace's own profile fields, by the id of the field. */
  fields?: Record<string, ProfileValue>;
  updated: number;
}

const COLOURS = ['4bbe2e', 'e7392d', '3c989f', '674b1b', '9b3b45', '2b6836'];
const IMAGE_SIZES = [24, 32, 48, 72, 192, 512];
const DEFAULT_LOCALE = 'en-US';

/** What kind of account somebody has, in Slack's own words. */
export interface Account {
  is_admin?: boolean | undefined;
  is_owner?: boolean | undefined;
  is_primary_owner?: boolean | undefined;
  is_restricted?: boolean | undefined;
  is_ultra_restricted?: boolean | undefined;
  is_invited_user?: boolean | undefined;
  is_app_user?: boolean | undefined;
  /** Another workspace than the sandbox's own: somebody from outside. */
  team_id?: string | undefined;
}

/** Changes what is named, and nothing else. @param teamId the sandbox's own workspace */
export function setAccount(user: User, account: Account, teamId: string): void {
  if (account.is_admin !== undefined) user.admin = account.is_admin;
  if (account.is_owner !== undefined) user.owner = account.is_owner;
  if (account.is_primary_owner !== undefined) user.primaryOwner = account.is_primary_owner;
  if (account.is_restricted !== undefined) user.restricted = account.is_restricted;
  if (account.is_ultra_restricted !== undefined) user.ultraRestricted = account.is_ultra_restricted;
  if (account.is_invited_user !== undefined) user.invited = account.is_invited_user;
  if (account.is_app_user !== undefined) user.appUser = account.is_app_user;
  if (account.team_id === undefined) return;
  if (account.team_id === teamId) delete user.teamId;
  else user.teamId = account.team_id;
}

/** Owners are admins, and the primary owner is an owner. */
export function isAdmin(user: User): boolean {
  return user.admin === true || isOwner(user);
}

function isOwner(user: User): boolean {
  return user.owner === true || user.primaryOwner === true;
}

/** A guest of either kind. */
export function isGuest(user: User): boolean {
  return user.restricted === true || user.ultraRestricted === true;
}

/** What messages and events of a shared channel say of somebody from outside, beside the id; nothing of our own people. */
export function renderOutside(user: User | undefined): Fields {
  if (!user?.teamId) return {};
  const { name, realName, displayName, teamId, ultraRestricted = false } = user;
  return {
    user_team: teamId,
    source_team: teamId,
    user_profile: {
      avatar_hash: '',
      image_72: '',
      first_name: realName.split(' ')[0],
      real_name: realName,
      display_name: displayName,
      team: teamId,
      name,
      is_restricted: isGuest(user),
      is_ultra_restricted: ultraRestricted,
    },
  };
}

/** For whom, when and where a user is shown. */
export interface UserView {
  readonly teamId: string;
  /** Base address of the sandbox: pictures are served there. */
  readonly url: string;
  readonly nowMs: number;
  /** Whether the reader holds `users:read.email`. */
  readonly email?: boolean;
  /** Whether the language was asked for. */
  readonly locale?: boolean;
  /** Somebody from outside who shares no conversation with us. */
  readonly stranger?: boolean;
  readonly enterprise?: Enterprise | undefined;
}

/** The user object of the Web API and of events. */
export function renderUser(user: User, view: UserView): Fields {
  const zone = user.tz ? DateTime.fromMillis(view.nowMs, { zone: user.tz }) : undefined;
  const colour = COLOURS[user.id.charCodeAt(user.id.length - 1) % COLOURS.length];
  const team = user.teamId ?? view.teamId;
  const person = !user.bot && !user.deleted;
  return {
    id: user.id,
    team_id: team,
    name: user.name,
    deleted: user.deleted ?? false,
    ...(user.deleted ? {} : { color: colour, real_name: user.realName }),
    tz: user.tz,
    tz_label: zone?.offsetNameLong ?? null,
    tz_offset: zone ? zone.offset * 60 : 0,
    profile: {
      ...renderProfile(user, view),
      team,
      ...(user.bot ? { bot_id: user.bot.botId, api_app_id: user.bot.appId, always_active: true } : {}),
    },
    is_admin: isAdmin(user),
    is_owner: isOwner(user),
    is_primary_owner: user.primaryOwner ?? false,
    is_restricted: isGuest(user),
    is_ultra_restricted: user.ultraRestricted ?? false,
    is_bot: Boolean(user.bot),
    is_app_user: user.appUser ?? false,
    ...(user.bot ? { is_workflow_bot: false, is_connector_bot: false } : {}),
    // Slack says *stranger* of those who share no channel with us; of the others the team id says enough.
    ...(user.teamId ? { is_stranger: view.stranger ?? false } : {}),
    ...(user.invited ? { is_invited_user: true } : {}),
    ...(person ? { has_2fa: false } : {}),
    updated: user.updated,
    is_email_confirmed: Boolean(user.email) && !user.invited,
    who_can_share_contact_card: 'EVERYONE',
    ...(view.locale ? { locale: user.locale ?? DEFAULT_LOCALE } : {}),
    ...(view.enterprise ? renderEnterpriseUser(user.id, view.enterprise, accountOf(user)) : {}),
  };
}

/** The profile object: what somebody says of themselves, with their pictures. */
export function renderProfile(user: User, view: UserView): Fields {
  const { first, last } = namesOf(user);
  const status = statusAt(user, view.nowMs);
  return {
    title: user.title ?? '',
    phone: user.phone ?? '',
    skype: '',
    real_name: user.realName,
    real_name_normalized: normalized(user.realName),
    display_name: user.displayName,
    display_name_normalized: normalized(user.displayName),
    first_name: first,
    last_name: last,
    ...(user.pronouns ? { pronouns: user.pronouns } : {}),
    ...(user.startDate ? { start_date: user.startDate } : {}),
    ...(user.invitedBy && isGuest(user) ? { guest_invited_by: user.invitedBy } : {}),
    status_text: status.text,
    status_text_canonical: '',
    status_emoji: status.emoji,
    status_emoji_display_info: emojiInfo(status.emoji),
    status_expiration: status.expiration,
    huddle_state: 'default_unset',
    huddle_state_expiration_ts: 0,
    ...(view.email && user.email ? { email: user.email } : {}),
    avatar_hash: avatarHash(user),
    ...pictures(`${view.url}/avatar/${user.id}`, user.picture ? [...IMAGE_SIZES, 1024] : IMAGE_SIZES),
    ...(user.picture ? { image_original: user.picture, is_custom_image: true } : {}),
  };
}

/** Addresses of a picture in the sizes that Slack has, `image_24` … */
export function pictures(base: string, sizes: readonly number[]): Fields {
  return Object.fromEntries(sizes.map((size) => [`image_${size}`, `${base}?s=${size}`]));
}

/** The status, unless its time is over. */
export function statusAt(user: User, nowMs: number): Status {
  const { status } = user;
  const over = status && status.expiration > 0 && status.expiration * 1000 <= nowMs;
  return status && !over ? status : { text: '', emoji: '', expiration: 0 };
}

/** How Slack's clients draw the emoji of a status. */
function emojiInfo(emoji: string): Fields[] {
  const name = emoji.replaceAll(':', '');
  const character = Object.hasOwn(nameToEmoji, name) ? nameToEmoji[name] : undefined;
  if (!character) return [];
  const unicode = [...character].map((it) => it.codePointAt(0)?.toString(16) ?? '').join('-');
  return [{ emoji_name: name, display_alias: '', display_url: '', unicode }];
}

function accountOf(user: User) {
  return { is_admin: isAdmin(user), is_owner: isOwner(user), is_primary_owner: user.primaryOwner ?? false };
}

function namesOf(user: User): { first: string; last: string } {
  const [first = '', ...rest] = user.realName.split(' ');
  return { first, last: rest.join(' ') };
}

/** Without accents, as Slack's search wants it. */
function normalized(name: string): string {
  return name.normalize('NFKD').replace(/\p{M}/gu, '');
}

/** Changes with the picture, which is made of the name. */
function avatarHash(user: User): string {
  return `g${createHash('sha256').update(`${user.id}:${user.realName}`).digest('hex').slice(0, 11)}`;
}
