import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Intent } from '#domain/incident/intent.js';
import { isRefusal } from '#domain/refusal.js';
import { ANA, BO, type Kit, startKit } from './kit.js';

const EVA = { id: 'U0EVA00005', name: 'Eva' };
const SRE = { id: 'S0SRE00001', name: 'sre' };

let kit: Kit;
let incident: number;
beforeAll(async () => {
  kit = await startKit();
  const someone = { handle: null, realName: null, tz: null, isBot: false, kind: 'member' as const };
  await kit.store.people.upsert('T1', [{ ...someone, ...EVA, deleted: true }]);
});
beforeEach(async () => {
  await kit.act('fault/clear', {});
  incident = await kit.opens('Groups');
  await kit.pays(incident);
});
afterAll(() => kit.stop());

let key = 0;
async function receipt(intent: Intent): Promise<string> {
  const asking = { team: 'T1', by: ANA, source: 'slack' as const, key: `r:${++key}`, now: new Date() };
  const answer = await kit.handle(intent, incident, { ...asking, seesPrivate: true });
  return isRefusal(answer) ? `${answer.code}` : answer.receipt;
}
const texts = async () => (await kit.said(incident)).map((one) => one.text);

test.each<[string, Intent]>([
  ['lead', { type: 'AssignRole', role: 'lead', person: EVA }],
  ['role', { type: 'AssignRole', role: 'scribe', person: EVA }],
  ['action', { type: 'AddAction', text: 'rotate the keys', owner: EVA }],
  ['invite', { type: 'InvitePeople', people: [BO, EVA] }],
])('%s of a deactivated account is recorded, with a remark', async (_, intent) => {
  const said = await receipt(intent);
  expect(said).toMatch(/recorded/);
  expect(said).toContain("@Eva's account is deactivated");
});

test('nothing is remarked of others, nor where nobody is named', async () => {
  expect(await receipt({ type: 'AssignRole', role: 'lead', person: BO })).not.toContain('deactivated');
  expect(await receipt({ type: 'AddAction', text: 'x', owner: null })).not.toContain('deactivated');
});

test('a bare name means somebody who has left only where nobody else is called so', async () => {
  const { personByName } = kit.store.people;
  expect(await personByName('T1', 'eva')).toEqual(EVA);
  const someone = { handle: null, realName: null, tz: null, isBot: false, kind: 'member' as const };
  await kit.store.people.upsert('T1', [{ ...someone, id: 'U0EVA00009', name: 'eva', deleted: false }]);
  expect(await personByName('T1', 'eva')).toEqual({ id: 'U0EVA00009', name: 'eva' });
});

test('a group that is invited: its people are brought in, beside those who are named', async () => {
  expect(await receipt({ type: 'InvitePeople', people: [SRE, { id: 'U0DANA0004', name: 'dana' }] })).toMatch(
    /recorded: @?sre, dana invited/,
  );
  await kit.pays(incident);
  const { members } = await kit.channel(incident);
  expect(members).toEqual(expect.arrayContaining(['U0BO000002', 'U0CHEN0003', 'U0DANA0004']));
  expect((await texts()).join()).not.toContain('Could not be added');
});

