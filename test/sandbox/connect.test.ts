import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Answer, type FullKit, startFullKit } from './full-app.js';

const PARTNER = 'T0PARTNER1';
let kit: FullKit;
beforeAll(async () => {
  kit = await startFullKit({
    seed: {
      users: [
        { id: 'U0PIA00001', name: 'pia', team_id: PARTNER, email: 'pia@partner.example' },
        { id: 'U0PAT00002', name: 'pat', team_id: PARTNER },
      ],
      channels: [
        {
          id: 'C0SHARED01',
          name: 'with-partner',
          shared_with: PARTNER,
          members: ['U0ANA00001', 'U0PIA00001', 'U0BOT00000'],
        },
      ],
    },
  });
});
afterAll(() => kit.stop());

describe('a channel shared with another workspace', () => {
  test('says so', async () => {
    expect((await kit.call('conversations.info', { channel: 'C0SHARED01' })).channel).toMatchObject({
      is_shared: true,
      is_ext_shared: true,
      connected_team_ids: [PARTNER],
      shared_team_ids: ['T0SANDBOX1', PARTNER],
      conversation_host_id: 'T0SANDBOX1',
    });
    const plain = (await kit.call('conversations.info', { channel: 'C0GENERAL1' })).channel;
    expect(plain).toMatchObject({ is_ext_shared: false });
  });

  test('its people from outside are in no list, and known to whom shares a conversation with them', async () => {
    const { members } = await kit.call('users.list');
    expect((members as Answer[]).map(({ id }) => id)).not.toContain('U0PIA00001');
    expect((await kit.call('users.lookupByEmail', { email: 'pia@partner.example' })).error).toBe(
      'users_not_found',
    );
    expect((await kit.call('users.info', { user: 'U0PIA00001' })).user).toMatchObject({
      team_id: PARTNER,
      is_stranger: false,
      profile: { team: PARTNER },
    });
    for (const method of ['users.info', 'users.getPresence', 'users.profile.get', 'dnd.info'])
      expect((await kit.call(method, { user: 'U0PAT00002' })).error).toBe('user_not_visible');
    await kit.act('join', { user: 'pat', channel: 'with-partner' });
    expect((await kit.call('users.info', { user: 'U0PAT00002' })).ok).toBe(true);
    await kit.act('leave', { user: 'pat', channel: 'with-partner' });
    await kit.heard();
    await kit.act('user', { user: 'pat', title: 'Left' });
    expect(await kit.heard('user_change')).toMatchObject([{ user: { is_stranger: true } }]);
  });

  test('the envelope tells whose workspace spoke, and that others read along', async () => {
    await kit.act('message', { user: 'pia', channel: 'with-partner', text: 'hello' });
    const { events } = await kit.look<{ events: Array<{ payload: Answer }> }>('events');
    expect(events.at(-1)?.payload).toMatchObject({
      team_id: PARTNER,
      context_team_id: 'T0SANDBOX1',
      is_ext_shared_channel: true,
      authorizations: [{ team_id: 'T0SANDBOX1', user_id: 'U0BOT00000' }],
      event: { user: 'U0PIA00001', user_team: PARTNER, source_team: PARTNER },
    });
  });

  test('outsiders are in no user group', async () => {
    const args = { usergroup: 'S0SRE00001', users: 'U0BO000002,U0PIA00001' };
    expect((await kit.call('usergroups.users.update', args)).error).toBe('invalid_users');
  });
});
