import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { stageOf } from '#domain/incident/action.js';
import type { Person } from '#domain/words.js';
import { type ActionScheduleWorld, readActionSettings, remindOfActions } from '#schedules/actions.js';
import { ANA, BO, type Kit, startKit } from '../deliver/kit.js';

const TEAM = 'T1';
const CYD = { id: 'U0CYD00003', name: 'cyd' };
let kit: Kit;
let world: ActionScheduleWorld;
/** What the clock on the wall says, in UTC. */
let wall = new Date(0);

const settingsIn = (section: Record<string, unknown>) => {
  const read = readActionSettings(section, () => 'tocsin.yml:1');
  if ('problems' in read) throw new Error(read.problems.join('\n'));
  return read.settings;
};

beforeAll(async () => {
  kit = await startKit();
  const person = { handle: null, realName: null, isBot: false, deleted: false, kind: 'member' as const };
  await kit.store.people.upsert(TEAM, [
    { ...person, ...ANA, tz: 'UTC' },
    { ...person, ...BO, tz: 'America/New_York' },
    { ...person, ...CYD, tz: 'UTC', deleted: true },
  ]);
  world = {
    settings: settingsIn({}),
    actions: kit.store.actions,
    async drills(team, incidents) {
      const states = await kit.store.search.states(team, [...incidents]);
      return new Set(states.flatMap(({ number, drill }) => (drill ? [number] : [])));
    },
    people: kit.store.people,
    zone: 'UTC',
    tracker: null,
    owe: kit.store.outbox.owe,
    nudge() {},
    now: () => wall,
    log: kit.world.log,
  };
});
beforeEach(async () => {
  await kit.client.query("update entry set struck = true where kind = 'action'");
});
afterAll(() => kit.stop());

/** @returns how many messages were owed at that moment, and they are paid */
async function at(time: string, incident: number): Promise<number> {
  wall = new Date(time);
  const owed = await remindOfActions(TEAM, world);
  await kit.pays(incident);
  return owed;
}
const adds = (incident: number, text: string, owner: Person | null, due: string | null) =>
  kit.says({ type: 'AddAction', text, owner, due }, incident);
/** What the bot has said to somebody directly. */
const direct = async (user: string) => {
  const all = await kit.channels();
  const theirs = all.filter(({ id, members }) => id.startsWith('D') && members.includes(user));
  return theirs.flatMap(({ messages }) => messages).filter((one) => one.user === 'U0BOT00000');
};

test.each([
  ['2026-12-04', null],
  ['2026-12-05', -2],
  ['2026-12-06', -2],
  ['2026-12-07', 0],
  ['2026-12-13', 0],
  ['2026-12-14', 7],
  ['2027-01-01', 21],
])('what is due on the 7th has on %s come to %s', (today, stage) =>
  expect(stageOf('2026-12-07', today, 2)).toBe(stage),
);

