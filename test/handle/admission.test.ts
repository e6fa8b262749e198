import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { Asking, Intent } from '#domain/incident/intent.js';
import { decide } from '#domain/incident/rules/decide.js';
import type { IncidentState } from '#domain/incident/state.js';
import { GIVEN_POWERS, type Power, type Rules, sees } from '#domain/permission.js';
import type { Account } from '#domain/words.js';
import { createAdmission, type People, permitted } from '#handle/lookups.js';
import { ana, asking, bo } from '../domain/given.js';
import { lead, planned, proposed, standing } from '../domain/run/facts.js';

const state = { ...standing(lead(ana)), channel: { id: 'C7', name: 'inc-7' } };
const slack = (over: Partial<Asking> = {}): Asking => ({
  ...asking(),
  by: bo,
  seesPrivate: false,
  account: 'member',
  ...over,
});

/** What Slack and the record say in a test, and what they were asked. */
function people(
  over: { account?: Account; inside?: boolean; silent?: boolean; of?: Partial<IncidentState> } = {},
) {
  const asked: string[] = [];
  const look: People = {
    account: async () => {
      asked.push('account');
      return over.account ?? 'member';
    },
    inChannel: async () => {
      asked.push('inChannel');
      return over.silent ? null : (over.inside ?? false);
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

describe('the table of accounts', () => {
  const page = readFileSync(join(process.cwd(), 'docs/permissions.md'), 'utf8');
  const rows = [...page.matchAll(/^\| ([^|`]+) \| ((?:(?:yes|no|hidden) ?\|? ?){7})\|$/gm)].map(
    ([, who = '', cells = '']) => ({ who, cells: cells.split('|').map((cell) => cell.trim()) }),
  );
  const token = { source: 'api', by: { id: 'token:board', name: 'board' }, account: undefined } as const;
  const cli = { source: 'cli', by: { id: 'cli:ops', name: 'ops' }, account: undefined } as const;
  const OTHERS = ['guest', 'outside', 'bot', 'gone'] as const;
  /** Who asks, by the row: each as they would come in, with what Slack and the record say. */
  const WHO: Record<string, Array<[Partial<Asking>, Parameters<typeof people>[0]]>> = {
    'full member, in the channel': [
      [{ seesPrivate: true }, { inside: true }],
      [{}, { inside: true }],
    ],
    'full member, elsewhere': [[{}, { inside: false }]],
    'the lead, elsewhere': [[{ by: ana }, { inside: false }]],
    'guest, other workspace, bot, deactivated; in the channel': OTHERS.flatMap((account) => [
      [
        { account, seesPrivate: true },
        { account, inside: true },
      ],
      [{ account }, { account, inside: true }],
    ]),
    'guest, other workspace, bot, deactivated; elsewhere': OTHERS.map((account) => [
      { account },
      { account, inside: false },
    ]),
    'not known, and Slack does not say': [
      [{ account: 'unknown' }, { account: 'unknown', inside: true }],
      [{ account: undefined }, { account: 'unknown', inside: false }],
    ],
    'token without an owner': [[token, {}]],
    'token, its owner a full member in the channel': [[{ ...token, owner: bo }, { inside: true }]],
    'token, its owner a full member elsewhere': [[{ ...token, owner: bo }, { inside: false }]],
    'token, its owner a guest or deactivated': (['guest', 'outside', 'bot', 'gone'] as const).map(
      (account) => [
        { ...token, owner: bo },
        { account, inside: true },
      ],
    ),
    'command line, without an owner': [[cli, { inside: false }]],
    'command line, its owner a full member': [[{ ...cli, owner: bo }, { silent: true }]],
  };
  const run = { type: 'ProposeRun', runbook: 'r', definition: 'd', inputs: '{}', target: 't' } as const;
  const INTENTS: Record<string, Intent> = {
    note: { type: 'RecordNote', moment: null, text: 'x' },
    declare: {
      ...{ type: 'OpenIncident', title: 'x', severity: null, components: [] },
      ...{ private: false, drill: false, moment: null },
    } as Intent,
    correct: { type: 'UndoLastEntry' },
    state: { type: 'ChangeStatus', status: 'identified', moment: null, text: null },
    invite: { type: 'InvitePeople', people: [ana] },
    publish: { type: 'PublishPost', state: null, moment: null, text: 'x', confirmed: true },
    run: { ...run, planOnly: false },
    plan: { ...run, planOnly: true },
    approve: { type: 'ApproveRun', run: 1, hash: null, breakGlass: null },
    break_glass: { type: 'ApproveRun', run: 1, hash: null, breakGlass: 'x' },
    cancel: { type: 'CancelRun', run: 1, reason: null },
    reject: { type: 'RejectRun', run: 1, reason: null },
    retry: { type: 'RetryStep', run: 1 },
    skip: { type: 'SkipStep', run: 1, reason: 'x' },
    answer: { type: 'AnswerStep', run: 1, step: null, choice: 'x' },
    'undo RUN': { type: 'UndoRun', run: 1 },
  };
  const NO = /^(NOT_PERMITTED|ACCOUNT_UNKNOWN|OWNER_NEEDED|RUN_APPROVER_GONE|RUN_NEEDS_A_PERSON)$/;
  const of = { ...standing(lead(ana), proposed(), planned({ from: [] })), channel: state.channel };

  /** The way that a request takes: looked at, let in, decided. */
  async function outcome(power: string, over: Partial<Asking>, says: Parameters<typeof people>[0]) {
    const { look } = people({ ...says, of });
    const by = slack(over);
    const intent = INTENTS[power];
    if (!intent) {
      const no = await permitted(look, {}, power as Power, 7, by);
      const seen = by.source !== 'slack' || (await sees(of, by, (...at) => look.inChannel(...at)));
      if (!seen || no?.code === 'NO_SUCH_INCIDENT') return 'hidden';
      return no ? 'no' : 'yes';
    }
    const target = power === 'declare' ? null : 7;
    const admission = await createAdmission(look, {})(intent, target, by);
    if (admission.inside === false) return 'hidden';
    const nothing = { entry: null, changes: [], captured: null, actionDone: false, number: 7 };
    const decision = decide(target === null ? null : of, intent, by, { ...nothing, ...admission }, {});
    return 'code' in decision && NO.test(decision.code) ? 'no' : 'yes';
  }

  const head = /^\| who \| (.*) \|$/m.exec(page)?.[1]?.split(' | ') ?? [];
  const columns = head.map((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, power = '']) => power));

  test('holds everybody, and every power that can be given', () => {
    expect(rows.map(({ who }) => who)).toEqual(Object.keys(WHO));
    expect(columns.flat()).toEqual(expect.arrayContaining([...GIVEN_POWERS]));
  });
  test.each(rows)('$who', async ({ who, cells }) => {
    for (const [i, powers] of columns.entries())
      for (const power of powers)
        for (const [over, says] of WHO[who] ?? [])
          expect([power, over.account, await outcome(power, over, says)]).toEqual([
            power,
            over.account,
            cells[i],
          ]);
  });
});
