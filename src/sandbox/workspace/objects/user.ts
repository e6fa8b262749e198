import { DateTime } from 'luxon';
import type { Fields } from '../../fields.js';

/** A member of the workspace, person or bot. */
export interface User {
  readonly id: string;
  name: string;
  realName: string;
  displayName: string;
  /** IANA name; Slack knows none for some members. */
  tz: string | null;
  email?: string;
  title?: string;
  deleted?: boolean;
  admin?: boolean;
  /** Multi-channel guest. */
  restricted?: boolean;
  /** Single-channel guest. */
  ultraRestricted?: boolean;
  /** The workspace of somebody from outside, `T…`; absent for our own people. */
  teamId?: string;
  bot?: { botId: string; appId: string };
  updated: number;
}

const COLOURS = ['4bbe2e', 'e7392d', '3c989f', '674b1b', '9b3b45', '2b6836'];

/** What kind of account somebody has, in Slack's own words. */
export interface Account {
  is_restricted?: boolean | undefined;
  is_ultra_restricted?: boolean | undefined;
  /** Another workspace than the sandbox's own: somebody from outside. */
  team_id?: string | undefined;
}

/** Changes what is named, and nothing else. @param teamId the sandbox's own workspace */
export function setAccount(user: User, account: Account, teamId: string): void {
  if (account.is_restricted !== undefined) user.restricted = account.is_restricted;
  if (account.is_ultra_restricted !== undefined) user.ultraRestricted = account.is_ultra_restricted;
  if (account.team_id === undefined) return;
  if (account.team_id === teamId) delete user.teamId;
  else user.teamId = account.team_id;
}

/** What messages and events of a shared channel say of somebody from outside, beside the id; nothing of our own people. */
export function renderOutside(user: User | undefined): Fields {
  if (!user?.teamId) return {};
  const { name, realName, displayName, teamId, restricted = false, ultraRestricted = false } = user;
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
      is_restricted: restricted || ultraRestricted,
      is_ultra_restricted: ultraRestricted,
    },
  };
}

/**
 * The user object of the Web API.
 * @param withEmail whether the caller holds `users:read.email`
 */
export function renderUser(user: User, teamId: string, nowMs: number, withEmail: boolean): Fields {
  const zone = user.tz ? DateTime.fromMillis(nowMs, { zone: user.tz }) : undefined;
  const colour = COLOURS[user.id.charCodeAt(user.id.length - 1) % COLOURS.length];
  return {
    id: user.id,
    team_id: user.teamId ?? teamId,
    name: user.name,
    deleted: user.deleted ?? false,
    ...(user.deleted ? {} : { color: colour, real_name: user.realName }),
    tz: user.tz,
    tz_label: zone?.offsetNameLong ?? null,
    tz_offset: zone ? zone.offset * 60 : 0,
    profile: {
      title: user.title ?? '',
      phone: '',
      real_name: user.realName,
      real_name_normalized: user.realName,
      display_name: user.displayName,
      display_name_normalized: user.displayName,
      status_text: '',
      status_emoji: '',
      status_expiration: 0,
      avatar_hash: '',
      team: user.teamId ?? teamId,
      ...(withEmail && user.email ? { email: user.email } : {}),
      ...(user.bot ? { bot_id: user.bot.botId, api_app_id: user.bot.appId, always_active: true } : {}),
    },
    is_admin: user.admin ?? false,
    is_owner: false,
    is_primary_owner: false,
    is_restricted: (user.restricted ?? false) || (user.ultraRestricted ?? false),
    is_ultra_restricted: user.ultraRestricted ?? false,
    is_bot: Boolean(user.bot),
    is_app_user: false,
    // Slack says *stranger* of those who share no channel with us; of the others the team id says enough.
    ...(user.teamId ? { is_stranger: false } : {}),
    updated: user.updated,
    is_email_confirmed: Boolean(user.email),
    who_can_share_contact_card: 'EVERYONE',
  };
}
