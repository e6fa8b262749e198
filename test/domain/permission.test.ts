import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { VERBS as MACHINE } from '#cli/cli.js';
import { VERBS } from '#domain/command/verbs.js';
import type { Asking, Intent } from '#domain/incident/intent.js';
import { decide } from '#domain/incident/rules/decide.js';
import {
  forbidden,
  isHere,
  PERMISSIONS,
  POWERS,
  type Power,
  powerFor,
  type Rules,
  readRules,
  rulesWithPublishers,
  sees,
  sightOf,
} from '#domain/permission.js';
import { runsOf } from '#domain/run/state.js';
import type { Account, Person } from '#domain/words.js';
import { intended } from './command/support.js';
import { ana, asking, bo, given, INSIDE, NOW, opened } from './given.js';
import { by, chen, decided, HASH, lead, planned, proposed, standing } from './run/facts.js';

const moment = { at: '2024-11-10T01:00:00Z', until: null, precision: 'minute' as const };
const LEFT: Record<string, Intent> = {
  declare: {
    type: 'OpenIncident',
    title: 'x',
    severity: null,
    components: [],
    private: false,
    drill: false,
    moment: null,
  },
  note: { type: 'RecordNote', moment: null, text: 'x' },
  correct: { type: 'UndoLastEntry' },
  state: { type: 'ChangeStatus', status: 'identified', moment: null, text: null },
  milestone: { type: 'MarkMilestone', milestone: 'started', moment },
  role: { type: 'AssignRole', role: 'lead', person: ana },
  invite: { type: 'InvitePeople', people: [bo] },
  page: { type: 'PagePeople', policy: null, people: [bo], reason: null, again: false },
  ack: { type: 'AcknowledgePage', page: null },
  uninvite: { type: 'UninvitePeople', people: [bo] },
  publish: { type: 'PublishPost', state: null, moment: null, text: 'x', confirmed: true },
  plan: {
    type: 'ProposeRun',
    runbook: 'r',
    definition: 'd',
    inputs: '{}',
    target: 't',
    planOnly: true,
  },
  run: {
    type: 'ProposeRun',
    runbook: 'r',
    definition: 'd',
    inputs: '{}',
    target: 't',
    planOnly: false,
  },
  undo: { type: 'UndoRun', run: 1 },
  retry: { type: 'RetryStep', run: 1 },
  skip: { type: 'SkipStep', run: 1, reason: 'x' },
  answer: { type: 'AnswerStep', run: 1, step: null, choice: 'x' },
  approve: { type: 'ApproveRun', run: 1, hash: null, breakGlass: null },
  reject: { type: 'RejectRun', run: 1, reason: null },
  glass: { type: 'ApproveRun', run: 1, hash: null, breakGlass: 'x' },
  cancel: { type: 'CancelRun', run: 1, reason: null },
  watch: { type: 'StartWatch', forMs: 60_000, everyMs: 30_000, probes: ['api'], queries: [] },
  'watch stop': { type: 'StopWatch' },
};
const RECORDING = [
  'declare',
  'note',
  'correct',
  'state',
  'milestone',
  'role',
  'invite',
  'uninvite',
  'page',
  'ack',
  'publish',
];
const ACTING = [
  'plan',
  'run',
  'undo',
  'retry',
  'skip',
  'answer',
  'approve',
  'reject',
  'glass',
  'cancel',
  'watch',
  'watch stop',
];

/** The code of the refusal, or null: whatever else it is, it is not about who asks. */
function refusedTo(
  what: string,
  asker: { account: Account; present: boolean | null; among?: boolean },
  {
    rules = {} as Rules,
    who = chen as Person,
    of = {} as Partial<Asking>,
    lead: leads = null as Person | null,
  } = {},
): string | null {
  const waiting = planned({ from: [] });
  const state = standing(...(leads ? [lead(leads)] : []), proposed(), waiting);
  const decision = decide(
    what === 'declare' ? null : state,
    LEFT[what] as Intent,
    { ...asking(), by: who, account: asker.account, ...of },
    {
      ...{ entry: null, changes: [], captured: null, actionDone: false, number: 7 },
      asker: { among: false, ...asker },
    },
    rules,
  );
  const code = 'code' in decision ? decision.code : null;
  return code &&
    /^(NOT_PERMITTED|ACCOUNT_UNKNOWN|OWNER_NEEDED|RUN_APPROVER_GONE|RUN_NEEDS_A_PERSON)$/.test(code)
    ? code
    : null;
}

