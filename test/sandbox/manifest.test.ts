import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { EVENT_SCOPES } from '#sandbox/manifest/events.js';
import { manifestProblems, readManifest } from '#sandbox/manifest/manifest.js';
import { BOT_SCOPES, USER_SCOPES } from '#sandbox/manifest/scopes.js';
import { manifest } from './kit.js';
import { ROOT } from './process.js';

type Any = Record<string, unknown>;

/** A manifest in order, with one member set; `undefined` takes it away. */
function withMember(pointer: string, value: unknown): Any {
  const made = structuredClone(manifest()) as Any;
  const steps = pointer.split('/').slice(1);
  const last = steps.pop() ?? '';
  let here = made;
  for (const step of steps) {
    here[step] ??= {};
    here = here[step] as Any;
  }
  if (value === undefined) delete here[last];
  else here[last] = value;
  return made;
}

const command = (name: string, more: Any = {}) => ({ command: name, description: 'x', ...more });
const many = (count: number, make: (index: number) => unknown) =>
  Array.from({ length: count }, (_, i) => make(i));

test.each(['manifest.yml', 'examples/sandbox/manifest.yml'])('%s is in order', async (path) => {
  expect(manifestProblems(parse(await readFile(join(ROOT, path), 'utf8')), { sending: true })).toEqual([]);
});

