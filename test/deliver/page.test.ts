import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { pagingWith } from '#compose/paging.js';
import type { Intent } from '#domain/incident/intent.js';
import { isRefusal } from '#domain/refusal.js';
import type { Log } from '#log.js';
import { readPagingSettings } from '#paging/settings.js';
import { Secret } from '#runbooks/secret.js';
import { escalatePages } from '#schedules/paging.js';
import { createGroups } from '#slack/people/groups.js';
import { GENIE_KEY, ROUTING_KEY, startOpsgenie, startPagerDuty } from '../paging/there.js';
import { ANA, BO, type Kit, startKit } from './kit.js';
import { mortal } from './mortal.js';

let kit: Kit;
/** Nobody remembers what groups there are. */
let withGroups: () => void;
const log = { debug() {}, info() {}, warn() {}, error() {} } as unknown as Log;
let duty: Awaited<ReturnType<typeof startPagerDuty>>;
let genie: Awaited<ReturnType<typeof startOpsgenie>>;
beforeAll(async () => {
  [duty, genie] = await Promise.all([startPagerDuty(), startOpsgenie()]);
  const section = {
    services: {
      main: { kind: 'pagerduty', url: duty.url, routing_key: 'secret:pd' },
      ops: { kind: 'opsgenie', url: genie.url, api_key: 'secret:og' },
    },
    policies: {
      sre: { steps: [{ notify: ['@sre'] }, { notify: ['service:main', 'service:ops'] }], repeat: 1 },
      duty: { steps: [{ notify: ['service:main'] }] },
      trusted: { steps: [{ notify: ['@sre', 'service:main'] }], private: true },
      both: { steps: [{ notify: ['U0CHEN0003', 'service:main'] }, { notify: ['U0BO000002'] }] },
      nobody: { steps: [{ notify: ['@dba', 'U0GUEST001'] }] },
    },
  };
  const read = readPagingSettings(section, ['pd', 'og'], () => 'tocsin.yml:1');
  if ('problems' in read) throw new Error(read.problems.join('\n'));
  kit = await startKit({}, undefined, read.settings.rules);
  const keys: Record<string, string> = { pd: ROUTING_KEY, og: GENIE_KEY };
  withGroups = () => {
    kit.world.paging = pagingWith({
      ...{ settings: read.settings, approvers: new Map(), groups: createGroups(kit.world.slack), log },
      ...{ secret: (name) => new Secret(keys[name] ?? ''), scrub: { text: (text) => text } },
    });
  };
  withGroups();
  const chen = { ...ANYBODY, id: 'U0CHEN0003', name: 'chen' };
  await kit.store.people.upsert('T1', [chen, { ...ANYBODY, id: 'U0GUEST001', name: 'gus', kind: 'guest' }]);
});
beforeEach(async () => {
  await kit.act('fault/clear', {});
  for (const there of [duty, genie]) {
    there.fates.length = 0;
    there.asked.length = 0;
    there.alerts.clear();
  }
});
afterAll(() => Promise.all([kit.stop(), duty.stop(), genie.stop()]));

const ANYBODY = {
  handle: null,
  realName: null,
  tz: null,
  isBot: false,
  deleted: false,
  kind: 'member' as const,
};
const page = (policy: string, more: Partial<Extract<Intent, { type: 'PagePeople' }>> = {}): Intent => ({
  ...{ type: 'PagePeople', policy, people: [], reason: 'all is red', again: false },
  ...more,
});
const ack = (of: number | null = null): Intent => ({ type: 'AcknowledgePage', page: of });
const RESOLVED: Intent = { type: 'ChangeStatus', status: 'resolved', moment: null, text: null };

interface Direct {
  text: string;
  blocks?: Array<{ elements?: Array<{ action_id: string; url?: string }> }>;
}
/** What the bot said to somebody directly about a page, oldest first. */
async function direct(user: string): Promise<Direct[]> {
  await kit.act('dm', { user });
  const response = await fetch(`${kit.sandbox.url}/control/state?user=${user}`);
  const { channels } = (await response.json()) as { channels: Array<{ kind: string; messages: Direct[] }> };
  return channels
    .filter(({ kind }) => kind !== 'channel')
    .flatMap(({ messages }) => messages.filter(({ text }) => text.includes('You are paged')));
}
const about = async (user: string, ref: string) =>
  (await direct(user)).filter(({ text }) => text.includes(`*${ref}*`));
const buttons = ({ blocks = [] }: Direct) =>
  blocks.flatMap(({ elements = [] }) => elements.map(({ action_id }) => action_id));
