import { IANAZone } from 'luxon';
import { z } from 'zod';
import { nameProblem } from '../workspace/objects/channel-name.js';
import { settingsSchema } from '../workspace/settings.js';

const text = z.string().max(40_000);
const line = z.string().min(1).max(255);
const id = (letters: string, example: string) =>
  z.string().regex(new RegExp(`^[${letters}][A-Z0-9]{2,20}$`), `must be an id such as ${example}`);
const team = id('T', 'T0PARTNER1');

/** Milliseconds since the epoch, of a moment with a zone. */
const moment = z
  .string()
  .refine((it) => momentOf(it) !== undefined, 'must be a moment such as "2026-03-02T08:00:00Z"')
  .transform((it) => momentOf(it) ?? 0);

/** @returns milliseconds since the epoch; undefined for what is no date and time with a zone */
export function momentOf(text: string): number | undefined {
  const shape = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)$/;
  const ms = shape.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

/** A person: by name, by id, or `app` for the bot. */
const who = z.string().min(1);

const hour = z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'must be a time such as "22:00"');

const user = z.strictObject({
  id: id('UW', 'U0ANA00001').optional(),
  name: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,79}$/, 'must be a handle: a-z, 0-9, . _ -'),
  real_name: line.optional(),
  display_name: z.string().max(80).optional(),
  email: z.email({ error: 'must be an e-mail address' }).optional(),
  title: z.string().max(255).optional(),
  phone: z.string().max(80).optional(),
  pronouns: z.string().max(80).optional(),
  locale: z
    .string()
    .regex(/^[a-z]{2}-[A-Z]{2}$/, 'must be a language such as en-US')
    .optional(),
  tz: z
    .string()
    .refine((it) => IANAZone.isValidZone(it), 'must be a time zone such as Europe/Berlin, or null for none')
    .nullable()
    .optional(),
  deleted: z.boolean().optional(),
  is_admin: z.boolean().optional(),
  is_owner: z.boolean().optional(),
  is_primary_owner: z.boolean().optional(),
  is_restricted: z.boolean().optional(),
  is_ultra_restricted: z.boolean().optional(),
  is_invited_user: z.boolean().optional(),
  is_app_user: z.boolean().optional(),
  team_id: team.optional(),
  online: z.boolean().optional(),
  away: z.boolean().optional(),
  status: z
    .strictObject({
      text: z.string().max(100).default(''),
      emoji: z
        .string()
        .regex(/^(?::[^:\s]+:)?$/, 'must be as :tada:')
        .default(''),
      /** Seconds since the epoch. */
      expiration: z.int().min(0).default(0),
    })
    .optional(),
  dnd: z.strictObject({ start: hour, end: hour }).optional(),
});

const channelName = z.string().superRefine((name, context) => {
  const code = nameProblem(name);
  if (code === undefined) return;
  const message = `is no name for a channel (${code}): lower-case letters, digits, - and _, at most 80`;
  context.addIssue({ code: 'custom', message });
});

const plain = {
  user: who,
  text,
  at: moment.optional(),
  pinned: z.boolean().optional(),
  /** By name of the emoji, without colons. */
  reactions: z
    .record(z.string().regex(/^[^:\s]+$/, 'must be without colons'), z.array(who).min(1))
    .optional(),
  blocks: z.array(z.record(z.string(), z.unknown())).max(50).optional(),
};
const message = z.strictObject({ ...plain, replies: z.array(z.strictObject(plain)).optional() });

const channel = z.strictObject({
  id: id('CG', 'C0GENERAL1').optional(),
  name: channelName,
  private: z.boolean().optional(),
  archived: z.boolean().optional(),
  topic: z.string().max(250).optional(),
  purpose: z.string().max(250).optional(),
  creator: who.optional(),
  members: z.array(who).optional(),
  shared_with: team.optional(),
  bookmarks: z
    .array(
      z.strictObject({
        title: line,
        link: z.string().regex(/^https?:\/\/\S+$/, 'must begin with http:// or https://'),
        emoji: z.string().optional(),
      }),
    )
    .max(100)
    .optional(),
  messages: z.array(message).optional(),
});

const usergroup = z.strictObject({
  id: id('S', 'S0SRE00001').optional(),
  handle: z.string().regex(/^[a-z0-9][a-z0-9._-]*$/, 'must be a handle: a-z, 0-9, . _ -'),
  name: line,
  description: z.string().max(140).optional(),
  users: z.array(who),
  disabled: z.boolean().optional(),
});

const profileField = z.strictObject({
  id: z.string().regex(/^Xf[A-Z0-9]{2,20}$/, 'must be an id such as Xf0PAGER001'),
  label: line,
  hint: z.string().max(255).optional(),
  type: z.enum(['text', 'date', 'link', 'user', 'options_list']).optional(),
  possible_values: z.array(line).optional(),
  hidden: z.boolean().optional(),
});

/** What may stand in a seed file. */
export const seedSchema = z.strictObject({
  replace: z.boolean().optional(),
  now: moment.optional(),
  frozen: z.boolean().optional(),
  team: z.strictObject({ name: line }).optional(),
  enterprise: z
    .union([
      z.boolean(),
      z.strictObject({
        id: id('E', 'E0SANDBOX1').optional(),
        name: line.optional(),
        domain: line.optional(),
        org_install: z.boolean().optional(),
        teams: z.array(z.strictObject({ id: team, name: line })).optional(),
      }),
    ])
    .optional(),
  ids: line.optional(),
  settings: settingsSchema.optional(),
  profile_fields: z.array(profileField).optional(),
  users: z.array(user).optional(),
  channels: z.array(channel).optional(),
  usergroups: z.array(usergroup).optional(),
  dms: z
    .array(z.strictObject({ members: z.array(who).min(2).max(9), messages: z.array(message).optional() }))
    .optional(),
  emoji: z
    .record(
      z.string().regex(/^[a-z0-9_'+-]+$/, 'must be a name of a-z, 0-9, _ - + and no colons'),
      z
        .string()
        .regex(
          /^(?:alias:\S+|https?:\/\/\S+|data:image\/\S+)$/,
          'must be an address of a picture, or alias:NAME',
        ),
    )
    .optional(),
});

export type SeedDocument = z.infer<typeof seedSchema>;
