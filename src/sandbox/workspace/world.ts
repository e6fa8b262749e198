import type { Fields } from '../fields.js';
import type { Manifest } from '../manifest/manifest.js';
import type { Clock } from './clock.js';
import type { Ids } from './ids.js';
import { type PlatformCall, renderCallBlock } from './objects/call.js';
import { type Channel, emptyChannel, partner, renderChannel } from './objects/channel.js';
import { type Enterprise, enterpriseOf } from './objects/enterprise.js';
import { renderFile, type SlackFile } from './objects/file.js';
import { type Ephemeral, type Message, renderMessage } from './objects/message.js';
import type { Scheduled } from './objects/scheduled.js';
import { repliesOf } from './objects/threads.js';
import { renderOutside, renderUser, setAccount, type User, type UserView } from './objects/user.js';
import type { Usergroup } from './objects/usergroup.js';
import {
  builtInChannels,
  builtInProfileFields,
  builtInUsergroups,
  builtInUsers,
  type ProfileField,
  type Seed,
} from './seed.js';
import { defaultSettings, type Settings } from './settings.js';

/** Who the app and the workspace are. */
export interface Identity {
  readonly teamId: string;
  /** What it is called now; a workspace can be renamed. */
  teamName: string;
  readonly domain: string;
  readonly appId: string;
  readonly appName: string;
  readonly botId: string;
  readonly botUserId: string;
  /** Deprecated, and still in every payload. */
  readonly verificationToken: string;
  /** Base address of the sandbox, without a slash at the end. */
  readonly url: string;
}

/** Something that happened, offered to the app if it subscribed and may see it. */
export interface Happening {
  readonly event: Fields & { type: string };
  /** The conversation it happened in; absent for workspace-wide events. */
  readonly channel?: Channel;
  /** Events of public channels that also reach an app which is not a member. */
  readonly everywhere?: boolean;
}

/** Something that a person wants to be reminded of; times in seconds since the epoch. */
export interface Reminder {
  readonly id: string;
  readonly user: string;
  readonly text: string;
  readonly time: number;
  readonly recurrence?: { frequency: string; weekdays?: string[] };
  completed: number;
}

/** What an assistant shows in one of its threads. */
export interface AssistantThread {
  status?: string;
  title?: string;
  prompts?: Fields[];
}

/** The state of the workspace. Rules live in the methods; this only keeps and finds. */
export class World {
  readonly users = new Map<string, User>();
  readonly channels = new Map<string, Channel>();
  readonly files = new Map<string, SlackFile>();
  readonly usergroups = new Map<string, Usergroup>();
  /** Custom emoji: name without colons → address of a picture, or `alias:other`. */
  readonly emoji = new Map<string, string>();
  readonly reminders = new Map<string, Reminder>();
  /** What an assistant says of its threads, by `channel:thread`. */
  readonly assistant = new Map<string, AssistantThread>();
  profileFields: ProfileField[] = [];
  /** The organisation, if the workspace is part of one. */
  enterprise: Enterprise | undefined;
  /** False once the app was taken off: it hears nothing more, and its commands are gone. */
  installed = true;
  /** Messages that wait for their time, by id. */
  readonly scheduled = new Map<string, Scheduled>();
  readonly calls = new Map<string, PlatformCall>();
  ephemerals: Ephemeral[] = [];
  readonly #teamName: string;
  /** Set by the event dispatcher. */
  onHappening: (happening: Happening) => void = () => {};
  /** Set by the live page; without what happened when it was no event: then everything may be different. */
  onChange: (happening?: Happening) => void = () => {};
  /** Brings back what was said before the start; set by whoever starts the sandbox. */
  onReset: () => void = () => {};

  constructor(
    readonly identity: Identity,
    /** Another one after `apps.manifest.update`. */
    public manifest: Manifest,
    readonly clock: Clock,
    readonly ids: Ids,
    readonly seed: Seed = {},
    readonly settings: Settings = defaultSettings(),
  ) {
    this.#teamName = identity.teamName;
    this.reset();
  }

  /** What the checks of blocks need to know. */
  get blockRules(): { textCap: number | null; unfurlDomains: readonly string[] } {
    return { textCap: this.settings.blockTextCap, unfurlDomains: this.manifest.unfurlDomains };
  }