const lines = async (incident: number) => (await kit.said(incident)).map(({ text }) => text).join('\n');
const statuses = () => [...duty.alerts.values(), ...genie.alerts.values()].map(({ status }) => status);

/** So much time passes, and several bots look whether a step is due. */
async function passes(incident: number, minutes: number): Promise<void> {
  const now = new Date(Date.now() + minutes * 60_000);
  const world = {
    tell: kit.handle,
    paging: kit.store.incidents.pagesWaiting,
    now: () => now,
    log: kit.world.log,
  };
  await Promise.all([1, 2, 3].map(() => escalatePages('T1', { ...world, log })));
  await kit.pays(incident);
}

describe('a policy', () => {
  test('that names people by their ids calls them by their names, from step to step', async () => {
    const incident = await kit.opens('Named');
    await kit.says(page('both'), incident);
    await passes(incident, 6);
    const said = await lines(incident);
    expect(said).toContain('page 1: both (chen, main) paged: all is red');
    expect(said).toContain('step 2 of 2: nobody has acknowledged, so bo paged');
  });

  test('pages a group one by one, then services; whoever acknowledges ends it everywhere, and is brought in', async () => {
    const incident = await kit.opens('Red');
    const ref = `INC-${incident}`;
    await kit.says(page('sre'), incident);
    await kit.pays(incident);
    for (const user of ['bo', 'chen']) {
      const [told, ...more] = await about(user, ref);
      expect(more).toEqual([]);
      expect(told?.text).toContain(`You are paged for *${ref}*: Red\nby ana, sre: all is red`);
      expect(told && buttons(told)).toEqual(['page:acknowledge', 'page:open']);
    }
    expect(await lines(incident)).toContain('page 1: sre (@sre) paged: all is red');
    expect(duty.asked).toEqual([]);

    // Five minutes later, and once however many look.
    await passes(incident, 4);
    expect(duty.asked).toEqual([]);
    await passes(incident, 6);
    expect(statuses()).toEqual(['triggered', 'open']);
    expect(
      (await lines(incident)).match(/step 2 of 2: nobody has acknowledged, so main, ops paged/g),
    ).toHaveLength(1);
    expect(duty.asked[0]?.body).toMatchObject({
      payload: { summary: `${ref}: Red · all is red`, source: ref },
    });

    await kit.says(ack(), incident, BO);
    await kit.pays(incident);
    expect(statuses()).toEqual(['acknowledged', 'acknowledged']);
    for (const user of ['bo', 'chen']) {
      const [told] = await about(user, ref);
      expect(told?.text).toMatch(/bo acknowledged it at <!date/);
      expect(told && buttons(told)).toEqual(['page:open']);
    }
    expect((await kit.channel(incident)).members).toContain(BO.id);
    expect(await lines(incident)).toContain('page 1 acknowledged — bo');
    await passes(incident, 600);
    expect(duty.asked).toHaveLength(2);

    await kit.says(RESOLVED, incident);
    await kit.pays(incident);
    expect(statuses()).toEqual(['resolved', 'closed']);
  });

  test('goes through its rounds, and says in the channel when nobody is left; resolved, it calls nobody any more', async () => {
    const incident = await kit.opens('Nobody comes', {}, ANA);
    await kit.says(page('sre'), incident);
    await kit.pays(incident);
    for (const minutes of [6, 12, 18, 24, 30, 36]) await passes(incident, minutes);
    const said = await lines(incident);
    expect(said.match(/nobody has acknowledged, so/g)).toHaveLength(3);
    expect(
      said.match(/nobody is left to be paged. Call somebody, or type `page sre --again` <!here> <@U0ANA/g),
    ).toHaveLength(1);
    // Once for each round.
    expect(await about('chen', `INC-${incident}`)).toHaveLength(2);
    expect(duty.alerts.size).toBe(1);
    await kit.says(RESOLVED, incident);
    await kit.pays(incident);
    for (const told of await about('chen', `INC-${incident}`)) expect(told.text).toContain('It is over');
    expect(statuses()).toEqual(['resolved', 'closed']);
  });

  test('names in people who are guests, and groups that there are not: that is said with what to do', async () => {
    const incident = await kit.opens('Wrong names');
    await kit.says(page('nobody'), incident);
    await kit.pays(incident);
    const said = await lines(incident);
    expect(said).toContain(
      'gus is a guest of this workspace. Call somebody, or page others: `page @NAME` <@U0ANA',
    );
    expect(said).toContain('@dba is a name for nobody who could be paged');
    expect(await direct('gus').catch(() => [])).toEqual([]);
  });
});

