import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import express from 'express';
import { createForms, type FormPorts, networkOf, subscribeFile } from '#public/subscribe/front.js';
import { readSubscriberSettings, type SubscriberSettings } from '#public/subscribe/settings.js';
import { wakeShare } from '#public/subscribe/share.js';
import { Secret } from '#runbooks/secret.js';
import { subscribeRoutes } from '#web/subscribe.js';
import { change, type Kit, LOOK, startHook, startKit, startSmtp, TEAM } from './kit.js';

let kit: Kit;
let smtp: Awaited<ReturnType<typeof startSmtp>>;
let server: Server;
let base: string;
let settings: SubscriberSettings | null;
let language = LOOK.language;

function given(more: object = {}): SubscriberSettings {
  const email = { smtp: 'smtp://127.0.0.1:25', from: 'Example <status@example.org>' };
  const read = readSubscriberSettings({ email, webhooks: true, ...more }, () => 'tocsin.yml:1', []);
  if (!('settings' in read) || read.settings === null) throw new Error(JSON.stringify(read));
  return read.settings;
}

beforeAll(async () => {
  kit = await startKit();
  smtp = await startSmtp();
  kit.settings.smtp = smtp.mailer();
  const ports: FormPorts = {
    subscribers: kit.store.subscribers,
    settings: () => settings,
    look: () => ({ ...LOOK, language }),
    components: async () => ['Speech', 'Search'],
    team: async () => TEAM,
    wake: async (team, share) => void (await wakeShare(kit.store.outbox, team, share)),
    seal: (text) => new Secret(createHmac('sha256', 'pepper').update(text).digest('base64url')),
    log: { info() {}, warn() {}, error() {} },
    resolve: async (host) => [{ address: host.startsWith('inside') ? '10.1.2.3' : '93.184.215.14' }],
  };
  const app = express();
  subscribeRoutes(app, createForms(ports));
  app.use((_request, response) => void response.status(404).end('a file'));
  server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/status`;
  settings = given();
});
afterEach(async () => {
  settings = given();
  language = LOOK.language;
  smtp.mails.length = 0;
  smtp.tried.length = 0;
  await kit.empties();
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  await kit.close();
  await smtp.close();
});

interface Sent {
  fields?: Record<string, string | string[]>;
  headers?: Record<string, string>;
}
async function send(path: string, { fields = {}, headers = {} }: Sent = {}) {
  const body = new URLSearchParams(
    Object.entries(fields).flatMap(([name, value]) =>
      [value].flat().map((one): [string, string] => [name, one]),
    ),
  );
  const response = await fetch(`${base}${path}`, { method: 'POST', body, headers, redirect: 'manual' });
  return { status: response.status, text: await response.text(), headers: response.headers };
}
async function look(path: string, method = 'GET') {
  const response = await fetch(`${base}${path}`, { method });
  return { status: response.status, text: await response.text(), headers: response.headers };
}
const asks = (address: string, more: Sent = {}) =>
  send('/subscribe', { ...more, fields: { kind: 'email', address, ...more.fields } });
const linkIn = (text = '') => /https:\/\/bot\.example\.org\/status(\/\w+\/[\w-]+)/.exec(text)?.[1] ?? 'none';
const all = () =>
  kit.sql<{ address: string; state: string; components: string[] }>(
    'select * from subscriber order by address',
  );

test('from the form to the mails and out again: nobody is subscribed by following a link', async () => {
  const form = await look('/subscribe');
  expect(form.status).toBe(200);
  expect(form.text).toMatch(/<form method="post" action="subscribe" class="form">/);
  expect(form.text).toContain('<link rel="stylesheet" href="style.css"/>');
  expect(form.headers.get('content-security-policy')).toContain("form-action 'self'");
  expect(form.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(
    (await asks('  Ana@Example.ORG ', { fields: { component: ['Speech', 'Secret thing'] } })).status,
  ).toBe(200);
  expect(await all()).toMatchObject([{ address: 'ana@example.org', state: 'asked', components: ['Speech'] }]);
  await kit.says(change(1));
  await kit.paysAll();
  expect(smtp.mails).toHaveLength(1);
  expect(smtp.mails[0]?.subject).toBe('Confirm your subscription to Example');
  const confirm = linkIn(smtp.mails[0]?.text);
  expect(confirm).toMatch(/^\/confirm\/[\w-]{43}$/);
  // What is kept does not say what the link ends with.
  const kept = JSON.stringify(await kit.sql('select s::text, t::text from subscriber s, subscriber_token t'));
  expect(kept).not.toContain(confirm.slice('/confirm/'.length));
  for (const method of ['GET', 'HEAD', 'GET']) expect((await look(confirm, method)).status).toBe(200);
  expect(await all()).toMatchObject([{ state: 'asked' }]);
  expect((await send(confirm)).text).toContain('You are subscribed');
  expect(await all()).toMatchObject([{ state: 'confirmed' }]);
  // Once.
  const again = await send(confirm);
  expect(again.status).toBe(404);
  await kit.says(change(2));
  await kit.paysAll();
  expect(smtp.mails).toHaveLength(2);
  expect(smtp.mails[1]?.text).toContain('words of 2');
  const leave = linkIn(smtp.mails[1]?.headerLines.find(({ key }) => key === 'list-unsubscribe')?.line);
  const manage = leave.replace('unsubscribe', 'manage');
  const mine = await look(manage);
  expect(mine.text).toContain('ana@example.org');
  expect(mine.text).toMatch(/value="Speech" id="mine-0" checked/);
  expect((await send(manage, { fields: { component: ['Search', '<script>'] } })).text).toContain('Saved.');
  expect(await all()).toMatchObject([{ components: ['Search'] }]);
  expect((await look(leave)).text).toContain('Press the button');
  expect(await all()).toHaveLength(1);
  // As mail providers do it: no cookie, no origin, no page before.
  const out = await send(leave, { fields: { 'List-Unsubscribe': 'One-Click' } });
  expect(out.status).toBe(200);
  expect(await all()).toEqual([]);
  expect(await kit.sql('select 1 from subscriber_token')).toEqual([]);
  await kit.says(change(3));
  await kit.paysAll();
  expect(smtp.mails).toHaveLength(2);
});

test('forged, replayed and old links all get the same page', async () => {
  await asks('ana@example.org');
  await kit.paysAll();
  const confirm = linkIn(smtp.mails[0]?.text);
  await kit.sql(`update subscriber_token set created_at = now() - interval '49 hours'`);
  const old = await send(confirm);
  await kit.sql('update subscriber_token set created_at = now()');
  await send(confirm);
  const used = await send(confirm);
  const forged = await Promise.all(
    [
      `/confirm/${'A'.repeat(43)}`,
      '/confirm/x',
      '/confirm/..%2f..%2fetc',
      `/unsubscribe/${'b'.repeat(43)}`,
    ].map((path) => send(path)),
  );
  // A link for one thing is none for another.
  const other = await send(confirm.replace('confirm', 'unsubscribe'));
  for (const one of [used, ...forged, other]) expect([one.status, one.text]).toEqual([old.status, old.text]);
  expect(old.status).toBe(404);
  expect(await all()).toHaveLength(1);
});

test('nobody finds out who has subscribed: the answer is the same, byte for byte', async () => {
  await kit.subscribed(['ana@example.org'], { components: ['Speech'] });
  const known = await asks('ana@example.org', { fields: { component: 'Search' } });
  const unknown = await asks('eve@example.org', { fields: { component: 'Search' } });
  const strip = (of: Awaited<ReturnType<typeof asks>>) => ({
    ...{ status: of.status, text: of.text },
    headers: [...of.headers].filter(([name]) => name !== 'date'),
  });
  expect(strip(known)).toEqual(strip(unknown));
  // What they have chosen is not for others to change; they are told where they can.
  expect(await all()).toMatchObject([{ state: 'confirmed', components: ['Speech'] }, { state: 'asked' }]);
  await kit.paysAll();
  const [mail] = smtp.to('ana@example.org');
  expect(mail?.subject).toBe('You are subscribed to Example');
  expect((await look(linkIn(mail?.text))).text).toContain('ana@example.org');
});

test('a bot cannot be used to mail strangers: of one address, of one network, of all', async () => {
  for (let i = 0; i < 6; i++) expect((await asks('ana@example.org')).status).toBe(200);
  await kit.paysAll();
  // The sixth is answered as the first was; three at the most are mailed.
  expect(smtp.mails.length).toBeLessThanOrEqual(3);
  for (let i = 0; i < 14; i++) expect((await asks(`n${i}@example.org`)).status).toBe(200);
  const near = await asks('one-more@example.org');
  expect(near.status).toBe(429);
  expect(near.headers.get('retry-after')).toBe('3600');
  // Behind a proxy it is whoever talks to that; what stands in front of it anybody can write.
  settings = given({ proxies: 1, per_hour: 30 });
  const from = (ip: string) => ({ headers: { 'x-forwarded-for': `1.2.3.4, ${ip}` } });
  expect((await asks('far@example.org', from('203.0.113.9'))).status).toBe(200);
  const codes = [];
  for (let i = 0; i < 25; i++)
    codes.push((await asks(`v6-${i}@example.org`, from(`2001:db8:1:2:${i.toString(16)}::1`))).status);
  // A /64 is one network; and 30 of all were reached before its 20 were.
  expect(codes.filter((code) => code === 200)).toHaveLength(9);
  await kit.sql(`update sign_ups set hour = hour - interval '1 hour'`);
  expect((await asks('later@example.org')).status).toBe(200);
  // Counts are of digests.
  expect(JSON.stringify(await kit.sql('select * from sign_ups'))).not.toMatch(
    /127\.0\.0\.1|example\.org|203\.0/,
  );
});

test('another site cannot have people’s browsers ask, and what fills in everything gets nowhere', async () => {
  const from = (headers: Record<string, string>) => asks('ana@example.org', { headers });
  expect((await from({ origin: 'https://evil.example' })).status).toBe(403);
  expect((await from({ origin: 'null' })).status).toBe(403);
  expect((await from({ 'sec-fetch-site': 'cross-site' })).status).toBe(403);
  expect(await all()).toEqual([]);
  // The page of the folder, which others serve.
  expect((await from({ origin: 'https://status.example.org', 'sec-fetch-site': 'cross-site' })).status).toBe(
    200,
  );
  expect(await all()).toHaveLength(1);
  const plain = await asks('bot@example.org');
  const trapped = await asks('trap@example.org', { fields: { name: 'I am a bot' } });
  expect([trapped.status, trapped.text]).toEqual([plain.status, plain.text]);
  expect((await all()).map(({ address }) => address)).toEqual(['ana@example.org', 'bot@example.org']);
});

test.each([
  ...[
    '',
    'ana',
    'ana@',
    '@example.org',
    'ana@localhost',
    'ana@127.0.0.1',
    'a b@example.org',
    'ana@exa_mple.org',
  ],
  ...[
    'ana@example.org\r\nBcc: eve@example.org',
    'ana@example.org,eve@example.org',
    '"ana"@example.org',
    'ana@example..org',
  ],
  ...[
    'Ana <ana@example.org>',
    'ana@example.org>',
    `${'a'.repeat(65)}@example.org`,
    `a@${'b.'.repeat(130)}org`,
    'ana@example.org\u0000',
  ],
  ...['ana\u202e@example.org', '.ana@example.org', 'ana@-example.org', 'ana@example.org%0d%0aBcc:x'],
])('%j is no address', async (address) => {
  const answer = await asks(address);
  expect(answer.status).toBe(422);
  expect(await all()).toEqual([]);
});

test('addresses in other scripts are kept as DNS has them', async () => {
  await asks('ana@bücher.example');
  expect(await all()).toMatchObject([{ address: 'ana@xn--bcher-kva.example' }]);
});

test('webhooks: of strangers only what is on the internet; the secret is shown to whoever confirms', async () => {
  const hooks = (address: string) => send('/subscribe', { fields: { kind: 'webhook', address } });
  for (const bad of [
    'https://10.0.0.7/',
    'http://hooks.example.org/',
    'https://inside.example.org/',
    'https://localhost/x',
  ])
    expect([bad, (await hooks(bad)).status]).toEqual([bad, 422]);
  expect(await all()).toEqual([]);
  expect((await hooks('https://hooks.example.org/x#y')).status).toBe(200);
  expect(await all()).toMatchObject([{ address: 'https://hooks.example.org/x', state: 'asked' }]);
  const hook = await startHook();
  await kit.sql('truncate subscriber cascade');
  settings = given({ webhooks: { allow: [`http://127.0.0.1:${hook.host.port}`] } });
  kit.settings.webhooks = settings.webhooks;
  expect((await hooks(hook.url())).status).toBe(200);
  await kit.paysAll();
  const confirm = linkIn(hook.calls[0]?.body);
  const done = await send(confirm);
  const [row] = await kit.sql<{ secret: string }>('select secret from subscriber');
  expect(done.text).toContain(row?.secret);
  expect((await send(confirm)).text).not.toContain('whsec_');
  await hook.close();
});

