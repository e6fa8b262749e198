import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { App } from '@slack/bolt';
import { parse } from 'yaml';
import { z } from 'zod';
import { listenToCommands, listenToOthers } from '#slack/app.js';
import type { Context } from '#slack/listener.js';
import { CHANNEL_EVENTS } from '#slack/people/membership.js';

const root = process.cwd();
const manifest = parse(readFileSync(join(root, 'manifest.yml'), 'utf8'));

/** Slack's published limits on a manifest; unknown keys are refused, as Slack refuses them. */
const text = (min: number, max: number) => z.string().min(min).max(max);
const RULES = z.strictObject({
  _metadata: z.strictObject({ major_version: z.literal([1, 2]), minor_version: z.literal(1) }),
  display_information: z.strictObject({
    name: text(1, 35),
    description: text(1, 140),
    long_description: text(175, 4_000),
    background_color: z.string().regex(/^#([0-9a-f]{3}|[0-9a-f]{6})$/i),
  }),
  features: z.strictObject({
    app_home: z.strictObject({
      home_tab_enabled: z.boolean(),
      messages_tab_enabled: z.boolean(),
      messages_tab_read_only_enabled: z.boolean(),
    }),
    bot_user: z.strictObject({
      display_name: z.string().regex(/^[a-z0-9._-]{1,80}$/),
      always_online: z.boolean(),
    }),
    slash_commands: z
      .array(
        z.strictObject({
          command: z.string().regex(/^\/\S{1,31}$/),
          description: text(1, 2_000),
          usage_hint: text(1, 1_000),
          should_escape: z.literal(true),
        }),
      )
      .min(1)
      .max(50),
    shortcuts: z
      .array(
        z.strictObject({
          name: text(1, 24),
          type: z.enum(['message', 'global']),
          callback_id: text(1, 255),
          description: text(1, 150),
        }),
      )
      .min(1)
      .max(10),
  }),
  oauth_config: z.strictObject({ scopes: z.strictObject({ bot: z.array(text(1, 50)).max(255) }) }),
  settings: z.strictObject({
    event_subscriptions: z.strictObject({ bot_events: z.array(z.string()).min(1).max(100) }),
    interactivity: z.strictObject({ is_enabled: z.literal(true) }),
    org_deploy_enabled: z.literal(false),
    socket_mode_enabled: z.boolean(),
    token_rotation_enabled: z.literal(false),
  }),
});

/** Bot scopes that a method needs for what we do with it. */
const METHODS: Record<string, string[]> = {
  'auth.test': [],
  'calls.add': ['calls:write'],
  'calls.end': ['calls:write'],
  'chat.unfurl': ['links:write'],
  'conversations.canvases.create': ['canvases:write'],
  'canvases.access.set': ['canvases:write'],
  'canvases.delete': ['canvases:write'],
  'canvases.edit': ['canvases:write'],
  'canvases.sections.lookup': ['canvases:read'],
  'blocks.validate': [],
  'views.open': [],
  'views.update': [],
  'views.publish': [],
  'chat.getPermalink': [],
  'chat.postMessage': ['chat:write', 'chat:write.public'],
  'chat.postEphemeral': ['chat:write'],
  'chat.update': ['chat:write'],
  'conversations.create': ['channels:manage', 'groups:write'],
  'conversations.info': ['channels:read', 'groups:read'],
  'conversations.list': ['channels:read', 'groups:read'],
  'conversations.kick': ['channels:manage', 'groups:write'],
  'conversations.members': ['channels:read', 'groups:read'],
  'conversations.invite': ['channels:manage', 'groups:write'],
  'conversations.setTopic': ['channels:manage', 'groups:write'],
  'conversations.history': ['channels:history', 'groups:history'],
  'conversations.replies': ['channels:history', 'groups:history'],
  'conversations.open': ['im:write'],
  'users.conversations': ['channels:read', 'groups:read'],
  'users.info': ['users:read'],
  'users.list': ['users:read'],
  'usergroups.list': ['usergroups:read'],
  'usergroups.users.list': ['usergroups:read'],
  'files.info': ['files:read'],
  'files.getUploadURLExternal': ['files:write'],
  'files.completeUploadExternal': ['files:write'],
  'pins.add': ['pins:write'],
  'reactions.add': ['reactions:write'],
};

const EVENTS: Record<string, string[]> = {
  'message.channels': ['channels:history'],
  'message.groups': ['groups:history'],
  pin_added: ['pins:read'],
  pin_removed: ['pins:read'],
  app_mention: ['app_mentions:read'],
  app_home_opened: [],
  reaction_added: ['reactions:read'],
  link_shared: ['links:read'],
  reaction_removed: ['reactions:read'],
  member_joined_channel: ['channels:read', 'groups:read'],
  member_left_channel: ['channels:read', 'groups:read'],
  team_join: ['users:read'],
  user_change: ['users:read'],
  app_uninstalled: [],
  tokens_revoked: [],
  ...Object.fromEntries(
    CHANNEL_EVENTS.map((name) => [name, [name.startsWith('group') ? 'groups:read' : 'channels:read']]),
  ),
};

/** Names of Web API methods in the sources; the sandbox is Slack's side and does not count. */
function methodsInCode(): Set<string> {
  const METHOD =
    /'((?:auth|blocks|bookmarks|calls|canvases|chat|conversations|files|pins|reactions|usergroups|users|views)(?:\.[a-zA-Z]+)+)'/g;
  const found = new Set<string>();
  for (const file of readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts') || file.startsWith('sandbox')) continue;
    for (const [, method] of readFileSync(join(root, 'src', file), 'utf8').matchAll(METHOD)) {
      if (method) found.add(method);
    }
  }
  return found;
}

/** What the code listens to, asked of the code. */
function listened() {
  const heard = { commands: [] as unknown[], shortcuts: [] as unknown[], events: [] as unknown[] };
  const app = {
    command: (name: unknown) => heard.commands.push(name),
    shortcut: (which: unknown) => heard.shortcuts.push(which),
    event: (name: unknown) => heard.events.push(name),
    action: () => {},
    view: () => {},
  } as unknown as App;
  const context = { now: () => new Date() } as Context;
  listenToCommands(app, context);
  listenToOthers(app, context);
  return heard;
}

describe('manifest.yml', () => {
  test('keeps Slack’s rules', () => {
    expect(RULES.safeParse(manifest).error?.issues ?? []).toEqual([]);
  });

  test('asks for the scopes that the code needs, and for no other', () => {
    const used = methodsInCode();
    expect([...used].filter((method) => !(method in METHODS))).toEqual([]);
    const needed = new Set(['commands']);
    for (const method of used) for (const scope of METHODS[method] ?? []) needed.add(scope);
    for (const event of manifest.settings.event_subscriptions.bot_events) {
      for (const scope of EVENTS[event] ?? ['?']) needed.add(scope);
    }
    expect([...manifest.oauth_config.scopes.bot].sort()).toEqual([...needed].sort());
  });

  test('subscribes to what is listened to, and to nothing else', () => {
    const heard = listened();
    // Of messages an app says in which kinds of channels it wants to hear them, and hears them under one name.
    const named = manifest.settings.event_subscriptions.bot_events.map(
      (event: string) => event.split('.')[0],
    );
    expect([...new Set(named)].sort()).toEqual([...heard.events].sort());
    const shortcuts = manifest.features.shortcuts.map((one: { callback_id: string; type: string }) => ({
      callback_id: one.callback_id,
      type: one.type === 'message' ? 'message_action' : 'shortcut',
    }));
    expect(shortcuts).toEqual(heard.shortcuts);
    for (const { command } of manifest.features.slash_commands) {
      expect(heard.commands.some((name) => name instanceof RegExp && name.test(command))).toBe(true);
    }
  });

  test('names the command that the configuration takes when nothing is said', () => {
    expect(manifest.features.slash_commands.map((one: { command: string }) => one.command)).toEqual([
      '/incident',
    ]);
  });
});
