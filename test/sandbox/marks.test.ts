import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ANA, type ChatKit, type Fields, startChatKit } from './chat-kit.js';

let kit: ChatKit;
let channel: string;
beforeAll(async () => {
  kit = await startChatKit({ seed: { emoji: { ours: 'https://x.y/ours.png' } } });
  channel = (await kit.client.conversations.create({ name: 'marks' })).channel?.id ?? '';
  await kit.client.conversations.invite({ channel, users: ANA });
});
afterAll(() => kit.stop());

const post = async () => String((await kit.client.chat.postMessage({ channel, text: 'hello' })).ts);

test('reactions come, go and are listed', async () => {
  const timestamp = await post();
  const item = { channel, timestamp };
  const events = await kit.during(async () => {
    await kit.client.reactions.add({ ...item, name: 'thumbsup::skin-tone-3' });
    await kit.client.reactions.add({ ...item, name: 'ours' });
    await kit.client.reactions.remove({ ...item, name: 'ours' });
  });
  expect(events.map((event) => [event.type, event.reaction])).toEqual([
    ['reaction_added', 'thumbsup::skin-tone-3'],
    ['reaction_added', 'ours'],
    ['reaction_removed', 'ours'],
  ]);
  expect(await kit.outcome('reactions.remove', { ...item, name: 'ours' })).toBe('no_reaction');
  const second = await post();
  await kit.client.reactions.add({ channel, timestamp: second, name: 'eyes' });
  const listed = await kit.call('reactions.list', {});
  expect(listed).toMatchObject({
    items: [
      { type: 'message', channel, message: { ts: second, permalink: expect.any(String) } },
      { message: { ts: timestamp, reactions: [{ name: 'thumbsup::skin-tone-3', count: 1 }] } },
    ],
    paging: { count: 100, total: 2, page: 1, pages: 1 },
  });
  const page = await kit.client.reactions.list({ limit: 1 });
  expect(page.items).toHaveLength(1);
  expect(page.response_metadata?.next_cursor).not.toBe('');
  expect(await kit.outcome('reactions.list', { user: 'U1' })).toBe('user_not_found');
});

test.each<[string, Fields, string]>([
  ['reactions.add', { name: 'not_an_emoji' }, 'invalid_name'],
  ['reactions.add', { name: ':eyes:' }, 'invalid_name'],
  ['reactions.add', { name: 'eyes', timestamp: '1.000001' }, 'message_not_found'],
  ['reactions.add', { name: 'eyes', timestamp: 'x' }, 'bad_timestamp'],
  ['reactions.add', { name: 'eyes', timestamp: '' }, 'no_item_specified'],
  ['reactions.remove', { name: 'not_an_emoji' }, 'invalid_name'],
  ['reactions.remove', { name: 'eyes', channel: '' }, 'no_item_specified'],
  ['reactions.remove', { name: 'eyes', file: 'F1' }, 'file_not_found'],
  ['pins.remove', {}, 'no_pin'],
  ['pins.remove', { timestamp: '' }, 'no_item_specified'],
  ['pins.add', { timestamp: 'x' }, 'bad_timestamp'],
])('%s %j: %s', async (method, more, code) => {
  expect(await kit.outcome(method, { channel, timestamp: await post(), ...more })).toBe(code);
});

test('people react with emoji only', async () => {
  const ts = await post();
  const react = (name: string) => kit.act('reaction', { user: 'ana', channel: 'marks', ts, name });
  expect(await react(':tada:')).toMatchObject({ ok: true, changed: true });
  expect(await react('not_an_emoji')).toMatchObject({ error: 'invalid_name: not_an_emoji' });
});

test('so many reactions, pins and bookmarks as the settings allow', async () => {
  const timestamp = await post();
  await kit.act('settings', { caps: { emoji: 2, reactions: 1, pins: 1, bookmarks: 1 } });
  const add = (name: string) => kit.outcome('reactions.add', { channel, timestamp, name });
  expect(await add('eyes')).toBe('ok');
  expect(await add('tada')).toBe('too_many_reactions');
  await kit.act('reaction', { user: 'ana', channel: 'marks', ts: timestamp, name: 'tada' });
  expect(await add('fire')).toBe('too_many_emoji');
  expect(await kit.outcome('pins.add', { channel, timestamp })).toBe('ok');
  expect(await kit.outcome('pins.add', { channel, timestamp: await post() })).toBe('too_many_pins');
  const [unpinned] = await kit.during(() => kit.call('pins.remove', { channel, timestamp }));
  expect(unpinned).toMatchObject({ type: 'pin_removed', channel_id: channel, has_pins: false, pin_count: 0 });
  const bookmark = { channel_id: channel, title: 'A', type: 'link', link: 'https://x.y' };
  expect(await kit.outcome('bookmarks.add', bookmark)).toBe('ok');
  expect(await kit.outcome('bookmarks.add', bookmark)).toBe('too_many_bookmarks');
});

test('bookmarks are changed and taken away', async () => {
  await kit.act('settings', { caps: { bookmarks: 10 } });
  const given = { channel_id: channel, title: 'Board', type: 'link', link: 'https://x.y', emoji: ':ours:' };
  const { bookmark } = await kit.call('bookmarks.add', given);
  const { id } = bookmark as { id: string };
  expect(bookmark).toMatchObject({ title: 'Board', app_action_id: '', emoji: ':ours:' });
  const on = { channel_id: channel, bookmark_id: id };
  expect(await kit.call('bookmarks.edit', { ...on, title: 'Chart', emoji: ':tada:' })).toMatchObject({
    bookmark: { id, title: 'Chart', link: 'https://x.y', emoji: ':tada:', date_updated: expect.any(Number) },
  });
  expect(await kit.outcome('bookmarks.edit', { ...on, link: 'x.y' })).toBe('invalid_link');
  expect(await kit.outcome('bookmarks.edit', { ...on, emoji: ':not_an_emoji:' })).toBe('invalid_emoji');
  expect(await kit.outcome('bookmarks.edit', { ...on, bookmark_id: 'Bk1' })).toBe('not_found');
  expect(await kit.outcome('bookmarks.remove', on)).toBe('ok');
  expect(await kit.outcome('bookmarks.remove', on)).toBe('not_found');
});
