import { afterEach, describe, expect, test } from '@jest/globals';
import { startSandbox } from '#sandbox/sandbox.js';

import { createPeople, Memory, type PeopleStore, personOf } from '#slack/people/people.js';
import { createSlackClient } from '#slack/transport/client.js';
import type { KnownPerson } from '#store/people.js';
import { type Kit, MANIFEST, quiet, startKit, until } from './kit.js';

let kit: Kit | undefined;
afterEach(async () => {
  await kit?.stop();
  kit = undefined;
});

const HOME = { team: 'T0OURS0001', enterprise: 'E0ORG00001' };
const user = (more: object = {}) => ({ id: 'U0SOMEBODY', name: 'somebody', team_id: 'T0OURS0001', ...more });

describe('what kind of account somebody has', () => {
  test.each<[string, object, string | null]>([
    ['a member', {}, 'member'],
    ['a member, where no workspace is said', { team_id: undefined }, 'member'],
    ['a guest in several channels', { is_restricted: true, is_ultra_restricted: false }, 'guest'],
    ['a guest in one channel', { is_restricted: true, is_ultra_restricted: true }, 'guest'],
    ['somebody of another workspace', { team_id: 'T0OTHER001' }, 'outside'],
    ['a guest of another workspace', { team_id: 'T0OTHER001', is_restricted: true }, 'outside'],
    ['a stranger', { team_id: undefined, is_stranger: true }, 'outside'],
    [
      'somebody of the organisation',
      { team_id: 'T0SISTER01', enterprise_user: { teams: ['T0OURS0001'] } },
      'member',
    ],
    ['the same, said elsewhere', { team_id: 'E0ORG00001', teams: ['T0SISTER01', 'T0OURS0001'] }, 'member'],
    [
      'a guest of the organisation',
      { team_id: 'T0SISTER01', teams: ['T0OURS0001'], is_restricted: true },
      'guest',
    ],
    [
      'somebody of a sister',
      { team_id: 'E0ORG00001', enterprise_user: { teams: ['T0SISTER01'] } },
      'outside',
    ],
    ['somebody of the organisation, no more said', { team_id: 'E0ORG00001' }, null],
    ['another organisation', { team_id: 'E0OTHER001' }, 'outside'],
    ['a bot', { is_bot: true }, 'bot'],
    ['a bot of another workspace', { is_bot: true, team_id: 'T0OTHER001' }, 'bot'],
    ['Slack itself', { id: 'USLACKBOT' }, 'bot'],
  ])('%s', (_, told, kind) => {
    expect(personOf(user(told), HOME)).toMatchObject({ kind, deleted: false });
    expect(personOf(user({ ...told, deleted: true }), HOME)).toMatchObject({ kind, deleted: true });
  });

  test('is not guessed before Slack has said who we are', () => {
    expect(personOf(user(), null)?.kind).toBeNull();
    expect(personOf(user({ is_restricted: true }), null)?.kind).toBeNull();
    expect(personOf(user({ is_stranger: true }), null)?.kind).toBe('outside');
    expect(personOf(user({ is_bot: true }), null)?.kind).toBe('bot');
  });

  test('is learnt from the list at the start, from changes, from who joins, and from a question about a stranger', async () => {
    kit = await startKit('http');
    const { people, typed } = kit.behind;
    const kind = (id: string) => people.get(id)?.kind;
    await until(() => people.has('U0FINN0006'));
    expect(kind('U0ANA00001')).toBe('member');
    expect(kind('U0FINN0006')).toBe('guest');
    expect(kind('USLACKBOT')).toBe('bot');
    expect(people.get('U0EVA00005')).toMatchObject({ kind: 'member', deleted: true });

    await kit.act('user', { user: 'bo', is_restricted: true });
    await until(() => kind('U0BO000002') === 'guest');
    await kit.act('user', { user: 'bo', is_restricted: false });
    await until(() => kind('U0BO000002') === 'member');

    await kit.act('user/join', {
      id: 'U0GUEST007',
      name: 'gus',
      is_restricted: true,
      is_ultra_restricted: true,
    });
    await until(() => kind('U0GUEST007') === 'guest');

    // Not in any list: only asking tells. Nobody waits for it.
    await kit.act('user/join', { id: 'U0EVE00008', name: 'eve' });
    await until(() => kind('U0EVE00008') === 'member');
    people.delete('U0EVE00008');
    await kit.act('user', { user: 'eve', team_id: 'T0PARTNER1' });
    await until(() => kind('U0EVE00008') === 'outside');
    expect(typed).toEqual([]);
  });

  test('a row that an older version kept is learnt anew: from the list, or when somebody acts', async () => {
    const before = { handle: 'x', realName: null, tz: null, isBot: false, deleted: false, kind: null };
    const rows = new Map<string, KnownPerson>(
      ['U0ANA00001', 'U0EVE00008'].map((id) => [id, { ...before, id, name: id }]),
    );
    const people: PeopleStore = {
      get: async (_team, id) => rows.get(id) ?? null,
      upsert: async (_team, list) => {
        for (const person of list) rows.set(person.id, person);
      },
    };
    const seed = { users: [{ id: 'U0EVE00008', name: 'eve', team_id: 'T0PARTNER1' }] };
    kit = await startKit('http', { people }, seed);
    await until(() => rows.get('U0ANA00001')?.kind === 'member');
    expect(rows.get('U0EVE00008')?.kind).toBeNull();
    await kit.act('join', { user: 'eve', channel: 'general' });
    await kit.act('command', { user: 'eve', channel: 'general', command: '/incident', text: 'list' });
    await until(() => rows.get('U0EVE00008')?.kind === 'outside');
  });
});

