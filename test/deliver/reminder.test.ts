import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { laneBeside } from '#domain/incident/effect.js';
import type { Intent } from '#domain/incident/intent.js';
import type { About, ReminderSettings } from '#domain/incident/reminder.js';
import type { Person } from '#domain/words.js';
import { toSeconds } from '#domain/words.js';
import { remindChannels } from '#schedules/reminders.js';
import { ANA, BO, type Kit, startKit } from './kit.js';
import { mortal } from './mortal.js';

// From the record to the channel: what is due is found, said once, and not said where somebody has done something about it.
let kit: Kit;
beforeAll(async () => {
  kit = await startKit();
});
beforeEach(() => kit.act('fault/clear', {}));
afterAll(() => kit.stop());

const MIN = 60_000;
const SETTINGS: ReminderSettings = {
  update: { sev1: 30 * MIN, sev2: 60 * MIN, sev3: null, sev4: null, none: null },
  ...{ lead: { afterMs: 10 * MIN, of: ['sev1'] }, quietMs: 24 * 60 * MIN, times: 3 },
};
const ago = (minutes: number) => new Date(Date.now() - minutes * MIN);
const moment = (minutesAgo: number) => ({
  ...{ at: toSeconds(ago(minutesAgo)), until: null, precision: 'minute' as const },
});
const POST = {
  ...{ type: 'PublishPost', state: 'identified', moment: null, confirmed: true },
} as const satisfies Partial<Intent>;

/** An incident that was opened so long ago, with its channel; other workers make the public's pages. */
async function opens(
  title: string,
  minutes: number,
  more: Partial<Extract<Intent, { type: 'OpenIncident' }>> = {},
  by: Person = ANA,
): Promise<number> {
  const incident = await kit.opens(title, more, by, { now: ago(minutes) });
  await pays(incident);
  return incident;
}
async function pays(incident: number): Promise<void> {
  await kit.client.query("update outbox set done_at = now() where kind in ('status.page', 'status.tell')");
  await kit.pays(incident);
}
/** Another post was promised, and due by now. */
const promises = (incident: number, text: string, minutes = 60) =>
  kit.says({ ...POST, text, next: moment(1) }, incident, ANA, { now: ago(minutes) });
/** Somebody looks, in so many processes at once. */
const look = (processes = 1) =>
  Promise.all(
    Array.from({ length: processes }, () =>
      remindChannels('T1', {
        ...{ settings: SETTINGS, tell: kit.handle, now: () => new Date(), log: kit.world.log as never },
        reminding: (team) => kit.store.incidents.reminding(team),
      }),
    ),
  );
const lane = (incident: number) => laneBeside('T1', incident, 'reminder.post');
const told = async (incident: number, about: About) => (await kit.state(incident)).rhythm?.told?.[about];
const BUTTONS = /"action_id":"((?:remind|publish):[^"]+)"/g;
const reminders = async (incident: number) =>
  (await kit.said(incident))
    .filter(({ blocks }) => JSON.stringify(blocks).match(BUTTONS))
    .map(({ text, blocks, metadata }) => ({
      ...{ text, metadata },
      buttons: [...JSON.stringify(blocks).matchAll(BUTTONS)].map(([, id]) => id),
    }));
const SNOOZES = ['remind:snooze:15m', 'remind:snooze:30m', 'remind:snooze:1h'];

test('an update is due: who leads is named, once, however many processes look; late, it says how late', async () => {
  const incident = await opens('Silent', 372, { severity: 'sev1' });
  await kit.says({ type: 'AssignRole', role: 'lead', person: BO }, incident, ANA, { now: ago(371) });
  await look(3);
  await pays(incident);
  const said = await reminders(incident);
  expect(said).toHaveLength(1);
  expect(said[0]?.text).toMatch(
    /^<@U0BO000002> No update for 6 h \d+ min\. Say how it stands: `\/incident status investigating TEXT`; by when there is more: `\/incident next 30m`\.$/,
  );
  expect(said[0]?.buttons).toEqual(['remind:update', ...SNOOZES]);
  expect(await told(incident, 'update')).toMatchObject({ count: 1 });
  await look(2);
  expect(await told(incident, 'update')).toMatchObject({ count: 1 });
});

test('nobody leads: in its own channel alone, a private one too', async () => {
  const incident = await opens('Unled', 12, { severity: 'sev1', private: true });
  await look();
  await pays(incident);
  const [said] = await reminders(incident);
  expect(said?.text).toMatch(/^<@U0ANA00001> Nobody leads this sev1, \d+ min after it was opened\. Take it/);
  expect(said?.buttons).toEqual(['remind:lead', ...SNOOZES]);
  const where = (await kit.channels()).filter(({ messages }) =>
    messages.some(({ text }) => text.includes('Nobody leads this')),
  );
  expect(where.map(({ is_private }) => is_private)).toEqual([true]);
});

