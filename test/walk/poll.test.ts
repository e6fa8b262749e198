import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { alertmanagerAlert } from '../alerts/kit.js';
import { until } from '../support/until.js';
import { startWalk, type Walk } from './kit.js';

// What began and ended while no bot listened: nobody announces anything here, it is asked for. Another source cannot be asked.

const FAILS = 'a source of alerts could not be asked';

let walk: Walk;
let lists: Server;
let listed: object[];
const asked = { am: 0, broken: 0 };
beforeAll(async () => {
  const { status: _, ...alert } = alertmanagerAlert();
  listed = [{ ...alert, status: { state: 'active' }, receivers: [{ name: 'tocsin' }] }];
  lists = createServer((request, response) => {
    const well = request.url === '/am/api/v2/alerts';
    asked[well ? 'am' : 'broken'] += 1;
    response.writeHead(well ? 200 : 500).end(well ? JSON.stringify(listed) : 'no');
  }).listen(0, '127.0.0.1');
  await once(lists, 'listening');
  walk = await startWalk();
  await writeFile(join(walk.folder, 'am.secret'), 'a-token-of-nobody-0123456789');
});
afterAll(async () => {
  await walk?.end();
  lists?.close();
  lists?.closeAllConnections();
});

const asksEvery = (every: string) => {
  const { port } = lists.address() as AddressInfo;
  const source = (name: string) =>
    `{ type: alertmanager, secrets: [secret:am], poll: { url: "http://127.0.0.1:${port}/${name}", every: ${every} } }`;
  return writeFile(
    join(walk.folder, 'tocsin.yml'),
    `secrets: { am: "file:${join(walk.folder, 'am.secret')}" }
alerts:
  sources: { am: ${source('am')}, broken: ${source('broken')} }
  rules: [{ name: all, open: {} }]
`,
  );
};
const alerts = async () => {
  const { out } = await walk.tocsin('export', 'INC-1', '--format', 'json');
  const { timeline } = JSON.parse(out) as {
    timeline: Array<{ kind: string; until: string | null; alert?: object }>;
  };
  return timeline.filter(({ kind }) => kind === 'alert');
};
const warnings = (log: string) => log.split('\n').filter((line) => line.includes(FAILS));

test('what has fired since before the first start opens an incident at the start', async () => {
  await asksEvery('1h');
  const bot = await walk.here();
  await walk.until('its incident, in Slack', ({ channels }) =>
    channels.find(
      ({ name, messages }) =>
        name === 'inc-1-tts-refuses-its-keys' && messages.some(({ text }) => /^An alert fires/.test(text)),
    ),
  );
  expect(await alerts()).toMatchObject([{ until: null, alert: { source: 'am', rule: 'all' } }]);
  expect(asked.am).toBe(1);
  await bot.stop();
});

test('what ended while the bot was away has ended on the timeline, and what cannot be asked is said once', async () => {
  listed = [];
  await asksEvery('10s');
  const before = asked.broken;
  const began = new Date();
  const bot = await walk.here();
  const [alert] = await until('it has ended', async () => {
    const found = await alerts();
    return found.some((one) => one.until !== null) && found;
  });
  expect(Date.parse(alert?.until ?? '')).toBeGreaterThan(began.getTime() - 1_000);
  await until('the other has been asked twice', () => asked.broken >= before + 2);
  await bot.stop();
  expect(warnings(bot.log())).toEqual([
    expect.stringMatching(/"source":"broken","why":"http:\/\/\S+\/broken\/api\/v2\/alerts answered 500"/),
  ]);
});

test('the doctor says which can be asked, and which cannot', async () => {
  const { out } = await walk.verb(['doctor'], {
    ...walk.environment,
    TOCSIN_CONFIG: join(walk.folder, 'tocsin.yml'),
  });
  expect(out).toContain('✓ source am: answers what fires: 0 alerts');
  expect(out).toMatch(
    /✗ source broken: http:\S+\/broken\/api\/v2\/alerts answered 500\n {4}→ see to it that it can be asked from this machine; its settings: \S+tocsin\.yml:\d+/,
  );
});
