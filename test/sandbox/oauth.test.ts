import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { WebClient } from '@slack/web-api';
import { type Answer, type FullKit, fullManifest, startFullKit } from './full-app.js';

const REDIRECT = 'https://bot.example.com/slack/oauth';
const app = (more: (it: Record<string, unknown>) => void = () => {}) => fullManifest(more);

let kit: FullKit;
beforeAll(async () => {
  kit = await startFullKit({ manifest: app(), clientId: '1.2', clientSecret: 'keep-me' });
});
afterAll(() => kit.stop());
beforeEach(async () => {
  await kit.act('reset');
  await kit.heard();
});

/** As the app does it: without any token. */
const exchange = async (args: Record<string, string>): Promise<Answer> => {
  const client = new WebClient(undefined, { slackApiUrl: kit.sandbox.apiUrl, retryConfig: { retries: 0 } });
  try {
    const given = { client_id: '1.2', client_secret: 'keep-me', ...args };
    return { ...(await client.apiCall('oauth.v2.access', given)) };
  } catch (error) {
    return (error as { data: Answer }).data;
  }
};
const codeOf = async (more: object = {}) =>
  (await kit.act<{ code: string }>('oauth', { user: 'ana', ...more })).code;

describe('allowing an app', () => {
  test("a code gives the bot's token, and a person's where their scopes were asked for", async () => {
    const answer = await exchange({ code: await codeOf({ user_scopes: ['users.profile:write'] }) });
    expect(answer).toMatchObject({
      ok: true,
      app_id: 'A0SANDBOX1',
      access_token: kit.sandbox.botToken,
      token_type: 'bot',
      bot_user_id: 'U0BOT00000',
      team: { id: 'T0SANDBOX1', name: 'Sandbox' },
      enterprise: null,
      is_enterprise_install: false,
      authed_user: { id: 'U0ANA00001', scope: 'users.profile:write', token_type: 'user' },
    });
    const { access_token: token } = answer.authed_user as { access_token: string };
    expect(await kit.call('auth.test', {}, token)).toMatchObject({ user_id: 'U0ANA00001' });
    expect(await kit.call('reminders.list', {}, token)).toMatchObject({ error: 'missing_scope' });
    const plain = await exchange({ code: await codeOf() });
    expect(plain.authed_user).toEqual({ id: 'U0ANA00001' });
  });

  test('a code is good once, for its redirect address, for ten minutes, and with the secret', async () => {
    const code = await codeOf({ redirect_uri: REDIRECT });
    expect((await exchange({ code })).error).toBe('bad_redirect_uri');
    expect((await exchange({ code, redirect_uri: REDIRECT, client_secret: 'x' })).error).toBe(
      'bad_client_secret',
    );
    expect((await exchange({ code, redirect_uri: REDIRECT, client_id: '9.9' })).error).toBe(
      'invalid_client_id',
    );
    expect((await exchange({ code, redirect_uri: REDIRECT })).ok).toBe(true);
    expect((await exchange({ code, redirect_uri: REDIRECT })).error).toBe('invalid_code');
    const late = await codeOf();
    await kit.act('clock', { advance_ms: 601_000 });
    expect((await exchange({ code: late })).error).toBe('invalid_code');
    expect((await exchange({ grant_type: 'refresh_token', refresh_token: 'x' })).error).toBe(
      'invalid_refresh_token',
    );
  });

  test('a browser is sent back with a code and its state', async () => {
    const query = new URLSearchParams({ client_id: '1.2', redirect_uri: REDIRECT, state: 's-1', user: 'bo' });
    const response = await fetch(`${kit.sandbox.url}/oauth/v2/authorize?${query}`, { redirect: 'manual' });
    const back = new URL(response.headers.get('location') ?? '');
    expect(back.origin + back.pathname).toBe(REDIRECT);
    expect(back.searchParams.get('state')).toBe('s-1');
    const answer = await exchange({ code: back.searchParams.get('code') ?? '', redirect_uri: REDIRECT });
    expect(answer.authed_user).toEqual({ id: 'U0BO000002' });
    const stranger = await fetch(`${kit.sandbox.url}/oauth/v2/authorize?client_id=7`, { redirect: 'manual' });
    expect([stranger.status, await stranger.text()]).toEqual([400, 'invalid_client_id']);
  });
});