  /** Back to the seed. */
  reset(): void {
    this.users.clear();
    this.channels.clear();
    this.files.clear();
    this.usergroups.clear();
    this.emoji.clear();
    this.reminders.clear();
    this.assistant.clear();
    this.scheduled.clear();
    this.calls.clear();
    this.ephemerals = [];
    this.installed = true;
    this.identity.teamName = this.seed.team?.name ?? this.#teamName;
    this.enterprise = enterpriseOf(this.seed.enterprise, this.identity.teamId);
    this.profileFields = [...builtInProfileFields(), ...(this.seed.profile_fields ?? [])];
    for (const [name, value] of Object.entries(this.seed.emoji ?? {})) this.emoji.set(name, value);
    const { replace = false } = this.seed;
    for (const user of builtInUsers()) if (!replace || user.id === 'USLACKBOT') this.users.set(user.id, user);
    const { botUserId, botId, appId } = this.identity;
    const name = this.manifest.botName;
    this.users.set(botUserId, {
      id: botUserId,
      name,
      realName: this.manifest.name,
      displayName: this.manifest.botDisplayName,
      tz: null,
      bot: { botId, appId },
      updated: this.clock.seconds(),
    });
    for (const given of this.seed.users ?? []) this.users.set(given.id, this.#seeded(given));
    if (!replace)
      for (const channel of builtInChannels(this.clock.now())) this.channels.set(channel.id, channel);
    for (const given of this.seed.channels ?? []) this.#seedChannel(given);
    for (const group of [...(replace ? [] : builtInUsergroups()), ...(this.seed.usergroups ?? [])])
      this.usergroups.set(group.id, { ...group, users: [...group.users] });
    this.onReset();
    this.changed();
  }

  /** The channel of that name, whatever its state: archived and private names are taken too. */
  channelNamed(name: string): Channel | undefined {
    for (const channel of this.channels.values()) {
      if (channel.kind === 'channel' && channel.name === name) return channel;
    }
    return undefined;
  }

  /** The user by id, name or display name, with or without a leading `@`. */
  userNamed(name: string): User | undefined {
    const plain = name.replace(/^@/, '');
    const byId = this.users.get(plain);
    if (byId) return byId;
    for (const user of this.users.values())
      if (user.name === plain || user.displayName === plain) return user;
    return undefined;
  }

  /** The direct conversation of exactly these people, if there is one. */
  directOf(members: readonly string[]): Channel | undefined {
    const wanted = new Set(members);
    for (const channel of this.channels.values()) {
      if (channel.kind === 'channel' || channel.members.size !== wanted.size) continue;
      if ([...channel.members].every((member) => wanted.has(member))) return channel;
    }
    return undefined;
  }

  /** The direct conversation of exactly these people, made when there is none. */
  direct(members: readonly string[]): { channel: Channel; made: boolean } {
    const wanted = new Set(members);
    const known = this.directOf(members);
    if (known) return { channel: known, made: false };
    const im = wanted.size <= 2;
    const channel = emptyChannel({
      id: this.ids.make(im ? 'D' : 'G'),
      name: im
        ? 'directmessage'
        : `mpdm-${[...wanted].map((id) => this.users.get(id)?.name ?? id).join('--')}-1`,
      kind: im ? 'im' : 'mpim',
      isPrivate: true,
      creator: this.identity.botUserId,
      createdMs: this.clock.now(),
    });
    for (const member of wanted) channel.members.add(member);
    this.channels.set(channel.id, channel);
    const { botUserId, teamId } = this.identity;
    if (im && channel.members.has(botUserId)) {
      const shown = renderChannel(channel, teamId, botUserId);
      const event = { type: 'im_created', user: partner(channel, botUserId), channel: shown };
      this.happened({ channel, event: { ...event, event_ts: this.ids.ts() } });
    }
    return { channel, made: true };
  }

  /** The message of that time in that channel. */
  message(channel: Channel, ts: string): Message | undefined {
    const { messages } = channel;
    // They ascend by time; a channel may hold many thousands.
    let [from, to] = [0, messages.length];
    while (from < to) {
      const middle = (from + to) >>> 1;
      if ((messages[middle]?.ts ?? '') < ts) from = middle + 1;
      else to = middle;
    }
    return messages[from]?.ts === ts ? messages[from] : messages.findLast((message) => message.ts === ts);
  }

  /** The message object as the Web API shows it. @param viewer who looks; the bot user when absent */
  show(channel: Channel, message: Message, viewer = this.identity.botUserId): Fields {
    const parent = message.thread_ts ? this.message(channel, message.thread_ts) : undefined;
    const broadcast = message.subtype === 'thread_broadcast' && parent && parent !== message;
    const shown = renderMessage(message, {
      profile: this.identity,
      channelId: channel.id,
      viewer,
      replies: message.thread_ts ? [] : repliesOf(channel, message.ts),
      parent,
      root: broadcast ? this.show(channel, parent, viewer) : undefined,
      files: (id) => this.#showFile(id),
      block: (block) => this.#showBlock(block),
    });
    const outside = renderOutside(this.users.get(message.user));
    return { ...shown, ...outside, ...(outside.user_team ? { team: outside.user_team } : {}) };
  }

  /** The user object as the reader may see it: by default without e-mail and language, as events have it. */
  showUser(user: User, reader: Pick<UserView, 'email' | 'locale'> = {}): Fields {
    return renderUser(user, this.viewOf(user, reader));
  }

  /** How this user is shown now. */
  viewOf(user: User, reader: Pick<UserView, 'email' | 'locale'> = {}): UserView {
    const { teamId, url } = this.identity;
    const stranger = user.teamId !== undefined && !this.isKnown(user);
    return { teamId, url, nowMs: this.clock.now(), stranger, enterprise: this.enterprise, ...reader };
  }

  /** False for people from outside who are in no conversation of ours. */
  isKnown(user: User): boolean {
    if (user.teamId === undefined) return true;
    return [...this.channels.values()].some((channel) => channel.members.has(user.id));
  }

  /** The address of a message; it opens the live page there. */
  permalink(channel: Channel, message: Message): string {
    const base = `${this.identity.url}/archives/${channel.id}/p${message.ts.replace('.', '')}`;
    return message.thread_ts ? `${base}?thread_ts=${message.thread_ts}&cid=${channel.id}` : base;
  }

  happened(happening: Happening): void {
    if (this.installed) this.onHappening(happening);
    this.onChange(happening);
  }

  changed(): void {
    this.onChange();
  }

  #seeded(given: NonNullable<Seed['users']>[number]): User {
    const base: User = {
      id: given.id,
      name: given.name,
      realName: given.name,
      displayName: given.name,
      tz: 'UTC',
      updated: 0,
    };
    const { is_admin, is_owner, is_primary_owner, is_invited_user, is_app_user, ...rest } = given;
    const { is_restricted, is_ultra_restricted, team_id, ...plain } = rest;
    const user = { ...(this.users.get(given.id) ?? base), ...plain };
    const rank = { is_admin, is_owner, is_primary_owner, is_invited_user, is_app_user };
    setAccount(user, { ...rank, is_restricted, is_ultra_restricted, team_id }, this.identity.teamId);
    return user;
  }

  #showFile(id: string): Fields | undefined {
    const file = this.files.get(id);
    return file ? renderFile(file) : undefined;
  }

  #showBlock(block: Fields): Fields {
    const call = block.type === 'call' ? this.calls.get(String(block.call_id)) : undefined;
    return call ? { ...block, ...renderCallBlock(call) } : block;
  }

  #seedChannel(given: NonNullable<Seed['channels']>[number]): void {
    const taken = this.channelNamed(given.name);
    if (taken) this.channels.delete(taken.id);
    const channel = emptyChannel({
      id: given.id ?? taken?.id ?? this.ids.make('C'),
      name: given.name,
      kind: 'channel',
      isPrivate: given.private ?? false,
      creator: given.creator ?? given.members?.[0] ?? [...this.users.keys()][0] ?? '',
      createdMs: this.clock.now(),
    });
    channel.isArchived = given.archived ?? false;
    channel.isGeneral = given.name === 'general';
    channel.topic.value = given.topic ?? '';
    channel.purpose.value = given.purpose ?? '';
    channel.sharedWith = given.shared_with;
    for (const member of given.members ?? []) channel.members.add(member);
    this.channels.set(channel.id, channel);
  }
}
