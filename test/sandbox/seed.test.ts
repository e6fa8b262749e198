import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { ProblemsError } from '#sandbox/manifest/problem.js';
import { parseText } from '#sandbox/start/document.js';
import { readSeed } from '#sandbox/start/seed-file.js';
import { type Kit, manifest, startKit } from './kit.js';
import { ROOT } from './process.js';

/** `pointer: message` of everything that is wrong. */
function refused(source: unknown): string[] {
  try {
    readSeed(source);
  } catch (error) {
    if (!(error instanceof ProblemsError)) throw error;
    return error.problems.map(({ pointer, message }) => `${pointer}: ${message}`);
  }
  return [];
}

describe('a seed with mistakes', () => {
  test.each<[what: string, source: unknown, problem: string]>([
    ['an unknown member', { user: [] }, '/user: is no member that Slack knows; did you mean "users"?'],
    [
      'an unknown member of a person',
      { users: [{ name: 'x', realname: 'X' }] },
      '/users/0/realname: is no member that Slack knows; did you mean "real_name"?',
    ],
    ['a person without a name', { users: [{}] }, '/users/0/name: must be given, and is not there'],
    [
      'a handle with capitals',
      { users: [{ name: 'Ana' }] },
      '/users/0/name: must be a handle: a-z, 0-9, . _ -, and is "Ana"',
    ],
    [
      'a zone that is none',
      { users: [{ name: 'x', tz: 'Mars/Olympus' }] },
      '/users/0/tz: must be a time zone such as Europe/Berlin, or null for none',
    ],
    [
      'an address that is none',
      { users: [{ name: 'x', email: 'x' }] },
      '/users/0/email: must be an e-mail address, and is "x"',
    ],
    [
      'an id of another kind',
      { users: [{ name: 'x', id: 'C0123' }] },
      '/users/0/id: must be an id such as U0ANA00001, and is "C0123"',
    ],
    ['a name twice', { users: [{ name: 'x' }, { name: 'x' }] }, '/users/1/name: stands there twice: x'],
    [
      'a person called app',
      { users: [{ name: 'app' }] },
      '/users/0/name: "app" stands for the app itself: take another name',
    ],
    [
      'a setting that is none',
      { settings: { ack_m: 1 } },
      '/settings/ack_m: is no member that Slack knows; did you mean "ack_ms"?',
    ],
    [
      'a field of profiles with an id of another kind',
      { profile_fields: [{ id: 'F1', label: 'x' }] },
      '/profile_fields/0/id: must be an id such as Xf0PAGER001, and is "F1"',
    ],
    [
      'a text for a boolean',
      { replace: 'yes' },
      '/replace: must be true or false, without quotes, and is "yes"',
    ],
    ['a number for a text', { channels: [{ name: 7 }] }, '/channels/0/name: must be a text, and is 7'],
    [
      'a channel in capitals',
      { channels: [{ name: 'Ops' }] },
      '/channels/0/name: is no name for a channel (invalid_name_specials): lower-case letters, digits, - and _, at most 80',
    ],
    [
      'a member who is nobody',
      { channels: [{ name: 'x', members: ['chenn'] }] },
      '/channels/0/members/0: there is nobody called "chenn"; did you mean "chen"?',
    ],
    [
      'a built-in person after replace',
      { replace: true, channels: [{ name: 'x', members: ['ana'] }] },
      '/channels/0/members/0: there is nobody called "ana"',
    ],
    [
      'an author who is nobody',
      { channels: [{ name: 'x', messages: [{ user: 'nobody', text: '' }] }] },
      '/channels/0/messages/0/user: there is nobody called "nobody"',
    ],
    [
      'a reaction of nobody',
      {
        dms: [{ members: ['ana', 'bo'], messages: [{ user: 'bo', text: 'x', reactions: { eyes: ['zz'] } }] }],
      },
      '/dms/0/messages/0/reactions/eyes/0: there is nobody called "zz"',
    ],
    [
      'a person who posts blocks',
      { channels: [{ name: 'x', messages: [{ user: 'bo', text: '', blocks: [] }] }] },
      '/channels/0/messages/0/blocks: only the app posts blocks: leave them out, or write "user: app"',
    ],
    [
      'a stranger in a channel of ours',
      { users: [{ name: 'ola', team_id: 'T0PARTNER1' }], channels: [{ name: 'x', members: ['ola'] }] },
      '/channels/0/members/0: ola is of T0PARTNER1: the channel needs "shared_with: T0PARTNER1"',
    ],
    [
      'a single-channel guest in two',
      {
        users: [{ name: 'g', is_ultra_restricted: true }],
        channels: [
          { name: 'x', members: ['g'] },
          { name: 'y', members: ['g'] },
        ],
      },
      '/channels/1/members/0: g is a single-channel guest, and is in another channel already',
    ],
    [
      'a direct message of one',
      { dms: [{ members: ['ana'] }] },
      '/dms/0/members: must have at least 2, and has 1: leave it out when there is none',
    ],
    [
      'a group of nobody',
      { usergroups: [{ handle: 'x', name: 'X', users: ['q'] }] },
      '/usergroups/0/users/0: there is nobody called "q"',
    ],
    [
      'a bookmark that is no link',
      { channels: [{ name: 'x', bookmarks: [{ title: 'x', link: 'x' }] }] },
      '/channels/0/bookmarks/0/link: must begin with http:// or https://, and is "x"',
    ],
    [
      'an emoji with colons',
      { emoji: { ':x:': 'alias:tada' } },
      '/emoji/:x:: must be a name of a-z, 0-9, _ - + and no colons',
    ],
    [
      'a moment without a zone',
      { now: '2026-03-02 08:00' },
      '/now: must be a moment such as "2026-03-02T08:00:00Z"',
    ],
    ['a list', [], ': must be a group of members, and is a list'],
  ])('%s', (_what, source, problem) => {
    expect(refused(source)).toContainEqual(expect.stringContaining(problem));
  });

  test('all of them at once', () => {
    const bad = { users: [{ name: 'X' }, { nam: 'y' }], channels: [{ name: 'c', members: ['q'] }], now: 7 };
    expect(refused(bad)).toHaveLength(5);
  });

  test('nothing is a seed', () => expect(refused(parse('# nothing yet\n'))).toEqual([]));

  test('lines and columns are those of the file', () => {
    const document = parseText('users:\n  - name: ana\n    real_name: ""\n', 'people.yml');
    expect(document.locate([{ pointer: '/users/0/real_name', message: '' }])).toMatchObject([
      { line: 3, column: 5 },
    ]);
    // What is not there begins where it should stand in.
    expect(document.locate([{ pointer: '/users/0/email', message: '' }])).toMatchObject([
      { line: 2, column: 5 },
    ]);
  });

  test.each([
    ['a member twice', 'a: 1\na: 2\n', /Map keys must be unique/],
    ['two documents', 'a: 1\n---\nb: 2\n', /multiple documents/],
    [
      'aliases that grow',
      `a: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefgh'].map((key, i) => `${key}: &${key} [${`*${'abcdefg'[i]},`.repeat(9)}]`).join('\n')}\n`,
      /alias/,
    ],
  ])('%s is no file to read', (_what, text, words) => {
    expect(() => parseText(text, 'people.yml')).toThrow(words);
  });
});