describe('losing an app', () => {
  test("a person's token is revoked: it ends, and the app hears of it", async () => {
    const token = await kit.tokenOf('ana');
    expect(await kit.call('auth.revoke', { test: true }, token)).toMatchObject({ ok: true, revoked: false });
    expect(await kit.call('auth.revoke', {}, token)).toMatchObject({ ok: true, revoked: true });
    expect((await kit.call('auth.test', {}, token)).error).toBe('token_revoked');
    expect(await kit.heard()).toMatchObject([
      { type: 'tokens_revoked', tokens: { oauth: ['U0ANA00001'], bot: [] } },
    ]);
  });

  test.each(['control', 'apps.uninstall'])('it is taken off by %s', async (way) => {
    const token = await kit.tokenOf('ana');
    if (way === 'control') await kit.act('uninstall');
    else {
      expect((await kit.call('apps.uninstall', { client_id: '1.2', client_secret: 'x' })).error).toBe(
        'bad_client_secret',
      );
      expect((await kit.call('apps.uninstall', { client_id: '1.2', client_secret: 'keep-me' })).ok).toBe(
        true,
      );
    }
    expect(await kit.heard()).toMatchObject([
      { type: 'tokens_revoked', tokens: { oauth: ['U0ANA00001'], bot: ['U0BOT00000'] } },
      { type: 'app_uninstalled' },
    ]);
    for (const it of [kit.sandbox.botToken, token])
      expect((await kit.call('auth.test', {}, it)).error).toBe('account_inactive');
    // It hears no more, and its commands are gone.
    await kit.act('emoji', { name: 'late', value: 'https://example.com/x.png' });
    expect(await kit.heard()).toEqual([]);
    const typed = await kit.act('command', { user: 'ana', channel: 'general', command: '/incident' });
    expect(typed).toMatchObject({ ok: false, error: 'not_a_command' });
    expect((await exchange({ code: await codeOf() })).ok).toBe(true);
    expect((await kit.call('auth.test')).ok).toBe(true);
  });
});

describe('manifests over the API', () => {
  const config = async () => (await kit.act<{ token: string }>('token/config', { user: 'ana' })).token;

  test('are checked with every problem and its pointer', async () => {
    const token = await config();
    const valid = await kit.call('apps.manifest.validate', { manifest: JSON.stringify(app()) }, token);
    expect(valid).toMatchObject({ ok: true, errors: [] });
    const manifest = JSON.stringify(app((it) => Object.assign(it, { display_information: { name: '' } })));
    const refused = await kit.call('apps.manifest.validate', { manifest }, token);
    expect(refused).toMatchObject({
      error: 'invalid_manifest',
      errors: [{ pointer: '/display_information/name' }],
    });
    expect((await kit.call('apps.manifest.validate', { manifest: '{' }, token)).error).toBe(
      'invalid_manifest',
    );
    expect((await kit.call('apps.manifest.validate', { manifest })).error).toBe('not_allowed_token_type');
  });

  test('a scope that is added comes with the next consent', async () => {
    const token = await config();
    const { manifest } = await kit.call('apps.manifest.export', { app_id: 'A0SANDBOX1' }, token);
    expect(manifest).toEqual(app());
    const richer = structuredClone(manifest) as { oauth_config: { scopes: { bot: string[] } } };
    richer.oauth_config.scopes.bot.push('remote_files:read');
    const args = { app_id: 'A0SANDBOX1', manifest: JSON.stringify(richer) };
    expect(await kit.call('apps.manifest.update', args, token)).toMatchObject({ permissions_updated: true });
    const scopes = async () => String((await exchange({ code: await codeOf() })).scope);
    const before = await kit.call('auth.test');
    expect((before.response_metadata as { scopes: string[] }).scopes).not.toContain('remote_files:read');
    expect(await scopes()).toContain('remote_files:read');
    const after = await kit.call('auth.test');
    expect((after.response_metadata as { scopes: string[] }).scopes).toContain('remote_files:read');
  });

  test("another app is kept and deleted; the sandbox's own is taken off", async () => {
    const token = await config();
    const made = await kit.call('apps.manifest.create', { manifest: JSON.stringify(app()) }, token);
    expect(made).toMatchObject({ credentials: { client_id: expect.any(String) }, team_domain: 'sandbox' });
    const other = String(made.app_id);
    expect((await kit.call('apps.manifest.delete', { app_id: other }, token)).ok).toBe(true);
    expect((await kit.call('apps.manifest.export', { app_id: other }, token)).error).toBe('app_not_found');
    expect((await kit.call('apps.manifest.export', { app_id: 'x' }, token)).error).toBe('invalid_app_id');
    expect((await kit.call('apps.manifest.delete', { app_id: 'A0SANDBOX1' }, token)).ok).toBe(true);
    expect((await kit.call('auth.test')).error).toBe('account_inactive');
  });
});

describe('the app-level token', () => {
  test('asks whom an event was for', async () => {
    await kit.act('emoji', { name: 'x', value: 'https://example.com/x.png' });
    const { events } = await kit.look<{ events: Array<{ payload: Answer }> }>('events');
    const context = events.at(-1)?.payload.event_context;
    const args = { event_context: context };
    const answer = await kit.call('apps.event.authorizations.list', args, kit.sandbox.appToken);
    expect(answer.authorizations).toMatchObject([
      { team_id: 'T0SANDBOX1', user_id: 'U0BOT00000', is_bot: true },
    ]);
    const unknown = await kit.call(
      'apps.event.authorizations.list',
      { event_context: 'x' },
      kit.sandbox.appToken,
    );
    expect(unknown.error).toBe('invalid_event_context');
  });
});
