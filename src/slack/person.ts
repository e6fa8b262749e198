import { z } from 'zod';
import { zoneNamed } from '#domain/command/zone.js';
import type { PersonKind } from '#domain/person.js';
import type { SlackPerson } from './ports.js';

const text = z.string().nullish().catch(null);
const flag = z.boolean().nullish().catch(null);
const ids = z.array(z.string()).nullish().catch(null);

/** Where we are installed, in Slack's ids; `enterprise`: its organisation, null for a workspace that has none. */
export interface Home {
  team: string;
  /** Absent: not known. */
  enterprise?: string | null;
}

/** As much of Slack's user object as matters here; anything but the id may be missing. */
const USER = z.object({
  id: z.string().min(1),
  name: text,
  real_name: text,
  tz: text,
  deleted: flag,
  is_bot: flag,
  is_restricted: flag,
  is_ultra_restricted: flag,
  is_stranger: flag,
  team_id: text,
  teams: ids,
  enterprise_user: z.object({ teams: ids }).nullish().catch(null),
  profile: z.object({ display_name: text, real_name: text }).nullish().catch(null),
});

/**
 * @param home null while Slack has not said who we are: then nobody's kind is known who names a workspace
 * @returns the person, or null for something that is not a user object
 */
export function personOf(user: unknown, home: Home | null): SlackPerson | null {
  const read = USER.safeParse(user);
  if (!read.success) return null;
  const { id, name, real_name, tz, deleted, is_bot, profile } = read.data;
  const realName = profile?.real_name || real_name || null;
  return {
    id,
    // An empty display name means: take the real one.
    name: profile?.display_name || realName || name || id,
    handle: name || id,
    realName,
    // A zone that commands would not take is no zone.
    tz: tz && zoneNamed(tz) ? tz : null,
    isBot: is_bot === true || id === 'USLACKBOT',
    deleted: deleted === true,
    kind: kindOf(read.data, home),
  };
}

const PROFILE = z.object({
  name: text,
  real_name: text,
  display_name: text,
  team: text,
  is_restricted: flag,
  is_ultra_restricted: flag,
});

/** @returns what events and messages in shared channels say of who acts there, if this one does */
export function profileIn(payload: unknown): unknown {
  return typeof payload === 'object' && payload !== null && 'user_profile' in payload
    ? payload.user_profile
    : null;
}

/** @returns the person of a `user_profile`, which has names and a workspace but no zone; null: it says nothing */
export function personOfProfile(id: string, profile: unknown, home: Home | null): SlackPerson | null {
  const read = PROFILE.safeParse(profile);
  if (!read.success) return null;
  const { display_name, real_name, name, team, ...flags } = read.data;
  if (!display_name && !real_name && !name) return null;
  return personOf({ id, name, team_id: team, profile: { display_name, real_name }, ...flags }, home);
}

/** Slack leaves out what is false. A person of an Enterprise is in each workspace that is listed, whichever is named first. */
function kindOf(user: z.infer<typeof USER>, home: Home | null): PersonKind | null {
  if (user.is_bot || user.id === 'USLACKBOT') return 'bot';
  if (user.is_stranger) return 'outside';
  const named = [user.team_id, ...(user.teams ?? []), ...(user.enterprise_user?.teams ?? [])].filter(Boolean);
  if (named.length > 0 && !home) return null;
  if (named.length > 0 && home && !named.includes(home.team)) {
    // The organisation alone does not say whether our workspace is among its.
    const { enterprise } = home;
    const own = (team: string | null | undefined) =>
      enterprise === undefined ? team?.startsWith('E') : team === enterprise;
    return named.every(own) ? null : 'outside';
  }
  return user.is_restricted || user.is_ultra_restricted ? 'guest' : 'member';
}