test('nothing was recorded for a day: still going?', async () => {
  const incident = await opens('Forgotten', 26 * 60, { severity: 'sev3' });
  // The channel is made now: its own facts are no entries.
  await look();
  await pays(incident);
  const [said] = await reminders(incident);
  expect(said?.text).toMatch(
    /^Nothing was recorded here for 1 d 2 h.*\. Is it still going\? If it is over: `\/incident resolve TEXT`\.$/,
  );
  expect(said?.buttons).toEqual(['remind:going', 'remind:resolve']);
});

test('what somebody promised is said to them and to who leads; the headline has it until it is kept', async () => {
  const incident = await opens('Promised inside', 50, { severity: 'sev3' });
  await kit.says({ type: 'AssignRole', role: 'lead', person: BO }, incident, ANA, { now: ago(49) });
  const next = moment(10);
  await kit.says({ type: 'PromiseUpdate', next }, incident, ANA, { now: ago(40) });
  await pays(incident);
  const headline = async () => (await kit.said(incident)).find(({ text }) => text.startsWith('*INC-'))?.text;
  expect(await headline()).toContain(`Next update by ${next.at.slice(11, 16)} UTC`);
  await look();
  await pays(incident);
  const [said] = await reminders(incident);
  expect(said?.text).toMatch(
    /^<@U0BO000002> <@U0ANA00001> The next update was promised by <!date\^\d+\^\{time\}\|\d\d:\d\d UTC>\. That was \d+ min ago\. Say how/,
  );
  await kit.says({ type: 'ChangeStatus', status: 'monitoring', moment: null, text: null }, incident);
  await pays(incident);
  expect(await headline()).not.toContain('Next update');
  expect((await kit.state(incident)).rhythm?.next).toBeUndefined();
});

describe('another public post was promised', () => {
  test('who leads is reminded, with a button that opens the form', async () => {
    const incident = await opens('Promised', 70);
    await kit.says({ type: 'AssignRole', role: 'lead', person: BO }, incident);
    await promises(incident, 'We know');
    await look(2);
    await pays(incident);
    const [said, ...more] = await reminders(incident);
    expect(more).toHaveLength(0);
    expect(said?.text).toMatch(/^<@U0BO000002> The public was promised another update by <!date\^/);
    expect(said?.buttons).toEqual(['publish:write', ...SNOOZES]);
    // Should a backup be put back: the number of the entry is not given again.
    const { lastPost } = await kit.state(incident);
    expect(said?.metadata?.event_payload).toMatchObject({ entry: lastPost?.n });
  });

  test('where nobody leads, the channel is; what has been written since, or withdrawn, nobody is reminded of', async () => {
    const incident = await opens('Kept', 200, {}, { id: 'cli:root', name: null });
    await promises(incident, 'We know', 190);
    await look();
    await kit.says({ ...POST, text: 'It is over' }, incident);
    await pays(incident);
    await promises(incident, 'Not yet', 2);
    await look();
    const { lastPost } = await kit.state(incident);
    await kit.says({ type: 'WithdrawPost', entry: lastPost?.n ?? 0, reason: 'wrong one' }, incident);
    await pays(incident);
    expect(await reminders(incident)).toHaveLength(0);
    const overtaken = { done: true, result: { overtaken: true } };
    expect(await kit.rows(incident, 'reminder.post')).toMatchObject([overtaken, overtaken]);
    await promises(incident, 'After all', 2);
    await look();
    await pays(incident);
    expect((await reminders(incident)).map(({ text }) => text.slice(0, 10))).toEqual(['The public']);
    // What an older version has owed is found in the record now, and not said twice.
    const effect = { kind: 'status.remind', payload: { n: 2 } } as const;
    await kit.store.outbox.owe(effect, { team: 'T1', lane: lane(incident), incident, key: null });
    await pays(incident);
    expect(await reminders(incident)).toHaveLength(1);
  });
});

test('while Slack is away for long, reminders follow each other; of those only the last is said', async () => {
  const incident = await opens('Away', 240, { severity: 'sev1' });
  await kit.says({ type: 'AssignRole', role: 'lead', person: BO }, incident, ANA, { now: ago(239) });
  const { rhythm = {} } = await kit.state(incident);
  const bot = { id: 'tocsin', name: null };
  const first = { about: 'update', nth: 1, promise: null, last: false } as const;
  await kit.says({ type: 'RemindChannel', due: first, rhythm }, incident, bot, { now: ago(200) });
  await look();
  await pays(incident);
  expect(await reminders(incident)).toHaveLength(1);
  expect((await kit.rows(incident, 'reminder.post')).map(({ result }) => result)).toEqual([
    { overtaken: true },
    expect.objectContaining({ ts: expect.any(String) }),
  ]);
});

test('it is said once, whenever a worker is killed', async () => {
  let survived = false;
  for (let n = 1; !survived; n++) {
    const incident = await opens(`Killed ${n}`, 11, { severity: 'sev1' });
    await look();
    const its = mortal(kit.world, n);
    await kit.visits(incident, undefined, its.world, lane(incident)).catch(() => undefined);
    survived = !its.died();
    await kit.client.query(
      "update lane set lease_until = now() - interval '1 s', next_at = null where lane = $1",
      [lane(incident)],
    );
    await pays(incident);
    expect({ n, said: (await reminders(incident)).length }).toEqual({ n, said: 1 });
  }
});