describe('who may, where tocsin.yml says nothing', () => {
  test.each(RECORDING)('a full member, anywhere: %s', (what) => {
    expect(refusedTo(what, { account: 'member', present: false })).toBeNull();
  });
  test.each(ACTING)('a full member in the channel: %s', (what) => {
    expect(refusedTo(what, { account: 'member', present: true })).toBeNull();
  });
  test.each(ACTING)(
    'a full member who is not in the channel, or of whom Slack does not say: not %s',
    (what) => {
      expect(refusedTo(what, { account: 'member', present: false })).toBe('NOT_PERMITTED');
      expect(refusedTo(what, { account: 'member', present: null })).toBe('NOT_PERMITTED');
    },
  );
  test.each(ACTING.filter((what) => what !== 'approve'))('the lead, from anywhere: %s', (what) => {
    expect(refusedTo(what, { account: 'member', present: false }, { lead: chen })).toBeNull();
  });
  test.each(['guest', 'outside', 'bot', 'gone'] as const)('%s: notes and no more', (account) => {
    for (const what of [...RECORDING, ...ACTING]) {
      const code = refusedTo(what, { account, present: true, among: true }, { lead: chen });
      expect([what, code === null]).toEqual([what, what === 'note']);
    }
  });
  test.each(['guest', 'outside', 'bot', 'gone'] as const)('%s: no rule gives it more', (account) => {
    const rules = Object.fromEntries(POWERS.map((power) => [power, ['everyone', 'channel', 'lead', 'U3']]));
    for (const what of [...RECORDING, ...ACTING]) {
      const code = refusedTo(what, { account, present: true, among: true }, { lead: chen, rules });
      expect([what, code === null]).toEqual([what, what === 'note']);
    }
  });
  test('somebody of whom Slack has said nothing yet records, and acts on nothing', () => {
    for (const what of RECORDING) expect(refusedTo(what, { account: 'unknown', present: true })).toBeNull();
    for (const what of ACTING)
      expect(refusedTo(what, { account: 'unknown', present: true }, { lead: chen })).toBe('ACCOUNT_UNKNOWN');
  });
});

describe('who may, as tocsin.yml says', () => {
  const rules: Rules = { run: ['@sre'], break_glass: ['lead'], publish: ['comms'], approve: ['U3'] };
  test('only those who are named', () => {
    expect(refusedTo('run', { account: 'member', present: true }, { rules })).toBe('NOT_PERMITTED');
    expect(refusedTo('run', { account: 'member', present: false, among: true }, { rules })).toBeNull();
    expect(refusedTo('undo', { account: 'member', present: true }, { rules })).toBe('NOT_PERMITTED');
    expect(
      refusedTo(
        'glass',
        { account: 'member', present: true, among: true },
        { rules: { break_glass: ['lead'] } },
      ),
    ).toBeNull();
    expect(refusedTo('glass', { account: 'member', present: true }, { rules })).toBe('NOT_PERMITTED');
    expect(refusedTo('glass', { account: 'member', present: true }, { rules, lead: chen })).toBeNull();
    expect(refusedTo('publish', { account: 'member', present: true }, { rules })).toBe('NOT_PERMITTED');
    expect(refusedTo('cancel', { account: 'member', present: true }, { rules })).toBeNull();
  });
  test('approving takes both: the rule, and what the definition says', () => {
    const from = planned({ from: ['@sre'], people: ['U3'] });
    const yes = LEFT.approve as Intent;
    const as = (among: boolean, has: Rules) =>
      decided([proposed(), from], yes, { who: chen, rules: has, found: { asker: { ...INSIDE, among } } });
    expect(as(true, rules)).toMatchObject([{ type: 'RunApproved' }]);
    expect(as(false, rules)).toMatchObject({ code: 'NOT_PERMITTED' });
    const outside = { ...INSIDE, present: false };
    // Whom a definition names was named for it, and need not sit in the channel.
    expect(decided([proposed(), from], yes, { who: chen, found: { asker: outside } })).toMatchObject([
      { type: 'RunApproved' },
    ]);
    expect(
      decided([proposed(), planned({ from: [] })], yes, { who: chen, found: { asker: outside } }),
    ).toMatchObject({
      code: 'NOT_PERMITTED',
    });
  });
  test('the refusal says who may, and how they are reached', () => {
    const state = { ...standing(lead(ana), proposed()), channel: { id: 'C7', name: 'inc-7-tts' } };
    const told = (has: Rules) =>
      decide(
        state,
        LEFT.cancel as Intent,
        { ...asking(), by: chen },
        {
          ...{ entry: null, changes: [], captured: null, actionDone: false, number: 7 },
          asker: { account: 'guest', present: true, among: false },
        },
        has,
      );
    expect(told({})).toMatchObject({
      sentence:
        'Cancelling a run is for the lead (ana), or full members of the workspace who are in #inc-7-tts; you are a guest in this workspace.',
      next: 'Ask in #inc-7-tts; if you are a full member, join it and type it there.',
    });
    expect(told({ cancel: ['scribe', '@sre', 'U9'] })).toMatchObject({
      sentence:
        'Cancelling a run is for the scribe (nobody yet: `role scribe @NAME`), or @sre, or <@U9>; you are a guest in this workspace.',
      next: 'Ask one of them in #inc-7-tts.',
    });
  });
});

