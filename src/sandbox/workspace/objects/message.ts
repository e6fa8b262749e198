import { copy, type Fields } from '../../fields.js';

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
  blocks?: Fields[];
  attachments?: Fields[];
  metadata?: Metadata;
  thread_ts?: string;
  edited?: { user: string; ts: string };
  files?: string[];
  reactions: Reaction[];
  pinnedBy?: { user: string; at: number };
  clientMsgId?: string;
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

export interface BotProfile {
  readonly teamId: string;
  readonly appId: string;
  readonly botId: string;
  readonly appName: string;
}

/**
 * The message object of the Web API and of events.
 * @param replies messages of its thread, for a parent
 * @param files file objects by id
 */
export function renderMessage(
  message: Message,
  profile: BotProfile,
  channelId: string,
  replies: readonly Message[] = [],
  files: (id: string) => Fields | undefined = () => undefined,
): Fields {
  const { bot, reactions, pinnedBy, clientMsgId, extra, files: fileIds, thread_ts, ...plain } = message;
  const parent = thread_ts === undefined && replies.length > 0;
  const last = replies.at(-1);
  return copy({
    ...(clientMsgId ? { client_msg_id: clientMsgId } : {}),
    type: 'message',
    ...plain,
    team: profile.teamId,
    ...(bot
      ? {
          bot_id: profile.botId,
          app_id: profile.appId,
          bot_profile: {
            id: profile.botId,
            app_id: profile.appId,
            user_id: message.user,
            name: profile.appName,
            deleted: false,
            updated: 1700000000,
            team_id: profile.teamId,
          },
        }
      : {}),
    ...(fileIds ? { files: fileIds.map(files).filter((file) => file !== undefined), upload: false } : {}),
    ...(thread_ts ? { thread_ts } : {}),
    ...(parent && last
      ? {
          thread_ts: message.ts,
          reply_count: replies.length,
          reply_users_count: new Set(replies.map((reply) => reply.user)).size,
          latest_reply: last.ts,
          reply_users: [...new Set(replies.map((reply) => reply.user))],
          is_locked: false,
          subscribed: false,
        }
      : {}),
    ...(reactions.length > 0
      ? { reactions: reactions.map(({ name, users }) => ({ name, users, count: users.length })) }
      : {}),
    ...(pinnedBy
      ? {
          pinned_to: [channelId],
          pinned_info: { channel: channelId, pinned_by: pinnedBy.user, pinned_ts: pinnedBy.at },
        }
      : {}),
    ...extra,
  });
}
