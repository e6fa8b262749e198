import { afterEach, describe, expect, test } from '@jest/globals';
import type { IncidentState } from '#domain/incident/state.js';
import type { Read } from '#read/read.js';
import { addressee, createWhere, NotSure } from '#slack/listener.js';
import { type Kit, startKit, until } from './kit.js';

// What comes from a channel shared with another workspace, and what an Enterprise puts on the envelope, is for the
// workspace that we are installed in.

const OURS = 'our-T0SANDBOX1';
const PARTNER = 'T0PARTNER1';
const seed = {
  users: [{ id: 'U0EVE00008', name: 'eve', displayName: 'Eve', tz: null, team_id: PARTNER }],
  channels: [
    { id: 'C0SHARED01', name: 'shared', members: ['U0ANA00001', 'U0EVE00008'], shared_with: PARTNER },
  ],
};

let kit: Kit | undefined;
afterEach(async () => {
  await kit?.stop();
  kit = undefined;
});

/** The real front in a shared channel of INC-7, with the bot in it; `resolved` are the workspaces that it asked for. */
async function shared(): Promise<{ kit: Kit; resolved: string[] }> {
  const resolved: string[] = [];
  const workspace = {
    resolve: async (team: string) => {
      resolved.push(team);
      return `our-${team}`;
    },
    find: async (team: string) => `our-${team}`,
    first: async () => null,
  };
  const made = await startKit('http', { workspace }, seed);
  kit = made;
  made.behind.channels.set('C0SHARED01', 7);
  await made.act('join', { user: 'tocsin', channel: 'shared' });
  return { kit: made, resolved };
}

describe.each([
  ['the workspace of whoever acted', null],
  ['another workspace', 'T0NOBODYS1'],
  ['an Enterprise', 'E0ORG00001'],
])('an event that names %s on its envelope', (_, outer) => {
  test('a pin is fetched for us, a changed person is known with us, and nothing makes a workspace', async () => {
    const { kit, resolved } = await shared();
    await kit.act('settings', { outer_team_id: outer });
    const { ts } = await kit.act('message', { user: 'ana', channel: 'shared', text: 'our side is down' });
    for (const user of ['eve', 'ana'])
      await kit.act('reaction', { user, channel: 'shared', ts, name: 'pushpin' });
    await until(() => kit.behind.owed.length === 2);
    expect(kit.behind.owed.map(({ of }) => of)).toMatchObject([
      { team: OURS, incident: 7 },
      { team: OURS, incident: 7 },
    ]);
    await kit.act('user', { user: 'eve', real_name: 'Eve Larsen' });
    await until(() => kit.behind.people.get('U0EVE00008')?.realName === 'Eve Larsen');
    expect(kit.behind.people.get('U0EVE00008')).toMatchObject({ name: 'Eve', kind: 'outside' });
    expect(new Set(resolved)).toEqual(new Set(['T0SANDBOX1']));
  });
});

test('somebody from outside is known by what the event says, also where Slack does not tell', async () => {
  const { kit } = await shared();
  await kit.act('fault', { method: 'users.info', kind: 'error', value: 'user_not_visible', times: 5 });
  const { ts } = await kit.act('message', { user: 'eve', channel: 'shared', text: 'so is ours' });
  await kit.act('reaction', { user: 'eve', channel: 'shared', ts, name: 'pushpin' });
  await until(() => kit.behind.owed.length === 1);
  // Kept before the pin is owed, so that whoever delivers it finds the name.
  expect(kit.behind.people.get('U0EVE00008')).toMatchObject({ name: 'Eve', kind: 'outside' });
});

test('the author of a message from outside is named, and marked, when it is added by the shortcut', async () => {
  const { kit } = await shared();
  await kit.act('fault', { method: 'users.info', kind: 'error', value: 'user_not_visible', times: 5 });
  const { ts } = await kit.act('message', { user: 'eve', channel: 'shared', text: 'so is ours' });
  await kit.act('shortcut', { user: 'ana', callback_id: 'add_to_timeline', channel: 'shared', ts });
  expect(kit.behind.handled).toMatchObject([
    {
      target: 7,
      asking: { team: OURS, by: { id: 'U0ANA00001', name: 'ana' } },
      intent: { message: { text: 'so is ours', author: { id: 'U0EVE00008', name: 'Eve (outside)' } } },
    },
  ]);
});