describe('who speaks to the public', () => {
  const publishers = ['comms', '@press'];
  test('the publishers of the status page, once there are any', () => {
    expect(rulesWithPublishers({}, publishers)).toEqual({ publish: publishers, maintain: publishers });
    expect(rulesWithPublishers({ state: ['lead'] }, publishers)).toEqual({
      ...{ state: ['lead'], publish: publishers, maintain: publishers },
    });
  });
  test('unless the permissions say so of the power itself', () => {
    const rules: Rules = { publish: ['lead'], run: ['@sre'] };
    expect(rulesWithPublishers(rules, publishers)).toEqual({ ...rules, maintain: publishers });
    expect(rulesWithPublishers({ maintain: ['@ops'] }, publishers)).toEqual({
      ...{ publish: publishers, maintain: ['@ops'] },
    });
  });
  test('else whoever may change an incident', () => {
    expect(rulesWithPublishers({}, null)).toEqual({});
    expect(rulesWithPublishers({ state: ['@sre'] }, null)).toEqual({
      ...{ state: ['@sre'], publish: ['@sre'], maintain: ['@sre'] },
    });
    expect(rulesWithPublishers({ state: ['@sre'], publish: ['everyone'] }, null)).toEqual({
      ...{ state: ['@sre'], publish: ['everyone'], maintain: ['@sre'] },
    });
  });
  test('a member who is no publisher is told who is', () => {
    const rules = rulesWithPublishers({}, ['@press']);
    const asker = { account: 'member' as const, present: true, among: false };
    const who = asking(bo);
    for (const power of ['publish', 'maintain'] as const) {
      expect(forbidden(power, null, who, asker, rules)).toMatchObject({
        ...{ code: 'NOT_PERMITTED', sentence: expect.stringContaining('is for @press') },
      });
      expect(forbidden(power, null, who, { ...asker, among: true }, rules)).toBeNull();
      expect(forbidden(power, null, who, asker, {})).toBeNull();
    }
  });
  test('subscribers are seen by who is at the machine, and by nobody else', () => {
    const of = (more: Partial<Asking>) =>
      forbidden(
        'subscribers',
        null,
        { ...asking(bo), ...more },
        { account: 'member', present: true, among: false },
        {},
      );
    expect(of({})).toMatchObject({
      sentence:
        'Seeing subscribers is for whoever is at the machine that runs Tocsin; you are not among them.',
    });
    const token = { source: 'api', by: { id: 'token:board', name: 'board' } } as const;
    expect(of(token)).toMatchObject({ code: 'NOT_PERMITTED' });
    expect(of({ ...token, owner: bo })).toMatchObject({ code: 'NOT_PERMITTED' });
    expect(of({ source: 'cli', by: { id: 'cli:ops', name: 'ops' } })).toBeNull();
    expect(readRules({ subscribers: ['@privacy'] }, null)).toMatchObject({
      problems: [{ path: ['subscribers'], what: expect.stringContaining('is nothing that can be given') }],
    });
  });
});

