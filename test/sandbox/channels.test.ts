import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Kit, startKit } from './kit.js';

let kit: Kit;
const ANA = 'U0ANA00001';
const BO = 'U0BO000002';

beforeAll(async () => {
  kit = await startKit({
    seed: {
      channels: [
        { name: 'old-news', archived: true, members: [ANA] },
        { name: 'secret', private: true, members: [ANA] },
      ],
    },
  });
});
afterAll(() => kit.stop());

const create = async (name: string, more: object = {}) =>
  (await kit.client.conversations.create({ name, ...more })).channel!.id!;

describe('names', () => {
  test.each([
    ['', 'invalid_name_required'],
    ['a'.repeat(81), 'invalid_name_maxlength'],
    ['Inc-1', 'invalid_name_specials'],
    ['inc 1', 'invalid_name_specials'],
    ['inc.1', 'invalid_name_specials'],
    ['#inc', 'invalid_name_specials'],
    ['---', 'invalid_name_punctuation'],
    ['general', 'name_taken'],
    ['old-news', 'name_taken'],
    ['secret', 'name_taken'],
  ])('%j is refused with %s', async (name, error) => {
    expect(await kit.refusal('conversations.create', { name })).toMatchObject({ ok: false, error });
  });

  test.each(['a'.repeat(80), 'inc-7_tts', '사건-1', 'инцидент', '障害', 'größe'])(
    '%j is taken as it is',
    async (name) => {
      expect((await kit.client.conversations.create({ name })).channel).toMatchObject({
        name,
        creator: 'U0BOT00000',
        is_member: true,
      });
    },
  );

  test.each([
    ['Inc 1', 'invalid_name_specials'],
    ['', 'invalid_name_required'],
    ['a'.repeat(81), 'invalid_name_maxlength'],
    ['--', 'invalid_name_punctuation'],
    ['old-news', 'name_taken'],
  ])('%j is refused of people too, with %s', async (name, error) => {
    expect(await kit.act('channel', { user: 'ana', name })).toMatchObject({ ok: false, error });
    expect(await kit.act('channel/rename', { user: 'ana', channel: 'general', name })).toMatchObject({
      error,
    });
  });

  test('a rename needs the same and an own channel', async () => {
    const channel = await create('first');
    expect(await kit.refusal('conversations.rename', { channel, name: 'Second' })).toMatchObject({
      error: 'invalid_name_specials',
    });
    expect(await kit.refusal('conversations.rename', { channel, name: 'secret' })).toMatchObject({
      error: 'name_taken',
    });
    expect((await kit.client.conversations.rename({ channel, name: 'second' })).channel).toMatchObject({
      name: 'second',
      previous_names: ['first'],
    });
    await kit.client.conversations.join({ channel: 'C0INCIDENT' });
    expect(await kit.refusal('conversations.rename', { channel: 'C0INCIDENT', name: 'mine' })).toMatchObject({
      error: 'not_authorized',
    });
  });
});

