import { createServer as createSecure } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { addressIn } from '#sandbox/app/transport/addresses.js';
import { readManifest } from '#sandbox/manifest/manifest.js';
import { until } from '../support/until.js';
import { type Kit, manifest, startKit } from './kit.js';
import { PlainApp } from './plain-app.js';

let kit: Kit;
let app: PlainApp;
beforeAll(async () => {
  app = new PlainApp();
  await app.start();
  const settings = { rateLimits: false, ackMs: 20_000 };
  kit = await startKit({ eventsUrl: app.url, settings, clock: { frozen: true } });
});
afterAll(async () => {
  app.stop();
  await kit.stop();
});
beforeEach(async () => {
  app.answer = () => ({ status: 200 });
  await kit.act('reset');
  app.got.length = 0;
  await kit.client.conversations.create({ name: 'wire' });
  await kit.act('join', { user: 'ana', channel: 'wire' });
  // What making the room tells the app is over before a test begins.
  await app.until(1, 'channel_created');
  await app.until(1, 'member_joined_channel');
  app.got.length = 0;
});

const say = (text: string) => kit.act('message', { user: 'ana', channel: 'wire', text });
const attempts = async (text: string) => {
  const { events } = await kit.look<{
    events: Array<{ payload: object; attempts: Array<{ at: number; receipt: object }> }>;
  }>('events');
  return events.find((it) => JSON.stringify(it.payload).includes(`"${text}"`))?.attempts ?? [];
};
const tried = (text: string, count: number) =>
  until(`${count} attempts of ${text}`, async () => {
    const made = await attempts(text);
    return made.length >= count ? made : undefined;
  });
const reasons = () => app.got.map((it) => it.headers['x-slack-retry-reason']);

describe('repeats', () => {
  test('come at once, after a minute and after five, by the sandbox clock', async () => {
    app.answer = () => ({ status: 500 });
    await say('again');
    const start = (await tried('again', 2))[0]!.at;
    await kit.act('clock', { advance_ms: 59_999 });
    expect(await attempts('again')).toHaveLength(2);
    await kit.act('clock', { advance_ms: 1 });
    await tried('again', 3);
    await kit.act('clock', { advance_ms: 300_000 });
    const all = await tried('again', 4);
    expect(all.map((it) => it.at - start)).toEqual([0, 0, 60_000, 360_000]);
    expect(app.got.map((it) => it.headers['x-slack-retry-num'])).toEqual([undefined, '1', '2', '3']);
    await kit.act('clock', { advance_ms: 30 * 3_600_000 });
    expect(await attempts('again')).toHaveLength(4);
  });

  test('all come when the clock is wound far ahead, and then hourly for a day if the app wants that', async () => {
    await kit.act('settings', { delayed_events: true });
    app.answer = () => ({ status: 500 });
    await say('for long');
    await tried('for long', 2);
    await kit.act('clock', { advance_ms: 40 * 3_600_000 });
    await tried('for long', 28);
    await say('after it');
    await tried('after it', 1);
    expect(await attempts('for long')).toHaveLength(28);
  });

  test('say why: no answer in time, nobody there', async () => {
    await kit.act('settings', { ack_ms: 40, retry_scale: 0 });
    app.answer = () => 'never';
    await say('slow');
    await tried('slow', 4);
    expect(reasons()).toEqual([undefined, 'http_timeout', 'http_timeout', 'http_timeout']);
  });
});

describe('redirects', () => {
  const hops = (count: number) => {
    app.answer = ({ path }) => {
      const hop = Number(/hop(\d)/.exec(path)?.[1] ?? 0);
      return hop < count
        ? { status: hop % 2 ? 301 : 302, headers: { location: `/hop${hop + 1}` } }
        : { status: 200 };
    };
  };

  test('two are followed with the same signed bytes', async () => {
    hops(2);
    await say('round');
    const [first] = await tried('round', 1);
    expect(first!.receipt).toMatchObject({ outcome: 'acked' });
    expect(app.got.map((it) => it.path)).toEqual(['/slack/events', '/hop1', '/hop2']);
    expect(new Set(app.got.map((it) => it.headers['x-slack-signature'])).size).toBe(1);
  });

  test('three are too many', async () => {
    await kit.act('settings', { retry_scale: 0 });
    hops(3);
    await say('circle');
    expect((await tried('circle', 2))[0]!.receipt).toMatchObject({
      outcome: 'failed',
      reason: 'too_many_redirects',
    });
    await tried('circle', 4);
    expect(reasons()).toContain('too_many_redirects');
  });

  test('are for events only', async () => {
    hops(1);
    const typed = await kit.act('command', { user: 'ana', channel: 'wire', command: '/incident' });
    expect(typed).toMatchObject({ ok: false, error: 'dispatch_failed', ack: { status: 302 } });
  });
});