describe('tokens and the command line', () => {
  const token = { id: 'token:board', name: 'board' };
  const by = (source: 'cli' | 'api', owner: Person | null = null) => ({
    who: source === 'cli' ? { id: 'cli:ops', name: 'ops' } : token,
    of: { source, owner } as Partial<Asking>,
  });
  const nobody = { account: 'unknown', present: null } as const;

  test('without an owner a token asks for runs, records, and decides nothing', () => {
    for (const what of [...RECORDING, 'plan', 'run'])
      expect([what, refusedTo(what, nobody, by('api'))]).toEqual([what, null]);
    for (const what of ['undo', 'retry', 'skip', 'answer', 'reject', 'cancel'])
      expect([what, refusedTo(what, nobody, by('api'))]).toEqual([what, 'OWNER_NEEDED']);
    for (const what of ['approve', 'glass'])
      expect(refusedTo(what, nobody, by('api'))).toBe('RUN_NEEDS_A_PERSON');
  });
  test('whoever is at the machine may do all but agree', () => {
    for (const what of [...RECORDING, ...ACTING].filter((one) => !['approve', 'glass'].includes(one)))
      expect([what, refusedTo(what, nobody, by('cli'))]).toEqual([what, null]);
    for (const what of ['approve', 'glass'])
      expect(refusedTo(what, nobody, by('cli'))).toBe('RUN_NEEDS_A_PERSON');
  });
  test('an owner is looked at like the person', () => {
    for (const source of ['cli', 'api'] as const) {
      const of = by(source, chen);
      expect(refusedTo('run', { account: 'member', present: null }, of)).toBeNull();
      expect(refusedTo('cancel', { account: 'member', present: null }, of)).toBeNull();
      expect(refusedTo('run', { account: 'guest', present: null }, of)).toBe('NOT_PERMITTED');
      expect(refusedTo('note', { account: 'gone', present: null }, of)).toBe('NOT_PERMITTED');
      expect(refusedTo('run', { account: 'unknown', present: null }, of)).toBe('ACCOUNT_UNKNOWN');
      expect(
        refusedTo('run', { account: 'member', present: null }, { ...of, rules: { run: ['@sre'] } }),
      ).toBe('NOT_PERMITTED');
      expect(
        refusedTo(
          'run',
          { account: 'member', present: null, among: true },
          { ...of, rules: { run: ['@sre'] } },
        ),
      ).toBeNull();
    }
  });
  test('an owner who is known not to be in the channel may no more there than in Slack', () => {
    for (const source of ['cli', 'api'] as const)
      for (const what of ACTING.filter((one) => !['approve', 'glass'].includes(one)))
        expect([what, refusedTo(what, { account: 'member', present: false }, by(source, chen))]).toEqual([
          what,
          'NOT_PERMITTED',
        ]);
    expect(
      refusedTo('run', { account: 'member', present: false }, { ...by('api', chen), lead: chen }),
    ).toBeNull();
  });
  test('a rule that names a token names it, whoever answers for it, as long as that is a full member', () => {
    const rules: Rules = { run: ['token:board'], publish: ['token:other'] };
    const of = { ...by('api', chen), rules };
    expect(refusedTo('run', { account: 'member', present: false }, of)).toBeNull();
    expect(refusedTo('publish', { account: 'member', present: false }, of)).toBe('NOT_PERMITTED');
    expect(refusedTo('run', { account: 'guest', present: true }, of)).toBe('NOT_PERMITTED');
  });
  test('what a rule gives to people is not a token’s, unless it names the token', () => {
    expect(refusedTo('run', nobody, { ...by('api'), rules: { run: ['@sre'] } })).toBe('OWNER_NEEDED');
    expect(refusedTo('publish', nobody, { ...by('api'), rules: { publish: ['comms'] } })).toBe(
      'NOT_PERMITTED',
    );
    expect(refusedTo('run', nobody, { ...by('api'), rules: { run: ['token:board'] } })).toBeNull();
    expect(refusedTo('note', nobody, { ...by('api'), rules: { note: ['everyone'] } })).toBeNull();
  });
  test('the owner of the token that asked for a run is who asked for it', () => {
    const ask = decided([], LEFT.run as Intent, { who: token, source: 'api', owner: bo });
    expect(ask).toMatchObject([{ type: 'RunProposed', data: { owner: 'U2' } }]);
    const asked = [proposed({ owner: 'U2' }), planned({ from: [] })];
    expect(decided(asked, LEFT.approve as Intent, { who: bo })).toMatchObject({ code: 'RUN_OWN' });
    expect(decided(asked, LEFT.approve as Intent, { who: chen })).toMatchObject([{ type: 'RunApproved' }]);
    const self = [proposed({ owner: 'U2' }), planned({ from: [], self: true })];
    expect(decided(self, LEFT.approve as Intent, { who: bo })).toMatchObject([{ type: 'RunApproved' }]);
  });
  test('nobody but Tocsin itself says what only Tocsin knows', () => {
    const left: Intent = { type: 'NotePeopleLeft', people: [ana] };
    expect(decided([], left)).toMatchObject({ refused: true });
    expect(decided([], left, { source: 'bot' })).toMatchObject([{ type: 'PeopleLeft' }]);
  });
});