test('addresses that nobody confirms are gone after two days; others stay', async () => {
  await kit.subscribed(['ana@example.org']);
  await asks('eve@example.org');
  await kit.sql(`update subscriber set created_at = now() - interval '49 hours'`);
  expect(await kit.store.subscribers.sweep()).toEqual({ subscribers: 1 });
  expect(await all()).toMatchObject([{ address: 'ana@example.org' }]);
});

test('where nobody can subscribe the forms say so, and what is no form is somebody else’s', async () => {
  settings = null;
  expect((await look('/subscribe')).text).toContain('There are no subscriptions here');
  expect((await asks('ana@example.org')).status).toBe(404);
  settings = { ...given(), webhooks: null };
  expect(
    (await send('/subscribe', { fields: { kind: 'webhook', address: 'https://x.example.org' } })).status,
  ).toBe(404);
  expect((await look('/subscribe')).text).not.toContain('value="webhook"');
  expect((await look('/index.html')).text).toBe('a file');
  expect((await look('/confirm/a/b')).text).toBe('a file');
  expect((await fetch(`${base}/subscribe`, { method: 'PUT' })).status).toBe(405);
  const long = await asks('ana@example.org', { fields: { component: Array(9_000).fill('Speech') } });
  expect(long.status).toBe(413);
});

test.each(['de', 'fr', 'es', 'ja'] as const)('in %s', async (one) => {
  language = one;
  const { text } = await look('/subscribe');
  expect(text).toContain(`<html lang="${one}" `);
  expect(text).not.toContain('Subscribe to updates');
});

test('the form of the folder leads to the bot', () => {
  const file = subscribeFile(LOOK, given(), ['A & B'], 'https://bot.example.org/status');
  expect(file).toMatch(/^<!DOCTYPE html><html lang="en" dir="ltr"><head>/);
  expect(file).toContain('action="https://bot.example.org/status/subscribe"');
  expect(file).toContain('href="index.html"');
  expect(file).toContain('A &amp; B');
});

test.each([
  ['10.1.2.3', '10.1.2.3'],
  ['10.1.2.4', '10.1.2.4'],
  ['::ffff:10.1.2.3', '10.1.2.3'],
  ['::ffff:a01:203', '10.1.2.3'],
  ['0:0:0:0:0:ffff:10.1.2.3', '10.1.2.3'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8::1', '2001:db8:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
  ['::1', '0:0:0:0'],
])('%s is of the network %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});