describe('the list of everybody', () => {
  const crowd = Array.from({ length: 430 }, (_, i) => ({
    id: `U0CROWD${String(i).padStart(3, '0')}`,
    name: `crowd${i}`,
  }));

  // Each has a Slack of its own, and most of its time it waits as it is told to.
  test.concurrent.each([
    ['asks to wait at the first page', 'ratelimit', 1, 0],
    ['asks to wait at the second page', 'ratelimit', 1, 1],
    ['asks to wait at the last page', 'ratelimit', 1, 2],
    ['asks to wait and does not say how long', 'ratelimit', 'none', 1],
    ['is broken at the second page', 'http500', 503, 1],
    ['shows a page instead of the last page', 'body', '<html>', 2],
    ['says nothing at the last page', 'body', '', 2],
    ['says yes and nothing else', 'body', '{"ok":true}', 2],
    ['keeps us out at the second page', 'error', 'team_access_not_granted', 1],
    ['says what nobody knows', 'error', 'never_seen_code', 1],
  ])('is read to its end when Slack %s', async (_, kind, value, after) => {
    const sandbox = await startSandbox({
      manifest: MANIFEST,
      seed: { users: crowd },
      settings: { rateLimits: false },
    });
    const order = (body: object) =>
      fetch(`${sandbox.url}/control/fault`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    const times = value === 'none' ? 1 : 2;
    await order({ method: 'users.list', kind, value, times, after });
    const kept = new Set<string>();
    const infos: object[] = [];
    const people = createPeople({
      store: {
        get: async () => null,
        upsert: async (_team, list) => {
          for (const { id } of list) kept.add(id);
        },
      },
      client: createSlackClient({ token: sandbox.botToken, apiUrl: sandbox.apiUrl, log: quiet }),
      home: () => HOME,
      log: { ...quiet, info: (fields) => infos.push(fields) },
      now: () => new Date(),
      againMs: 10,
    });
    people.start('team');
    await until(() => infos.length > 0);
    people.stop();
    // The sandbox's own people and the bot beside them.
    expect(infos).toEqual([{ people: 438 }]);
    expect(crowd.filter(({ id }) => !kept.has(id))).toEqual([]);
    const { calls } = (await (await fetch(`${sandbox.url}/control/log?method=users.list`)).json()) as {
      calls: unknown[];
    };
    // A wait costs no page that was read already.
    if (kind === 'ratelimit') expect(calls).toHaveLength(3 + times);
    await sandbox.stop();
  });
});

test('a user group that is typed has its name, also where Slack sends its id alone', async () => {
  kit = await startKit('http');
  await kit.act('command', {
    user: 'ana',
    channel: 'general',
    command: '/incident',
    text: 'invite @sre @bo',
  });
  expect(kit.behind.typed).toMatchObject([
    {
      entered: {
        text: 'invite @sre @bo',
        mentions: [
          { id: 'S0SRE00001', name: 'sre' },
          { id: 'U0BO000002', name: 'bo' },
        ],
      },
    },
  ]);
  // Known from then on; a Slack that does not tell costs the name and nothing else.
  await kit.act('command', { user: 'ana', channel: 'general', command: '/incident', text: 'note @sre' });
  expect(await kit.calls('usergroups.list')).toHaveLength(1);
});

test('what is remembered is forgotten after its time, also where the clock was ahead when it was kept', () => {
  let wall = Date.now() + 3_600_000;
  const memory = new Memory<string>(5, 10, () => wall);
  memory.set('ana', 'Ana');
  expect(memory.get('ana')).toBe('Ana');
  wall -= 3_600_000;
  for (const since = performance.now(); performance.now() - since < 6; );
  expect(memory.get('ana')).toBeUndefined();
});
