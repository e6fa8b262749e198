import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Answer, type FullKit, startFullKit } from './full-app.js';

let kit: FullKit;
let ana: string;
let bo: string;
beforeAll(async () => {
  kit = await startFullKit({
    seed: {
      users: [
        { id: 'U0GWEN0007', name: 'gwen', realName: 'Gwen Önal', is_restricted: true, tz: null },
        { id: 'U0OMAR0008', name: 'omar', is_primary_owner: true, locale: 'de-DE' },
        { id: 'U0OLGA0009', name: 'olga', is_owner: true },
        { id: 'U0IVY00010', name: 'ivy', is_invited_user: true, email: 'ivy@example.com' },
        { id: 'U0KIM00011', name: 'kim', is_app_user: true },
        { id: 'U0OTHERBOT', name: 'otherbot', bot: { botId: 'B0SOMEBOT1', appId: 'A0SOMEBOT1' } },
      ],
    },
  });
  ana = await kit.tokenOf('ana');
  bo = await kit.tokenOf('bo');
});
afterAll(() => kit.stop());

const userOf = async (user: string, more: object = {}) =>
  (await kit.call('users.info', { user, ...more })).user as Answer & { profile: Answer };

describe('kinds of account', () => {
  test.each<[string, string, object]>([
    ['an admin', 'U0ANA00001', { is_admin: true, is_owner: false, is_primary_owner: false }],
    ['an owner', 'U0OLGA0009', { is_admin: true, is_owner: true, is_primary_owner: false }],
    ['the primary owner', 'U0OMAR0008', { is_admin: true, is_owner: true, is_primary_owner: true }],
    ['a multi-channel guest', 'U0GWEN0007', { is_restricted: true, is_ultra_restricted: false, tz: null }],
    ['a single-channel guest', 'U0FINN0006', { is_restricted: true, is_ultra_restricted: true }],
    ['somebody deactivated', 'U0EVA00005', { deleted: true }],
    ['somebody invited', 'U0IVY00010', { is_invited_user: true, is_email_confirmed: false }],
    ['somebody of the app alone', 'U0KIM00011', { is_app_user: true }],
    ['another bot', 'U0OTHERBOT', { is_bot: true, profile: { bot_id: 'B0SOMEBOT1', always_active: true } }],
    ['the app', 'U0BOT00000', { is_bot: true, profile: { bot_id: 'B0SANDBOX1', api_app_id: 'A0SANDBOX1' } }],
  ])('%s', async (_, id, members) => {
    expect(await userOf(id)).toMatchObject(members);
  });

  test('can be changed while it runs, and the app is told', async () => {
    await kit.heard();
    await kit.act('user', { user: 'kim', is_owner: true, is_app_user: false });
    expect(await userOf('U0KIM00011')).toMatchObject({ is_owner: true, is_admin: true, is_app_user: false });
    expect(await kit.heard('user_change')).toMatchObject([{ user: { id: 'U0KIM00011', is_owner: true } }]);
    const { user } = await kit.act('user/join', { name: 'new', is_invited_user: true });
    expect(user).toMatch(/^U0/);
    expect(await kit.heard('team_join')).toMatchObject([{ user: { id: user, is_invited_user: true } }]);
  });
});

describe('what is said of somebody', () => {
  test('names, pictures and language', async () => {
    const { profile, ...gwen } = await userOf('U0GWEN0007', { include_locale: true });
    expect(gwen).toMatchObject({ tz: null, tz_label: null, locale: 'en-US' });
    expect(profile).toMatchObject({
      first_name: 'Gwen',
      last_name: 'Önal',
      real_name_normalized: 'Gwen Onal',
    });
    expect((await userOf('U0OMAR0008', { include_locale: true })).locale).toBe('de-DE');
    expect(await userOf('U0OMAR0008')).not.toHaveProperty('locale');
    const picture = await fetch(String(profile.image_72));
    expect(picture.headers.get('content-type')).toMatch(/^image\/svg\+xml/);
    expect(await picture.text()).toContain('>GÖ</text>');
  });

  test('an e-mail finds them, in whatever case', async () => {
    expect(await kit.call('users.lookupByEmail', { email: 'IVY@example.com' })).toMatchObject({
      user: { id: 'U0IVY00010' },
    });
    expect((await kit.call('users.lookupByEmail', { email: 'eva@example.com' })).error).toBe(
      'users_not_found',
    );
  });
});

