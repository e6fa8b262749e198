import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { postOnce } from '#compose/post-once.js';
import { Refusing } from '#public/change.js';
import { type Sandbox, startSandbox } from '#sandbox/sandbox.js';
import { createSlackClient, type SlackClient } from '#slack/transport/client.js';

// What the public is told in a channel of Slack's stands there once, whatever breaks between Slack and us.

const manifest = new URL('../../manifest.yml', import.meta.url);
const BLOCKS = [{ type: 'section', text: { type: 'plain_text', text: 'words' } }];
const LOG = { debug() {}, info() {}, warn() {}, error() {} };

let slack: Sandbox;
let client: SlackClient;
let channel: { id: string; name: string };
let made = 0;
beforeAll(async () => {
  slack = await startSandbox({
    manifest: parse(await readFile(manifest, 'utf8')) as object,
    settings: { rateLimits: false },
  });
  client = createSlackClient({ token: slack.botToken, apiUrl: slack.apiUrl, log: LOG as never });
});
afterAll(() => slack.stop());

async function control<T>(path: string, body?: object): Promise<T> {
  const response = await fetch(`${slack.url}/control/${path}`, {
    ...{ method: body ? 'POST' : 'GET', headers: { 'content-type': 'application/json' } },
    ...(body && { body: JSON.stringify(body) }),
  });
  return (await response.json()) as T;
}
const breaks = (method: string, kind: string, more: object = {}) =>
  control('fault', { method, kind, ...more });
async function texts(): Promise<string[]> {
  type State = { channels: Array<{ id: string; messages: Array<{ text: string }> }> };
  const { channels } = await control<State>('state');
  return (channels.find(({ id }) => id === channel.id)?.messages ?? [])
    .map(({ text }) => text)
    .filter((text) => text.startsWith('news'));
}
const posts = (where: string, n = 1) =>
  postOnce(client)(where, `news ${n}`, BLOCKS, `status:${n}`, new Date());
const asks = async () => {
  const { calls } = await control<{ calls: Array<{ method: string }> }>('log');
  return calls.map(({ method }) => method);
};

beforeEach(async () => {
  await control('fault/clear', {});
  const name = `status-${++made}`;
  const { channel: id } = await control<{ channel: string }>('channel', { user: 'ana', name });
  channel = { id, name };
  await control('join', { user: 'U0BOT00000', channel: id });
});

test.each(['id', 'name'] as const)(
  'posted and not heard of, under its %s: found by another process',
  async (by) => {
    await breaks('chat.postMessage', 'drop');
    await expect(posts(channel[by])).rejects.toThrow('Slack said');
    await posts(channel[by]);
    await posts(channel[by], 2);
    expect(await texts()).toEqual(['news 1', 'news 2']);
  },
);

test.each([
  ['ratelimit', {}],
  ['error', { value: 'internal_error' }],
  ['error', { value: 'a_code_of_tomorrow' }],
  ['http500', {}],
  ['cut', {}],
] as const)(
  'where Slack does not tell what stands there (%s %j), nothing is posted, and it is tried again',
  async (kind, more) => {
    await breaks('chat.postMessage', 'drop');
    await expect(posts(channel.id)).rejects.toThrow('Slack said');
    await breaks('conversations.history', kind, more);
    const failed = await posts(channel.id).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(Error);
    expect(failed).not.toBeInstanceOf(Refusing);
    expect(await texts()).toEqual(['news 1']);
    await posts(channel.id);
    expect(await texts()).toEqual(['news 1']);
  },
);

test('nor where it does not tell which channel has that name', async () => {
  await breaks('conversations.list', 'ratelimit');
  await expect(posts(channel.name)).rejects.toThrow('Slack said ratelimited (conversations.list)');
  expect(await texts()).toEqual([]);
});

test.each([
  ['conversations.history', 'missing_scope'],
  ['conversations.history', 'not_in_channel'],
  ['conversations.list', 'missing_scope'],
])('where %s is refused for good (%s), it is posted all the same', async (method, value) => {
  await breaks(method, 'error', { value });
  await posts(channel.name);
  expect(await texts()).toEqual(['news 1']);
});

test('a channel that is not there is refused for good; a name is looked for once', async () => {
  await expect(posts('no-such')).rejects.toBeInstanceOf(Refusing);
  const post = postOnce(client);
  const before = (await asks()).length;
  for (const n of [1, 2, 3]) await post(channel.name, `news ${n}`, BLOCKS, `status:${n}`, new Date());
  expect((await asks()).slice(before).filter((method) => method === 'conversations.list')).toHaveLength(1);
  expect(await texts()).toEqual(['news 1', 'news 2', 'news 3']);
});

test('behind hundreds of other messages it is found', async () => {
  await breaks('chat.postMessage', 'drop');
  await expect(posts(channel.id)).rejects.toThrow();
  for (let i = 0; i < 450; i++)
    await control('message', { user: 'ana', channel: channel.id, text: `chatter ${i}` });
  await posts(channel.id);
  expect(await texts()).toEqual(['news 1']);
});
