import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { App } from '@slack/bolt';
import { type Answer, type FullKit, startFullKit } from './full-app.js';
import { socketApp } from './kit.js';

let kit: FullKit;
let app: App;
const got: Answer[] = [];
beforeAll(async () => {
  kit = await startFullKit({ enterprise: true });
  app = socketApp(kit.sandbox);
  app.use(async ({ body, next }) => {
    got.push({ ...body });
    await next();
  });
  app.command('/incident', ({ ack }) => ack());
  app.shortcut('declare', ({ ack }) => ack());
  await app.start();
});
afterAll(async () => {
  await app.stop();
  await kit.stop();
});

const ORG = { id: 'E0SANDBOX1', name: 'Sandbox Org' };
const payload = async (path: string, body: object): Promise<Answer | undefined> => {
  got.length = 0;
  await kit.act(path, body);
  return got[0];
};

describe('a workspace of an organisation', () => {
  test('auth.test, team.info and people name it', async () => {
    expect(await kit.call('auth.test')).toMatchObject({
      team_id: 'T0SANDBOX1',
      enterprise_id: ORG.id,
      is_enterprise_install: false,
    });
    expect((await kit.call('team.info')).team).toMatchObject({
      enterprise_id: ORG.id,
      enterprise_name: ORG.name,
    });
    expect((await kit.call('users.info', { user: 'U0ANA00001' })).user).toMatchObject({
      enterprise_user: { enterprise_id: ORG.id, is_admin: true, teams: ['T0SANDBOX1'] },
    });
  });

  test('new people have ids of the organisation', async () => {
    const { user } = await kit.act('user/join', { name: 'wim' });
    expect(user).toMatch(/^W0/);
    const exchanged = await kit.call('migration.exchange', { users: `${user},U0NOBODY00` });
    expect(exchanged).toMatchObject({
      user_id_map: { [String(user)]: user },
      invalid_user_ids: ['U0NOBODY00'],
    });
  });

  test('payloads say so', async () => {
    const command = { user: 'ana', channel: 'general', command: '/incident' };
    expect(await payload('command', command)).toMatchObject({
      enterprise_id: ORG.id,
      enterprise_name: ORG.name,
      is_enterprise_install: 'false',
    });
    expect(await payload('shortcut', { user: 'ana', callback_id: 'declare' })).toMatchObject({
      enterprise: ORG,
      team: { id: 'T0SANDBOX1', enterprise_id: ORG.id },
      is_enterprise_install: false,
    });
  });
});

describe('an app that is installed for the whole organisation', () => {
  beforeAll(() =>
    kit.act('enterprise', { on: true, org_install: true, teams: [{ id: 'T0SISTER01', name: 'Sister' }] }),
  );

  test.each<[string, object, string]>([
    ['conversations.create', { name: 'x' }, 'missing_argument'],
    ['conversations.list', {}, 'missing_argument'],
    ['users.list', {}, 'missing_argument'],
    ['users.conversations', {}, 'missing_argument'],
    ['usergroups.list', {}, 'missing_argument'],
    ['usergroups.create', { name: 'x' }, 'target_team_must_be_specified_in_org_context'],
    ['bots.info', { bot: 'B0SANDBOX1' }, 'missing_argument'],
  ])('%s %j says which workspace it means', async (method, args, error) => {
    expect((await kit.call(method, { ...args })).error).toBe(error);
    expect((await kit.call(method, { ...args, team_id: 'T0FOREIGN1' })).error).toBe(
      'team_access_not_granted',
    );
    expect((await kit.call(method, { ...args, team_id: 'T0SANDBOX1' })).ok).toBe(true);
  });

  test('what names a channel or a person needs no workspace', async () => {
    expect((await kit.call('users.info', { user: 'U0ANA00001' })).ok).toBe(true);
    expect((await kit.call('chat.postMessage', { channel: 'C0GENERAL1', text: 'hello' })).ok).toBe(true);
  });

  test('it sees its workspaces, and its payloads have no team', async () => {
    expect((await kit.call('auth.teams.list')).teams).toEqual([
      { id: 'T0SANDBOX1', name: 'Sandbox' },
      { id: 'T0SISTER01', name: 'Sister' },
    ]);
    expect(await kit.call('auth.test')).toMatchObject({ is_enterprise_install: true, enterprise_id: ORG.id });
    const shortcut = await payload('shortcut', { user: 'ana', callback_id: 'declare' });
    expect(shortcut).toMatchObject({ team: null, enterprise: ORG, is_enterprise_install: true });
    await kit.act('emoji', { name: 'x', value: 'https://example.com/x.png' });
    const { events } = await kit.look<{ events: Array<{ payload: Answer }> }>('events');
    expect(events.at(-1)?.payload).toMatchObject({
      enterprise_id: ORG.id,
      context_enterprise_id: ORG.id,
      authorizations: [{ enterprise_id: ORG.id, team_id: null, is_enterprise_install: true }],
    });
  });
});