describe('a private incident', () => {
  test('is told by a title only to those who may know it; who is paged may say that they come, and others let them in', async () => {
    const incident = await kit.opens('Layoffs', { private: true });
    const before = (await direct('chen')).length;
    await kit.says(page('sre'), incident);
    await kit.pays(incident);
    await passes(incident, 6);
    const chen = { id: 'U0CHEN0003', name: 'chen' };
    const told = (await direct('chen')).slice(before);
    expect(told).toHaveLength(1);
    expect(told[0]?.text).toContain('You are paged for *a private incident*\nby ana, sre');
    expect(told[0] && buttons(told[0])).toEqual(['page:acknowledge']);
    const sent = JSON.stringify([duty.asked, genie.asked, told]);
    for (const word of ['Layoffs', 'all is red', `INC-${incident}`]) expect(sent).not.toContain(word);
    expect(sent).toContain('A private incident needs you');

    // Whoever was not paged sees nothing of it, and neither does who was, but that page.
    const outside = { seesPrivate: false, account: 'member' as const };
    await expect(kit.says(ack(1), incident, { id: 'U0DANA0004', name: 'dana' }, outside)).rejects.toThrow(
      'There is no INC',
    );
    await expect(
      kit
        .notes(incident, 'x')
        .then(() => kit.says({ type: 'RecordNote', moment: null, text: 'x' }, incident, chen, outside)),
    ).rejects.toThrow('There is no INC');
    await kit.says(ack(1), incident, chen, outside);
    await kit.pays(incident);
    expect((await kit.state(incident)).members).not.toContain(chen.id);
    expect(await lines(incident)).toContain(
      'by chen, who is not in this channel. `invite @chen` lets them in <@U0ANA',
    );
  });

  test('by a policy that is for it, all is told, and whoever comes is let in', async () => {
    const incident = await kit.opens('Breach', { private: true });
    await kit.says(page('trusted'), incident);
    await kit.pays(incident);
    expect(await about('bo', `INC-${incident}`)).toHaveLength(1);
    expect(duty.asked[0]?.body).toMatchObject({
      payload: { summary: `INC-${incident}: Breach · all is red` },
    });
    await kit.says(ack(1), incident, BO, { seesPrivate: false, account: 'member' });
    await kit.pays(incident);
    expect((await kit.channel(incident)).members).toContain(BO.id);
  });
});

