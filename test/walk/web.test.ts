import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { freePort } from '../support/wire.js';
import { type BotHere, run, signedCommand, startWalk, type Walk } from './kit.js';

// The one HTTP server, as strangers, programs and load balancers meet it.
let walk: Walk;
let bot: BotHere;
let token: string;

beforeAll(async () => {
  walk = await startWalk();
  const settings = 'bridge:\n  url: https://meet.example/{{ref}}\n  at: open\ncanvas: true\n';
  await writeFile(join(walk.folder, 'tocsin.yml'), settings);
  bot = await walk.here({ canvasMs: 500 });
  expect((await walk.type('ana', 'incidents', 'open sev3 Web')).text).toMatch(/INC-1/);
  expect((await walk.type('ana', 'incidents', 'open sev3 Hidden --private')).text).toMatch(/INC-2/);
  const made = await walk.tocsin('token', 'create', '--name', 'program', '--scope', 'write');
  expect(made).toMatchObject({ code: 0, err: '' });
  token = made.out.trim();
});
afterAll(() => walk.end());

const get = (path: string, bearer: string | null = token) =>
  fetch(`${bot.url}${path}`, { headers: bearer === null ? {} : { authorization: `Bearer ${bearer}` } });

test('what is not a POST from Slack is refused, and the process lives on', async () => {
  for (const method of ['GET', 'HEAD', 'PUT', 'DELETE']) {
    expect((await fetch(`${bot.url}/slack/events`, { method })).status).toBe(405);
  }
  const large = signedCommand(walk.slack.signingSecret, { text: `note ${'x'.repeat(1_100_000)}` });
  expect((await fetch(`${bot.url}/slack/events`, large)).status).toBe(413);
  expect((await fetch(`${bot.url}/healthz`)).status).toBe(200);
});

test('an incident has its call and its canvas, where tocsin.yml wants them', async () => {
  const said = await walk.until('the call is shown', ({ channels }) =>
    channels
      .find(({ name }) => name.startsWith('inc-1-'))
      ?.messages.find(({ text }) => text.startsWith('Bridge of INC-1: <https://meet.example/INC-1|')),
  );
  expect(said.blocks?.[0]).toMatchObject({ type: 'call' });
  await walk.until('the canvas is kept', ({ files }) =>
    files.find(({ content }) => content?.includes('# INC-1: Web') && content.includes('opened at meet')),
  );
});

describe('exports', () => {
  test('need a token that is known here', async () => {
    expect((await get('/incidents/INC-1/timeline.md', null)).status).toBe(401);
    expect((await get('/incidents/INC-1/timeline.md', 'toc_wrong')).status).toBe(401);
    expect((await get('/incidents/INC-1/timeline.md')).status).toBe(200);
  });
  test('answer a private incident like one that does not exist, except to a token made with --private', async () => {
    const absent = await get('/incidents/INC-99/timeline.json');
    const hidden = await get('/incidents/INC-2/timeline.json');
    expect([absent.status, hidden.status]).toEqual([404, 404]);
    expect((await hidden.text()).replace('INC-2', 'INC-99')).toBe(await absent.text());
    const made = await walk.tocsin('token', 'create', '--name', 'insider', '--private');
    expect((await get('/incidents/INC-2/timeline.json', made.out.trim())).status).toBe(200);
    expect(await walk.tocsin('export', 'INC-2')).toMatchObject({ code: 1, out: '' });
  });
  test('refuse a zone that is none, and know offsets', async () => {
    const bad = await get('/incidents/INC-1/timeline.md?zone=Mars/Base');
    expect([bad.status, await bad.text()]).toEqual([400, expect.stringContaining('Europe/Berlin')]);
    for (const zone of ['EST', 'AST', 'NST', 'EST5EDT', 'UTC%2B2'])
      expect([zone, (await get(`/incidents/INC-1/timeline.csv?zone=${zone}`)).status]).toEqual([zone, 400]);
    const near = await get('/incidents/INC-1/timeline.md?zone=US/Pacfic');
    expect([near.status, await near.text()]).toEqual([400, expect.stringContaining('`US/Pacific`')]);
    expect((await get('/incidents/INC-1/timeline.csv?zone=Asia/Calcutta')).status).toBe(200);
    expect((await get('/incidents/INC-1/timeline.csv?zone=+02:00')).status).toBe(200);
    const slip = await walk.tocsin('export', 'INC-1', '--zone', 'AST');
    expect(slip).toMatchObject({ code: 2, err: expect.stringContaining('America/Halifax') });
    expect((await get('/incidents/INC-1/timeline.csv?zone=%2B02:00')).status).toBe(200);
    const here = await walk.tocsin('export', 'INC-1', '--format', 'csv', '--zone', '-05:00');
    expect(here).toMatchObject({ code: 0, out: expect.stringContaining('-05:00') });
  });
});

describe('the API', () => {
  const post = (body: unknown, headers: Record<string, string> = {}) =>
    fetch(`${bot.url}/api/v1/commands`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });

  test('the same Idempotency-Key is one entry and the first receipt', async () => {
    const headers = { 'idempotency-key': 'once' };
    const answers = await Promise.all(
      [1, 2, 3].map(() => post({ text: 'note INC-1 from a program' }, headers)),
    );
    const bodies = (await Promise.all(answers.map((one) => one.json()))) as Array<{ text: string }>;
    expect(new Set(bodies.map((body) => body.text)).size).toBe(1);
    expect(answers.map((one) => one.status).sort()).toEqual([200, 200, 201]);
    const { out } = await walk.tocsin('export', 'INC-1', '--format', 'json');
    expect(out.split('from a program').length - 1).toBe(1);
    expect(out).toContain('"token:program"');
  });
  test('refusals have a code; bad requests say what to send', async () => {
    const refused = await post({ text: 'note INC-99 x' });
    expect([refused.status, await refused.json()]).toEqual([
      422,
      expect.objectContaining({ error: 'NO_SUCH_INCIDENT' }),
    ]);
    expect((await post({ text: 'note INC-2 x' })).status).toBe(422);
    expect((await post({ txt: 'x' })).status).toBe(400);
    expect((await post('{')).status).toBe(400);
  });
});

test('a token is shown once: only its hash is kept, and a name is taken once', async () => {
  expect(token).toMatch(/^toc_[\w-]{43}$/);
  expect(await walk.tocsin('token', 'create', '--name', 'program')).toMatchObject({ code: 1, out: '' });
});

describe('starting', () => {
  test('a port that is taken, and a database that is away, are said in a sentence', async () => {
    const port = await freePort();
    const holder = createServer().listen(port, '127.0.0.1');
    const taken = await run(['start'], { ...walk.environment, PORT: String(port) }, walk.folder);
    holder.close();
    expect(taken).toMatchObject({ code: 1, err: expect.stringMatching(/^Port \d+ is taken: .*PORT/m) });
    const away = { ...walk.environment, DATABASE_URL: 'postgres://u:hunter2@127.0.0.1:1/d' };
    const refused = await run(['start'], away, walk.folder);
    expect(refused).toMatchObject({
      code: 1,
      err: expect.stringMatching(/ECONNREFUSED.*check DATABASE_URL/),
    });
    expect(refused.err).not.toContain('hunter2');
  });
});
