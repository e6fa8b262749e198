import { copy, type Fields } from '../../fields.js';
import { pictures } from './user.js';

interface Reaction {
  name: string;
  users: string[];
}

export interface Metadata {
  event_type: string;
  event_payload: Fields;
}

/** A stored message; names of members are Slack's, so that most of it can be shown as it is. */
export interface Message {
  readonly ts: string;
  readonly user: string;
  text: string;
  subtype?: string;
  bot?: boolean;
  /** Name or icon the app chose for this one message. */
  username?: string;
  icons?: Fields;
  /** False: `text` is not read as mrkdwn. */
  mrkdwn?: false;
  blocks?: Fields[];
  attachments?: Fields[];
  metadata?: Metadata;
  thread_ts?: string;
  edited?: { user: string; ts: string };
  files?: string[];
  reactions: Reaction[];
  pinnedBy?: { user: string; at: number };
  clientMsgId?: string;
  /** A text that is still being written piece by piece. */
  streaming_state?: 'in_progress' | 'completed';
  /** Extra members of a subtype: topic, inviter, old name… */
  extra?: Fields;
}

/** What only one person sees, until the page is reloaded. */
export interface Ephemeral {
  readonly ts: string;
  readonly channel: string;
  readonly user: string;
  readonly from: 'app' | 'slackbot';
  text: string;
  blocks?: Fields[];
  attachments?: Fields[];
  thread_ts?: string;
}

/** A posted message before it has a time. */
export type Draft = Omit<Message, 'ts' | 'reactions'>;

/** What a message is shown with. */
export interface Surroundings {
  readonly profile: {
    readonly teamId: string;
    readonly appId: string;
    readonly botId: string;
    readonly appName: string;
    readonly url: string;
  };
  readonly channelId: string;
  /** Who looks. */
  readonly viewer: string;
  /** The messages of its thread, for a parent. */
  readonly replies: readonly Message[];
  /** The message that it answers, for a reply. */
  readonly parent: Message | undefined;
  /** The parent as it is shown, for a reply that also went to the channel. */
  readonly root: Fields | undefined;
  /** File objects by id. */
  readonly files: (id: string) => Fields | undefined;
  /** A block as it is shown. */
  readonly block: (block: Fields) => Fields;
}

// Slack names no more of those who answered.
const NAMED_REPLIERS = 5;

/** The message object of the Web API and of events. */
export function renderMessage(message: Message, around: Surroundings): Fields {
  const {
    bot,
    reactions,
    pinnedBy,
    clientMsgId,
    extra,
    files: fileIds,
    thread_ts,
    blocks,
    ...plain
  } = message;
  const { profile, parent, root } = around;
  return copy({
    ...(clientMsgId ? { client_msg_id: clientMsgId } : {}),
    type: 'message',
    ...plain,
    ...(blocks ? { blocks: blocks.map(around.block) } : {}),
    team: profile.teamId,
    ...(bot ? renderBot(profile, message.user) : {}),
    ...(fileIds
      ? {
          files: fileIds.map(around.files).filter((file) => file !== undefined),
          upload: false,
          display_as_bot: false,
        }
      : {}),
    ...(thread_ts ? { thread_ts } : {}),
    ...(thread_ts && parent ? { parent_user_id: parent.user } : {}),
    ...(root ? { root } : {}),
    ...renderThread(message, around),
    ...(reactions.length > 0
      ? { reactions: reactions.map(({ name, users }) => ({ name, users, count: users.length })) }
      : {}),
    ...(pinnedBy
      ? {
          pinned_to: [around.channelId],
          pinned_info: { channel: around.channelId, pinned_by: pinnedBy.user, pinned_ts: pinnedBy.at },
        }
      : {}),
    ...extra,
  });
}

function renderBot(profile: Surroundings['profile'], user: string): Fields {
  return {
    bot_id: profile.botId,
    app_id: profile.appId,
    bot_profile: {
      id: profile.botId,
      app_id: profile.appId,
      user_id: user,
      name: profile.appName,
      icons: pictures(`${profile.url}/avatar/${profile.botId}`, [36, 48, 72]),
      deleted: false,
      updated: 1700000000,
      team_id: profile.teamId,
    },
  };
}

function renderThread(message: Message, { replies, viewer }: Surroundings): Fields {
  const last = replies.at(-1);
  if (message.thread_ts !== undefined || !last) return {};
  const users = [...new Set(replies.map((reply) => reply.user))];
  // Who wrote in a thread follows it, and has read as far as they wrote.
  const own = [message, ...replies].findLast((it) => it.user === viewer);
  return {
    thread_ts: message.ts,
    reply_count: replies.length,
    reply_users_count: users.length,
    latest_reply: last.ts,
    reply_users: users.slice(0, NAMED_REPLIERS),
    is_locked: false,
    subscribed: own !== undefined,
    ...(own ? { last_read: own.ts } : {}),
  };
}
