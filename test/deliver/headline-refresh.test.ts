import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { ANA, BO, type Kit, startKit } from './kit.js';

let kit: Kit;
beforeAll(async () => {
  kit = await startKit({ announce: 'C0INCIDENT' });
});
beforeEach(() => kit.act('fault/clear', {}));
afterAll(() => kit.stop());

async function standing(title: string): Promise<number> {
  const incident = await kit.opens(title);
  await kit.pays(incident);
  return incident;
}

async function updates(channel: string | undefined, since: number) {
  const calls = (await kit.calls('chat.update')).slice(since);
  return calls.filter((call) => call.args.channel === channel);
}

test('headline, topic and announcement follow the state: one update for many changes', async () => {
  const incident = await standing('Changing');
  const before = (await kit.calls('chat.update')).length;
  await kit.says({ type: 'ChangeSeverity', severity: 'sev1', reason: null }, incident);
  await kit.says({ type: 'ChangeStatus', status: 'identified', moment: null, text: null }, incident);
  await kit.says({ type: 'AssignRole', role: 'lead', person: BO }, incident);
  await kit.pays(incident);
  const channel = await kit.channel(incident);
  expect(await updates(channel.id, before)).toHaveLength(1);
  expect(await updates('C0INCIDENT', before)).toHaveLength(1);
  const [headline] = await kit.said(incident);
  for (const words of ['sev1', 'identified', 'Lead: bo']) expect(JSON.stringify(headline)).toContain(words);
  // An update with words alone would take the blocks away, and with them the buttons.
  expect(headline?.blocks).toEqual(expect.arrayContaining([expect.objectContaining({ type: 'actions' })]));
  expect(channel.topic).toContain('sev1 · identified');
  const announced = (await kit.channels()).find((one) => one.name === 'incidents')?.messages;
  expect(announced?.find((one) => one.text.includes(`*INC-${incident}*`))?.text).toContain('identified');
  expect(channel.pins).toEqual([headline?.ts]);
});

test('what people are told to type begins with the command of their workspace', async () => {
  const org = kit.world.org;
  kit.world.org = { ...org, command: '/outage' };
  try {
    const incident = await standing('Called otherwise');
    const help = async () => JSON.stringify((await kit.said(incident))[0]);
    expect(await help()).toContain('`/outage` alone');
    await kit.says({ type: 'ChangeSeverity', severity: 'sev1', reason: null }, incident);
    await kit.pays(incident);
    expect(await help()).toContain('sev1');
    expect(await help()).toContain('`/outage` alone');

    await kit.fault('conversations.create', 'error', 'restricted_action', 1);
    const without = await standing('No channel');
    const announced = (await kit.channels()).find((one) => one.name === 'incidents')?.messages;
    expect(announced?.find((one) => one.text.includes(`*INC-${without}*`))?.text).toContain(
      `\`/outage note INC-${without} TEXT\``,
    );
  } finally {
    kit.world.org = org;
  }
});

test('a headline that was refused when the channel was opened is posted when it can be', async () => {
  const incident = await kit.opens('Late headline');
  await kit.fault('chat.postMessage', 'error', 'restricted_action', 2);
  await kit.pays(incident);
  expect((await kit.state(incident)).headline).toBeNull();
  expect((await kit.said(incident)).filter((one) => one.metadata?.event_payload.id === 'headline')).toEqual(
    [],
  );
  await kit.says({ type: 'ChangeSeverity', severity: 'sev2', reason: null }, incident);
  await kit.pays(incident);
  const state = await kit.state(incident);
  expect((await kit.channel(incident)).pins).toEqual([state.headline?.ts]);
  expect(state.announcement?.channel).toBe('C0INCIDENT');
});

test('an archived announcement channel does not hold up the incident', async () => {
  const incident = await standing('Quiet');
  await kit.act('channel/archive', { user: 'ana', channel: 'incidents' });
  await kit.says({ type: 'ChangeSeverity', severity: 'sev3', reason: null }, incident);
  await kit.pays(incident);
  await kit.act('channel/archive', { user: 'ana', channel: 'incidents', remove: true });
  expect((await kit.rows(incident, 'headline.refresh')).at(-1)).toMatchObject({ done: true });
  expect((await kit.rows(incident, 'announcement.refresh')).at(-1)).toMatchObject({
    dead: true,
    error: 'chat.update: is_inactive',
  });
  expect((await kit.channel(incident)).topic).toContain('sev3');
});

test('people who are named come in, those who cannot are named in the channel', async () => {
  const incident = await standing('Called');
  await kit.says(
    { type: 'InvitePeople', people: [BO, { id: 'U0EVA00005', name: 'eva' }, { id: 'cli:joe', name: 'joe' }] },
    incident,
  );
  await kit.fault('conversations.invite', 'drop');
  await kit.pays(incident);
  const channel = await kit.channel(incident);
  expect(channel.members).toEqual(expect.arrayContaining([ANA.id, BO.id]));
  expect((await kit.said(incident)).map((one) => one.text).slice(1)).toEqual([
    'Could not be added: U0EVA00005 (not found). Bring in somebody else: `/incident invite @NAME`.',
  ]);
});

test('where a batch is refused as a whole, everybody is tried alone', async () => {
  const incident = await standing('One by one');
  await kit.fault('conversations.invite', 'error', 'cant_invite');
  await kit.says({ type: 'InvitePeople', people: [BO, { id: 'U0CHEN0003', name: 'chen' }] }, incident);
  await kit.pays(incident);
  expect((await kit.channel(incident)).members).toEqual(expect.arrayContaining([BO.id, 'U0CHEN0003']));
});