describe('a profile', () => {
  const set = (profile: object, token = ana, user?: string) =>
    kit.call('users.profile.set', { profile: JSON.stringify(profile), ...(user ? { user } : {}) }, token);

  test('is set by its owner, and told as a change of the user, the profile and the status', async () => {
    await kit.heard();
    expect(await set({ status_text: 'On call', status_emoji: ':pager:', first_name: 'Anna' })).toMatchObject({
      ok: true,
      username: 'ana',
      profile: { status_text: 'On call', real_name: 'Anna' },
    });
    const told = await kit.heard('user_change', 'user_profile_changed', 'user_status_changed');
    expect(told.map(({ type }) => type)).toEqual([
      'user_change',
      'user_profile_changed',
      'user_status_changed',
    ]);
    expect(told[2]).toMatchObject({ user: { profile: { status_emoji: ':pager:' } } });
    await set({ real_name: 'Ana Keller' });
  });

  test('one member by name and value', async () => {
    await kit.call('users.profile.set', { name: 'title', value: 'Chief' }, bo);
    expect((await userOf('U0BO000002')).profile.title).toBe('Chief');
  });

  test("a status ends on the sandbox's clock", async () => {
    const { now } = await kit.act<{ now: number }>('clock', { freeze: true });
    await kit.act('status', {
      user: 'bo',
      text: 'Lunch',
      emoji: ':sandwich:',
      expiration: Math.ceil(now / 1000) + 60,
    });
    expect((await userOf('U0BO000002')).profile.status_text).toBe('Lunch');
    await kit.heard();
    await kit.act('clock', { advance_ms: 62_000 });
    expect((await userOf('U0BO000002')).profile).toMatchObject({ status_text: '', status_expiration: 0 });
    expect(await kit.heard('user_status_changed')).toMatchObject([
      { user: { profile: { status_text: '' } } },
    ]);
    await kit.act('clock', { freeze: false });
  });

  test('the fields of the workspace, with their labels', async () => {
    const { profile } = await kit.call('team.profile.get');
    const fields = (profile as { fields: Answer[] }).fields;
    expect(fields.map(({ label }) => label)).toEqual(['Pager', 'On-call team']);
    const pager = String(fields[0]?.id);
    await set({ fields: { [pager]: { value: '+49 1', alt: '' } } });
    const labelled = await kit.call('users.profile.get', { user: 'U0ANA00001', include_labels: true });
    expect(labelled.profile).toMatchObject({ fields: { [pager]: { value: '+49 1', label: 'Pager' } } });
    expect((await set({ fields: { [String(fields[1]?.id)]: { value: 'Nowhere' } } })).error).toBe(
      'invalid_profile',
    );
  });

  test.each<[string, object | string, string, string | undefined]>([
    ['not JSON', '{', 'invalid_profile', undefined],
    ['a status too long', { status_text: 'x'.repeat(101) }, 'too_long', undefined],
    ['a status without colons', { status_emoji: 'pager' }, 'profile_set_failed', undefined],
    ['an unknown field', { fields: { Xf0NONE: 'x' } }, 'invalid_profile', undefined],
    ["somebody else's e-mail", { email: 'bo@example.com' }, 'email_taken', undefined],
    ['of the owner, by an admin', { title: 'x' }, 'cannot_update_admin_user', 'U0OMAR0008'],
    ['of nobody', { title: 'x' }, 'user_not_found', 'U0NOBODY00'],
  ])('%s is refused', async (_, profile, error, user) => {
    const args = { profile: typeof profile === 'string' ? profile : JSON.stringify(profile) };
    expect((await kit.call('users.profile.set', { ...args, ...(user ? { user } : {}) }, ana)).error).toBe(
      error,
    );
  });

  test("a member does not write another's, and a bot writes none", async () => {
    expect((await set({ title: 'x' }, bo, 'U0CHEN0003')).error).toBe('not_admin');
    expect((await set({ title: 'x' }, kit.sandbox.botToken)).error).toBe('not_allowed_token_type');
  });
});

describe('reminders', () => {
  test("are of the person, and ring in Slackbot's conversation", async () => {
    await kit.act('clock', { freeze: true });
    const { reminder } = await kit.call('reminders.add', { text: 'Write it up', time: 'in 15 minutes' }, ana);
    const { id } = reminder as { id: string };
    expect(reminder).toMatchObject({ creator: 'U0ANA00001', recurring: false, complete_ts: 0 });
    expect((await kit.call('reminders.info', { reminder: id }, bo)).error).toBe('not_found');
    await kit.act('clock', { advance_ms: 15 * 60_000 });
    const { channels } = await kit.look<{ channels: Array<{ members: string[]; messages: Answer[] }> }>(
      'state',
    );
    const slackbot = channels.find(({ members }) => members.includes('USLACKBOT'));
    expect(slackbot?.messages).toMatchObject([{ text: 'Reminder: Write it up', user: 'USLACKBOT' }]);
    expect((await kit.call('reminders.complete', { reminder: id }, ana)).ok).toBe(true);
    expect((await kit.call('reminders.list', {}, ana)).reminders).toMatchObject([
      { id, complete_ts: expect.any(Number) },
    ]);
    expect((await kit.call('reminders.delete', { reminder: id }, ana)).ok).toBe(true);
    expect((await kit.call('reminders.list', {}, ana)).reminders).toEqual([]);
    await kit.act('clock', { freeze: false });
  });

  test.each<[object, string]>([
    [{ text: 'x', time: 'when the cows come home' }, 'cannot_parse'],
    [{ text: 'x', time: '60', user: 'U0BO000002' }, 'cannot_add_others'],
    [{ text: 'x', time: '60', user: 'USLACKBOT' }, 'cannot_add_slackbot'],
    [{ text: 'x', time: '60', user: 'U0BOT00000' }, 'cannot_add_bot'],
    [{ text: 'x' }, 'missing_argument'],
  ])('%j is %s', async (args, error) => {
    expect((await kit.call('reminders.add', { ...args }, ana)).error).toBe(error);
  });

  test('a recurring one is not completed', async () => {
    const args = { text: 'Stand-up', time: '60', recurrence: JSON.stringify({ frequency: 'daily' }) };
    const { reminder } = await kit.call('reminders.add', args, ana);
    expect(reminder).toMatchObject({ recurring: true, recurrence: { frequency: 'daily' } });
    const { id } = reminder as { id: string };
    expect((await kit.call('reminders.complete', { reminder: id }, ana)).error).toBe(
      'cannot_complete_recurring',
    );
  });
});

