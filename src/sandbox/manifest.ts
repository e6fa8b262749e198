import { z } from 'zod';

const command = z.strictObject({
  command: z.string().min(2).max(32).startsWith('/'),
  description: z.string().min(1).max(2000),
  url: z.string().max(3000).optional(),
  usage_hint: z.string().min(1).max(1000).optional(),
  should_escape: z.boolean().default(false),
});

const shortcut = z.strictObject({
  name: z.string().min(1).max(24),
  type: z.enum(['message', 'global']),
  callback_id: z.string().min(1).max(255),
  description: z.string().min(1).max(150),
});

const manifestSchema = z.object({
  display_information: z.looseObject({
    name: z.string().min(1).max(35),
    description: z.string().min(1).max(140).optional(),
    long_description: z.string().min(175).max(4000).optional(),
  }),
  features: z
    .looseObject({
      app_home: z
        .strictObject({
          home_tab_enabled: z.boolean().optional(),
          messages_tab_enabled: z.boolean().optional(),
          messages_tab_read_only_enabled: z.boolean().optional(),
        })
        .optional(),
      bot_user: z
        .strictObject({
          display_name: z
            .string()
            .max(80)
            .regex(/^[a-z0-9._-]+$/),
          always_online: z.boolean().optional(),
        })
        .optional(),
      slash_commands: z.array(command).min(1).max(50).optional(),
      shortcuts: z.array(shortcut).min(1).max(10).optional(),
      unfurl_domains: z.array(z.string()).max(5).optional(),
    })
    .default({}),
  oauth_config: z
    .looseObject({
      scopes: z.looseObject({
        bot: z.array(z.string().max(50)).max(255).default([]),
        user: z.array(z.string().max(50)).max(255).default([]),
      }),
    })
    .default({ scopes: { bot: [], user: [] } }),
  settings: z
    .looseObject({
      event_subscriptions: z.looseObject({ bot_events: z.array(z.string()).max(100).default([]) }).optional(),
      interactivity: z.looseObject({ is_enabled: z.boolean() }).optional(),
      socket_mode_enabled: z.boolean().optional(),
    })
    .default({}),
});

type Command = z.infer<typeof command>;
type Shortcut = z.infer<typeof shortcut>;

/** What of an app manifest changes how the sandbox behaves. */
export interface Manifest {
  readonly name: string;
  readonly botName: string;
  readonly homeTab: boolean;
  /** Whether people and the app may write to each other directly. */
  readonly messagesTab: boolean;
  readonly messagesTabReadOnly: boolean;
  readonly commands: readonly Command[];
  readonly shortcuts: readonly Shortcut[];
  readonly scopes: ReadonlySet<string>;
  /** Of the tokens with which the app acts as a person. */
  readonly userScopes: ReadonlySet<string>;
  readonly events: ReadonlySet<string>;
  readonly interactive: boolean;
  /** Domains whose links and videos are the app's. */
  readonly unfurlDomains: readonly string[];
}

/**
 * Reads a parsed manifest.
 * @throws Error listing everything that Slack would refuse, one problem a line
 */
export function readManifest(source: object): Manifest {
  const parsed = manifestSchema.safeParse(source);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `  /${issue.path.join('/')}: ${issue.message}`);
    throw new Error(`invalid_manifest\n${problems.join('\n')}`);
  }
  const { display_information, features, oauth_config, settings } = parsed.data;
  const scopes = new Set(oauth_config.scopes.bot);
  const commands = features.slash_commands ?? [];
  const shortcuts = features.shortcuts ?? [];
  const events = settings.event_subscriptions?.bot_events ?? [];
  const problems = missingScopes(scopes, commands.length + shortcuts.length > 0, events);
  if (problems.length > 0) throw new Error(`invalid_manifest\n${problems.join('\n')}`);
  return {
    name: display_information.name,
    botName: features.bot_user?.display_name ?? 'bot',
    homeTab: features.app_home?.home_tab_enabled ?? false,
    messagesTab: features.app_home?.messages_tab_enabled ?? true,
    messagesTabReadOnly: features.app_home?.messages_tab_read_only_enabled ?? false,
    commands,
    shortcuts,
    scopes,
    userScopes: new Set(oauth_config.scopes.user),
    events: new Set(events),
    interactive: settings.interactivity?.is_enabled ?? false,
    unfurlDomains: features.unfurl_domains ?? [],
  };
}

// By prefix, the first that fits; any one of the scopes will do.
const EVENT_SCOPES: ReadonlyArray<readonly [prefix: string, ...scopes: string[]]> = [
  ['message.channels', 'channels:history'],
  ['message.groups', 'groups:history'],
  ['message.im', 'im:history'],
  ['message.mpim', 'mpim:history'],
  ['app_mention', 'app_mentions:read'],
  ['reaction_', 'reactions:read'],
  ['pin_', 'pins:read'],
  ['member_', 'channels:read', 'groups:read'],
  ['channel_', 'channels:read'],
  ['group_', 'groups:read'],
  ['user_change', 'users:read'],
  ['team_join', 'users:read'],
  ['subteam_', 'usergroups:read'],
  ['file_', 'files:read'],
];

function missingScopes(scopes: ReadonlySet<string>, speaks: boolean, events: readonly string[]): string[] {
  const problems: string[] = [];
  if (speaks && !scopes.has('commands')) {
    problems.push('  /oauth_config/scopes/bot: commands and shortcuts need the scope "commands"');
  }
  for (const event of events) {
    const [, ...needed] = EVENT_SCOPES.find(([prefix]) => event.startsWith(prefix)) ?? [''];
    if (needed.length === 0 || needed.some((scope) => scopes.has(scope))) continue;
    problems.push(
      `  /settings/event_subscriptions/bot_events: ${event} needs the scope ${needed.join(' or ')}`,
    );
  }
  return problems;
}
