import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ANA, BO, BOT, type ChatKit, codeOf, type Fields, startChatKit } from './chat-kit.js';

let kit: ChatKit;
beforeAll(async () => {
  kit = await startChatKit({
    seed: {
      users: [
        { id: 'U0EXT00001', name: 'ext', team_id: 'T0PARTNER1' },
        { id: 'U0FAR00001', name: 'far', team_id: 'T0FAR00001' },
        { id: 'U0MULTI001', name: 'multi', is_restricted: true },
        { id: 'U0SOON0001', name: 'soon', is_invited_user: true },
        { id: 'U0SISTER01', name: 'sister', team_id: 'T0SISTER01' },
      ],
      channels: [{ name: 'partners', shared_with: 'T0PARTNER1', members: [ANA, 'U0EXT00001', BOT] }],
    },
  });
});
afterAll(() => kit.stop());

let made = 0;
const make = async (more: Fields = {}, people = '') => {
  made += 1;
  const { channel } = await kit.client.conversations.create({ name: `room-${made}`, ...more });
  const id = channel?.id ?? '';
  if (people) await kit.client.conversations.invite({ channel: id, users: people });
  return id;
};
const types = (events: Fields[]) =>
  events.map((event) => [event.type, event.subtype].filter(Boolean).join('.'));

describe('leaving', () => {
  test('tells the channel and the app; who is not in it is not', async () => {
    const channel = await make({}, ANA);
    const events = await kit.during(() => kit.call('conversations.leave', { channel }));
    expect(types(events)).toEqual(['message.channel_leave', 'member_left_channel', 'channel_left']);
    expect(events.at(-1)).toMatchObject({ channel, actor_id: BOT });
    expect(await kit.call('conversations.leave', { channel })).toMatchObject({
      ok: true,
      not_in_channel: true,
    });
  });

  test('a private channel is gone for who left it', async () => {
    const channel = await make({ is_private: true }, ANA);
    const events = await kit.during(() => kit.call('conversations.leave', { channel }));
    expect(types(events)).toEqual(['message.group_leave', 'member_left_channel', 'group_left']);
    expect(await kit.outcome('conversations.leave', { channel })).toBe('channel_not_found');
  });

  test('being removed says who did it', async () => {
    const channel = await make({}, ANA);
    const ana = await kit.as('ana');
    const events = await kit.during(() => ana.conversations.kick({ channel, user: BOT }));
    expect(events.at(-1)).toMatchObject({ type: 'channel_left', channel, actor_id: ANA });
  });

  test('is refused to the last one, in #general and in direct messages', async () => {
    expect(await kit.outcome('conversations.leave', { channel: await make() })).toBe('last_member');
    await kit.act('join', { user: 'testbot', channel: 'general' });
    expect(await kit.outcome('conversations.leave', { channel: 'C0GENERAL1' })).toBe('cant_leave_general');
    await kit.act('leave', { user: 'testbot', channel: 'general' });
    const { channel } = await kit.client.conversations.open({ users: ANA });
    expect(await kit.outcome('conversations.leave', { channel: channel?.id })).toBe(
      'method_not_supported_for_channel_type',
    );
  });
});

describe('the archive', () => {
  test('opens for people, for no bot, with the events of each kind', async () => {
    for (const [isPrivate, kind, who] of [
      [false, 'channel', { user: ANA }],
      [true, 'group', { actor_id: ANA }],
    ] as const) {
      const channel = await make({ is_private: isPrivate }, ANA);
      expect(await kit.outcome('conversations.unarchive', { channel })).toBe('not_archived');
      const closing = await kit.during(() => kit.client.conversations.archive({ channel }));
      expect(types(closing)).toEqual([`message.${kind}_archive`, `${kind}_archive`]);
      expect(closing[1]).toMatchObject({ channel, user: BOT, is_moved: 0 });
      expect(await kit.outcome('conversations.leave', { channel })).toBe('is_archived');
      expect(await kit.outcome('conversations.unarchive', { channel })).toBe('not_in_channel');
      const ana = await kit.as('ana');
      const opening = await kit.during(() => ana.conversations.unarchive({ channel }));
      expect(types(opening)).toEqual([`message.${kind}_unarchive`, `${kind}_unarchive`]);
      expect(opening[1]).toMatchObject({ channel, ...who });
    }
  });
});

