import { WebClient } from '@slack/web-api';
import type { SandboxOptions } from '#sandbox/sandbox.js';
import { type Kit, manifest, quiet, startKit } from './kit.js';

export type Fields = Record<string, unknown>;

export const ANA = 'U0ANA00001';
export const BO = 'U0BO000002';
export const BOT = 'U0BOT00000';

const SCOPES = [
  ...['links:read', 'links:write', 'canvases:write', 'canvases:read', 'calls:write', 'calls:read'],
  ...['mpim:read', 'mpim:history', 'chat:write.customize', 'emoji:read'],
];
const EVENTS = [
  ...['reaction_removed', 'pin_removed', 'member_left_channel', 'channel_left', 'group_left'],
  ...['channel_deleted', 'group_deleted', 'channel_unarchive', 'group_archive', 'group_unarchive'],
  ...['group_rename', 'channel_id_changed', 'im_created', 'im_open', 'im_close', 'link_shared'],
  ...['file_created', 'file_shared', 'file_public', 'file_change', 'file_deleted', 'message.mpim'],
];
const USER_SCOPES = [
  ...['channels:history', 'channels:read', 'channels:write', 'groups:write', 'chat:write', 'files:read'],
  ...['reactions:read', 'reactions:write'],
];

/** A workspace whose app may do everything with conversations, messages and files. */
export interface ChatKit extends Kit {
  /** `ok`, or the code with which the call was refused. */
  outcome(method: string, args?: Fields): Promise<string>;
  /** Answers of methods that the client library has no name for, or that are read as plain data. */
  call(method: string, args?: Fields): Promise<Fields>;
  /** What the app was told so far, oldest first; of one type if given. */
  told(type?: string): Promise<Fields[]>;
  /** The same for what happens meanwhile. */
  during(run: () => Promise<unknown>): Promise<Fields[]>;
  /** A client that acts as this person. */
  as(user: string): Promise<WebClient>;
  /** A person's message. @returns its time */
  say(user: string, channel: string, text: string, more?: Fields): Promise<string>;
  /** One message as the bot reads it. */
  read(channel: string, ts: string): Promise<Fields>;
}

export async function startChatKit(
  options: Partial<SandboxOptions> = {},
  change: Parameters<typeof manifest>[0] = () => {},
): Promise<ChatKit> {
  const whole = manifest((it) => {
    it.oauth_config.scopes.bot.push(...SCOPES);
    Object.assign(it.oauth_config.scopes, { user: USER_SCOPES });
    it.settings.event_subscriptions.bot_events.push(
      ...EVENTS.filter((event) => !it.settings.event_subscriptions.bot_events.includes(event)),
    );
    Object.assign(it.features, { unfurl_domains: ['example.com'] });
    change(it);
  });
  const kit = await startKit({ manifest: whole, ...options });
  const call = async (method: string, args: Fields = {}) =>
    (await kit.client.apiCall(method, args)) as unknown as Fields;
  const told = async (type?: string) => {
    const { events } = await kit.look<{ events: Array<{ payload: { event: Fields } }> }>('events');
    return events.map(({ payload }) => payload.event).filter((event) => !type || event.type === type);
  };
  return {
    ...kit,
    call,
    told,
    outcome: (method, args = {}) => call(method, args).then(() => 'ok', codeOf),
    during: async (run) => {
      const before = (await told()).length;
      await run();
      return (await told()).slice(before);
    },
    as: async (user) => {
      const { token } = await kit.act<{ token: string }>('token', { user });
      return new WebClient(token, {
        slackApiUrl: kit.sandbox.apiUrl,
        retryConfig: { retries: 0 },
        logger: quiet,
      });
    },
    say: async (user, channel, text, more = {}) =>
      (await kit.act<{ ts: string }>('message', { user, channel, text, ...more })).ts,
    read: async (channel, ts) => {
      const { messages } = await kit.client.conversations.replies({
        channel,
        ts,
        include_all_metadata: true,
      });
      const found = messages?.find((it) => it.ts === ts);
      if (!found) throw new Error(`no message ${ts}`);
      return found as unknown as Fields;
    },
  };
}

/** The code of a refusal, as the client library throws it. */
export function codeOf(error: unknown): string {
  const { data } = error as { data?: { error?: string } };
  return data?.error ?? String(error);
}