describe('four eyes', () => {
  const yes = LEFT.approve as Intent;
  const waits = [lead(ana), by(chen, proposed()), planned({ from: ['lead'] })];
  test('a role counts for whoever held it when the plan was shown', () => {
    expect(decided(waits, yes, { who: ana })).toMatchObject([{ type: 'RunApproved' }]);
    // Bo makes himself lead and would agree as such.
    expect(decided([...waits, by(bo, lead(bo))], yes, { who: bo })).toMatchObject({
      code: 'RUN_ROLES_CHANGED',
    });
    // Chen makes bo the lead: bo has changed nothing, and still was not lead when it was shown.
    expect(decided([...waits, by(chen, lead(bo))], yes, { who: bo })).toMatchObject({
      code: 'RUN_ROLE_LATE',
    });
    // Who handed it on, and got it back.
    const back = [...waits, by(chen, lead(bo)), by(chen, lead(ana))];
    expect(decided(back, yes, { who: ana })).toMatchObject([{ type: 'RunApproved' }]);
  });
  test('who changed the role agrees in no other quality either', () => {
    const named = [lead(ana), by(chen, proposed()), planned({ from: ['lead', '@sre'], people: ['U2'] })];
    expect(decided(named, yes, { who: bo })).toMatchObject([{ type: 'RunApproved' }]);
    expect(decided([...named, by(bo, lead(chen))], yes, { who: bo })).toMatchObject({
      code: 'RUN_ROLES_CHANGED',
    });
    const anybody = [lead(ana), by(chen, proposed()), planned({ from: [] })];
    expect(decided([...anybody, by(bo, lead(chen))], yes, { who: bo })).toMatchObject({
      code: 'RUN_ROLES_CHANGED',
    });
  });
  test('a role by which nobody approves may be given away meanwhile', () => {
    const scribe = { ...lead(bo), data: { ...lead(bo).data, role: 'scribe' } } as never;
    expect(decided([...waits, by(ana, scribe)], yes, { who: ana })).toMatchObject([{ type: 'RunApproved' }]);
  });
  test('another plan is shown to those who hold the roles then', () => {
    const anew = planned({ from: ['lead'] }, { hash: 'cafe'.repeat(16), again: true });
    expect(decided([...waits, by(bo, lead(bo)), anew], yes, { who: bo })).toMatchObject([
      { type: 'RunApproved' },
    ]);
  });
  test('striking the entry that gave the role counts as changing it', () => {
    const struck = {
      type: 'EntryStruck',
      data: { entry: 2, restored: { role: { role: 'lead', person: 'U2' } } },
      texts: { reason: 'x', person: 'bo' },
    } as never;
    expect(decided([...waits, by(bo, struck)], yes, { who: bo })).toMatchObject({
      code: 'RUN_ROLES_CHANGED',
    });
  });
  test('the glass is no way for it either, where only the lead may break it', () => {
    const rules: Rules = { break_glass: ['lead'] };
    expect(decided(waits, LEFT.glass as Intent, { who: bo, rules })).toMatchObject({ code: 'NOT_PERMITTED' });
    expect(decided([...waits, by(bo, lead(bo))], LEFT.glass as Intent, { who: bo, rules })).toMatchObject({
      code: 'RUN_ROLES_CHANGED',
    });
    expect(decided([...waits, by(chen, lead(bo))], LEFT.glass as Intent, { who: bo, rules })).toMatchObject({
      code: 'RUN_ROLE_LATE',
    });
    expect(decided(waits, LEFT.glass as Intent, { who: ana, rules })).toMatchObject([
      { type: 'RunApproved' },
    ]);
  });
  test('where tocsin.yml gives approving to the lead, a lead of later hears why not', () => {
    const rules: Rules = { approve: ['lead'] };
    const anybody = [lead(ana), by(chen, proposed()), planned({ from: [] })];
    expect(decided([...anybody, by(bo, lead(bo))], yes, { who: bo, rules })).toMatchObject({
      code: 'RUN_ROLES_CHANGED',
    });
    expect(decided([...anybody, by(chen, lead(bo))], yes, { who: bo, rules })).toMatchObject({
      code: 'RUN_ROLE_LATE',
    });
  });
});

