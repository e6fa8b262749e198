import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { takesJson } from '#sandbox/web-api/context.js';
import { type Kit, startKit } from './kit.js';

let kit: Kit;
beforeAll(async () => {
  kit = await startKit();
});
afterAll(() => kit.stop());

const FORM = 'application/x-www-form-urlencoded';
const JSON_TYPE = 'application/json; charset=utf-8';

interface Sent {
  verb?: string;
  type?: string | null;
  body?: string | FormData | Uint8Array<ArrayBuffer>;
  query?: string;
  token?: string | null;
}

async function send(method: string, { verb = 'POST', type, body, query = '', token }: Sent = {}) {
  const bearer = token === undefined ? kit.sandbox.botToken : token;
  const response = await fetch(`${kit.sandbox.apiUrl}${method}${query}`, {
    method: verb,
    headers: {
      ...(type ? { 'content-type': type } : {}),
      ...(bearer ? { authorization: `Bearer ${bearer}` } : {}),
    },
    // Text would be given a type by fetch.
    body: typeof body === 'string' ? new TextEncoder().encode(body) : body,
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as object };
}

const multipart = (fields: Record<string, string>) => {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  return form;
};

describe('arguments come', () => {
  test.each<[string, string, Sent]>([
    ['in the address', 'users.info', { verb: 'GET', query: '?user=U0ANA00001&team_id=T1' }],
    ['in the address of a POST without a body', 'users.info', { query: '?user=U0ANA00001' }],
    ['as a form', 'users.info', { type: FORM, body: 'user=U0ANA00001&team_id=T0SANDBOX1' }],
    ['as a form with a file part', 'users.info', { body: multipart({ user: 'U0ANA00001', team_id: 'T1' }) }],
    [
      'as JSON',
      'views.publish',
      {
        type: JSON_TYPE,
        body: '{"user_id":"U0ANA00001","view":{"type":"home","blocks":[{"type":"divider"}]}}',
      },
    ],
    [
      'as JSON text in a form',
      'views.publish',
      { type: FORM, body: 'user_id=U0ANA00001&view={"type":"home","blocks":[{"type":"divider"}]}' },
    ],
  ])('%s', async (_name, method, sent) => {
    expect((await send(method, sent)).body).toMatchObject({ ok: true });
  });

  test.each<[string, Sent, string]>([
    ['no type', { type: null, body: 'user=U0ANA00001' }, 'missing_post_type'],
    ['a type that nobody knows', { type: 'application/xml', body: '<user/>' }, 'invalid_post_type'],
    ['a charset that nobody knows', { type: `${FORM}; charset=klingon`, body: 'user=U' }, 'invalid_charset'],
    ['JSON that is none', { type: JSON_TYPE, body: '{"user":' }, 'invalid_json'],
    ['JSON that is a list', { type: JSON_TYPE, body: '["U0ANA00001"]' }, 'json_not_object'],
    ['a form with half a letter', { type: FORM, body: 'user=%zz' }, 'invalid_form_data'],
    ['a form with parts and no border', { type: 'multipart/form-data', body: 'x' }, 'invalid_form_data'],
    ['a list in the manner of PHP', { type: FORM, body: 'user[]=U0ANA00001' }, 'invalid_array_arg'],
    ['a name with a space', { type: FORM, body: 'us er=U0ANA00001' }, 'invalid_arg_name'],
    ['a name that never ends', { type: FORM, body: `${'x'.repeat(101)}=1` }, 'invalid_arg_name'],
    [
      'nothing for a method that reads, in JSON',
      { type: JSON_TYPE, body: '{"user":"U0ANA00001"}' },
      'user_not_found',
    ],
    [
      'nothing of the address beside a body',
      { type: FORM, query: '?user=U0ANA00001', body: 'x=1' },
      'user_not_found',
    ],
  ])('not with %s', async (_name, sent, error) => {
    expect((await send('users.info', sent)).body).toMatchObject({ ok: false, error });
  });

  test('a list where a word belongs is refused', async () => {
    const body = JSON.stringify({ channel: ['C0GENERAL1'], text: 'x' });
    expect((await send('chat.postMessage', { type: JSON_TYPE, body })).body).toMatchObject({
      error: 'invalid_array_arg',
    });
  });

  test('latin letters by their charset', async () => {
    const type = `${FORM}; charset=ISO-8859-1`;
    const body = new Uint8Array([...Buffer.from('channel=C0GENERAL1&text=h', 'latin1'), 0xe9]);
    expect((await send('chat.postMessage', { type, body })).body).toMatchObject({ message: { text: 'hé' } });
  });

  test.each(['PUT', 'DELETE', 'PATCH'])('never by %s', async (verb) => {
    const { status, headers, body } = await send('users.info', { verb, type: FORM, body: 'user=U0ANA00001' });
    expect([status, headers.get('allow'), body]).toEqual([
      405,
      'GET, POST',
      { ok: false, error: 'method_not_allowed' },
    ]);
  });

  test('what takes JSON is what writes', () => {
    const says = (names: string) => names.split(' ').map((name) => takesJson(name, undefined));
    expect(says('chat.postMessage views.open conversations.create reactions.add api.test')).not.toContain(
      false,
    );
    expect(
      says('users.info conversations.history conversations.list files.getUploadURLExternal'),
    ).not.toContain(true);
  });
});

describe('tokens', () => {
  test.each<[string, (token: string) => Sent, object]>([
    ['in a form', (token) => ({ type: FORM, body: `token=${token}` }), { ok: true }],
    ['in a form with parts', (token) => ({ body: multipart({ token }) }), { ok: true }],
    ['not in the address', (token) => ({ verb: 'GET', query: `?token=${token}` }), { error: 'not_authed' }],
    [
      'not in JSON',
      (token) => ({ type: JSON_TYPE, body: JSON.stringify({ token }) }),
      { error: 'not_authed' },
    ],
  ])('%s', async (_name, sent, answer) => {
    expect((await send('auth.test', { token: null, ...sent(kit.sandbox.botToken) })).body).toMatchObject(
      answer,
    );
  });

  test('of another kind: the app itself takes none, and not by GET', async () => {
    expect((await send('apps.connections.open')).body).toMatchObject({ error: 'missing_args' });
    const token = kit.sandbox.appToken;
    expect((await send('apps.connections.open', { verb: 'GET', token })).body).toMatchObject({
      error: 'insecure_request',
    });
    expect((await send('auth.test', { token })).body).toMatchObject({ error: 'not_allowed_token_type' });
  });

  test('scopes are told in headers', async () => {
    const { headers } = await send('users.info', { type: FORM, body: 'user=U0ANA00001' });
    expect(headers.get('x-accepted-oauth-scopes')).toBe('users:read');
    expect(headers.get('x-oauth-scopes')).toContain('chat:write');
  });
});

describe('warnings', () => {
  test.each<[string, Sent, string | undefined]>([
    ['JSON without a charset', { type: 'application/json', body: '{}' }, 'missing_charset'],
    ['JSON with a charset', { type: JSON_TYPE, body: '{}' }, undefined],
    ['a form with a charset', { type: `${FORM}; charset=utf-8`, body: 'x=1' }, 'superfluous_charset'],
    ['a form without', { type: FORM, body: 'x=1' }, undefined],
  ])('%s', async (_name, sent, warning) => {
    const { body } = await send('auth.test', sent);
    if (warning)
      expect(body).toMatchObject({ ok: true, warning, response_metadata: { warnings: [warning] } });
    else expect(body).not.toHaveProperty('warning');
  });

  test('stand beside what else is there, refusals too, and the official client sees them', async () => {
    const { body } = await send('conversations.history', { type: 'application/json', body: '{}' });
    expect(body).toMatchObject({
      ok: false,
      warning: 'missing_charset',
      response_metadata: { messages: [expect.any(String)] },
    });
    expect(await kit.client.auth.test()).not.toHaveProperty('warning');
  });
});

test('nothing is answered with a page or a stack', async () => {
  const asked: Array<[string, string, string, string]> = [
    ['POST', 'api/', 'application/json', '{'],
    ['POST', 'commands/T0SANDBOX1/x', 'application/json', '{'],
    ['POST', 'control/command', 'application/json', '{"half'],
    ['POST', 'upload/v1/F0', 'text/plain', 'x'],
    ['POST', 'services/a/b/c', 'application/json', '{'],
    ['DELETE', 'nowhere', 'text/plain', 'x'],
    ['POST', 'api/%E0%A4%A', 'application/json', '{}'],
  ];
  for (const [method, path, type, body] of asked) {
    const response = await fetch(`${kit.sandbox.url}/${path}`, {
      method,
      body,
      headers: { 'content-type': type },
    });
    const text = await response.text();
    expect([path, response.status >= 400, /<|node_modules|\n\s+at /.test(text)]).toEqual([path, true, false]);
  }
});