describe('what does not take a page', () => {
  test('a service that refuses it is told at once, once, with what to do', async () => {
    const incident = await kit.opens('Refused');
    duty.fates.push({ status: 400, body: '{"message":"Event object is invalid"}' });
    await kit.says(page('duty'), incident);
    await kit.pays(incident);
    const words =
      'page 1: main (PagerDuty) answered 400: Event object is invalid. Call somebody, or page others';
    expect((await lines(incident)).split(words)).toHaveLength(2);
    expect(duty.asked).toHaveLength(1);
    expect((await kit.rows(incident, 'page.send')).map(({ done, dead }) => ({ done, dead }))).toEqual([
      { done: true, dead: false },
    ]);
  });

  test('one that is away is asked again, and the channel hears of it only when that lasts', async () => {
    const incident = await kit.opens('Away');
    duty.fates.push({ status: 503 }, 'drop', { status: 429, headers: { 'retry-after': '60' } }, 'after');
    await kit.says(page('duty'), incident);
    await kit.pays(incident);
    expect((await lines(incident)).match(/answered 429\. It is tried again by itself/g)).toHaveLength(1);
    expect(duty.asked).toHaveLength(5);
    expect(statuses()).toEqual(['triggered']);
    expect((await kit.state(incident)).pages?.list[0]?.sent).toEqual([{ to: 'service:main', step: 0 }]);
  });

  test('what is acknowledged meanwhile is not given to it any more', async () => {
    const incident = await kit.opens('Too late');
    duty.fates.push({ status: 503 });
    await kit.says(page('duty'), incident);
    await kit.visits(incident, undefined, undefined, `T1/INC-${incident}/page/1/main`);
    await kit.says(ack(), incident);
    await kit.pays(incident);
    expect(duty.asked.map(({ body }) => (body as { event_action: string }).event_action)).toEqual([
      'trigger',
      'acknowledge',
    ]);
    expect(duty.alerts.size).toBe(0);
  });

  test.each<[string, string, RegExp]>([
    ['chat.postMessage', 'messages_tab_disabled', /people cannot be paged in Slack \(messages_tab_disabled/],
    ['usergroups.list', 'missing_scope', /who is in @sre Slack does not say \(missing_scope/],
  ])('%s: %s is told once for all of them', async (method, code, words) => {
    const incident = await kit.opens('Slack refuses');
    await kit.pays(incident);
    await kit.fault(method, 'error', code, 2);
    withGroups();
    await kit.says(page('sre'), incident);
    for (const lane of (await kit.owing(incident)).filter((one) => one.includes('/page/')))
      await kit.visits(incident, undefined, undefined, lane);
    for (const lane of (await kit.owing(incident)).filter((one) => /\/page\/1\/U/.test(one)))
      await kit.visits(incident, undefined, undefined, lane);
    await kit.act('fault/clear', {});
    await kit.pays(incident);
    expect((await lines(incident)).match(new RegExp(words, 'g'))).toHaveLength(1);
  });
});

test('without a channel people are paged all the same, and who has paged hears directly that it does not reach somebody', async () => {
  await kit.fault('conversations.create', 'error', 'restricted_action', 20);
  const incident = await kit.opens('No channel');
  duty.fates.push({ status: 400 });
  await kit.says(page('sre'), incident);
  await kit.says(page('duty'), incident);
  await kit.tries(incident, 6);
  const [told] = await about('bo', `INC-${incident}`);
  expect(told && buttons(told)).toEqual(['page:acknowledge']);
  const said = (await kit.calls('chat.postMessage')).map(({ args }) => String(args.text));
  expect(
    said.filter((text) => text.startsWith(`*INC-${incident}*: page 2: main (PagerDuty) answered 400`)),
  ).toHaveLength(1);
  // Once there is one, the way to it is shown.
  await kit.act('fault/clear', {});
  await kit.retries();
  await kit.pays(incident);
  const [shown] = await about('bo', `INC-${incident}`);
  expect(shown && buttons(shown)).toEqual(['page:acknowledge', 'page:open']);
});

test('whenever a worker is killed: everybody is paged, an alert is made once, and the end reaches it', async () => {
  const incident = await kit.opens('Killed');
  await kit.pays(incident);
  const before = (await direct('chen')).length;
  const lanes = async () => (await kit.owing(incident)).filter((one) => one.includes('/page/'));
  let pages = 0;
  for (let survived = false; !survived; ) {
    pages += 1;
    await kit.says(page('both', { again: true }), incident);
    const its = mortal(kit.world, pages);
    for (let round = 0; round < 2; round++)
      for (const lane of await lanes())
        await kit.visits(incident, undefined, its.world, lane).catch(() => {});
    survived = !its.died();
    await kit.client.query("update lane set lease_until = now() - interval '1 s' where lane like '%/page/%'");
    // Whatever it left begun is taken up by another.
    for (let left = await lanes(); left.length > 0; left = await lanes()) {
      await kit.winds(60_000);
      for (const lane of left) await kit.visits(incident, undefined, undefined, lane);
    }
    const { sent = [] } = (await kit.state(incident)).pages?.list.at(-1) ?? {};
    expect([pages, sent.map(({ to }) => to).sort()]).toEqual([pages, ['U0CHEN0003', 'service:main']]);
  }
  expect(duty.alerts.size).toBe(pages);
  // Where the answer to a post was lost, the bot may not look for it: a second message, rather than none.
  const told = (await direct('chen')).length - before;
  expect([told >= pages, told < 2 * pages]).toEqual([true, true]);
  await kit.says(RESOLVED, incident);
  await kit.pays(incident);
  expect(new Set(statuses())).toEqual(new Set(['resolved']));
});

test('a handle that is asked twice at the same moment records one acknowledgement', async () => {
  const incident = await kit.opens('Twice');
  await kit.says(page('duty'), incident);
  const now = new Date();
  const by = (key: string, who = ANA) => ({
    team: 'T1',
    by: who,
    source: 'slack' as const,
    key,
    now,
    seesPrivate: true,
  });
  const answers = await Promise.all([
    kit.handle(ack(), incident, by('twice:a')),
    kit.handle(ack(), incident, by('twice:a')),
    kit.handle(ack(), incident, by('twice:b', BO)),
  ]);
  const said = answers.map((answer) => (isRefusal(answer) ? answer.code : 'recorded'));
  // Whoever was first: the same key hears the same, and the other who it was.
  expect(said[0]).toBe(said[1]);
  expect(new Set(said)).toEqual(new Set(['recorded', 'PAGE_ACKNOWLEDGED']));
  const { rows } = await kit.client.query(
    "select seq from fact where incident = $1 and type = 'PageAcknowledged'",
    [incident],
  );
  expect(rows).toHaveLength(1);
});
