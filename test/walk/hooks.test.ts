import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { alertmanagerAlert, alertmanagerBody } from '../alerts/kit.js';
import { until } from '../support/until.js';
import { StandIn, TOKEN as TRACKER_TOKEN } from '../tracker/stand-in.js';
import { type BotProcess, startWalk, type Walk } from './kit.js';

// The hooks of the whole bot, as a process: kept through a kill, rules read anew with SIGHUP.

const TOKEN = 'a-token-of-the-walk-0123456789';
const SECRETS = { WALK_AM: TOKEN, WALK_TRACKER: TRACKER_TOKEN };
const settings = (rule: string) =>
  `secrets: { am: env:WALK_AM, tracker: env:WALK_TRACKER }\nalerts:\n  sources: { am: { type: alertmanager, secrets: [secret:am] }, og: { type: opsgenie, secrets: [secret:am] } }\n  rules:\n    - { name: ${rule} }\ntracker: { kind: github, repo: acme/app, url: "${github}", token: secret:tracker, webhook: secret:am }\n`;

const there = new StandIn('github');
let github = '';
let walk: Walk;
let bot: BotProcess;
let sent = 0;

beforeAll(async () => {
  github = await there.start();
  walk = await startWalk();
  await rules('first, open: {}');
  bot = await started();
});
afterAll(async () => {
  await walk.end();
  await there.stop();
});

const rules = (rule: string) => writeFile(join(walk.folder, 'tocsin.yml'), settings(rule));
const started = () =>
  walk.bot(undefined, { ...SECRETS, LOG_LEVEL: 'info', TOCSIN_CONFIG: join(walk.folder, 'tocsin.yml') });

const doctor = () =>
  walk.verb(['doctor'], {
    ...walk.environment,
    ...{ ...SECRETS, TOCSIN_CONFIG: join(walk.folder, 'tocsin.yml') },
  });

async function send(token = TOKEN) {
  const alert = alertmanagerAlert({ fingerprint: `f${++sent}` });
  const response = await fetch(`${bot.url}/hooks/am`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify(alertmanagerBody([alert])),
  });
  return { status: response.status, body: (await response.json()) as { rules?: object } };
}

test('an alert is taken, and is there after the process was killed in the next moment', async () => {
  // As senders do: again, while a bot that has just started does not know yet whose alerts they are.
  const taken = await until('it is taken', async () => {
    const answer = await send();
    return answer.status !== 503 && answer;
  });
  expect(taken).toEqual({
    status: 202,
    body: { status: 'accepted', accepted: 1, known: 0, rules: { first: 1 } },
  });
  await bot.kill9();
  const client = new pg.Client(walk.database.config);
  await client.connect();
  const { rows } = await client.query('select source, rule from signal');
  await client.end();
  expect(rows).toEqual([{ source: 'am', rule: 'first' }]);
  bot = await started();
});

test('it opens an incident in Slack, with the alert in its timeline; one more of its key is added to that', async () => {
  const channel = await walk.until('its channel', ({ channels }) =>
    channels.find(({ name }) => name.startsWith('inc-1-')),
  );
  expect(channel.name).toContain('tts-refuses-its-keys');
  await send();
  const timeline = await until('both are recorded', async () => {
    const { out } = await walk.tocsin('timeline', 'INC-1');
    return out.split('TTS refuses its keys').length > 3 && out;
  });
  expect(timeline).toMatch(/INC-1/);
  expect((await walk.tocsin('list')).out).not.toContain('INC-2');
});

test('what is said of an alert directly behind it is in the channel of its incident, and pings nobody', async () => {
  const opsgenie = (path: string, body: object) =>
    fetch(`${bot.url}/hooks/og/v2/alerts${path}`, {
      method: 'POST',
      headers: { authorization: `GenieKey ${TOKEN}` },
      body: JSON.stringify(body),
    });
  await opsgenie('', { message: 'Disk is full', alias: 'disk' });
  const note = { user: 'bo', note: 'looking, <!channel>' };
  const sends = async () => (await opsgenie('/disk/notes?identifierType=alias', note)).status;
  // As clients do: again, where it could not be settled soon enough.
  await until('it is recorded', async () => (await sends()) === 202);
  const shown = await walk.until('it is in the channel', ({ channels }) =>
    channels.flatMap(({ messages }) => messages).find(({ text }) => text.includes('bo, in og: looking')),
  );
  expect(shown.text).toContain('&lt;!channel&gt;');
  expect((await walk.tocsin('timeline', 'INC-1')).out).toContain('bo, in og: looking, <!channel>');
});

