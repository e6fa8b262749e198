import { z } from 'zod';
import { either } from './problem.js';
import {
  functionsV1,
  functionsV2,
  machinery,
  typesV1,
  typesV2,
  workflowsV1,
  workflowsV2,
} from './workflows.js';

/** Words of a text with a length between these, both included. */
const text = (min: number, max: number) => z.string().min(min).max(max);
const url = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^https?:\/\//, 'must begin with http:// or https://');
const secureUrl = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^https:\/\//, 'must begin with https://');
const flag = z.boolean();

/** A list in which nothing stands twice. */
function unique<T extends z.ZodType>(item: T, min: number, max: number) {
  return z
    .array(item)
    .min(min)
    .max(max)
    .superRefine((list, context) => {
      const seen = new Set<string>();
      for (const [index, value] of list.entries()) {
        const key = JSON.stringify(value);
        if (seen.has(key))
          context.addIssue({ code: 'custom', path: [index], message: `stands there twice: ${key}` });
        seen.add(key);
      }
    });
}

const domain = (max: number) =>
  z
    .string()
    .max(max)
    .regex(
      /^(?![.-])[-a-z0-9.]+[a-z0-9]$/,
      'must be a domain such as example.com, without https:// and path',
    );

const command = z.strictObject({
  command: text(2, 32).regex(/^\//, 'must begin with a slash'),
  description: text(1, 2000),
  url: url(3000).optional(),
  usage_hint: text(1, 1000).optional(),
  should_escape: flag.default(false),
});

const shortcut = z.strictObject({
  name: text(1, 24),
  type: z.enum(['message', 'global']),
  callback_id: text(1, 255),
  description: text(1, 150),
});

const prompts = z.array(z.strictObject({ title: z.string(), message: z.string() }));

const parameter = z.looseObject({
  type: machinery.primitive,
  name: z.string(),
  title: z.string().optional(),
  description: z.string().optional(),
  is_required: flag.optional(),
});

const features = z.strictObject({
  app_home: z
    .strictObject({
      home_tab_enabled: flag.optional(),
      messages_tab_enabled: flag.optional(),
      messages_tab_read_only_enabled: flag.optional(),
    })
    .optional(),
  bot_user: z.strictObject({ display_name: text(1, 80), always_online: flag.optional() }).optional(),
  functions: z
    .array(
      z.strictObject({
        title: z.string(),
        description: z.string(),
        callback_id: z.string(),
        input_parameters: z.array(parameter).max(20),
        output_parameters: z.array(parameter).max(20),
      }),
    )
    .max(50)
    .optional(),
  slash_commands: z.array(command).min(1).max(50).optional(),
  shortcuts: z.array(shortcut).min(1).max(10).optional(),
  workflow_steps: z
    .array(z.strictObject({ name: text(1, 50), callback_id: text(1, 50) }))
    .min(1)
    .max(10)
    .optional(),
  unfurl_domains: unique(domain(255), 1, 5).optional(),
  assistant_view: z
    .strictObject({ assistant_description: z.string().max(300), suggested_prompts: prompts.optional() })
    .optional(),
  agent_view: z
    .strictObject({
      agent_description: z.string().max(300).optional(),
      suggested_prompts: prompts.max(4).optional(),
      actions: z.array(z.strictObject({ name: z.string(), description: z.string() })).optional(),
    })
    .optional(),
  // Only the manual page knows it; the schema that Slack publishes does not.
  rich_previews: z
    .strictObject({ is_active: flag.optional(), entity_types: z.array(z.string()).optional() })
    .optional(),
});

const scopes = z.array(z.string().max(50)).max(255);
const events = unique(z.string().max(50), 0, 100);
const BYTE = '(?:\\d|[1-9]\\d|1\\d\\d|2[0-4]\\d|25[0-5])';
const RANGE = new RegExp(`^(?:${BYTE}\\.){3}${BYTE}(?:/(?:3[0-2]|[12]\\d|\\d))?$`);

const settings = z.strictObject({
  allowed_ip_address_ranges: unique(
    z.string().regex(RANGE, 'must be an address such as 192.0.2.7 or a range such as 192.0.2.0/24'),
    1,
    50,
  ).optional(),
  event_subscriptions: z
    .strictObject({
      request_url: url(3500).optional(),
      user_events: events.optional(),
      bot_events: events.optional(),
      metadata_subscriptions: unique(
        z
          .strictObject({ app_id: z.string(), event_type: z.string().max(50) })
          .refine((it) => it.app_id !== '*' || it.event_type !== '*', {
            message: 'may have "*" for app_id or for event_type, and not for both',
          }),
        1,
        20,
      ).optional(),
    })
    .optional(),
  incoming_webhooks: z.strictObject({ incoming_webhooks_enabled: flag.optional() }).optional(),
  interactivity: z
    .strictObject({
      is_enabled: flag,
      request_url: url(3500).optional(),
      message_menu_options_url: url(3500).optional(),
    })
    .optional(),
  org_deploy_enabled: flag.optional(),
  socket_mode_enabled: flag.optional(),
  is_hosted: flag.optional(),
  token_rotation_enabled: flag.optional(),
  siws_links: z.strictObject({ initiate_uri: secureUrl(3500).optional() }).optional(),
  hermes_app_type: z.string().optional(),
  function_runtime: z.enum(['remote', 'slack']).optional(),
  is_mcp_enabled: flag.optional(),
});

const address =
  /^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/;

const directory = z.strictObject({
  app_directory_categories: z.array(text(1, 255)).max(3).optional(),
  use_direct_install: flag.optional(),
  direct_install_url: url(255).optional(),
  installation_landing_page: url(255),
  privacy_policy_url: url(500),
  support_url: url(350),
  support_email: z.string().max(100).regex(address, 'must be an e-mail address'),
  supported_languages: z.array(z.string().max(50)).min(1).max(50),
  pricing: text(1, 30),
});

const server = z.strictObject({
  url: secureUrl(500),
  headers: z.record(z.string().min(1), z.string()).optional(),
  auth_provider_key: z.string().max(255).optional(),
  auth_type: z.enum(['dynamic_client_registration', 'no_auth', 'manual_auth', 'slack_identity_auth']),
});

const version = z.int();

/** What is the same in both versions. */
const common = {
  $schema: z
    .string()
    .regex(/^[a-z][a-z0-9+.-]*:\S/i, 'must be an address')
    .optional(),
  _metadata: z
    .strictObject({
      schema_version: version.optional(),
      min_version: version.optional(),
      major_version: version.refine((it) => it === 1 || it === 2, `must be ${either(['1', '2'])}`).optional(),
      minor_version: version.optional(),
    })
    .optional(),
  app_directory: directory.optional(),
  display_information: z.strictObject({
    name: text(1, 35),
    description: text(1, 140).optional(),
    background_color: z
      .string()
      .regex(/^#(?:[0-9a-fA-F]{3}){1,2}$/, 'must be a colour such as "#7a1f1f", in quotes')
      .optional(),
    long_description: text(175, 4000).optional(),
  }),
  features: features.optional(),
  oauth_config: z
    .strictObject({
      redirect_urls: unique(z.string().max(2500), 0, 1000).optional(),
      scopes: z
        .strictObject({
          bot: scopes.optional(),
          user: scopes.optional(),
          bot_optional: scopes.optional(),
          user_optional: scopes.optional(),
        })
        .optional(),
      token_management_enabled: flag.optional(),
      pkce_enabled: flag.optional(),
    })
    .optional(),
  settings: settings.optional(),
  datastores: machinery.datastores.optional(),
  outgoing_domains: unique(domain(50), 0, 10).optional(),
  external_auth_providers: machinery.providers.optional(),
  mcp_servers: machinery.upTo(20, z.record(z.string(), server)).optional(),
};

/** Manifests of major version 2. */
export const versionTwo = z.strictObject({
  ...common,
  types: typesV2.optional(),
  functions: functionsV2.optional(),
  workflows: workflowsV2.optional(),
});

/** Manifests of major version 1, and those that name none. */
export const versionOne = z.strictObject({
  ...common,
  types: typesV1.optional(),
  functions: functionsV1.optional(),
  workflows: workflowsV1.optional(),
});

/** A manifest of which everything that changes behaviour has been checked; the versions differ elsewhere. */
export type CheckedManifest = z.infer<typeof versionTwo> | z.infer<typeof versionOne>;