describe('an owner is reminded', () => {
  test('days before, on the day and weekly after, while they are at work; once each, and of many in one message', async () => {
    const incident = await kit.opens('Keys');
    const other = await kit.opens('Disks');
    for (const one of [incident, other]) await kit.pays(one);
    // A Monday; in New York it is five hours earlier.
    await adds(incident, 'rotate <keys>', BO, '2026-12-07');
    await adds(incident, 'write it down', BO, '2026-12-07');
    await adds(other, 'buy disks', BO, '2026-12-07');
    await adds(other, 'no hurry', BO, null);
    const before = (await direct(BO.id)).length;
    const said = async () => (await direct(BO.id)).slice(before);
    expect(await at('2026-12-04T17:00:00Z', incident)).toBe(0);
    expect(await at('2026-12-05T15:00:00Z', incident)).toBe(0);
    // Sunday night, and Monday before they are at work.
    expect(await at('2026-12-07T03:00:00Z', incident)).toBe(0);
    expect(await at('2026-12-07T13:59:00Z', incident)).toBe(0);
    expect(await at('2026-12-07T14:00:00Z', incident)).toBe(1);
    expect(await at('2026-12-07T14:01:00Z', incident)).toBe(0);
    const [first] = await said();
    expect(await said()).toHaveLength(1);
    expect(first?.text).toContain('3 action items of yours are due:');
    expect(first?.text).toMatch(/\*(due|overdue) [^*]+\* rotate &lt;keys&gt; \(INC-\d+ <#C\w+>, action 1\)/);
    expect(first?.text).toMatch(/\*(due|overdue) [^*]+\* buy disks/);
    expect(JSON.stringify(first?.blocks).match(/"action_id":"action:\w+"/g)).toHaveLength(9);
    // Three weeks without a worker: one message, of what is left.
    await kit.says({ type: 'CompleteAction', action: 1 }, incident);
    expect(await at('2026-12-29T15:00:00Z', incident)).toBe(1);
    expect((await said())[1]?.text).toContain('2 action items of yours are due:');
    expect((await said())[1]?.text).toMatch(/\*(due|overdue) [^*]+\* write it down/);
    // Another day begins anew.
    await kit.says({ type: 'ChangeAction', action: 2, due: '2026-12-31' }, incident);
    expect(await at('2026-12-29T15:01:00Z', incident)).toBe(1);
    expect((await said())[2]?.text).toContain('(2026-12-31)');
  });

  test('once, although two look at the same moment, and whoever is told dies on the way', async () => {
    const incident = await kit.opens('Race');
    await kit.pays(incident);
    for (let n = 0; n < 5; n++) await adds(incident, `item ${n}`, ANA, '2026-12-07');
    wall = new Date('2026-12-07T10:00:00Z');
    const before = (await direct(ANA.id)).length;
    const owed = await Promise.all([1, 2, 3].map(() => remindOfActions(TEAM, world)));
    expect(owed.sort()).toEqual([0, 0, 1]);
    await kit.fault('chat.postMessage', 'drop');
    await kit.pays(incident);
    expect((await direct(ANA.id)).length - before).toBe(1);
  });

  test('not of a drill, not where tocsin.yml says so, and of a private incident only who is in it', async () => {
    const drill = await kit.opens('Drill', { drill: true });
    await adds(drill, 'a', ANA, '2026-12-07');
    expect(await at('2026-12-07T10:00:00Z', drill)).toBe(0);
    const hidden = await kit.opens('Hidden', { private: true });
    await adds(hidden, 'between us', ANA, '2026-12-07');
    await kit.says({ type: 'AssignRole', role: 'lead', person: BO }, hidden);
    await kit.pays(hidden);
    const settings = world.settings;
    world.settings = settingsIn({ remind: false });
    expect(await at('2026-12-07T15:00:00Z', hidden)).toBe(0);
    world.settings = settings;
    const before = { ana: (await direct(ANA.id)).length, bo: (await direct(BO.id)).length };
    kit.world.owners.sees = async (_team, _incident, user) => user !== ANA.id;
    expect(await at('2026-12-07T15:00:00Z', hidden)).toBe(1);
    kit.world.owners.sees = async () => true;
    expect((await direct(ANA.id)).length).toBe(before.ana);
    expect((await direct(BO.id)).slice(before.bo).map(({ text }) => text)).toEqual([
      expect.stringContaining('ana, whose it is, cannot be reached'),
    ]);
  });
});

describe('what nobody is reminded of', () => {
  test('is told to the lead, or in the channel: nobody owns it, or its owner is gone', async () => {
    const incident = await kit.opens('Orphans');
    await kit.pays(incident);
    await adds(incident, 'nobody does', null, '2026-12-07');
    await adds(incident, 'cyd does', CYD, '2026-12-07');
    // Days ahead that is not worth a word.
    expect(await at('2026-12-05T10:00:00Z', incident)).toBe(0);
    expect(await at('2026-12-07T10:00:00Z', incident)).toBe(1);
    expect(await at('2026-12-07T10:01:00Z', incident)).toBe(0);
    const told = (await kit.said(incident)).at(-1)?.text ?? '';
    expect(told).toContain('nobody does');
    expect(told).toContain('nobody owns it');
    expect(told).toContain('cyd, whose it is, cannot be reached');
    expect(told).toContain(`/incident action INC-${incident} 1 @NAME`);
    await kit.says({ type: 'AssignRole', role: 'lead', person: BO }, incident);
    await kit.pays(incident);
    const before = (await direct(BO.id)).length;
    expect(await at('2026-12-14T10:00:00Z', incident)).toBe(1);
    expect((await direct(BO.id)).length - before).toBe(1);
  });

  test('so is what Slack does not let its owner hear', async () => {
    const incident = await kit.opens('Deaf');
    await kit.pays(incident);
    await adds(incident, 'deaf', ANA, '2026-12-07');
    await kit.fault('conversations.open', 'error', 'user_disabled');
    expect(await at('2026-12-07T10:00:00Z', incident)).toBe(1);
    await kit.pays(incident);
    expect((await kit.said(incident)).at(-1)?.text).toContain('ana, whose it is, cannot be reached');
  });
});

test.each([
  [{ before: '36h' }, /actions\.before is no number of days/],
  [{ from: '9' }, /actions\.from is no time of day/],
  [{ from: '17:00', to: '09:00' }, /actions\.to is not later than `from`/],
  [{ remnid: false }, /remnid/],
])('a mistake under `actions:` is said with its place: %o', (section, said) => {
  const read = readActionSettings(section, () => 'tocsin.yml:1');
  expect('problems' in read && read.problems.join('\n')).toMatch(said);
});
