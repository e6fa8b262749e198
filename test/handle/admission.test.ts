import { describe, expect, test } from '@jest/globals';
import type { Asking } from '#domain/intent.js';
import type { Rules } from '#domain/permission.js';
import type { Account } from '#domain/person.js';
import type { IncidentState } from '#domain/state.js';
import { createAdmission, type People, permitted } from '#handle/admission.js';
import { ana, asking, bo } from '../domain/given.js';
import { lead, standing } from '../domain/run-facts.js';

const state = { ...standing(lead(ana)), channel: { id: 'C7', name: 'inc-7' } };
const slack = (over: Partial<Asking> = {}): Asking => ({
  ...asking(),
  by: bo,
  seesPrivate: false,
  account: 'member',
  ...over,
});

/** What Slack and the record say in a test, and what they were asked. */
function people(over: { account?: Account; inside?: boolean; of?: Partial<IncidentState> } = {}) {
  const asked: string[] = [];
  const look: People = {
    account: async () => {
      asked.push('account');
      return over.account ?? 'member';
    },
    inChannel: async () => {
      asked.push('inChannel');
      return over.inside ?? false;
    },
    isAmong: async (_team, id, names) => names.includes(id),
    stateOf: async () => ({ ...state, ...over.of }),
  };
  return { look, asked };
}

describe('a rule that names roles only', () => {
  const rules: Rules = { see: ['lead'], export: ['lead'] };
  test.each(['see', 'export'] as const)('holds for what only looks: %s', async (power) => {
    const { look } = people();
    expect(await permitted(look, rules, power, 7, slack())).toMatchObject({ code: 'NOT_PERMITTED' });
    expect(await permitted(look, rules, power, 7, slack({ by: ana }))).toBeNull();
    const token = { source: 'api', by: { id: 'token:board', name: 'board' }, account: undefined } as const;
    expect(await permitted(look, rules, power, 7, slack(token))).toMatchObject({ code: 'NOT_PERMITTED' });
    expect(await permitted(look, rules, power, 7, slack({ ...token, owner: ana }))).toBeNull();
    expect(await permitted(look, rules, power, 7, slack({ ...token, owner: bo }))).toMatchObject({
      code: 'NOT_PERMITTED',
    });
  });
  test('is no obstacle to somebody who has the role and of whom nothing was known', async () => {
    const { look } = people();
    expect(await permitted(look, rules, 'export', 7, slack({ by: ana, account: 'unknown' }))).toBeNull();
  });
  test('a list is looked through one by one', async () => {
    expect(await permitted(people().look, rules, 'see', null, slack())).toBeNull();
  });
});

describe('somebody of whom nothing is known yet', () => {
  const stranger = slack({ account: 'unknown' });
  test.each(['see', 'export', 'publish', 'invite'] as const)('is asked about before: %s', async (power) => {
    for (const account of ['guest', 'outside', 'bot', 'gone'] as const) {
      const { look, asked } = people({ account });
      const no = await permitted(look, {}, power, 7, stranger);
      expect([account, no]).toEqual([account, expect.objectContaining({ code: 'NO_SUCH_INCIDENT' })]);
      expect(asked[0]).toBe('account');
    }
    expect(await permitted(people().look, {}, power, 7, stranger)).toBeNull();
    expect(await permitted(people({ account: 'unknown' }).look, {}, power, 7, stranger)).toBeNull();
  });
  test('what they record waits for nobody; what they publish, or let in, does', async () => {
    const { look, asked } = people({ account: 'guest' });
    const admit = createAdmission(look, {});
    const here = { ...stranger, seesPrivate: true };
    expect(admit({ type: 'RecordNote', moment: null, text: 'x' }, 7, here)).toEqual({});
    expect(admit({ type: 'ChangeStatus', status: 'identified', moment: null, text: null }, 7, here)).toEqual(
      {},
    );
    expect(asked).toEqual([]);
    const post = { type: 'PublishPost', state: null, moment: null, text: 'x', confirmed: true } as const;
    expect(await admit(post, 7, here)).toMatchObject({ asker: { account: 'guest' } });
    expect(await admit({ type: 'InvitePeople', people: [ana] }, 7, here)).toMatchObject({
      asker: { account: 'guest' },
    });
  });
});

test('of the owner of a token the channel says whether they are in it, if there is one', async () => {
  const token = { source: 'api', by: { id: 'token:board', name: 'board' }, owner: bo } as const;
  const as = (over: Parameters<typeof people>[0]) =>
    permitted(people(over).look, {}, 'run', 7, slack({ ...token, account: undefined }));
  expect(await as({ inside: false })).toMatchObject({ code: 'NOT_PERMITTED' });
  expect(await as({ inside: true })).toBeNull();
  expect(await as({ of: { channel: null } })).toBeNull();
});
