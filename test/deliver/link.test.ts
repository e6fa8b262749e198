import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { laneBeside } from '#domain/incident/effect.js';
import type { Intent } from '#domain/incident/intent.js';
import { showText } from '#render/lists.js';
import { ANA, BO, type Kit, startKit } from './kit.js';

let kit: Kit;
beforeAll(async () => {
  kit = await startKit();
});
beforeEach(() => kit.act('fault/clear', {}));
afterAll(() => kit.stop());

const link = (to: number, reason = 'one deploy'): Intent => ({ type: 'LinkIncidents', to, reason });
const merge = (to: number, reason: string | null = 'the same outage'): Intent => ({
  ...{ type: 'MergeIncident', to, reason, leavePublic: false },
});
const lines = async (incident: number) => (await kit.said(incident)).map(({ text }) => text);
const pair = async (name: string) => {
  const [first, second] = [await kit.opens(`${name} one`), await kit.opens(`${name} two`)];
  for (const one of [first, second]) await kit.pays(one);
  return [first, second] as const;
};
/** Everything that the two owe each other. */
const pays = async (...incidents: number[]) => {
  for (let i = 0; i < 2; i++) for (const one of incidents) await kit.pays(one);
};

test('a link is in both records, both channels are told, and both are rid of it when it is struck in either', async () => {
  const [first, second] = await pair('Linked');
  await kit.says(link(second), first);
  await pays(first, second);
  for (const [one, other] of [
    [first, second],
    [second, first],
  ] as const) {
    const state = await kit.state(one);
    expect(state.links).toMatchObject([{ n: 2, other, how: 'linked' }]);
    expect(showText(state)).toContain(`links: linked with INC-${other}`);
    expect(
      (await lines(one)).filter((text) => text.includes(`linked with INC-${other}: one deploy`)),
    ).toHaveLength(1);
    // The headline, too.
    expect((await lines(one)).filter((text) => text.includes(`Linked with INC-${other}`))).toHaveLength(1);
  }
  await kit.says({ type: 'StrikeEntry', entry: 2, reason: 'two deploys' }, second);
  await pays(second, first);
  for (const one of [first, second]) expect((await kit.state(one)).links).toBeUndefined();
  expect((await lines(first)).some((text) => text.includes('(struck)'))).toBe(true);
  // And again.
  await kit.says(link(first, 'one deploy after all'), second);
  await pays(second, first);
  expect((await kit.state(first)).links).toMatchObject([{ n: 3, other: second, theirs: 3 }]);
});

test('paid twice it is one, and what was struck before it was paid is not said at all', async () => {
  const [first, second] = await pair('Twice');
  await kit.says(link(second), first);
  const lane = laneBeside('T1', first, 'incident.link');
  await kit.visits(first, undefined, undefined, lane);
  await kit.client.query("update outbox set done_at = null where kind = 'incident.link' and incident = $1", [
    first,
  ]);
  await kit.client.query('update lane set next_at = null where lane = $1', [lane]);
  await pays(first, second);
  expect((await kit.state(second)).links).toHaveLength(1);
  expect((await kit.state(second)).entries).toBe(2);

  const [third, fourth] = await pair('Overtaken');
  await kit.says(link(fourth), third);
  await kit.says({ type: 'StrikeEntry', entry: 2, reason: 'no' }, third);
  await pays(third, fourth);
  expect(await kit.state(fourth)).toMatchObject({ entries: 1 });
});

test('a merge: the one is over and says where it goes on, the other says what goes on in it; reopened, neither', async () => {
  const [first, second] = await pair('Merged');
  await kit.says(merge(second), first);
  await pays(first, second);
  const [gone, stays] = [await kit.state(first), await kit.state(second)];
  expect(gone).toMatchObject({ status: 'resolved', links: [{ how: 'into', other: second }] });
  expect(stays).toMatchObject({ status: 'investigating', links: [{ how: 'from', other: first }] });
  const there = `<#${stays.channel?.id}>`;
  expect(
    (await lines(first)).some((text) =>
      text.includes(`merged into INC-${second}: the same outage → ${there}`),
    ),
  ).toBe(true);
  expect((await lines(first)).some((text) => text.includes(`*merged into INC-${second}* → ${there}`))).toBe(
    true,
  );
  expect(
    (await lines(second)).some((text) =>
      text.includes(`INC-${first} is merged into this one: the same outage`),
    ),
  ).toBe(true);
  await expect(kit.notes(first, 'late')).rejects.toThrow(`INC-${first} is merged into INC-${second}`);

  await kit.says({ type: 'ReopenIncident', reason: 'it was another' }, first);
  await pays(first, second);
  for (const one of [first, second]) expect((await kit.state(one)).links).toBeUndefined();
  await kit.notes(first, 'goes on here');
});

test('with itself, twice, in a circle, or each into the other at the same moment: refused, and said why', async () => {
  const [first, second] = await pair('Circle');
  const third = await kit.opens('Circle three');
  for (const make of [link, merge]) await expect(kit.says(make(first), first)).rejects.toThrow('itself');
  const both = await Promise.allSettled([kit.says(merge(second), first), kit.says(merge(first), second)]);
  expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  const [gone, stays] = both[0].status === 'fulfilled' ? [first, second] : [second, first];
  await pays(first, second);
  // Once more, back, and on from where nobody looks.
  for (const make of [link, merge]) {
    await expect(kit.says(make(stays), gone)).rejects.toThrow(`INC-${gone} is merged into INC-${stays}`);
    await expect(kit.says(make(gone), stays)).rejects.toThrow(`INC-${gone} is merged into INC-${stays}`);
    await expect(kit.says(make(third), gone)).rejects.toThrow(`INC-${gone} is merged into INC-${stays}`);
  }
  await kit.says(merge(third), stays);
  await expect(kit.says(merge(stays), third)).rejects.toThrow(`INC-${stays} is merged into INC-${third}`);
  expect(await kit.state(third)).toMatchObject({ status: 'investigating' });
});

test('who may not see, or not change, the other is told as if it were not there, and who may not do it, so', async () => {
  const [open, hidden] = [await kit.opens('Open'), await kit.opens('Hidden', { private: true })];
  const theirs = await kit.opens('Theirs');
  for (const make of [link, merge]) {
    const asks = (to: number, from: number, by = ANA, more = {}) => kit.says(make(to), from, by, more);
    await expect(asks(hidden, open, BO, { seesPrivate: false })).rejects.toThrow(`no INC-${hidden} that`);
    await expect(asks(hidden, open)).rejects.toThrow('is private');
    await expect(asks(open, hidden)).rejects.toThrow('is private');
    // Guests see what they are in the channel of, and change nothing there.
    await expect(asks(open, theirs, BO, { account: 'guest' })).rejects.toThrow(`no INC-${open} that`);
  }
  expect(await kit.state(open)).toMatchObject({ entries: 1 });
});

test('without channels both halves are recorded all the same', async () => {
  await kit.fault('conversations.create', 'error', 'restricted_action', 20);
  const [first, second] = [await kit.opens('No channel'), await kit.opens('None either')];
  await kit.says(link(second), first);
  await kit.visits(first, undefined, undefined, laneBeside('T1', first, 'incident.link'));
  expect((await kit.state(second)).links).toHaveLength(1);
});
