import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { compiled, type Program, ROOT, readyLine } from './process.js';

const EXAMPLE = join(ROOT, 'examples/sandbox');
let program: Program;
beforeAll(async () => {
  program = await compiled();
});
afterAll(() => program.stop());

type Answer = Record<string, unknown>;

/** The sandbox with the example's manifest and people, and the echo bot on it, both as processes of their own. */
async function startBoth(port?: number) {
  const slack = program.start(
    ...['--manifest', join(EXAMPLE, 'manifest.yml'), '--seed', join(EXAMPLE, 'people.yml'), '--quiet'],
    ...(port === undefined ? [] : ['--events-url', `http://127.0.0.1:${port}/slack/events`]),
  );
  const ready = await readyLine(slack);
  const bot = program.spawn(process.execPath, [join(EXAMPLE, 'echo-bot.mjs')], {
    PATH: process.env.PATH,
    SLACK_BOT_TOKEN: ready.botToken,
    SLACK_APP_TOKEN: ready.appToken,
    SLACK_SIGNING_SECRET: ready.signingSecret,
    SLACK_API_URL: ready.apiUrl,
    ...(port === undefined ? {} : { PORT: String(port) }),
  });
  let said = '';
  for (const stream of [bot.stdout, bot.stderr])
    stream?.on('data', (chunk) => {
      said += String(chunk);
    });
  const act = async (path: string, body: object): Promise<Answer> => {
    const response = await fetch(`${ready.url}/control/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return (await response.json()) as Answer;
  };
  const textsOf = async (channel: string): Promise<string[]> => {
    const response = await fetch(`${ready.url}/control/state?channel=${channel}`);
    const { channels } = (await response.json()) as { channels: Array<{ name: string; messages: Answer[] }> };
    return channels.find(({ name }) => name === channel)?.messages.map(({ text }) => String(text)) ?? [];
  };
  const until = async (what: string, look: () => boolean | Promise<boolean>) => {
    for (let i = 0; i < 400; i++) {
      if (await look()) return;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error(`${what} did not come; the bot said: ${said}`);
  };
  await until('the bot', () => said.includes('The echo bot listens.'));
  return { act, textsOf, until };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

test.each(['Socket Mode', 'HTTP'])('the echo bot answers over %s', async (way) => {
  const { act, textsOf, until } = await startBoth(way === 'HTTP' ? await freePort() : undefined);
  expect(
    await act('command', { user: 'mira', channel: 'ops', command: '/echo', text: 'once more' }),
  ).toMatchObject({
    ok: true,
    ack: { status: 200, body: way === 'HTTP' ? 'once more' : { text: 'once more' } },
  });
  await act('message', { user: 'jon', channel: 'ops', text: '@echo hello there' });
  await until('the echo', async () => (await textsOf('ops')).includes('hello there'));
});
