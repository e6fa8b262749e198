import type { Fields } from '../fields.js';
import { type Channel, emptyChannel } from './objects/channel.js';
import type { EnterpriseSeed } from './objects/enterprise.js';
import type { Account, User } from './objects/user.js';
import type { Usergroup } from './objects/usergroup.js';
import type { GivenSettings } from './settings.js';

/** The user of the app. */
export const BOT_USER = 'U0BOT00000';

/** Something that was said before the sandbox started. */
export interface SeedMessage {
  /** A user id; the app's own for what the app posted. */
  user: string;
  /** As a person types it: `@name` and `#channel` become mentions. */
  text: string;
  /** Milliseconds since the epoch; by default shortly before the start. */
  at?: number;
  pinned?: boolean;
  reactions?: Array<{ name: string; users: string[] }>;
  /** Of the app only. */
  blocks?: Fields[];
  replies?: SeedMessage[];
}

/** People, channels and user groups that a sandbox starts with. */
export interface Seed {
  /** Without the built-in people, channels and groups. */
  replace?: boolean;
  /** Added to, or replacing by id, the built-in people. */
  users?: Array<Partial<User> & Account & { id: string; name: string }>;
  /** Added to, or replacing by name, the built-in channels. `members` are user ids. */
  channels?: Array<{
    id?: string;
    name: string;
    private?: boolean;
    archived?: boolean;
    topic?: string;
    purpose?: string;
    /** A user id; the first member by default. */
    creator?: string;
    members?: string[];
    bookmarks?: Array<{ title: string; link: string; emoji?: string }>;
    messages?: SeedMessage[];
    /** The other workspace, `T…`: a Slack Connect channel. */
    shared_with?: string;
  }>;
  usergroups?: Usergroup[];
  /** Direct messages of these people, by id. */
  dms?: Array<{ members: string[]; messages?: SeedMessage[] }>;
  /** Custom emoji: name without colons → address of a picture, or `alias:other`. */
  emoji?: Record<string, string>;
  team?: { name?: string };
  /** Fields that the workspace added to everybody's profile, beside the built-in ones. */
  profile_fields?: ProfileField[];
  /** The workspace is part of an organisation; `true` for the usual one. */
  enterprise?: EnterpriseSeed | boolean;
  /** Settings to start with, and to come back to with a reset. */
  settings?: GivenSettings;
  /** Makes every id repeatable from run to run. */
  ids?: string;
}

/** A field of the workspace's own in everybody's profile. */
export interface ProfileField {
  /** `Xf…` */
  id: string;
  label: string;
  hint?: string;
  type?: 'text' | 'date' | 'link' | 'user' | 'options_list';
  /** For `options_list`. */
  possible_values?: string[];
  hidden?: boolean;
}

const UPDATED = 1700000000;

/** The built-in people: one of each kind that a bot treats differently. */
export function builtInUsers(): User[] {
  const person = (
    id: string,
    name: string,
    realName: string,
    tz: string | null,
    more: Partial<User> = {},
  ): User => ({
    id,
    name,
    realName,
    displayName: name,
    tz,
    email: `${name}@example.com`,
    updated: UPDATED,
    ...more,
  });
  return [
    person('U0ANA00001', 'ana', 'Ana Keller', 'Europe/Berlin', { admin: true, title: 'Incident commander' }),
    person('U0BO000002', 'bo', 'Bo Lindgren', 'America/New_York', { title: 'Platform engineer' }),
    person('U0CHEN0003', 'chen', 'Chen Wei', 'Asia/Shanghai', { title: 'Voice engineer' }),
    // Slack knows no time zone for some people; a bot must cope.
    person('U0DANA0004', 'dana', 'Dana Osei', null, { displayName: '' }),
    person('U0EVA00005', 'eva', 'Eva Marin', 'Europe/Madrid', { deleted: true }),
    person('U0FINN0006', 'finn', 'Finn Guest', 'Europe/Dublin', { ultraRestricted: true }),
    {
      id: 'USLACKBOT',
      name: 'slackbot',
      realName: 'Slackbot',
      displayName: 'Slackbot',
      tz: null,
      updated: 0,
    },
  ];
}

/** The built-in channels with their members. */
export function builtInChannels(nowMs: number): Channel[] {
  const general = emptyChannel({
    id: 'C0GENERAL1',
    name: 'general',
    kind: 'channel',
    isPrivate: false,
    creator: 'U0ANA00001',
    createdMs: nowMs,
  });
  general.isGeneral = true;
  for (const id of ['U0ANA00001', 'U0BO000002', 'U0CHEN0003', 'U0DANA0004', 'U0FINN0006'])
    general.members.add(id);
  const incidents = emptyChannel({
    id: 'C0INCIDENT',
    name: 'incidents',
    kind: 'channel',
    isPrivate: false,
    creator: 'U0ANA00001',
    createdMs: nowMs,
  });
  for (const id of ['U0ANA00001', 'U0BO000002', 'U0CHEN0003', 'U0DANA0004']) incidents.members.add(id);
  return [general, incidents];
}

/** The built-in user group. */
export function builtInUsergroups(): Usergroup[] {
  return [{ id: 'S0SRE00001', handle: 'sre', name: 'Site reliability', users: ['U0BO000002', 'U0CHEN0003'] }];
}

/** The built-in fields of the profile. */
export function builtInProfileFields(): ProfileField[] {
  return [
    { id: 'Xf0PAGER001', label: 'Pager', hint: 'Number that is called at night' },
    {
      id: 'Xf0ONCALL01',
      label: 'On-call team',
      type: 'options_list',
      possible_values: ['Platform', 'Voice', 'None'],
    },
  ];
}