describe('the example', () => {
  let kit: Kit;
  let text: string;
  beforeAll(async () => {
    text = await readFile(join(ROOT, 'examples/sandbox/people.yml'), 'utf8');
    const { seed, now, frozen } = readSeed(parse(text));
    const wide = manifest((it) => {
      it.oauth_config.scopes.bot.push('emoji:read');
    });
    kit = await startKit({ manifest: wide, seed, clock: { now, frozen } });
  });
  afterAll(() => kit.stop());

  const idOf = async (name: string) => {
    const { channels = [] } = await kit.client.conversations.list({
      types: 'public_channel,private_channel',
      limit: 200,
    });
    return channels.find((it) => it.name === name)?.id ?? name;
  };

  test('its people, and none of the built-in ones', async () => {
    const { users } = await kit.look<{ users: Array<{ name: string; tz: string | null }> }>('state');
    expect(users.map(({ name }) => name).sort()).toEqual([
      'gone',
      'guest',
      'jon',
      'mira',
      'nobody-home',
      'ola',
      'slackbot',
      'testbot',
    ]);
    expect(users.find(({ name }) => name === 'nobody-home')?.tz).toBeNull();
  });

  test('its channels, with a general one that everybody is in', async () => {
    const { channels } = await kit.look<{ channels: Array<Record<string, unknown>> }>('state');
    expect(channels.filter(({ kind }) => kind === 'channel')).toMatchObject([
      { name: 'general', is_general: true },
      { name: 'ops', topic: 'What is broken, and who mends it' },
      { name: 'with-partner', is_ext_shared: true },
      { name: 'board', is_private: true },
      { name: 'last-year', is_archived: true },
    ]);
    const general = await kit.client.conversations.info({
      channel: await idOf('general'),
      include_num_members: true,
    });
    expect(general.channel?.num_members).toBe(3);
  });

  test('what was said, at its time, with mentions, a thread, a reaction, a pin and a bookmark', async () => {
    const channel = await idOf('ops');
    const { messages = [] } = await kit.client.conversations.history({ channel });
    expect(messages).toHaveLength(1);
    const [message] = messages;
    expect(Number(message?.ts) * 1000).toBeCloseTo(Date.parse('2026-03-02T07:41:00Z'), -2);
    expect(message?.text).toMatch(/^<@U\w+> the queue grows, can you look\? <https:\/\/example.com\/queue>$/);
    expect(message).toMatchObject({
      reply_count: 1,
      reactions: [{ name: 'eyes', count: 1 }],
      pinned_to: [channel],
    });
    const replies = await kit.client.conversations.replies({ channel, ts: message?.ts ?? '' });
    expect(replies.messages?.[1]?.text).toMatch(/^On it\. <#C\w+\|ops> first/);
    const { bookmarks } = await kit.client.bookmarks.list({ channel_id: channel });
    expect(bookmarks).toMatchObject([{ title: 'Dashboard', link: 'https://example.com/dashboard' }]);
  });

  test('reset brings it all back, and tells the app of none of it', async () => {
    const channel = await idOf('ops');
    await kit.client.chat.postMessage({ channel, text: 'later' });
    await kit.act('reset');
    const { messages = [] } = await kit.client.conversations.history({ channel });
    expect(messages.map((it) => it.text)).toEqual([expect.stringContaining('the queue grows')]);
    expect(await kit.look('events')).toMatchObject({ events: [] });
  });

  test('the direct message of the app', async () => {
    const { channel } = await kit.act<{ channel: string }>('dm', { user: 'mira' });
    const { messages = [] } = await kit.client.conversations.history({ channel });
    expect(messages).toMatchObject([{ text: expect.stringContaining('Good morning'), bot_id: 'B0SANDBOX1' }]);
  });
});

test('settings and fields of profiles are there at the start and after a reset', async () => {
  const file = `
settings: { ack_ms: 50, rate_limits: false, caps: { pins: 2 } }
profile_fields: [{ id: Xf0DESK0001, label: Desk, hint: Where to find them }]
`;
  const scoped = manifest((it) => {
    it.oauth_config.scopes.bot.push('users.profile:read');
  });
  const kit = await startKit({
    manifest: scoped,
    seed: readSeed(parse(file)).seed,
    settings: { retryScale: 0 },
  });
  try {
    const turned = () => kit.act('settings', {});
    const wanted = {
      rate_limits: false,
      settings: { ackMs: 50, retryScale: 0, caps: { pins: 2, bookmarks: 100 } },
    };
    expect(await turned()).toMatchObject(wanted);
    await kit.act('settings', { ack_ms: 9, rate_limits: true, caps: { pins: 5 } });
    await kit.act('reset');
    expect(await turned()).toMatchObject(wanted);
    const { profile } = await kit.client.team.profile.get();
    expect(profile?.fields).toContainEqual(expect.objectContaining({ id: 'Xf0DESK0001', label: 'Desk' }));
  } finally {
    await kit.stop();
  }
});
