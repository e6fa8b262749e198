import type { IncomingMessage, RequestListener } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Lost } from '#runbooks/action.js';
import { http } from '#runbooks/actions/http.js';
import { failure, hangUp, Kit, timeIsUp } from './kit.js';

let kit: Kit;
beforeEach(async () => {
  kit = await Kit.open();
  kit.secrets.set('deploy-token', 'canary-token-value');
});
afterEach(() => kit.close());

interface Seen {
  method: string | undefined;
  headers: IncomingMessage['headers'];
  body: string;
}

async function recording(status = 200, body = ''): Promise<{ url: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  const url = await kit.serve(async (request, response) => {
    seen.push({ method: request.method, headers: request.headers, body: await text(request) });
    response.writeHead(status).end(body);
  });
  return { url, seen };
}

test('reads are reads; the rest is unsafe, as far as we know', () => {
  const effect = (method?: string) => http.effectOf?.(http.input.parse({ url: 'http://a/', method }));
  expect([effect(), effect('HEAD'), effect('POST'), effect('DELETE')]).toEqual([
    'read',
    'read',
    'unsafe',
    'unsafe',
  ]);
  expect(http.authorKnows).toBe(true);
});

test('a write sends JSON, its secrets and the same key in every attempt, and shows no secret', async () => {
  const { url, seen } = await recording(
    201,
    '{"id": 7, "token": "given", "deep": {"list": [{"at": "x"}], "rest": 1}}',
  );
  const given = {
    method: 'POST',
    url: `${url}/deploys?ref=main`,
    headers: { 'X-Who': 'tocsin' },
    secret_headers: { Authorization: 'deploy-token' },
    body: { version: 'v41' },
    expect: { status: 201, json: { id: 7, 'deep.list.0': { at: 'x' } } },
    keep: ['id', 'deep.list.0.at', 'gone.member'],
  };
  kit.destinations.set('deploy-token', [url]);
  expect(await kit.plan(http, given)).toMatchObject({
    does: `POST ${url}/deploys`,
    touches: [`${url}/deploys`],
  });
  expect(seen).toEqual([]);
  const { output, summary } = await kit.done(http, given);
  await kit.done(http, given);
  expect(output).toMatchObject({ status: 201, json: { id: 7, deep: { list: { 0: { at: 'x' } } } } });
  expect(JSON.stringify(output)).not.toContain('given');
  expect(kit.secured).toBe(2);
  for (const { method, headers, body } of seen) {
    expect({ method, body }).toEqual({ method: 'POST', body: '{"version":"v41"}' });
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'idempotency-key': 'run-1/step-1',
      authorization: 'canary-token-value',
      'x-who': 'tocsin',
    });
  }
  expect(JSON.stringify([summary, kit.said])).not.toContain('canary');
});

test('a read sends no key and asks for no right', async () => {
  const { url, seen } = await recording();
  await kit.done(http, { url });
  expect(seen[0]?.headers).not.toHaveProperty('idempotency-key');
  expect(kit.secured).toBe(0);
});

test('a write is not sent when another worker has the run', async () => {
  const { url, seen } = await recording();
  kit.onSecure = () => {
    throw new Lost();
  };
  await expect(kit.run(http, { method: 'POST', url })).rejects.toBeInstanceOf(Lost);
  expect(seen).toEqual([]);
});

test.each([
  [400, false],
  [401, false],
  [404, false],
  [409, false],
  [429, false],
  [303, true],
  [500, true],
  [502, true],
  [503, true],
  [504, true],
])('an unexpected %i leaves a write unsure: %p; a read never', async (status, unsure) => {
  const { url } = await recording(status);
  const failed = await failure(kit.run(http, { method: 'POST', url }));
  expect(failed).toMatchObject({ unsure, message: `POST ${url}/ answered ${status} instead of 2xx` });
  expect(failed.output.status).toBe(status);
  expect((await failure(kit.run(http, { url }))).unsure).toBe(false);
});

const half: RequestListener = (_, response) => {
  response.writeHead(200, { 'Content-Length': '10' });
  response.write('half', () => response.socket?.destroy());
};
const chunked: RequestListener = (_, response) => {
  response.writeHead(200);
  response.write('half', () => response.socket?.destroy());
};

test.each<[string, RequestListener]>([
  ['a reset', (request) => hangUp(request.socket)],
  ['a close without a word', (request) => request.socket.destroy()],
  ['half a body', half],
  ['half a chunked body', chunked],
  ['what is not HTTP', (request) => request.socket.end('hello\r\n\r\n')],
])('%s after a write was sent: unsure', async (_, listener) => {
  const url = await kit.serve(listener);
  expect((await failure(kit.run(http, { method: 'POST', url, body: 'x' }))).unsure).toBe(true);
  expect((await failure(kit.run(http, { url }))).unsure).toBe(false);
});