const said = async () =>
  (await kit.act<{ ts: string }>('message', { user: 'ana', channel: 'general', text: 'hello' })).ts;

describe('the workspace', () => {
  test('custom emoji come, go and change their name', async () => {
    await kit.heard();
    await kit.act('emoji', { name: 'sev1', value: 'https://example.com/sev1.png' });
    await kit.act('emoji', { name: 'worst', value: 'alias:sev1' });
    await kit.act('emoji', { name: 'worst', rename: 'grim' });
    const listed = await kit.call('emoji.list', { include_categories: true });
    expect(listed.emoji).toEqual({ sev1: 'https://example.com/sev1.png', grim: 'alias:sev1' });
    expect(listed.categories).toContainEqual(expect.objectContaining({ name: expect.any(String) }));
    // They can be reacted with, as Slack's own can.
    expect(
      await kit.act('reaction', { user: 'ana', channel: 'general', ts: await said(), name: 'sev1' }),
    ).toMatchObject({
      changed: true,
    });
    await kit.act('emoji', { name: 'sev1', remove: true });
    expect(
      await kit.act('reaction', { user: 'ana', channel: 'general', ts: await said(), name: 'sev1' }),
    ).toMatchObject({
      ok: false,
    });
    expect((await kit.call('emoji.list')).emoji).toEqual({});
    expect(await kit.heard('emoji_changed')).toMatchObject([
      { subtype: 'add', name: 'sev1', value: 'https://example.com/sev1.png' },
      { subtype: 'add', name: 'worst', value: 'alias:sev1' },
      { subtype: 'rename', old_name: 'worst', new_name: 'grim' },
      { subtype: 'remove', names: ['sev1', 'grim'] },
    ]);
  });

  test('its name changes', async () => {
    await kit.act('team/rename', { name: 'Renamed' });
    expect(await kit.heard('team_rename')).toMatchObject([{ name: 'Renamed' }]);
    expect((await kit.call('team.info')).team).toMatchObject({ name: 'Renamed' });
    expect((await kit.call('team.info', { team: 'T0NOWHERE1' })).error).toBe('team_not_found');
    await kit.act('reset');
    expect((await kit.call('auth.test')).team).toBe('Sandbox');
  });

  test('bots are known by their id', async () => {
    expect((await kit.call('bots.info', { bot: 'B0SOMEBOT1' })).bot).toMatchObject({ user_id: 'U0OTHERBOT' });
    expect((await kit.call('bots.info', { bot: 'B0NOBOT001' })).error).toBe('bot_not_found');
    expect((await kit.call('bots.info')).error).toBe('missing_argument');
  });
});

describe('an assistant', () => {
  test('shows status, title and prompts in a thread, and nowhere else', async () => {
    const { channel } = await kit.act<{ channel: string }>('dm', { user: 'ana' });
    const { ts } = await kit.act<{ ts: string }>('message', { user: 'ana', channel, text: 'help' });
    const thread = { channel_id: channel, thread_ts: ts };
    expect((await kit.call('assistant.threads.setStatus', { ...thread, status: 'is thinking' })).ok).toBe(
      true,
    );
    expect((await kit.call('assistant.threads.setTitle', { ...thread, title: 'Help' })).ok).toBe(true);
    const prompts = JSON.stringify([{ title: 'Declare', message: 'declare an incident' }]);
    expect((await kit.call('assistant.threads.setSuggestedPrompts', { ...thread, prompts })).ok).toBe(true);
    const wrong = { ...thread, prompts: '[{"title":"x"}]' };
    expect((await kit.call('assistant.threads.setSuggestedPrompts', wrong)).error).toBe('invalid_arguments');
    const nowhere = { ...thread, thread_ts: '1.0', status: 'x' };
    expect((await kit.call('assistant.threads.setStatus', nowhere)).error).toBe('invalid_thread_ts');
  });
});