describe('membership', () => {
  test('private channels of others do not exist, public ones can be read about but not in', async () => {
    const state = await kit.look<{ channels: Array<{ id: string; name: string }> }>('state');
    const secret = state.channels.find((it) => it.name === 'secret')!.id;
    for (const method of [
      'conversations.info',
      'conversations.history',
      'conversations.setTopic',
      'conversations.join',
    ]) {
      expect(await kit.refusal(method, { channel: secret, topic: 'x' })).toMatchObject({
        error: 'channel_not_found',
      });
    }
    expect(await kit.refusal('chat.postMessage', { channel: secret, text: 'x' })).toMatchObject({
      error: 'channel_not_found',
    });
    const general = { channel: 'C0GENERAL1', topic: 'x', users: BO, timestamp: '1.000000', name: 'eyes' };
    for (const method of [
      'conversations.history',
      'conversations.setTopic',
      'conversations.invite',
      'pins.add',
      'reactions.add',
    ]) {
      expect(await kit.refusal(method, general)).toMatchObject({ error: 'not_in_channel' });
    }
    expect(await kit.refusal('conversations.info', general)).toMatchObject({
      ok: true,
      channel: { is_member: false },
    });
    // chat:write.public is for posting only.
    expect(await kit.refusal('chat.postMessage', { channel: 'C0GENERAL1', text: 'x' })).toMatchObject({
      ok: true,
    });
    const { channels } = await kit.client.conversations.list({ types: 'public_channel,private_channel' });
    expect(channels?.map((it) => it.name)).not.toContain('secret');
    expect(channels?.map((it) => it.name)).toContain('general');
  });

  test('invitations: all or nobody, unless forced', async () => {
    const channel = await create('war-room');
    const users = `${ANA},U0NOBODY,U0EVA00005`;
    expect(await kit.refusal('conversations.invite', { channel, users })).toEqual({
      ok: false,
      error: 'user_not_found',
      errors: [
        { user: 'U0NOBODY', ok: false, error: 'user_not_found' },
        { user: 'U0EVA00005', ok: false, error: 'user_not_found' },
      ],
    });
    const members = async () => (await kit.client.conversations.members({ channel })).members;
    expect(await members()).toEqual(['U0BOT00000']);
    expect(await kit.refusal('conversations.invite', { channel, users, force: true })).toMatchObject({
      ok: true,
      errors: [{ user: 'U0NOBODY' }, { user: 'U0EVA00005' }],
    });
    expect(await members()).toEqual(['U0BOT00000', ANA]);
    const invite = (who: string) => kit.refusal('conversations.invite', { channel, users: who });
    expect(await invite(ANA)).toMatchObject({ error: 'already_in_channel' });
    expect(await invite('U0BOT00000')).toMatchObject({ error: 'cant_invite_self' });
    expect(await invite('U0FINN0006')).toMatchObject({ error: 'ura_max_channels' });
    expect(await invite('')).toMatchObject({ error: 'no_user' });
  });

  test('an archived channel takes nothing any more, and its messages freeze', async () => {
    const channel = await create('over');
    const { ts } = await kit.client.chat.postMessage({ channel, text: 'status' });
    await kit.client.conversations.archive({ channel });
    const args = { channel, text: 'x', topic: 'x', users: ANA, name: 'y', ts };
    const errors: Record<string, unknown> = {};
    for (const method of [
      'chat.postMessage',
      'chat.update',
      'conversations.setTopic',
      'conversations.invite',
      'conversations.archive',
    ]) {
      errors[method] = (await kit.refusal(method, args)).error;
    }
    expect(errors).toEqual({
      'chat.postMessage': 'is_archived',
      'chat.update': 'is_inactive',
      'conversations.setTopic': 'is_archived',
      'conversations.invite': 'is_archived',
      'conversations.archive': 'already_archived',
    });
    expect((await kit.client.conversations.history({ channel })).ok).toBe(true);
  });

  test('topics end at 250 characters', async () => {
    const channel = await create('topics');
    expect(await kit.refusal('conversations.setTopic', { channel, topic: 'x'.repeat(251) })).toMatchObject({
      error: 'too_long',
    });
    await kit.client.conversations.setTopic({ channel, topic: 'x'.repeat(250) });
    expect((await kit.client.conversations.info({ channel })).channel?.topic?.value).toHaveLength(250);
  });

  test('topics have no markup: the note of the channel shows what looks like it as it stands', async () => {
    const channel = await create('plain-topics');
    const said = '<!channel> <https://example.com|a> & <b>';
    await kit.client.conversations.setTopic({ channel, topic: said });
    await kit.client.conversations.setPurpose({ channel, purpose: said });
    const escaped = '&lt;!channel&gt; &lt;https://example.com|a&gt; &amp; &lt;b&gt;';
    const { messages } = await kit.client.conversations.history({ channel });
    expect(messages).toMatchObject([
      { text: `<@U0BOT00000> set the channel purpose: ${escaped}`, purpose: said },
      { text: `<@U0BOT00000> set the channel topic: ${escaped}`, topic: said },
    ]);
    expect((await kit.client.conversations.info({ channel })).channel?.topic?.value).toBe(said);
  });

  test('pins, bookmarks and reactions refuse the second time', async () => {
    const channel = await create('marks');
    const timestamp = (await kit.client.chat.postMessage({ channel, text: 'keep this' })).ts!;
    expect(await kit.refusal('pins.add', { channel, timestamp })).toEqual({ ok: true });
    expect(await kit.refusal('pins.add', { channel, timestamp })).toMatchObject({ error: 'already_pinned' });
    expect((await kit.client.pins.list({ channel })).items).toHaveLength(1);
    expect(await kit.refusal('pins.remove', { channel, timestamp })).toEqual({ ok: true });
    expect(await kit.refusal('pins.remove', { channel, timestamp })).toMatchObject({ error: 'no_pin' });
    const reaction = { channel, timestamp, name: 'pushpin' };
    expect(await kit.refusal('reactions.add', reaction)).toEqual({ ok: true });
    expect(await kit.refusal('reactions.add', reaction)).toMatchObject({ error: 'already_reacted' });
    expect((await kit.client.reactions.get({ channel, timestamp })).message?.reactions).toMatchObject([
      { name: 'pushpin', count: 1 },
    ]);
    const bookmark = { channel_id: channel, title: 'Console', type: 'link' };
    expect(await kit.refusal('bookmarks.add', { ...bookmark, link: 'ftp://x' })).toMatchObject({
      error: 'invalid_link',
    });
    expect(await kit.refusal('bookmarks.add', { ...bookmark, link: 'https://x' })).toMatchObject({
      ok: true,
    });
    expect((await kit.client.bookmarks.list({ channel_id: channel })).bookmarks).toMatchObject([
      { title: 'Console' },
    ]);
  });

  test('a direct message is opened once', async () => {
    const first = await kit.client.conversations.open({ users: BO });
    const second = await kit.client.conversations.open({ users: BO });
    expect(second).toMatchObject({ already_open: true, channel: { id: first.channel?.id } });
    const { channel } = await kit.client.chat.postMessage({ channel: BO, text: 'psst' });
    expect(channel).toBe(first.channel?.id);
    expect(await kit.refusal('conversations.open', { users: 'U0EVA00005' })).toMatchObject({
      error: 'user_disabled',
    });
  });
});
