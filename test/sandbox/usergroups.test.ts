import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Answer, type FullKit, startFullKit } from './full-app.js';

let kit: FullKit;
beforeAll(async () => {
  kit = await startFullKit();
});
afterAll(() => kit.stop());

const make = async (name: string, more: object = {}) =>
  (await kit.call('usergroups.create', { name, ...more })).usergroup as Answer & { id: string };

describe('user groups', () => {
  test('are made, filled, changed, disabled and enabled, and the app hears of it', async () => {
    await kit.heard();
    const { id } = await make('Voice', {
      handle: 'voice',
      description: 'SIP and media',
      channels: 'C0GENERAL1',
    });
    const filled = await kit.call('usergroups.users.update', {
      usergroup: id,
      users: 'U0ANA00001,U0BO000002',
    });
    expect(filled.usergroup).toMatchObject({ users: ['U0ANA00001', 'U0BO000002'], channel_count: 1 });
    await kit.call('usergroups.users.update', { usergroup: id, users: 'U0BO000002,U0BOT00000' });
    expect(
      (await kit.call('usergroups.update', { usergroup: id, name: 'Voice team' })).usergroup,
    ).toMatchObject({
      name: 'Voice team',
      handle: 'voice',
    });
    expect(
      (await kit.call('usergroups.disable', { usergroup: id, include_count: true })).usergroup,
    ).toMatchObject({
      date_delete: expect.any(Number),
      deleted_by: 'U0BOT00000',
      user_count: 2,
    });
    expect((await kit.call('usergroups.list')).usergroups).toMatchObject([{ handle: 'sre' }]);
    expect((await kit.call('usergroups.users.list', { usergroup: id })).error).toBe('no_such_subteam');
    const hidden = await kit.call('usergroups.users.list', { usergroup: id, include_disabled: true });
    expect(hidden.users).toEqual(['U0BO000002', 'U0BOT00000']);
    expect((await kit.call('usergroups.enable', { usergroup: id })).usergroup).toMatchObject({
      date_delete: 0,
    });
    const heard = await kit.heard();
    expect(heard.map(({ type }) => type)).toEqual([
      'subteam_created',
      ...['subteam_members_changed', 'subteam_updated'],
      ...['subteam_members_changed', 'subteam_updated', 'subteam_self_added'],
      ...['subteam_updated', 'subteam_updated', 'subteam_updated'],
    ]);
    expect(heard[3]).toMatchObject({
      subteam_id: id,
      added_users: ['U0BOT00000'],
      removed_users: ['U0ANA00001'],
    });
  });

  test('an app is told when it leaves one', async () => {
    const { usergroup } = await kit.act<{ usergroup: string }>('usergroup', {
      name: 'Bots',
      handle: 'bots',
      users: ['testbot', 'ana'],
    });
    await kit.heard();
    await kit.act('usergroup', { usergroup, users: ['ana'] });
    expect(await kit.heard('subteam_self_removed')).toMatchObject([{ subteam_id: usergroup }]);
  });

  test.each<[string, Record<string, unknown>, string]>([
    ['usergroups.create', {}, 'missing_subteam_name'],
    ['usergroups.create', { name: 'Site reliability' }, 'name_already_exists'],
    ['usergroups.create', { name: 'x', handle: 'sre' }, 'handle_already_exists'],
    ['usergroups.create', { name: 'x', handle: 'ana' }, 'handle_already_exists'],
    ['usergroups.create', { name: 'x', handle: 'general' }, 'handle_already_exists'],
    ['usergroups.create', { name: 'x', handle: 'here' }, 'forbidden_handle'],
    ['usergroups.create', { name: 'x', handle: 'a b' }, 'bad_handle'],
    ['usergroups.create', { name: 'x'.repeat(81) }, 'name_too_long'],
    ['usergroups.create', { name: 'x', description: 'x'.repeat(141) }, 'description_too_long'],
    ['usergroups.create', { name: 'x', channels: 'C0NOWHERE1' }, 'invalid_channel_provided'],
    ['usergroups.update', { usergroup: 'S0NOWHERE1', name: 'x' }, 'no_such_subteam'],
    ['usergroups.users.update', { usergroup: 'S0SRE00001', users: '' }, 'no_users_provided'],
    ['usergroups.users.update', { usergroup: 'S0SRE00001', users: 'U0NOBODY00' }, 'invalid_users'],
    ['usergroups.users.update', { usergroup: 'S0SRE00001', users: 'U0EVA00005' }, 'invalid_users'],
  ])('%s %j: %s', async (method, args, error) => {
    expect((await kit.call(method, args)).error).toBe(error);
  });

  test('a guest makes none', async () => {
    const finn = await kit.tokenOf('finn');
    expect((await kit.call('usergroups.create', { name: 'x' }, finn)).error).toBe('permission_denied');
  });
});