test.each([
  ['usergroups.users.list', 'missing_scope', /@sre \(the Slack app lacks the scope `usergroups:read`/],
  ['usergroups.users.list', 'no_such_subteam', /@sre \(no such group\)/],
  ['usergroups.users.list', 'plan_upgrade_required', /@sre \(this workspace has no user groups\)/],
])(
  'a group that Slack does not tell (%s: %s) is said in the channel by its name',
  async (method, code, said) => {
    await kit.fault(method, 'error', code);
    await receipt({ type: 'InvitePeople', people: [SRE, { id: 'U0DANA0004', name: 'dana' }] });
    await kit.pays(incident);
    expect((await texts()).join()).toMatch(said);
    expect((await kit.channel(incident)).members).toContain('U0DANA0004');
  },
);

test('who is taken out before the invitation is on its way does not come in; who is brought back before the removal stays', async () => {
  const DANA = { id: 'U0DANA0004', name: 'dana' };
  const { id: channel } = await kit.channel(incident);
  const named = async (method: string) =>
    (await kit.calls(method)).filter(
      ({ args }) => args.channel === channel && String(args.users ?? args.user).includes(DANA.id),
    ).length;
  await receipt({ type: 'InvitePeople', people: [DANA] });
  await receipt({ type: 'UninvitePeople', people: [DANA] });
  await kit.pays(incident);
  expect((await kit.channel(incident)).members).not.toContain(DANA.id);
  expect(await named('conversations.invite')).toBe(0);
  await receipt({ type: 'InvitePeople', people: [DANA] });
  await kit.pays(incident);
  const kicked = await named('conversations.kick');
  await receipt({ type: 'UninvitePeople', people: [DANA] });
  await receipt({ type: 'InvitePeople', people: [DANA] });
  await kit.pays(incident);
  expect((await kit.channel(incident)).members).toContain(DANA.id);
  expect(await named('conversations.kick')).toBe(kicked);
});

describe('who comes late', () => {
  const CHEN = { id: 'U0CHEN0003', name: 'chen' };
  const ephemerals = async () => {
    const state = (await (await fetch(`${kit.sandbox.url}/control/state`)).json()) as {
      ephemerals: Array<{ user: string; channel: string; text: string }>;
    };
    const { id } = await kit.channel(incident);
    return state.ephemerals.filter(({ channel }) => channel === id);
  };
  const comes = async (user: string, join = true) => {
    if (join) await kit.act('join', { user, channel: (await kit.channel(incident)).id });
    await kit.owes(incident, { kind: 'people.catchup', payload: { user } });
  };

  test('is told alone how it stands, what has changed it and what is asked of them; once', async () => {
    await kit.says({ type: 'RecordCause', text: 'the keys do not match' }, incident);
    await kit.notes(incident, 'a note among many');
    await kit.says({ type: 'AssignRole', role: 'comms', person: CHEN }, incident);
    await kit.says({ type: 'AddAction', text: 'rotate the keys', owner: CHEN }, incident);
    await comes(CHEN.id, false);
    await kit.pays(incident);
    await comes(CHEN.id, false);
    await kit.pays(incident);
    const [told, ...more] = await ephemerals();
    expect(more).toEqual([]);
    expect(told?.user).toBe(CHEN.id);
    expect(told?.text).toContain(`INC-${incident}: Groups`);
    expect(told?.text).toContain('cause the keys do not match');
    expect(told?.text).toContain('Asked of you: you are comms · action #1: rotate the keys');
    expect(told?.text).not.toContain('a note among many');
    expect((await kit.state(incident)).caughtUp).toEqual([CHEN.id]);
  });

  test.each([
    ['who has left again is not followed', 'user_not_in_channel', 0],
    ['where Slack takes nothing for one person there, it is told directly', 'restricted_action', 1],
  ])('%s', async (_, code, direct) => {
    const posts = async () =>
      (await kit.calls('chat.postMessage')).filter(({ args }) => String(args.channel).startsWith('D')).length;
    const before = await posts();
    await kit.fault('chat.postEphemeral', 'error', code);
    await comes(BO.id);
    await kit.pays(incident);
    expect((await posts()) - before).toBe(direct);
    expect((await kit.state(incident)).caughtUp ?? []).toHaveLength(direct);
  });

  test('a crowd is told by one message; nobody is told of what is over, nor a bot', async () => {
    const users = Array.from({ length: 8 }, (_, i) => `U0CROWD000${i}`);
    for (const user of users) await comes(user, false);
    await kit.pays(incident);
    expect((await texts()).filter((text) => text.startsWith('8 people have just come in'))).toHaveLength(1);
    expect((await kit.state(incident)).caughtUp).toEqual(users);
    const bot = { handle: null, realName: null, tz: null, isBot: true, deleted: false, kind: 'bot' as const };
    await kit.store.people.upsert('T1', [{ ...bot, id: 'U0ROBOT001', name: 'robot' }]);
    await comes('U0ROBOT001', false);
    await kit.pays(incident);
    await kit.says({ type: 'ChangeStatus', status: 'resolved', moment: null, text: null }, incident);
    await comes(BO.id);
    await kit.pays(incident);
    expect(await ephemerals()).toEqual([]);
  });

  test('a guest is told of what they are in the channel of, and nobody of a private incident that they have left', async () => {
    const hidden = await kit.opens('Quiet', { private: true });
    await kit.pays(hidden);
    await kit.owes(hidden, { kind: 'people.catchup', payload: { user: BO.id } });
    await kit.pays(hidden);
    expect((await kit.rows(hidden, 'people.catchup'))[0]?.result).toEqual({ refused: 'NO_SUCH_INCIDENT' });
  });
});

describe('somebody with a role who is deactivated', () => {
  const DANA = { id: 'U0DANA0004', name: 'Dana' };
  const someone = { handle: null, realName: null, tz: null, isBot: false, kind: 'member' as const };
  const gone = async (deleted: boolean) => {
    await kit.store.people.upsert('T1', [{ ...someone, ...DANA, deleted }]);
    await kit.owes(incident, { kind: 'role.vacant', payload: { user: DANA.id } });
    await kit.pays(incident);
    return (await kit.said(incident)).filter(({ text }) => text.includes('was deactivated'));
  };

  test('the channel is told, with those who could take over, and a button', async () => {
    await kit.says({ type: 'AssignRole', role: 'lead', person: DANA }, incident);
    await kit.says({ type: 'AssignRole', role: 'scribe', person: EVA }, incident);
    await kit.says({ type: 'AssignRole', role: 'comms', person: BO }, incident);
    // She was wrongly said to be.
    expect(await gone(false)).toEqual([]);
    const [said, ...more] = await gone(true);
    expect(more).toEqual([]);
    expect(said?.text).toContain('The account of Dana, who is *lead* here, was deactivated');
    // Eva's is too.
    expect(said?.text).toContain(`<@${BO.id}>, <@${ANA.id}>: who takes over?`);
    expect(said?.text).toMatch(/`\/incident lead @NAME`\.$/);
    expect(JSON.stringify(said?.blocks)).toContain('role:take:lead');
    await kit.says({ type: 'AssignRole', role: 'lead', person: BO }, incident);
    expect(await gone(true)).toHaveLength(1);
  });
});

test.each([
  ['is_restricted', 'a guest, who may not be added here', 'They can be added by hand'],
  ['deleted', 'not found', 'Bring in somebody else: `/incident invite @NAME`.'],
])('whom Slack does not let in (%s) is named in the channel, with the next step', async (flag, why, next) => {
  const id = `U0REFUSED${flag.length}`;
  const flags = flag === 'deleted' ? {} : { is_restricted: true, is_ultra_restricted: true };
  await kit.act('user/join', { id, name: `r${flag.length}`, ...flags });
  if (flag === 'deleted') await kit.act('user', { user: id, deleted: true });
  await receipt({ type: 'InvitePeople', people: [{ id, name: 'Rex' }, BO] });
  await kit.pays(incident);
  expect((await texts()).join()).toContain(`(${why})`);
  expect((await texts()).join()).toContain(next);
  expect((await kit.channel(incident)).members).toContain(BO.id);
});

test.each([
  ['guest', 'is a guest, who reads and notes here and may do no more'],
  ['bot', 'is a bot, which does nothing here'],
] as const)('a role of a %s is recorded, with a remark', async (kind, remark) => {
  const person = { id: `U0KIND${kind.length}X`, name: kind };
  const someone = { handle: null, realName: null, tz: null, isBot: kind === 'bot', deleted: false, kind };
  await kit.store.people.upsert('T1', [{ ...someone, ...person }]);
  const said = await receipt({ type: 'AssignRole', role: 'lead', person });
  expect(said).toMatch(/recorded/);
  expect(said).toContain(`${remark}. Name somebody else with \`lead @NAME\`.`);
});