test('so they are when the incident is chosen in a form, and the message comes back with it', async () => {
  const { kit } = await shared();
  kit.behind.channels.delete('C0SHARED01');
  kit.behind.open = [3, 4].map((number) => ({ number, title: `t${number}` }) as IncidentState);
  await kit.act('fault', { method: 'users.info', kind: 'error', value: 'user_not_visible', times: 5 });
  const { ts } = await kit.act('message', { user: 'eve', channel: 'shared', text: 'so is ours' });
  await kit.act('shortcut', { user: 'ana', callback_id: 'add_to_timeline', channel: 'shared', ts });
  await kit.act('view/submit', { user: 'ana', values: { incident: { incident: '4' } } });
  expect(kit.behind.handled).toMatchObject([
    { target: 4, intent: { message: { author: { id: 'U0EVE00008', name: 'Eve (outside)' } } } },
  ]);
});

test('who clicks from outside acts in our workspace', async () => {
  const { kit } = await shared();
  await kit.act('shortcut', {
    user: 'eve',
    callback_id: 'add_to_timeline',
    channel: 'shared',
    ts: (await kit.act('message', { user: 'ana', channel: 'shared', text: 'x' })).ts,
  });
  expect(kit.behind.handled).toMatchObject([{ asking: { team: OURS, by: { id: 'U0EVE00008' } } }]);
});

describe('for whom a payload is', () => {
  test.each<[string, object, string | null]>([
    [
      'the authorization, first',
      { team_id: 'T2', context_team_id: 'T3', authorizations: [{ team_id: 'T1' }] },
      'T1',
    ],
    ['the context', { team_id: 'T2', context_team_id: 'T1', authorizations: [{ team_id: null }] }, 'T1'],
    ['the envelope, where nothing else is said', { team_id: 'T1', event: {} }, 'T1'],
    ['the installation of a view', { view: { app_installed_team_id: 'T1' }, team: { id: 'T2' } }, 'T1'],
    ['the team of a click', { team: { id: 'T1' }, user: { team_id: 'T2' } }, 'T1'],
    ['the person, of an organisation-wide one', { team: null, user: { team_id: 'T1' } }, 'T1'],
    ['nothing', { authorizations: 'odd', team: 'odd', user: 'U1' }, null],
  ])('%s', (_, payload, team) => {
    expect(addressee(payload).team).toBe(team);
  });

  const where = (rows: Record<string, string>) => {
    const made: string[] = [];
    const place = createWhere({
      read: {} as Read,
      home: () => null,
      now: () => new Date(),
      workspace: {
        resolve: async () => Promise.reject(new Error('must not be asked')),
        find: async (team) => rows[team] ?? null,
        first: async (team) => {
          if (Object.keys(rows).length > 0) return null;
          made.push(team);
          return 'local';
        },
      },
    });
    return { made, team: async (payload: unknown) => place.team(payload) };
  };

  test('before Slack has said who we are: what is known counts, and only what was typed makes the first workspace', async () => {
    const known = where({ T1: 'local' });
    expect(await known.team({ team_id: 'T1', command: '/incident' })).toBe('local');
    expect(await known.team({ team_id: 'T2', event: {}, authorizations: [{ team_id: 'T1' }] })).toBe('local');
    await expect(known.team({ team_id: 'T2', event: {} })).rejects.toBeInstanceOf(NotSure);
    await expect(known.team({ team_id: 'E2', event: {} })).rejects.toBeInstanceOf(NotSure);
    await expect(known.team({ team_id: 'T2', command: '/incident' })).rejects.toBeInstanceOf(NotSure);
    const fresh = where({});
    await expect(fresh.team({ team_id: 'T1', event: {} })).rejects.toBeInstanceOf(NotSure);
    await expect(fresh.team({ team_id: 'E1', command: '/incident' })).rejects.toBeInstanceOf(NotSure);
    expect(fresh.made).toEqual([]);
    expect(await fresh.team({ team_id: 'T1', command: '/incident' })).toBe('local');
    expect(fresh.made).toEqual(['T1']);
  });
});
