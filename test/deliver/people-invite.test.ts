import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
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
