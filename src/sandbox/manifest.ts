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
    })
    .default({}),
  oauth_config: z
    .looseObject({ scopes: z.looseObject({ bot: z.array(z.string().max(50)).max(255).default([]) }) })
    .default({ scopes: { bot: [] } }),
  settings: z
    .looseObject({
      event_subscriptions: z.looseObject({ bot_events: z.array(z.string()).max(100).default([]) }).optional(),
      interactivity: z.looseObject({ is_enabled: z.boolean() }).optional(),
      socket_mode_enabled: z.boolean().optional(),
    })
    .default({}),
});

export type Command = z.infer<typeof command>;
export type Shortcut = z.infer<typeof shortcut>;

/** What of an app manifest changes how the sandbox behaves. */
export interface Manifest {
  readonly name: string;
  readonly botName: string;
  readonly homeTab: boolean;
  readonly commands: readonly Command[];
  readonly shortcuts: readonly Shortcut[];
  readonly scopes: ReadonlySet<string>;
  readonly events: ReadonlySet<string>;
  readonly interactive: boolean;
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
  if (commands.length + shortcuts.length > 0 && !scopes.has('commands')) {
    throw new Error(
      'invalid_manifest\n  /oauth_config/scopes/bot: commands and shortcuts need the scope "commands"',
    );
  }
  return {
    name: display_information.name,
    botName: features.bot_user?.display_name ?? 'bot',
    homeTab: features.app_home?.home_tab_enabled ?? false,
    commands,
    shortcuts,
    scopes,
    events: new Set(settings.event_subscriptions?.bot_events ?? []),
    interactive: settings.interactivity?.is_enabled ?? false,
  };
}
