import { afterEach, describe, expect, test } from '@jest/globals';
import type { IncidentState } from '#domain/incident/state.js';
import type { Read } from '#read/read.js';
import { addressee, createWhere, NotSure } from '#slack/listener.js';
import { incidentIn } from '#slack/shared-link.js';
import { fold, opened, stream } from '../domain/given.js';
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

describe('a link of ours', () => {
  const BASE = 'https://tocsin.example/app';
  const LINK = `${BASE}/incidents/INC-7/timeline.html?zone=UTC&signature=ab`;

  test.each<[string, number | null]>([
    [LINK, 7],
    [`${BASE}/incidents/inc-7`, 7],
    [`${BASE}/incidents/INC-7/`, 7],
    [`${BASE}/incidents/INC-0/facts.jsonl`, null],
    [`${BASE}/status/incidents/INC-7`, null],
    [`${BASE}/incidents/INC-7/a/b`, null],
    ['https://tocsin.example/incidents/INC-7', null],
    ['https://tocsin.example.evil/app/incidents/INC-7', null],
    ['http://tocsin.example/app/incidents/INC-7', null],
    ['not an address', null],
  ])('%s is about %j', (url, incident) => expect(incidentIn(url, BASE)).toBe(incident));

  /** A front whose links lead to BASE, and INC-7 as it is; `share` is told what stands under a link then. */
  async function front(more: Partial<IncidentState> = {}, everybody = true) {
    const made = await startKit('http', { links: { base: BASE, everybody } }, seed);
    kit = made;
    const state = fold(stream(opened));
    if (!state) throw new Error('no state');
    made.behind.state = { ...state, channel: { id: 'C0GENERAL1', name: 'general' }, ...more };
    made.behind.channels.set('C0GENERAL1', 7);
    await until(() => made.behind.people.size >= 5);
    const attached = async (channel: string, ts: string) => {
      const { channels } = await made.look<{
        channels: Array<{ name: string; messages: Array<{ ts: string; attachments?: unknown[] }> }>;
      }>('state');
      const found = channels.find(({ name }) => name === channel)?.messages.find((one) => one.ts === ts);
      return JSON.stringify(found?.attachments ?? null);
    };
    return {
      ...made,
      async share(channel: string, text = `look: ${LINK}`, user = 'ana') {
        const before = made.listened.length;
        const { ts } = await made.act('message', { user, channel, text });
        await until(() => made.listened.length > before);
        await Promise.all(made.listened);
        return attached(channel, ts);
      },
    };
  }

  test('is shown as a work object, else as blocks, where all who read it may see the incident', async () => {
    const { share, act, calls } = await front();
    const card = await share('incidents');
    expect(card).toContain('slack#/entities/incident');
    expect(card).toContain('"display_id":"INC-7"');
    // What signs the link is in what was posted, and the work object leads elsewhere.
    expect(JSON.parse(card)).toMatchObject([{ entity: { url: `${BASE}/incidents/INC-7` } }]);
    await act('fault', { method: 'chat.unfurl', kind: 'error', value: 'invalid_metadata_format', times: 1 });
    expect(await share('incidents')).toMatch(/\*INC-7\* TTS fails.*<#C0GENERAL1>.*no lead yet/);
    // Somebody was quicker; nobody is told, and it is not tried again.
    await act('fault', { method: 'chat.unfurl', kind: 'error', value: 'cannot_unfurl_url', times: 1 });
    const before = (await calls('chat.unfurl')).length;
    expect(await share('incidents')).toBe('null');
    expect(await calls('chat.unfurl')).toHaveLength(before + 1);
    // Not now: Slack sends the event again.
    await act('fault', { method: 'chat.unfurl', kind: 'ratelimit', value: 1, times: 1 });
    await share('incidents');
    await until(async () => (await calls('chat.unfurl')).length === before + 3);
  });

  test('stays bare where somebody may be there who may not see it, or it is not known who is', async () => {
    const { share, act, calls, behind } = await front();
    const before = (await calls('chat.unfurl')).length;
    // Somebody of another workspace reads that channel.
    expect(await share('shared')).toBe('null');
    await act('fault', {
      method: 'conversations.members',
      kind: 'error',
      value: 'channel_not_found',
      times: 1,
    });
    expect(await share('incidents')).toBe('null');
    await act('join', { user: 'finn', channel: 'incidents' });
    expect(await share('incidents')).toBe('null');
    // A guest who is in the incident's own channel sees it there.
    expect(await share('general')).toContain('slack#/entities/incident');
    if (behind.state) behind.state = { ...behind.state, private: true };
    expect(await share('general')).toContain('slack#/entities/incident');
    await act('join', { user: 'finn', channel: 'incidents', remove: true });
    expect(await share('incidents')).toBe('null');
    expect(await calls('chat.unfurl')).toHaveLength(before + 2);
  });

  test('stays bare where tocsin.yml says who may look, but in the incident’s own channel', async () => {
    const { share } = await front({}, false);
    expect(await share('incidents')).toBe('null');
    expect(await share('general')).toContain('slack#/entities/incident');
  });
});