describe('direct messages', () => {
  test('open, close and open again, each told once', async () => {
    const opening = await kit.during(() => kit.client.conversations.open({ users: 'U0CHEN0003' }));
    expect(types(opening)).toEqual(['im_created', 'im_open']);
    expect(opening[0]).toMatchObject({ user: 'U0CHEN0003', channel: { is_im: true } });
    const { channel, ...rest } = await kit.call('conversations.open', {
      users: 'U0CHEN0003',
      return_im: true,
    });
    expect(rest).toMatchObject({ no_op: true, already_open: true });
    expect(channel).toMatchObject({
      is_im: true,
      is_open: true,
      unread_count: 0,
      priority: 0,
      last_read: expect.any(String),
    });
    const { id } = channel as { id: string };
    const closing = await kit.during(() => kit.call('conversations.close', { channel: id }));
    expect(closing).toMatchObject([{ type: 'im_close', channel: id, user: BOT }]);
    expect(await kit.call('conversations.close', { channel: id })).toMatchObject({
      already_closed: true,
      no_op: true,
    });
    expect(await kit.call('conversations.open', { channel: id })).toMatchObject({ already_open: false });
    expect(await kit.outcome('conversations.close', { channel: 'C0GENERAL1' })).toBe(
      'method_not_supported_for_channel_type',
    );
  });

  test('what is unread, until it is marked', async () => {
    const { channel } = await kit.client.conversations.open({ users: ANA });
    const id = String(channel?.id);
    const ts = await kit.say('ana', id, 'are you there?');
    const opened = await kit.call('conversations.open', { channel: id, return_im: true });
    expect(opened.channel).toMatchObject({ unread_count: 1, latest: { ts } });
    await kit.client.conversations.mark({ channel: id, ts });
    expect((await kit.call('conversations.info', { channel: id })).channel).toMatchObject({
      unread_count: 0,
      last_read: ts,
    });
    expect(await kit.outcome('conversations.mark', { channel: id, ts: 'now' })).toBe('invalid_timestamp');
    expect(await kit.outcome('conversations.mark', { channel: 'C0GENERAL1', ts })).toBe('not_in_channel');
  });

  test.each<[Fields, string]>([
    [{}, 'users_list_not_supplied'],
    [{ users: 'U1' }, 'user_not_found'],
    [{ users: 'U0EVA00005' }, 'user_disabled'],
    [{ users: 'U0FAR00001' }, 'user_not_visible'],
    [{ users: 'U1,U2,U3,U4,U5,U6,U7,U8,U9' }, 'too_many_users'],
    [{ users: 'U0DANA0004', prevent_creation: true }, 'channel_not_found'],
    [{ channel: 'C0GENERAL1' }, 'method_not_supported_for_channel_type'],
  ])('%j is refused', async (args, code) => {
    expect(await kit.outcome('conversations.open', args)).toBe(code);
  });

  test('the scopes that manage channels will do', async () => {
    const poor = await startChatKit({}, (it) => {
      it.oauth_config.scopes.bot = ['commands', 'channels:manage', 'im:read'];
      it.settings.event_subscriptions.bot_events = [];
    });
    expect(await poor.outcome('conversations.open', { users: ANA })).toBe('ok');
    await poor.stop();
  });
});

describe('who may see what', () => {
  test('a person’s token reads any public channel, a bot’s only where it is', async () => {
    const args = { channel: 'C0INCIDENT' };
    await kit.say('ana', 'incidents', 'hello');
    expect(await kit.outcome('conversations.history', args)).toBe('not_in_channel');
    const finn = await kit.as('finn');
    expect((await finn.conversations.history(args)).messages).toMatchObject([{ text: 'hello' }]);
    const hidden = await make({ is_private: true });
    expect(await finn.conversations.history({ channel: hidden }).catch(codeOf)).toBe('missing_scope');
  });

  test('conversations say what a bot may ask of them', async () => {
    const channel = await make({}, ANA);
    const info = await kit.call('conversations.info', { channel, include_locale: true });
    expect(info.channel).toMatchObject({
      priority: 0,
      is_moved: 0,
      last_read: expect.any(String),
      properties: { tabs: [{ type: 'files' }], tabz: [{ type: 'files' }] },
      parent_conversation: null,
      pending_connected_team_ids: [],
      is_thread_only: false,
      locale: 'en-US',
    });
    const { channels } = (await kit.call('conversations.list', { limit: 1000 })) as { channels: Fields[] };
    expect(channels.find((it) => it.name === 'general')).not.toHaveProperty('last_read');
    expect(channels.find((it) => it.name === 'partners')).toMatchObject({
      is_ext_shared: true,
      connected_team_ids: ['T0PARTNER1'],
      internal_team_ids: ['T0SANDBOX1'],
    });
  });

  test('people of every kind, invited', async () => {
    const channel = await make();
    const invite = (users: string, to = channel) =>
      kit.outcome('conversations.invite', { channel: to, users });
    expect(await invite('U0MULTI001')).toBe('ok');
    expect(await invite('U0EXT00001')).toBe('no_external_invite_permission');
    expect(await invite('U0FAR00001')).toBe('user_not_found');
    expect(await invite('U0SOON0001')).toBe('cant_invite');
    await kit.act('enterprise', { on: true, teams: [{ id: 'T0SISTER01', name: 'Sister' }] });
    expect(await invite('U0SISTER01')).toBe('org_user_not_in_team');
    await kit.act('enterprise', { on: false });
    await kit.act('leave', { user: 'ext', channel: 'partners' });
    const { channels } = (await kit.call('conversations.list')) as { channels: Fields[] };
    const partners = String(channels.find((it) => it.name === 'partners')?.id);
    expect(await invite('U0EXT00001', partners)).toBe('ok');
  });
});

