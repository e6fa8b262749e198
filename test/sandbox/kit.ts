import { App, LogLevel } from '@slack/bolt';
import { WebClient } from '@slack/web-api';
import { type Sandbox, type SandboxOptions, startSandbox } from '#sandbox/sandbox.js';

/** A manifest with everything the sandbox knows; `change` edits a copy. */
export function manifest(change: (it: ReturnType<typeof base>) => void = () => {}): object {
  const made = base();
  change(made);
  return made;
}

function base() {
  return {
    display_information: { name: 'Test app' },
    features: {
      app_home: { home_tab_enabled: true, messages_tab_enabled: true },
      bot_user: { display_name: 'testbot', always_online: true },
      slash_commands: [
        { command: '/incident', description: 'Incidents', should_escape: true },
        { command: '/raw', description: 'Text as typed', should_escape: false },
      ],
      shortcuts: [
        { name: 'Declare', type: 'global', callback_id: 'declare', description: 'Open the form' },
        { name: 'Add to timeline', type: 'message', callback_id: 'add', description: 'Save a message' },
      ],
    },
    oauth_config: {
      scopes: {
        bot: [
          ...[
            'commands',
            'chat:write',
            'chat:write.public',
            'channels:manage',
            'channels:read',
            'channels:history',
          ],
          ...[
            'channels:join',
            'groups:write',
            'groups:read',
            'groups:history',
            'im:write',
            'im:read',
            'im:history',
          ],
          ...['mpim:write', 'users:read', 'users:read.email', 'usergroups:read', 'pins:write', 'pins:read'],
          ...[
            'bookmarks:write',
            'bookmarks:read',
            'reactions:write',
            'reactions:read',
            'files:write',
            'files:read',
          ],
          ...['app_mentions:read', 'team:read'],
        ],
      },
    },
    settings: {
      event_subscriptions: {
        bot_events: [
          ...['app_home_opened', 'app_mention', 'message.channels', 'message.groups', 'message.im'],
          ...['reaction_added', 'reaction_removed', 'pin_added', 'member_joined_channel', 'channel_created'],
          ...['channel_archive', 'channel_rename', 'user_change'],
        ],
      },
      interactivity: { is_enabled: true },
      socket_mode_enabled: true,
    },
  };
}

/** A sandbox for one test file, with ways to act and to ask. */
export interface Kit {
  readonly sandbox: Sandbox;
  readonly client: WebClient;
  /** POST to the control API. */
  act<T = Answer>(path: string, body?: object): Promise<T>;
  /** GET of the control API. */
  look<T = Answer>(path: string): Promise<T>;
  /** The refusal of a Web API call, as the sandbox worded it. */
  refusal(method: string, args?: Record<string, unknown>): Promise<Answer>;
  stop(): Promise<void>;
}

type Answer = Record<string, unknown>;

export async function startKit(options: Partial<SandboxOptions> = {}): Promise<Kit> {
  const sandbox = await startSandbox({
    manifest: manifest(),
    settings: { rateLimits: false, retryScale: 0 },
    ...options,
  });
  const client = new WebClient(sandbox.botToken, {
    slackApiUrl: sandbox.apiUrl,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logLevel: LogLevel.ERROR,
    logger: quiet,
  });
  const json = async <T>(path: string, init?: RequestInit): Promise<T> => {
    const response = await fetch(`${sandbox.url}/control/${path}`, init);
    return (await response.json()) as T;
  };
  return {
    sandbox,
    client,
    act: (path, body = {}) =>
      json(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    look: (path) => json(path),
    refusal: async (method, args = {}) => {
      // As the official client sends it: a form, with structures as JSON text.
      const form = new URLSearchParams();
      for (const [name, value] of Object.entries(args))
        if (value !== undefined && value !== null)
          form.set(name, typeof value === 'object' ? JSON.stringify(value) : String(value));
      const response = await fetch(`${sandbox.apiUrl}${method}`, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          authorization: `Bearer ${sandbox.botToken}`,
        },
        body: form.toString(),
      });
      return (await response.json()) as Answer;
    },
    stop: () => sandbox.stop(),
  };
}

export const quiet = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  setLevel() {},
  getLevel: () => LogLevel.ERROR,
  setName() {},
};

/** A bare Bolt app on Socket Mode. */
export function socketApp(sandbox: Sandbox): App {
  return new App({
    token: sandbox.botToken,
    appToken: sandbox.appToken,
    socketMode: true,
    clientOptions: { slackApiUrl: sandbox.apiUrl },
    logger: quiet,
  });
}
