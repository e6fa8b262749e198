import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { methodNames } from '#sandbox/methods/all.js';
import { type Kit, manifest, startKit } from './kit.js';

let kit: Kit;
beforeAll(async () => {
  kit = await startKit();
});
afterAll(() => kit.stop());

describe('the list of methods', () => {
  test('is what answers, and nothing else does', async () => {
    const asked = [...methodNames, 'users.setPhoto', 'toString', 'admin.users.list'].sort();
    // With `test`, so that auth.revoke leaves us our token.
    const known: string[] = [];
    for (const name of asked)
      if ((await kit.refusal(name, { test: true })).error !== 'unknown_method') known.push(name);
    expect(known).toEqual(methodNames);
  });
});

describe('tokens and scopes', () => {
  const ask = (method: string, authorization?: string) =>
    fetch(`${kit.sandbox.apiUrl}${method}`, {
      method: 'POST',
      headers: authorization ? { authorization } : {},
    });

  test('the token decides', async () => {
    expect(await (await ask('auth.test')).json()).toEqual({ ok: false, error: 'not_authed' });
    expect(await (await ask('auth.test', 'Bearer xoxb-wrong')).json()).toEqual({
      ok: false,
      error: 'invalid_auth',
    });
    const app = `Bearer ${kit.sandbox.appToken}`;
    expect(await (await ask('auth.test', app)).json()).toMatchObject({ error: 'not_allowed_token_type' });
    const bot = `Bearer ${kit.sandbox.botToken}`;
    expect(await (await ask('apps.connections.open', bot)).json()).toMatchObject({ error: 'missing_args' });
  });

  test('auth.test says who the bot is and which scopes it has', async () => {
    const answer = await kit.client.auth.test();
    expect(answer).toMatchObject({
      ok: true,
      team_id: kit.sandbox.teamId,
      user: 'testbot',
      bot_id: 'B0SANDBOX1',
    });
    expect(answer.response_metadata?.scopes).toContain('chat:write.public');
  });

  test('a missing scope is named', async () => {
    const poor = await startKit({
      manifest: manifest((it) => {
        it.oauth_config.scopes.bot = ['commands', 'chat:write', 'channels:read'];
        it.settings.event_subscriptions.bot_events = ['app_home_opened', 'channel_created'];
      }),
    });
    try {
      expect(await poor.refusal('conversations.create', { name: 'x' })).toMatchObject({
        error: 'missing_scope',
        needed: 'channels:manage',
        provided: 'commands,chat:write,channels:read',
      });
      const both = { types: 'public_channel,private_channel' };
      expect(await poor.refusal('conversations.list', both)).toMatchObject({
        error: 'missing_scope',
        needed: 'groups:read',
      });
      expect((await poor.client.conversations.list()).ok).toBe(true);
      // Without chat:write.public the bot must be in the channel.
      const posting = { channel: 'C0GENERAL1', text: 'hello' };
      expect(await poor.refusal('chat.postMessage', posting)).toMatchObject({ error: 'not_in_channel' });
    } finally {
      await poor.stop();
    }
  });

  test('a manifest that Slack would refuse stops the sandbox with every reason', async () => {
    const wrong = manifest((it) => {
      it.display_information.name = 'x'.repeat(36);
      it.features.slash_commands[0]!.command = 'incident';
    });
    const start = startKit({ manifest: wrong });
    await expect(start).rejects.toThrow(/display_information\/name/);
    await expect(start).rejects.toThrow(/slash_commands\/0\/command/);
    const poor = manifest((it) => {
      it.oauth_config.scopes.bot = ['chat:write'];
    });
    const second = startKit({ manifest: poor });
    await expect(second).rejects.toThrow(/need the scope "commands"/);
    await expect(second).rejects.toThrow(/message.channels needs the scope channels:history/);
  });
});

describe('arguments', () => {
  test('people of every kind are in users.list, in pages', async () => {
    const names: string[] = [];
    for await (const page of kit.client.paginate('users.list', { limit: 3 })) {
      const { members } = page as { members?: Array<{ name: string; tz: string | null; deleted: boolean }> };
      expect(members?.length).toBeLessThanOrEqual(3);
      names.push(...(members ?? []).map((member) => member.name));
    }
    expect(names).toEqual(['ana', 'bo', 'chen', 'dana', 'eva', 'finn', 'slackbot', 'testbot']);
    const { members } = await kit.client.users.list({});
    expect(members?.find((it) => it.name === 'dana')?.tz).toBeNull();
    expect(members?.find((it) => it.name === 'eva')?.deleted).toBe(true);
    expect(members?.find((it) => it.name === 'finn')?.is_ultra_restricted).toBe(true);
    expect(await kit.refusal('users.list', { cursor: 'bm9wZQ==' })).toMatchObject({
      error: 'invalid_cursor',
    });
  });

  test('user groups', async () => {
    const { usergroups } = await kit.client.usergroups.list({ include_users: true });
    expect(usergroups).toMatchObject([{ handle: 'sre', users: ['U0BO000002', 'U0CHEN0003'] }]);
    expect(await kit.refusal('usergroups.users.list', { usergroup: 'S1' })).toMatchObject({
      error: 'no_such_subteam',
    });
  });
});

describe('files', () => {
  test('the three steps of the client library put the bytes into the channel', async () => {
    const { channel } = await kit.client.conversations.create({ name: 'files' });
    const channelId = channel!.id!;
    await kit.client.filesUploadV2({
      channel_id: channelId,
      filename: 'timeline.md',
      content: '# Timeline é\n',
      initial_comment: 'Here it is',
    });
    const state = await kit.look<{ files: Array<Record<string, unknown>> }>('state');
    expect(state.files).toMatchObject([{ name: 'timeline.md', content: '# Timeline é\n' }]);
    const file = state.files[0] as { id: string; url_private: string };
    const { messages } = await kit.client.conversations.history({ channel: channelId, limit: 1 });
    expect(messages?.[0]).toMatchObject({ text: 'Here it is', files: [{ id: file.id }] });
    const info = await kit.client.files.info({ file: file.id });
    expect(info.file?.shares?.public?.[channelId]?.[0]?.ts).toBe(messages?.[0]?.ts);
    const headers = { authorization: `Bearer ${kit.sandbox.botToken}` };
    expect(await (await fetch(file.url_private, { headers })).text()).toBe('# Timeline é\n');
    expect((await fetch(file.url_private)).status).toBe(403);
  });

  test('a bot shares only where it is, and completes once', async () => {
    expect(await kit.refusal('files.getUploadURLExternal', { filename: 'a', length: 0 })).toMatchObject({
      error: 'missing_argument',
    });
    const { upload_url, file_id } = await kit.client.files.getUploadURLExternal({
      filename: 'a.txt',
      length: 1,
    });
    const files = [{ id: file_id, title: 'A' }];
    expect(await kit.refusal('files.completeUploadExternal', { files })).toMatchObject({
      error: 'file_not_found',
    });
    expect(await (await fetch(upload_url!, { method: 'POST', body: 'x' })).text()).toBe('OK - 1');
    expect(
      await kit.refusal('files.completeUploadExternal', { files, channel_id: 'C0GENERAL1' }),
    ).toMatchObject({
      error: 'not_in_channel',
    });
    expect(await kit.refusal('files.completeUploadExternal', { files })).toMatchObject({ ok: true });
    expect(await kit.refusal('files.completeUploadExternal', { files })).toMatchObject({
      error: 'file_not_found',
    });
  });
});