describe('names and numbers', () => {
  test('two makings at once may both succeed, when the race is on', async () => {
    await kit.act('clock', { freeze: true });
    await kit.act('settings', { create_race: true });
    const twins = await Promise.all([1, 2].map(() => kit.call('conversations.create', { name: 'twins' })));
    expect(new Set(twins.map((it) => (it.channel as Fields).id)).size).toBe(2);
    await kit.act('clock', { advance_ms: 1000 });
    expect(await kit.outcome('conversations.create', { name: 'twins' })).toBe('name_taken');
    await kit.act('settings', { create_race: false });
    expect(await kit.outcome('conversations.create', { name: 'single' })).toBe('ok');
    expect(await kit.outcome('conversations.create', { name: 'single' })).toBe('name_taken');
  });

  test('caps are what the settings say', async () => {
    const channel = await make({}, ANA);
    await kit.act('settings', { caps: { members: 5, channels: 1 } });
    expect(await kit.outcome('conversations.create', { name: 'one-too-many' })).toBe('cannot_create_channel');
    expect(await kit.outcome('conversations.join', { channel: 'C0GENERAL1' })).toBe('too_many_members');
    await kit.act('settings', { caps: { members: 1000, channels: 1000 } });
    expect(await kit.outcome('conversations.join', { channel })).toBe('ok');
  });

  test('people cannot do to channels what their clients do not offer, and nothing twice', async () => {
    const channel = await make({}, ANA);
    const bo = { user: 'bo', channel };
    const ana = { user: 'ana', channel };
    expect(await kit.act('channel/archive', { user: 'ana', channel: 'general' })).toMatchObject({
      error: 'cant_archive_general',
    });
    expect(await kit.during(() => kit.act('leave', bo))).toEqual([]);
    expect(await kit.during(() => kit.act('channel/archive', { ...ana, remove: true }))).toEqual([]);
    await kit.act('channel/archive', ana);
    expect(await kit.during(() => kit.act('channel/archive', ana))).toEqual([]);
  });

  test('what people do to channels is told to the app', async () => {
    const channel = await make({}, `${ANA},${BO}`);
    const name = `room-${made}`;
    const topic = await kit.during(() =>
      kit.act('topic', { user: 'ana', channel: name, topic: 'new', purpose: 'why' }),
    );
    expect(types(topic)).toEqual(['message.channel_topic', 'message.channel_purpose']);
    const renaming = await kit.during(() =>
      kit.act('channel/rename', { user: 'ana', channel: name, name: 'renamed' }),
    );
    expect(renaming[1]).toMatchObject({
      type: 'channel_rename',
      channel: { id: channel, name: 'renamed', name_normalized: 'renamed', is_mpim: false },
    });
    const moved = await kit.act<{ channel: string }>('channel/id', { channel });
    const [change, deleted] = (await kit.told())
      .slice(-1)
      .concat(await kit.during(() => kit.act('channel/delete', { user: 'ana', channel: 'renamed' })));
    expect(change).toMatchObject({
      type: 'channel_id_changed',
      old_channel_id: channel,
      new_channel_id: moved.channel,
    });
    expect(deleted).toMatchObject({ type: 'channel_deleted', channel: moved.channel, actor_id: ANA });
    expect(await kit.outcome('conversations.info', { channel: moved.channel })).toBe('channel_not_found');
  });
});