/** Set one member; what is refused then, where, and with which words. */
const REFUSED: Array<[what: string, member: string, value: unknown, pointer: string, words: string]> = [
  // What the local Slack once accepted.
  ['an unknown member', '/display_information/colour', 'red', '/display_information/colour', 'is no member'],
  ['an unknown member at the top', '/feature', {}, '/feature', 'did you mean "features"?'],
  [
    'an unknown scope',
    '/oauth_config/scopes/bot',
    ['commands', 'chat:wirte'],
    '/oauth_config/scopes/bot/1',
    'did you mean "chat:write"?',
  ],
  [
    'an unknown event',
    '/settings/event_subscriptions/bot_events',
    ['app_mentions'],
    '/settings/event_subscriptions/bot_events/0',
    'did you mean "app_mention"?',
  ],
  [
    'a bad colour',
    '/display_information/background_color',
    'dark red',
    '/display_information/background_color',
    'must be a colour such as "#7a1f1f", in quotes, and is "dark red"',
  ],
  [
    'six unfurl domains',
    '/features/unfurl_domains',
    many(6, (i) => `d${i}.example.com`),
    '/features/unfurl_domains',
    'must have at most 5, and has 6',
  ],
  [
    'the same command twice',
    '/features/slash_commands',
    [command('/a'), command('/a')],
    '/features/slash_commands/1/command',
    '/a stands there twice',
  ],
  [
    'a text for a boolean',
    '/settings/socket_mode_enabled',
    'true',
    '/settings/socket_mode_enabled',
    'must be true or false, without quotes, and is "true"',
  ],
  [
    'an event without its scope',
    '/settings/event_subscriptions/bot_events',
    ['emoji_changed'],
    '/settings/event_subscriptions/bot_events/0',
    'emoji_changed needs the scope emoji:read in /oauth_config/scopes/bot',
  ],
  // Members by the schema.
  ['no name', '/display_information/name', undefined, '/display_information/name', 'must be given'],
  [
    'a name too long',
    '/display_information/name',
    'x'.repeat(36),
    '/display_information/name',
    'must have at most 35 characters, and has 36',
  ],
  [
    'a long description too short',
    '/display_information/long_description',
    'short',
    '/display_information/long_description',
    'must have at least 175 characters, and has 5',
  ],
  [
    'a command without its slash',
    '/features/slash_commands',
    [command('a ')],
    '/features/slash_commands/0/command',
    'must begin with a slash',
  ],
  [
    'a command of two words',
    '/features/slash_commands',
    [command('/a b')],
    '/features/slash_commands/0/command',
    'must be one word',
  ],
  [
    'no commands',
    '/features/slash_commands',
    [],
    '/features/slash_commands',
    'must have at least 1, and has 0: leave it out',
  ],
  [
    '51 commands',
    '/features/slash_commands',
    many(51, (i) => command(`/c${i}`)),
    '/features/slash_commands',
    'must have at most 50, and has 51',
  ],
  [
    'a usage hint too long',
    '/features/slash_commands',
    [command('/a', { usage_hint: 'x'.repeat(1001) })],
    '/features/slash_commands/0/usage_hint',
    'at most 1000',
  ],
  [
    '11 shortcuts',
    '/features/shortcuts',
    many(11, (i) => ({ name: 'x', type: 'global', callback_id: `${i}`, description: 'x' })),
    '/features/shortcuts',
    'must have at most 10',
  ],
  [
    'a shortcut of another kind',
    '/features/shortcuts',
    [{ name: 'x', type: 'channel', callback_id: 'x', description: 'x' }],
    '/features/shortcuts/0/type',
    'must be "message" or "global", and is "channel"',
  ],
  [
    'a display name too long',
    '/features/bot_user/display_name',
    'x'.repeat(81),
    '/features/bot_user/display_name',
    'at most 80',
  ],
  [
    'an unfurl domain with a path',
    '/features/unfurl_domains',
    ['https://example.com/x'],
    '/features/unfurl_domains/0',
    'must be a domain such as example.com',
  ],
  [
    'the same domain twice',
    '/features/unfurl_domains',
    ['a.b', 'a.b'],
    '/features/unfurl_domains/1',
    'stands there twice',
  ],
  [
    'a redirect URL twice',
    '/oauth_config/redirect_urls',
    ['https://a', 'https://a'],
    '/oauth_config/redirect_urls/1',
    'stands there twice',
  ],
  [
    'a scope of 51 characters',
    '/oauth_config/scopes/bot',
    ['commands', 'x'.repeat(51)],
    '/oauth_config/scopes/bot/1',
    'at most 50 characters',
  ],
  [
    'the same event twice',
    '/settings/event_subscriptions/bot_events',
    ['app_mention', 'app_mention'],
    '/settings/event_subscriptions/bot_events/1',
    'stands there twice',
  ],
  [
    'metadata of every app and kind',
    '/settings/event_subscriptions/metadata_subscriptions',
    [{ app_id: '*', event_type: '*' }],
    '/settings/event_subscriptions/metadata_subscriptions/0',
    'not for both',
  ],
  [
    'a request URL without scheme',
    '/settings/interactivity/request_url',
    'localhost:3000',
    '/settings/interactivity/request_url',
    'must begin with http:// or https://',
  ],
  [
    'interactivity that does not say whether',
    '/settings/interactivity',
    {},
    '/settings/interactivity/is_enabled',
    'must be given',
  ],
  [
    'an address range of nonsense',
    '/settings/allowed_ip_address_ranges',
    ['300.1.1.1'],
    '/settings/allowed_ip_address_ranges/0',
    'must be an address such as',
  ],
  [
    'a version that is none',
    '/_metadata',
    { major_version: 3 },
    '/_metadata/major_version',
    'must be 1 or 2',
  ],
  [
    'an outgoing domain in capitals',
    '/outgoing_domains',
    ['EXAMPLE.com'],
    '/outgoing_domains/0',
    'must be a domain',
  ],
  [
    'a function without a title',
    '/functions',
    { f: { description: 'x', input_parameters: {}, output_parameters: {} } },
    '/functions/f/title',
    'must be given',
  ],
  [
    'an MCP server without https',
    '/mcp_servers',
    { m: { url: 'http://a', auth_type: 'no_auth' } },
    '/mcp_servers/m/url',
    'must begin with https://',
  ],
  ['a list for a group', '/features', [], '/features', 'must be a group of members, and is a list'],
  // What is wrong between members.
  [
    'a scope of people',
    '/oauth_config/scopes/bot',
    ['commands', 'search:read'],
    '/oauth_config/scopes/bot/1',
    'search:read is a scope of user tokens only: move it to "user"',
  ],
  [
    'a scope of the app',
    '/oauth_config/scopes/bot',
    ['commands', 'connections:write'],
    '/oauth_config/scopes/bot/1',
    'app-level tokens',
  ],
  [
    'a bot’s scope for people',
    '/oauth_config/scopes/user',
    ['chat:write.public'],
    '/oauth_config/scopes/user/0',
    'move it to "bot"',
  ],
  [
    'an event that comes unasked',
    '/settings/event_subscriptions/bot_events',
    ['app_rate_limited'],
    '/settings/event_subscriptions/bot_events/0',
    'without a subscription',
  ],
  [
    'the bare message',
    '/settings/event_subscriptions/bot_events',
    ['message'],
    '/settings/event_subscriptions/bot_events/0',
    'there are message.channels',
  ],
  [
    'commands without their scope',
    '/oauth_config/scopes/bot',
    [],
    '/features/slash_commands',
    'need the scope "commands"',
  ],
  [
    'shortcuts without interactivity',
    '/settings/interactivity/is_enabled',
    false,
    '/features/shortcuts',
    'shortcuts need /settings/interactivity/is_enabled: true',
  ],
  [
    'no Socket Mode and no URL of events',
    '/settings/socket_mode_enabled',
    false,
    '/settings/event_subscriptions',
    'needs a request_url, or /settings/socket_mode_enabled: true',
  ],
  [
    'no Socket Mode and no URL of a command',
    '/settings/socket_mode_enabled',
    false,
    '/features/slash_commands/1',
    'needs a url',
  ],
  [
    'a user event without a user scope',
    '/settings/event_subscriptions/user_events',
    ['message.channels'],
    '/settings/event_subscriptions/user_events/0',
    'channels:history in /oauth_config/scopes/user',
  ],
];

