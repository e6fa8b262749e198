import { expect, test } from '@jest/globals';
import { approversFrom, createGroups } from '#slack/people/groups.js';
import type { SlackClient, SlackResult } from '#slack/transport/client.js';

const refused = (error: string): SlackResult => ({ kind: 'refused', error, needed: null, data: {} });
const groups: SlackResult = { kind: 'ok', data: { usergroups: [{ id: 'S1', handle: 'sre' }] } };
const warned: unknown[] = [];

/** Who stands for what: ana is a person of that name, eve calls herself sre, real is in the group of that handle. */
function finding(list: SlackResult, members: SlackResult = { kind: 'ok', data: { users: ['U0REAL'] } }) {
  const slack: SlackClient = { call: async (method) => (method === 'usergroups.list' ? list : members) };
  const names = new Map([
    ['ana', { id: 'U0ANA', name: 'ana' }],
    ['sre', { id: 'U0EVE', name: 'sre' }],
  ]);
  const people = { personByName: async (_: string, name: string) => names.get(name) ?? null };
  const approvers = new Map([['dbas', ['U0DBA', 'S9']]]);
  const log = { warn: (fields: unknown) => void warned.push(fields) } as never;
  return approversFrom({ approvers, people, groups: createGroups(slack), log });
}

test.each([
  ['a group, and nobody who calls himself so', groups, ['@sre'], ['U0REAL']],
  ['a person of that name', groups, ['@ana', '@nobody'], ['U0ANA']],
  ['names of the settings, with ids of people and groups', groups, ['@dbas'], ['U0DBA', 'U0REAL']],
  ['in a workspace without groups, people by their names', refused('unknown_method'), ['@ana'], ['U0ANA']],
])('%s', async (_, list, from, expected) => expect(await finding(list)('T1', from, [])).toEqual(expected));

test.each([
  ['does not answer', { kind: 'unknown', error: 'ETIMEDOUT', sent: true }],
  ['does not let us look', refused('missing_scope')],
  ['is busy', { kind: 'ratelimited', retryAfterMs: 1000 }],
] as Array<[string, SlackResult]>)('where Slack %s, those of before count, and no name', async (_, list) => {
  warned.length = 0;
  expect(await finding(list)('T1', ['@sre', '@ana'], ['U0OLD'])).toEqual(['U0OLD']);
  expect(warned).toHaveLength(1);
});