describe('who may look', () => {
  const state = {
    ...standing(),
    private: true,
    members: ['U1'],
    since: {},
    channel: { id: 'C7', name: 'inc-7' },
  };
  const as = (id: string, over: object = {}) => ({
    ...asking(),
    by: { id, name: null },
    ...over,
  });
  const inside =
    (...people: string[]) =>
    async (_team: string, _channel: string, id: string) =>
      people.includes(id);

  test('a member for as long as they are in the channel; Slack that says nothing shows nothing elsewhere', async () => {
    expect(await sees(state, as('U1'), inside('U1'))).toBe(true);
    expect(await sees(state, as('U1'), inside())).toBe(false);
    expect(await sees(state, as('U1'), async () => null)).toBe(false);
    expect(await sees(state, as('U2'), inside('U2'))).toBe(false);
    expect(await sees(state, as('U1', { seesPrivate: true }), inside())).toBe(true);
  });
  test('an invitation that is on its way counts for two minutes', async () => {
    const at = (seconds: number) => ({
      ...state,
      since: { U1: new Date(+NOW - seconds * 1000).toISOString() },
    });
    expect(await sees(at(119), as('U1'), inside())).toBe(true);
    expect(await sees(at(121), as('U1'), inside())).toBe(false);
    // From a clock that was an hour ahead: not for that hour.
    expect(await sees(at(-3_600), as('U1'), inside())).toBe(false);
  });
  test('before there is a channel the record counts, and for programs always', () => {
    expect(sightOf({ ...state, channel: null }, as('U1'))).toBe('yes');
    expect(sightOf(state, as('U1', { source: 'cli' }))).toBe('yes');
    expect(sightOf(state, as('U2', { source: 'cli' }))).toBe('no');
  });
  test.each(['guest', 'outside', 'bot', 'gone'] as const)(
    '%s: a public incident only from within',
    async (account) => {
      const open = { ...state, private: false };
      expect(await sees(open, as('U2', { account }), inside())).toBe(false);
      expect(await sees(open, as('U2', { account }), inside('U2'))).toBe(true);
      expect(await sees(open, as('U2'), inside())).toBe(true);
    },
  );
  test('only in Slack is the own channel a proof of being in it', () => {
    expect(isHere({ seesPrivate: true, source: 'slack' })).toBe(true);
    expect(isHere({ seesPrivate: true, source: 'api' })).toBe(false);
  });
});

