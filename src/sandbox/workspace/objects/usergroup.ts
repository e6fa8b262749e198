import type { Fields } from '../../fields.js';

/** A user group: a name that stands for several people. Times in seconds since the epoch. */
export interface Usergroup {
  id: string;
  handle: string;
  name: string;
  users: string[];
  disabled?: boolean;
  description?: string;
  /** Channels that its members are put into. */
  channels?: string[];
  created?: number;
  updated?: number;
  /** When it was disabled. */
  deletedAt?: number;
  createdBy?: string;
  updatedBy?: string;
  deletedBy?: string;
}

const LONG_AGO = 1700000000;
const FIRST_PERSON = 'U0ANA00001';

/** The user group object of the Web API and of events. */
export function renderUsergroup(
  group: Usergroup,
  teamId: string,
  wanted: { users?: boolean; count?: boolean } = {},
): Fields {
  const channels = group.channels ?? [];
  return {
    id: group.id,
    team_id: teamId,
    is_usergroup: true,
    is_subteam: true,
    name: group.name,
    description: group.description ?? '',
    handle: group.handle,
    is_external: false,
    date_create: group.created ?? LONG_AGO,
    date_update: group.updated ?? group.created ?? LONG_AGO,
    date_delete: group.disabled ? (group.deletedAt ?? LONG_AGO + 1) : 0,
    auto_type: null,
    auto_provision: false,
    enterprise_subteam_id: '',
    created_by: group.createdBy ?? FIRST_PERSON,
    updated_by: group.updatedBy ?? group.createdBy ?? FIRST_PERSON,
    deleted_by: group.disabled ? (group.deletedBy ?? FIRST_PERSON) : null,
    prefs: { channels: [...channels], groups: [] },
    channel_count: channels.length,
    is_section: false,
    is_visible: true,
    is_idp_group: false,
    is_editing_restricted: false,
    is_membership_locked: false,
    is_org_level: false,
    ...(wanted.users ? { users: [...group.users] } : {}),
    ...(wanted.count ? { user_count: group.users.length } : {}),
  };
}