test('an action item is filed in the tracker, and ticked off where its webhook says that it was closed there', async () => {
  const added = await walk.tocsin('action', 'INC-1', 'rotate the keys', '--due', '2w');
  expect(added.out).toMatch(/#1 rotate the keys \(due \d{4}-\d\d-\d\d\)/);
  await until('it is filed', () => there.filed.length === 1);
  await until('it is known', async () => (await walk.tocsin('actions', 'INC-1')).out.includes('acme/app#1'));
  there.turns('closed');
  const event = JSON.stringify({ issue: { number: 1 }, repository: { full_name: 'acme/app' } });
  const signature = `sha256=${createHmac('sha256', TOKEN).update(event).digest('hex')}`;
  const heard = (signed: string) =>
    fetch(`${bot.url}/hooks/tracker/github`, {
      method: 'POST',
      headers: { 'x-hub-signature-256': signed, 'x-github-delivery': 'd1' },
      body: event,
    });
  expect((await heard(signature.replace(/.$/, 'x'))).status).toBe(401);
  expect((await heard(signature)).status).toBe(202);
  await until('it is done', async () =>
    (await walk.tocsin('actions', 'INC-1')).out.includes('0 open, 1 done'),
  );
  // At a prompt nobody is meant by it.
  expect((await walk.tocsin('actions', '--mine')).err).toContain('--owner @ana');
  expect(there.strange).toEqual([]);
});

test('rules are read anew with SIGHUP; wrong ones are told with their line, and what was stays', async () => {
  await rules('second, open: {}');
  bot.child.kill('SIGHUP');
  await until('they are read', () => bot.log().includes('is read anew'));
  expect((await send()).body.rules).toEqual({ second: 1 });
  await rules('third, opne: {}');
  bot.child.kill('SIGHUP');
  await until('the mistake is told', () => bot.log().includes('stay as they were'));
  expect(bot.log()).toMatch(/tocsin\.yml:5: alerts\.rules\.0\.opne means nothing here/);
  expect((await send()).body.rules).toEqual({ second: 1 });
});

test('a runbook that a rule offers and nobody has is told at SIGHUP, at the start and by the doctor; alerts are taken', async () => {
  const missing =
    /tocsin\.yml:5: alerts\.rules\.0\.open\.runbook names no runbook \(key-snyc\); the closest are key-sync/;
  await rules('fourth, open: { runbook: key-snyc }');
  bot.child.kill('SIGHUP');
  await until('SIGHUP has it told', () => missing.test(bot.log()));
  expect((await send()).body.rules).toEqual({ fourth: 1 });
  await bot.stop();
  bot = await started();
  await until('the start has it told', () => missing.test(bot.log()));
  expect((await send()).body.rules).toEqual({ fourth: 1 });
  const { out, code } = await doctor();
  expect(out).toMatch(new RegExp(`✗ rule: .*${missing.source}.*\\n    → .*runbook`));
  expect(code).toBe(1);
});

test('a start with rules that are wrong in themselves is refused, with the same words', async () => {
  await rules('third, opne: {}');
  await expect(walk.bot(0, { ...SECRETS, TOCSIN_CONFIG: join(walk.folder, 'tocsin.yml') })).rejects.toThrow(
    /alerts\.rules\.0\.opne/,
  );
});

test('the doctor says the same, and how many there are when all is well', async () => {
  expect((await doctor()).out).toMatch(/✗ tocsin\.yml: .*alerts\.rules\.0\.opne means nothing here/);
  await rules('first, open: {}');
  const { out } = await doctor();
  expect(out).toMatch(/✓ alerts: 2 sources, 1 rule\n/);
  expect(out).toMatch(/✓ tracker github: acme\/app can be reached/);
  expect(out).toMatch(/✗ tracker github: its webhook cannot reach us\n {4}→ set PUBLIC_URL/);
});

test('no word of what strangers present is in the log, and none of our secret', async () => {
  const { status, body } = await send('a-token-of-somebody-else');
  expect(status).toBe(401);
  expect(JSON.stringify(body)).toContain('Compare what the sender was given with `secrets:` of the source');
  const nowhere = await fetch(`${bot.url}/hooks/none`, { method: 'POST', body: '{}' });
  expect([nowhere.status, await nowhere.text()]).toEqual([
    404,
    expect.stringContaining('ends in the name of a source under `alerts: sources:` in tocsin.yml'),
  ]);
  await until('it is told', () => bot.log().includes('has not shown who they are'));
  expect(bot.log()).not.toMatch(/a-token-of/);
});

test('told to go, it answers what has begun', async () => {
  const exit = once(bot.child, 'exit');
  bot.child.kill('SIGTERM');
  expect((await send()).status).toBe(202);
  expect((await exit)[0]).toBe(0);
});