describe('leaving', () => {
  test('whoever was taken out, or left, is a member no more; whoever is none is refused or passed over', () => {
    const invited = { type: 'PeopleInvited', data: { people: ['U2'] }, texts: { 'person.0': 'bo' } } as never;
    const hidden = { ...opened, data: { ...opened.data, private: true } } as typeof opened;
    const out = given(hidden, invited).when({ type: 'UninvitePeople', people: [bo] });
    out.thenFacts([
      { type: 'PeopleLeft', data: { people: ['U2'], how: 'removed' }, texts: { 'person.0': 'bo' } },
    ]);
    given(hidden)
      .when({ type: 'UninvitePeople', people: [bo] })
      .thenRefused('NOT_A_MEMBER');
    const left = { type: 'PeopleLeft', data: { people: ['U2'], how: 'left' }, texts: {} } as never;
    expect(given(hidden, invited).state?.members).toEqual(['U1', 'U2']);
    expect(given(hidden, invited, left).state?.members).toEqual(['U1']);
    expect(Object.keys(given(hidden, invited, left).state?.since ?? {})).toEqual(['U1']);
  });
});

describe('the table', () => {
  const page = readFileSync(join(process.cwd(), 'docs/permissions.md'), 'utf8');

  test('docs/permissions.md says the same', () => {
    const rows = [...page.matchAll(/^\| `([a-z_]+)` \| (.*?) \| (.*?) \| (.*?) \|$/gm)].map(
      ([, power, ways, from, guests]) => ({ power, ways, from, guests }),
    );
    const expected = POWERS.map((power) => {
      const row = PERMISSIONS[power];
      return {
        power,
        ways: row.ways.map((way) => `\`${way}\``).join(', '),
        from: WORDS[row.from.join(' ')],
        guests: row.guests ? 'where they are members' : 'no',
      };
    });
    expect(rows).toEqual(expected);
  });
  const WORDS: Record<string, string> = {
    everyone: 'every full member',
    'lead channel': "the lead; full members in the incident's channel",
    '': 'who is at the machine',
  };

  test('every verb stands in it, once', () => {
    const listed = POWERS.flatMap((power) => PERMISSIONS[power].ways.map((way) => way.split(' ')[0]));
    for (const { name } of VERBS.filter((verb) => verb.name !== 'help')) {
      expect([name, listed.includes(name)]).toEqual([name, true]);
    }
    const machine = Object.keys(MACHINE).filter((name) => !/help$|^-/.test(name));
    for (const name of machine) expect([name, listed.includes(name)]).toEqual([name, true]);
  });

  const LINES: ReadonlyArray<[power: Power, ...lines: string[]]> = [
    ['declare', 'open API fails'],
    ['note', 'note x', 'log 01:39 x\n01:41 y'],
    ['correct', 'edit 2 x', 'time 2 01:41', 'strike 2 x', 'undo'],
    ['state', 'status identified', 'resolve', 'reopen x', 'sev sev1', 'lead @ana', 'role scribe @ana'],
    ['state', 'title x', 'mark started 01:41', 'component add X', 'component remove X'],
    ['state', 'impact x', 'cause x', 'action x', 'done 1'],
    ['state', 'dismiss', 'attach service=tts INC-8', 'split service=tts'],
    ['state', 'link INC-8 x', 'merge into INC-8', 'bridge', 'next 30m', 'snooze'],
    ['invite', 'invite @ana', 'uninvite @ana'],
    ['page', 'page sre x', 'page @ana', 'ack', 'ack 1'],
    ['publish', 'publish x', 'publish x --yes', 'publish --correct 2 x', 'publish --withdraw 2 x'],
    ['publish', 'component state X partial', 'postmortem --publish'],
    [
      'maintain',
      'maintenance X --from 30m --to 1h',
      'maintenance MNT-1 begin',
      'maintenance MNT-1 move --from 1h --to 2h',
    ],
    ['run', 'undo RUN-1', 'retry RUN-1', 'skip RUN-1 x', 'answer RUN-1 yes'],
    ['approve', 'approve RUN-1', 'reject RUN-1'],
    ['break_glass', 'approve RUN-1 --break-glass x'],
    ['cancel', 'cancel RUN-1'],
    ['watch', 'watch stop'],
  ];
  test('whatever can be typed needs the power of its verb', () => {
    for (const [power, ...lines] of LINES)
      for (const line of lines) expect([line, powerFor(intended(line))]).toEqual([line, power]);
    const shown = LINES.flatMap(([, ...lines]) => lines.map((line) => line.split(' ')[0]));
    // `run` is an intent once the runbook's file was read; `mute` is none at all.
    const others = ['run', 'mute', 'list', 'search', 'help', 'postmortem'];
    const recording = VERBS.filter(({ name, looks }) => !looks && !others.includes(name));
    expect(recording.map(({ name }) => name).filter((name) => !shown.includes(name))).toEqual([]);
    expect(powerFor({ type: 'CaptureMessage' })).toBe('note');
    expect(powerFor(LEFT.plan as Intent)).toBe('plan');
    expect(powerFor(LEFT.run as Intent)).toBe('run');
  });

  test('every intent needs a power, or is Tocsin’s own', () => {
    for (const [what, intent] of Object.entries(LEFT))
      expect([what, powerFor(intent)]).not.toEqual([what, null]);
    expect(runsOf(standing(proposed())).list).toHaveLength(1);
    expect(HASH).toHaveLength(64);
  });

  test.each(['FlyAway', 'constructor', 'toString', '__proto__'])(
    'an intent that stands in no table (%s) is permitted to nobody',
    (type) => {
      expect(() => powerFor({ type } as never)).toThrow('an intent of an unknown type');
    },
  );

  test('only a proposal can be of a plan, and only an approval can break the glass', () => {
    expect(powerFor({ type: 'ProposeRun', planOnly: true })).toBe('plan');
    expect(powerFor({ type: 'ApproveRun', breakGlass: 'nobody is here' })).toBe('break_glass');
    for (const type of ['UndoRun', 'RetryStep', 'SkipStep', 'AnswerStep'] as const)
      expect([type, powerFor({ type, planOnly: true })]).toEqual([type, 'run']);
    expect(powerFor({ type: 'RejectRun', breakGlass: 'nobody is here' })).toBe('approve');
  });
});