test('a certificate that nobody trusts', async () => {
  // Without a certificate no handshake succeeds.
  const secure = createSecure(() => {});
  await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
  const { port } = secure.address() as AddressInfo;
  const bad = await startKit({ eventsUrl: `https://127.0.0.1:${port}/`, settings: { retryScale: 0 } });
  try {
    await bad.client.conversations.create({ name: 'tls' });
    const sent = await until('an attempt', async () => {
      const { events } = await bad.look<{ events: Array<{ attempts: Array<{ receipt: object }> }> }>(
        'events',
      );
      return events[0]?.attempts[0];
    });
    expect(sent.receipt).toMatchObject({ outcome: 'failed', reason: 'ssl_error' });
  } finally {
    await bad.stop();
    secure.close();
  }
});

describe('what only Slack sends', () => {
  test.each<[string, string, (challenge: string) => { body: string; headers?: Record<string, string> }]>([
    ['plain', 'text', (body) => ({ body })],
    ['as a form', 'form', (it) => ({ body: `challenge=${it}` })],
    [
      'as JSON',
      'json',
      (challenge) => ({
        body: JSON.stringify({ challenge }),
        headers: { 'content-type': 'application/json' },
      }),
    ],
  ])('a challenge that may come back %s', async (_name, _kind, answer) => {
    app.answer = ({ body }) => ({
      status: 200,
      ...answer((JSON.parse(body) as { challenge: string }).challenge),
    });
    expect(await kit.act('url-verification')).toMatchObject({ ok: true });
    expect(JSON.parse(app.got[0]!.body)).toMatchObject({ type: 'url_verification' });
    app.answer = () => ({ status: 200, body: 'hello' });
    expect(await kit.act('url-verification')).toMatchObject({ ok: false, error: 'challenge_failed' });
  });

  test('a probe of the certificate', async () => {
    expect(await kit.act('ssl-check')).toMatchObject({ ok: true, acks: [{ status: 200 }] });
    expect(app.got[0]).toMatchObject({
      body: expect.stringMatching(/^ssl_check=1&token=/),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
  });

  test('that there were too many events, when it is asked for', async () => {
    expect(await kit.act('app-rate-limited')).toMatchObject({ ok: true });
    const told = JSON.parse(app.got[0]!.body) as Record<string, unknown>;
    expect(Object.keys(told).sort()).toEqual([
      'api_app_id',
      'minute_rate_limited',
      'team_id',
      'token',
      'type',
    ]);
    expect(Number(told.minute_rate_limited) % 60).toBe(0);
  });
});

test('beyond the hour’s events the app hears once a minute that there were too many', async () => {
  await kit.act('settings', { rate_limits: true, events_per_hour: 2 });
  const types = () => app.got.map((it) => (JSON.parse(it.body) as { type: string }).type);
  for (let i = 0; i < 5; i++) await say(`many ${i}`);
  await until('it is told', () => types().includes('app_rate_limited'));
  expect(types().filter((it) => it === 'event_callback').length).toBeLessThanOrEqual(2);
  await kit.act('clock', { advance_ms: 60_000 });
  for (let i = 0; i < 3; i++) await say(`more ${i}`);
  await until('it is told again', () => types().filter((it) => it === 'app_rate_limited').length === 2);
  await kit.act('clock', { advance_ms: 3_600_000 });
  await say('free again');
  await tried('free again', 1);
});

test('an app that takes next to nothing is switched off, until it is switched on', async () => {
  await kit.act('settings', { auto_disable_from: 8, retry_scale: 0 });
  await kit.act('events/enable');
  app.answer = () => ({ status: 500 });
  await say('no');
  await tried('no', 4);
  await say('no no');
  await until('it is off', async () => (await kit.look<{ disabled: boolean }>('events')).disabled);
  app.answer = () => ({ status: 200 });
  await say('unheard');
  await kit.act('events/enable');
  await say('heard');
  await tried('heard', 1);
  expect(await attempts('unheard')).toEqual([]);
});

test('events of one moment can come in another order, always the same with seeded ids', async () => {
  const order = async () => {
    const seeded = await startKit({
      eventsUrl: app.url,
      seed: { ids: 'shuffle' },
      settings: { shuffleEvents: true },
      clock: { frozen: true },
    });
    try {
      app.got.length = 0;
      const channel = (await seeded.client.conversations.create({ name: 'order' })).channel!.id!;
      await seeded.client.conversations.invite({ channel, users: 'U0ANA00001,U0BO000002,U0CHEN0003' });
      const joined = await app.until(3, 'member_joined_channel');
      return joined.map((it) => (JSON.parse(it.body) as { event: { user: string } }).event.user);
    } finally {
      await seeded.stop();
    }
  };
  const first = await order();
  expect(first).not.toEqual([...first].sort());
  expect([...first].sort()).toEqual(['U0ANA00001', 'U0BO000002', 'U0CHEN0003']);
  expect(await order()).toEqual(first);
});

test('Socket Mode switched off: sockets are sent away, payloads go to the URL or nowhere', async () => {
  const other = await startKit();
  try {
    const type = () => other.act('command', { user: 'ana', channel: 'general', command: '/incident' });
    expect(await other.act('socket-mode', { on: false })).toMatchObject({ ok: true, socket_mode: false });
    expect(await type()).toMatchObject({ ok: false, error: 'dispatch_failed' });
    expect(await other.act('socket-mode', { on: false, events_url: app.url })).toMatchObject({ ok: true });
    expect(await type()).toMatchObject({ ok: true, ack: { status: 200 } });
    expect(await other.act('socket-mode', { on: true })).toMatchObject({ socket_mode: true });
    expect(await type()).toMatchObject({ ok: false, error: 'dispatch_failed' });
  } finally {
    await other.stop();
  }
});

test('without Socket Mode everything goes to its own address in the manifest, and to nobody else’s machine', async () => {
  const base = app.url.replace('/slack/events', '');
  const ownAddresses = manifest((it) => {
    const [first, second] = it.features.slash_commands;
    Object.assign(first ?? {}, { url: `${base}/incident` });
    Object.assign(second ?? {}, { url: `${base}/raw` });
    const menus = { request_url: `${base}/clicks`, message_menu_options_url: `${base}/menus` };
    Object.assign(it.settings.interactivity, menus);
    Object.assign(it.settings.event_subscriptions, { request_url: `${base}/events` });
    it.settings.socket_mode_enabled = false;
  });
  const other = await startKit({ manifest: ownAddresses });
  try {
    const said = { user: 'ana', channel: 'general' };
    app.got.length = 0;
    await other.act('command', { ...said, command: '/incident' });
    await other.act('command', { ...said, command: '/raw' });
    await other.act('shortcut', { user: 'ana', callback_id: 'declare' });
    await other.client.conversations.join({ channel: 'C0INCIDENT' });
    const { ts } = await other.client.chat.postMessage({
      channel: 'C0INCIDENT',
      text: 'pick',
      blocks: [
        {
          type: 'actions',
          elements: [{ type: 'external_select', action_id: 'pick', min_query_length: 1 }],
        },
      ],
    });
    await other.act('options', { user: 'ana', channel: 'incidents', ts, action_id: 'pick', value: 'x' });
    await other.act('message', { user: 'ana', channel: 'incidents', text: 'an event of its own' });
    await app.until(1, 'an event of its own');
    await other.act('ssl-check');
    const paths = app.got.map(({ path, body }) =>
      body.includes('an event of its own') ? `${path} said` : path,
    );
    expect(paths.filter((path) => path !== '/events')).toEqual(
      expect.arrayContaining(['/incident', '/raw', '/clicks', '/menus', '/events said']),
    );
    expect(paths.filter((path) => path === '/clicks')).toHaveLength(1);
    expect(paths.at(-1)).toBe('/incident');
  } finally {
    await other.stop();
  }
  const whole = await startKit({ manifest: ownAddresses, eventsUrl: app.url });
  try {
    app.got.length = 0;
    await whole.act('command', { user: 'ana', channel: 'general', command: '/raw' });
    expect(app.got.map(({ path }) => path)).toEqual(['/slack/events']);
  } finally {
    await whole.stop();
  }
  const commands = [{ command: '/a', url: 'https://bot.example.com/a' }];
  expect(
    addressIn(
      {
        ...readManifest(ownAddresses),
        commands: commands.map((it) => ({ ...it, description: '', should_escape: false })),
      },
      {
        kind: 'slash_commands',
        payload: { command: '/a' },
      },
    ),
  ).toBeUndefined();
});
