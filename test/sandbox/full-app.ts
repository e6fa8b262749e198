import { LogLevel } from '@slack/bolt';
import { WebClient } from '@slack/web-api';
import type { SandboxOptions } from '#sandbox/sandbox.js';
import { type Kit, manifest, quiet, startKit } from './kit.js';

export type Answer = Record<string, unknown> & { ok?: boolean; error?: string };

const BOT_SCOPES = [
  ...[
    'commands',
    'chat:write',
    'chat:write.public',
    'chat:write.customize',
    'app_mentions:read',
    'team:read',
  ],
  ...['channels:manage', 'channels:read', 'channels:history', 'channels:join', 'groups:write', 'groups:read'],
  ...['groups:history', 'im:write', 'im:read', 'im:history', 'mpim:write', 'mpim:read', 'mpim:history'],
  ...['users:read', 'users:read.email', 'users:write', 'users.profile:read', 'usergroups:read'],
  ...['usergroups:write', 'dnd:read', 'emoji:read', 'pins:write', 'pins:read', 'bookmarks:write'],
  ...['bookmarks:read', 'reactions:write', 'reactions:read', 'files:write', 'files:read', 'canvases:write'],
  ...['canvases:read', 'calls:write', 'calls:read', 'links:read', 'links:write', 'assistant:write'],
  ...['tokens.basic'],
];
const USER_SCOPES = [
  ...[
    'users:read',
    'users:read.email',
    'users:write',
    'users.profile:read',
    'users.profile:write',
    'dnd:read',
  ],
  ...['dnd:write', 'reminders:read', 'reminders:write', 'channels:read', 'channels:write', 'groups:write'],
  ...['channels:history', 'chat:write', 'usergroups:write', 'files:read', 'files:write'],
];
const EVENTS = [
  ...['app_home_opened', 'app_mention', 'message.channels', 'message.groups', 'message.im', 'reaction_added'],
  ...[
    'channel_created',
    'user_change',
    'user_profile_changed',
    'user_status_changed',
    'team_join',
    'team_rename',
  ],
  ...['emoji_changed', 'dnd_updated_user', 'subteam_created', 'subteam_updated', 'subteam_members_changed'],
  ...['subteam_self_added', 'subteam_self_removed', 'tokens_revoked', 'app_uninstalled'],
];

/** The manifest of an app that may everything and hears of everything that belongs to people. */
export function fullManifest(more: (it: Record<string, unknown>) => void = () => {}): object {
  return manifest((it) => {
    it.oauth_config.scopes = { ...it.oauth_config.scopes, bot: BOT_SCOPES, ...{ user: USER_SCOPES } };
    it.settings.event_subscriptions.bot_events = EVENTS;
    Object.assign(it.features, { unfurl_domains: ['bot.example.com'] });
    more(it);
  });
}

/** A kit with that app, and ways to call as anybody. */
export interface FullKit extends Kit {
  /** Calls with the bot's token, or another one; a refusal is an answer too. */
  call(method: string, args?: Record<string, unknown>, token?: string): Promise<Answer>;
  /** A token of this person. */
  tokenOf(user: string): Promise<string>;
  /** The inner events of these types that were sent since the last time, oldest first. */
  heard(...types: string[]): Promise<Answer[]>;
}

export async function startFullKit(options: Partial<SandboxOptions> = {}): Promise<FullKit> {
  const kit = await startKit({ manifest: fullManifest(), ...options });
  let seen = 0;
  return {
    ...kit,
    call: async (method, args = {}, token = kit.sandbox.botToken) => {
      const client = new WebClient(token, {
        slackApiUrl: kit.sandbox.apiUrl,
        retryConfig: { retries: 0 },
        logLevel: LogLevel.ERROR,
        logger: quiet,
      });
      try {
        return { ...(await client.apiCall(method, args)) };
      } catch (error) {
        return (error as { data: Answer }).data;
      }
    },
    tokenOf: async (user) => (await kit.act<{ token: string }>('token', { user })).token,
    heard: async (...types) => {
      const { events } = await kit.look<{ events: Array<{ payload: { event: Answer } }> }>('events');
      const fresh = events.slice(seen).map(({ payload }) => payload.event);
      seen = events.length;
      return fresh.filter((event) => types.length === 0 || types.includes(String(event.type)));
    },
  };
}
