import type { Fields } from '../fields.js';

/** A member of the workspace, as the page shows them. */
export interface Person {
  readonly id: string;
  readonly name: string;
  readonly realName: string;
  readonly displayName: string;
  readonly title: string;
  /** IANA name; null: Slack knows none. */
  readonly tz: string | null;
  readonly deleted: boolean;
  readonly bot: boolean;
  readonly guest: boolean;
  /** The other workspace of somebody from outside. */
  readonly outside?: string;
}

/** A channel or direct conversation without its messages, as one person sees it. */
export interface Conversation {
  readonly id: string;
  readonly name: string;
  readonly kind: 'channel' | 'im' | 'mpim';
  readonly isPrivate: boolean;
  readonly isArchived: boolean;
  readonly isGeneral: boolean;
  readonly isMember: boolean;
  readonly isShared: boolean;
  readonly topic: string;
  readonly purpose: string;
  readonly creator: string;
  /** Seconds since the epoch. */
  readonly created: number;
  readonly memberCount: number;
  /** Who is in it; of direct conversations only. */
  readonly people?: readonly string[];
  readonly bookmarks: readonly Fields[];
  readonly pinCount: number;
  /** Id of the file that is its canvas. */
  readonly canvas?: string;
  /** Time of the last message that the person has seen; `0` for none. */
  readonly lastRead: string;
  /** Time of the newest message; `0` for none. */
  readonly latest: string;
  /** Messages of others after `lastRead`, at most 100. */
  readonly unread: number;
  /** How many of these name the person, or everybody. */
  readonly mentions: number;
}

/** A message object of the Web API. */
export interface Message extends Fields {
  readonly ts: string;
}

/** What only one person sees. */
export interface Whisper {
  readonly ts: string;
  readonly channel: string;
  readonly from: 'app' | 'slackbot';
  readonly text: string;
  readonly blocks?: Fields[];
  readonly attachments?: Fields[];
  readonly thread_ts?: string;
}

export interface Group {
  readonly id: string;
  readonly handle: string;
  readonly name: string;
}

/** People and what else everybody sees alike. */
export interface Directory {
  readonly people: readonly Person[];
  readonly groups: readonly Group[];
  /** Custom emoji: address, or `alias:name`, by name. */
  readonly emoji: Readonly<Record<string, string>>;
}

/** All that a page needs before it shows a first message. */
export interface Start extends Directory {
  /** Which run of the sandbox this is: what was seen in another one is worth nothing. */
  readonly epoch: string;
  /** Number of the last change that is in this document. */
  readonly seq: number;
  readonly me: string;
  readonly now: number;
  readonly teamName: string;
  readonly appName: string;
  readonly botUserId: string;
  readonly apiUrl: string;
  readonly homeTab: boolean;
  readonly commands: ReadonlyArray<{ command: string; description: string; usage_hint?: string }>;
  readonly shortcuts: ReadonlyArray<{
    name: string;
    type: 'message' | 'global';
    callback_id: string;
    description: string;
  }>;
  readonly conversations: readonly Conversation[];
  readonly views: readonly Fields[];
  readonly home: Fields | null;
}

/** Some messages of a channel in order, and whether there are more on either side. */
export interface Stretch {
  readonly messages: readonly Message[];
  readonly older: boolean;
  readonly newer: boolean;
}

/** What the tabs of a channel show beside its messages. */
export interface Details {
  readonly members: readonly string[];
  readonly pins: readonly Message[];
  readonly files: readonly Fields[];
  readonly canvas: { readonly id: string; readonly title: string; readonly markdown: string } | null;
}

/** A small change, as a page is told of it. */
export type Told =
  | { readonly kind: 'message'; readonly channel: string; readonly message: Message }
  | { readonly kind: 'removed'; readonly channel: string; readonly ts: string }
  | { readonly kind: 'channel'; readonly channel: Conversation }
  /** The person does not see that channel any more. */
  | { readonly kind: 'gone'; readonly channel: string }
  /** What is known of its messages is worth nothing. */
  | { readonly kind: 'reload'; readonly channel: string }
  /** `fresh`: new; else a change of one that was shown. */
  | { readonly kind: 'whisper'; readonly whisper: Whisper; readonly fresh: boolean }
  | { readonly kind: 'unwhispered'; readonly ts: string }
  | { readonly kind: 'views'; readonly views: readonly Fields[] }
  | { readonly kind: 'home'; readonly home: Fields | null }
  | { readonly kind: 'people'; readonly directory: Directory }
  | { readonly kind: 'traffic' }
  /** Everything is to be fetched again. */
  | { readonly kind: 'restart' };