test('refused before it was sent: not unsure', async () => {
  for (const url of ['http://127.0.0.1:1/', 'http://nowhere.invalid/', 'https://127.0.0.1:1/']) {
    const failed = await failure(kit.run(http, { method: 'POST', url }));
    expect(failed).toMatchObject({ unsure: false });
    expect(failed.message).toContain('cannot be reached');
  }
});

test('a TLS handshake that fails: not unsure', async () => {
  const url = (await kit.serve(() => {})).replace('http:', 'https:');
  expect((await failure(kit.run(http, { method: 'POST', url }))).unsure).toBe(false);
});

test('cancelled while it waits: unsure, and at once; cancelled before: not sent', async () => {
  const stop = new AbortController();
  let asked = 0;
  const url = await kit.serve(() => {
    asked += 1;
    stop.abort();
  });
  const given = { method: 'POST', url };
  expect((await failure(kit.run(http, given, { signal: stop.signal }))).unsure).toBe(true);
  expect((await failure(kit.run(http, given, { signal: stop.signal }))).unsure).toBe(false);
  expect(asked).toBe(1);
});

test('out of time: it says so', async () => {
  const stop = new AbortController();
  const url = await kit.serve(() => stop.abort(timeIsUp()));
  const late = await failure(kit.run(http, { url }, { signal: stop.signal }));
  expect(late.message).toBe(
    `${url}/ was asked, and then the step took longer than its timeout and was stopped`,
  );
  const never = await failure(kit.run(http, { url }, { signal: stop.signal }));
  expect(never.message).toContain('was not reached: the step took longer than its timeout');
});

test.each([
  [{ status: [200, 204] }, null],
  [{ header: { 'X-Serving': 'new' } }, null],
  [{ header: { 'X-Serving': 'old' } }, /without the header X-Serving: old$/],
  [{ json: { 'a.0.b': null } }, null],
  [{ json: { 'a.0.b': 1 } }, /another a\.0\.b than 1$/],
  [{ json: { 'a.constructor': 1 } }, /another a\.constructor than 1$/],
])('expecting %j', async (expected, message) => {
  const url = await kit.serve((_, response) =>
    response.setHeader('X-Serving', 'new').end('{"a": [{"b": null}]}'),
  );
  const run = kit.run(http, { url, expect: expected });
  if (message) expect((await failure(run)).message).toMatch(message);
  else expect((await run).kind).toBe('done');
});

test('a long answer: its end is kept, and it is no JSON', async () => {
  const url = await kit.serve((_, response) => response.end(`{"a":"${'x'.repeat(3_000_000)}", \n"b": 1}`));
  await kit.done(http, { url, keep: ['b'] });
  expect(kit.said.join('').length).toBeLessThan(70_000);
  expect(kit.said.at(-1)).toBe('"b": 1}');
  expect((await failure(kit.run(http, { url, expect: { json: { b: 1 } } }))).message).toContain(
    'too long to be read',
  );
});

test.each([
  [{ url: 'ftp://host/' }, 'is not an address'],
  [{ url: 'http://?q=1' }, 'is not an address'],
  [{ url: 'http://… /v1/clips' }, 'is not an address'],
  [{ url: 'https://user:pass@host/' }, 'secret_headers'],
  [{ url: 'https://user:pass@…/' }, 'secret_headers'],
  [{ url: 'http://h/', method: 'BREW' }, 'method'],
  [{ url: 'http://h/', body: 'x' }, 'have no body'],
  [{ url: 'http://h/', keep: ['a.__proto__.b'] }, 'not a path'],
  [{ url: 'http://h/', headers: { 'a b': '' } }, 'header'],
  [{ url: 'http://h/', header: {} }, 'header'],
])('%j is not accepted', (given, message) => {
  const { error } = http.input.safeParse(given);
  expect(JSON.stringify(error?.issues)).toContain(message);
});

test('an address that nobody has filled in may be written; its plan is refused, and nobody is asked', async () => {
  const given = { url: 'http://…/v1/clips?token=x', method: 'POST' };
  const told = 'http://…/v1/clips is not an address that can be asked; correct its host or its port';
  expect((await failure(kit.plan(http, given))).message).toBe(told);
  expect(await failure(kit.run(http, given))).toMatchObject({ message: told, unsure: false });
});

test('an unknown secret fails in the plan', async () => {
  const given = { url: 'http://h/', secret_headers: { Authorization: 'nope' } };
  expect((await failure(kit.plan(http, given))).message).toContain('deploy-token');
});

test('what a request that writes is told is kept only when asked for: it may be a new secret', async () => {
  const url = await kit.serve((_, response) => response.end('{"access_token": "nobody-knew-this-one"}'));
  const { output } = await kit.done(http, { method: 'POST', url });
  expect(JSON.stringify([output, kit.said])).not.toContain('nobody-knew');
  await kit.done(http, { method: 'POST', url, log: true });
  expect(kit.said.join()).toContain('nobody-knew');
});

test('a server that says that it has waited may have done it', async () => {
  const url = await kit.serve((_, response) => response.writeHead(408).end());
  expect(await failure(kit.run(http, { method: 'POST', url }))).toMatchObject({ unsure: true });
});