describe('`permissions:` of tocsin.yml', () => {
  const roles = ['lead', 'scribe'];
  test('is read', () => {
    const section = {
      run: { from: ['lead', '@sre', 'U012AB3CD', 'S012AB3CD', 'token:deploy'] },
      publish: ['everyone'],
      break_glass: { from: ['channel', 'scribe'] },
    };
    expect(readRules(section, roles)).toEqual({
      rules: {
        run: ['lead', '@sre', 'U012AB3CD', 'S012AB3CD', 'token:deploy'],
        publish: ['everyone'],
        break_glass: ['channel', 'scribe'],
      },
    });
    expect(readRules({}, roles)).toEqual({ rules: {} });
  });
  test.each([
    [
      'a power that there is not',
      { runn: ['lead'] },
      /^runn is nothing that can be given; these are: declare, note/,
    ],
    ['what is not given', { administer: ['lead'] }, /^administer is nothing that can be given/],
    ['nobody', { run: { from: [] } }, /^run is empty, so that nobody may/],
    ['no list', { run: 'lead' }, /^run is not a list of who may; write/],
    ['something beside the list', { run: { from: ['lead'], to: [] } }, /^run is not a list/],
    [
      'a name of no form',
      { run: ['Ana Kovač'] },
      /^run holds a name that is nobody's; write everyone, channel/,
    ],
    ['a number', { run: [7] }, /^run holds a name that is nobody's/],
    [
      'a role before there is anybody who could have it',
      { declare: ['@sre', 'lead'] },
      /^declare names “lead”, and before there is an incident nobody is that; name people or groups$/,
    ],
    ['nor a channel', { declare: ['channel'] }, /^declare names “channel”, and before there is an incident/],
    [
      'a role that there is not',
      { run: ['leed'] },
      /^run names “leed”, which is no role here; these are: lead, scribe/,
    ],
  ])('%s is refused', (_, section, said) => {
    const read = readRules(section, roles);
    const [only, ...others] = 'problems' in read ? read.problems : [];
    expect(others).toEqual([]);
    expect(`${only?.path.join('.')} ${only?.what}`).toMatch(said);
  });
});
