import { z } from 'zod';
import { zoneNamed } from '#domain/command/zone.js';
import type { SlackPerson } from './ports.js';

const text = z.string().nullish().catch(null);
const flag = z.boolean().nullish().catch(null);

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
  profile: z.object({ display_name: text, real_name: text }).nullish().catch(null),
});

/** @returns the person, or null for something that is not a user object */
export function personOf(user: unknown): SlackPerson | null {
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
    kind: kindOf(read.data),
  };
}

/** A guest of one channel or of several is a guest; who cannot be told apart is nobody's member. */
function kindOf(user: z.infer<typeof USER>): SlackPerson['kind'] {
  if (user.is_bot === true || user.id === 'USLACKBOT') return 'bot';
  if (user.is_stranger === true) return 'outside';
  if (user.is_restricted === true || user.is_ultra_restricted === true) return 'guest';
  return 'member';
}
