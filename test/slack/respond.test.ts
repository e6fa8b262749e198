import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { respondTo } from '#slack/listener.js';

/** An address that answers with these statuses in turn, the last one for good, and asks for next to no wait. */
async function address(...statuses: number[]) {
  let asked = 0;
  const server = createServer((request, response) => {
    request.resume();
    const status = statuses[Math.min(asked, statuses.length - 1)] ?? 200;
    asked += 1;
    response.writeHead(status, { 'retry-after': '0.001' }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/commands/T1/secret`,
    asked: () => asked,
    end: () => new Promise((resolve) => server.close(resolve)),
  };
}

describe('a late answer', () => {
  const warned: unknown[] = [];
  const quiet = { info() {}, debug() {}, error() {}, warn: (...told: unknown[]) => void warned.push(told) };

  test.each([
    ['is given when Slack has said five times to wait', [429, 429, 429, 429, 429, 200], true, 6],
    ['is given up where Slack never stops saying so', [429], false, 11],
    ['is not tried again where the address is used up', [404], false, 1],
    ['is tried three times where Slack is broken', [500], false, 3],
    ['is given when it is only broken for once', [500, 200], true, 2],
  ] as const)('%s', async (_, statuses, given, asked) => {
    const to = await address(...statuses);
    try {
      expect(await respondTo(to.url, { text: 'recorded' }, quiet)).toBe(given);
      expect(to.asked()).toBe(asked);
      expect(JSON.stringify(warned)).not.toContain('secret');
    } finally {
      await to.end();
    }
  });
});
