import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Kit, startKit } from './kit.js';

let kit: Kit;
let room: string;
beforeAll(async () => {
  kit = await startKit();
});
afterAll(() => kit.stop());
beforeEach(async () => {
  await kit.act('reset');
  await kit.act('clock', { freeze: true });
  room = (await kit.client.conversations.create({ name: 'paged' })).channel!.id!;
  for (let i = 0; i < 9; i++) await kit.client.chat.postMessage({ channel: room, text: `${i}` });
});

const cursorOf = async () =>
  (await kit.client.conversations.history({ channel: room, limit: 4 })).response_metadata!.next_cursor!;

describe('a cursor', () => {
  test('tells nothing', async () => {
    expect(Buffer.from(await cursorOf(), 'base64').toString()).not.toMatch(/^at:/);
  });

  test('goes on where the page ended, whatever its size', async () => {
    const cursor = await cursorOf();
    const { messages, has_more } = await kit.client.conversations.history({
      channel: room,
      limit: 3,
      cursor,
    });
    expect(messages!.map((it) => it.text)).toEqual(['4', '3', '2']);
    expect(has_more).toBe(true);
  });

  test.each<[string, (cursor: string) => [string, object]]>([
    ['is made up', () => ['conversations.history', { channel: room, cursor: 'abc' }]],
    [
      'was written by the app',
      () => ['conversations.history', { channel: room, cursor: Buffer.from('at:3').toString('base64') }],
    ],
    ['is of another list', (cursor) => ['conversations.history', { channel: room, oldest: '1', cursor }]],
    ['is of another method', (cursor) => ['conversations.members', { channel: room, cursor }]],
    ['was cut', (cursor) => ['conversations.history', { channel: room, cursor: cursor.slice(4) }]],
  ])('is refused when it %s', async (_name, made) => {
    const [method, args] = made(await cursorOf());
    expect(await kit.refusal(method, args as Record<string, unknown>)).toMatchObject({
      error: 'invalid_cursor',
    });
  });

  test('is forgotten after a while', async () => {
    const cursor = await cursorOf();
    await kit.act('clock', { advance_ms: 30 * 86_400_000 });
    expect(await kit.refusal('conversations.history', { channel: room, cursor })).toMatchObject({
      error: 'invalid_cursor',
    });
    await kit.act('settings', { cursor_ttl_ms: 60_000 });
    const second = await cursorOf();
    await kit.act('clock', { advance_ms: 60_001 });
    expect(await kit.refusal('conversations.history', { channel: room, cursor: second })).toMatchObject({
      error: 'invalid_cursor',
    });
  });
});

test('short and empty pages lose nothing, twice alike', async () => {
  await kit.act('settings', { short_pages: true });
  const walk = async () => {
    const sizes: number[] = [];
    const seen: string[] = [];
    for await (const page of kit.client.paginate('conversations.history', { channel: room, limit: 4 })) {
      const { messages = [] } = page as { messages?: Array<{ text: string }> };
      sizes.push(messages.length);
      seen.push(...messages.map((it) => it.text));
    }
    return { sizes, seen };
  };
  const { sizes, seen } = await walk();
  expect(seen.filter((it) => /^\d$/.test(it))).toEqual(['8', '7', '6', '5', '4', '3', '2', '1', '0']);
  expect(sizes).toContain(0);
  expect(Math.max(...sizes)).toBe(2);
});