describe('refused', () => {
  test.each(REFUSED)('%s', (_what, member, value, pointer, words) => {
    const problems = manifestProblems(withMember(member, value));
    expect(problems).toContainEqual({ pointer, message: expect.stringContaining(words) });
  });

  test.each([[null], ['text'], [[]], [7], [undefined]])('%j is no manifest', (source) => {
    expect(() => readManifest(source)).toThrow('invalid_manifest');
  });

  test('everything at once, one problem a line', () => {
    const bad = withMember('/display_information', { nmae: 'x', background_color: 'red' });
    expect(() => readManifest({ ...bad, settings: { socket_mode_enabled: 'yes' } })).toThrow(
      /^invalid_manifest\n(?: {2}\/\S*: .*\n){5,}/,
    );
  });
});

describe('accepted', () => {
  const ACCEPTED: Array<[what: string, member: string, value: unknown]> = [
    ['a colour of three digits', '/display_information/background_color', '#abc'],
    ['a bot with capitals and blanks', '/features/bot_user/display_name', 'My Bot'],
    ['scopes that may be left out', '/oauth_config/scopes/bot_optional', ['files:read']],
    ['five domains', '/features/unfurl_domains', many(5, (i) => `d${i}.example.com`)],
    [
      'functions of version 1',
      '/functions',
      { f: { title: 'a', description: 'b', input_parameters: {}, output_parameters: {} } },
    ],
    [
      'an agent',
      '/features/agent_view',
      { agent_description: 'x', suggested_prompts: [{ title: 'a', message: 'b' }] },
    ],
    [
      'work objects',
      '/features/rich_previews',
      { is_active: true, entity_types: ['slack#/entities/incident'] },
    ],
    [
      'metadata of any app',
      '/settings/event_subscriptions/metadata_subscriptions',
      [{ app_id: '*', event_type: 'x' }],
    ],
  ];
  test.each(ACCEPTED)('%s', (_what, member, value) => {
    expect(manifestProblems(withMember(member, value))).toEqual([]);
  });

  test('every event with every scope, and every scope', () => {
    const ofPeople = /^(?:star_|app_requested|invite_requested)/;
    const events = [...EVENT_SCOPES.keys()];
    const made = withMember('/settings/event_subscriptions', {
      bot_events: events.filter((event) => !ofPeople.test(event)),
      user_events: events.filter((event) => ofPeople.test(event)),
    });
    made.oauth_config = { scopes: { bot: [...BOT_SCOPES], user: [...USER_SCOPES] } };
    expect(manifestProblems(made)).toEqual([]);
  });
});

test('what a manifest says becomes behaviour', () => {
  const made = withMember('/features/bot_user/display_name', 'My Bot!');
  expect(readManifest(made)).toMatchObject({
    name: 'Test app',
    botName: 'my_bot',
    botDisplayName: 'My Bot!',
    homeTab: true,
    messagesTab: true,
    messagesTabReadOnly: false,
    socketMode: true,
    interactive: true,
    unfurlDomains: [],
    commands: [
      { command: '/incident', should_escape: true },
      { command: '/raw', should_escape: false },
    ],
  });
});
