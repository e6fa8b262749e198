import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { itemsOf } from '#domain/incident/action.js';
import { laneBeside } from '#domain/incident/effect.js';
import { Secret } from '#runbooks/secret.js';
import { lookAtTickets } from '#schedules/actions.js';
import { createTrackerHook } from '#tracker/hook.js';
import { openTracker, readTrackerSettings, type TrackerSettings } from '#tracker/settings.js';
import type { Tracker } from '#tracker/tracker.js';
import { BO, type Kit, startKit } from '../deliver/kit.js';
import { mortal } from '../deliver/mortal.js';
import { EMAIL, StandIn, TOKEN } from './stand-in.js';

const KINDS = ['github', 'jira'] as const;
const TEAM = 'T1';

let kit: Kit;
const standIns = { github: new StandIn('github'), jira: new StandIn('jira') };
const trackers = new Map<string, { settings: TrackerSettings; tracker: Tracker }>();

function settingsOf(kind: 'github' | 'jira', url: string): TrackerSettings {
  const of = kind === 'github' ? { repo: 'acme/app' } : { project: 'OPS', email: EMAIL };
  const section = { kind, url, token: 'secret:tracker', webhook: 'secret:hook', ...of };
  const read = readTrackerSettings(section, ['tracker', 'hook'], () => 'tocsin.yml:1');
  if ('problems' in read || !read.settings) throw new Error(JSON.stringify(read));
  return read.settings;
}

beforeAll(async () => {
  kit = await startKit();
  incident = await kit.opens('Keys <fail>');
  await kit.pays(incident);
  for (const kind of KINDS) {
    const settings = settingsOf(kind, await standIns[kind].start());
    const secret = (name: string) => new Secret(name === 'tracker' ? TOKEN : 'hook-secret');
    trackers.set(kind, { settings, tracker: openTracker(settings, secret) });
  }
});
beforeEach(async () => {
  for (const kind of KINDS) standIns[kind].clear();
  await kit.act('fault/clear', {});
  delete kit.world.tracker;
});
afterAll(async () => {
  await kit.stop();
  for (const kind of KINDS) await standIns[kind].stop();
  // Whatever the descriptions of their APIs do not allow was never asked for.
  expect({ github: standIns.github.strange, jira: standIns.jira.strange }).toEqual({ github: [], jira: [] });
});

const trackerOf = (kind: string) => trackers.get(kind) as { settings: TrackerSettings; tracker: Tracker };
function follows(kind: 'github' | 'jira', hidden = false): StandIn {
  kit.world.tracker = { ...trackerOf(kind).tracker, private: hidden };
  return standIns[kind];
}
/** One incident for all of them: what opening one takes is tried elsewhere. */
let incident = 0;
const adds = async (text = 'rotate keys', of = incident): Promise<number> => {
  await kit.says({ type: 'AddAction', text, owner: BO, due: '2026-12-05' }, of);
  return (await kit.state(of)).actions;
};
/** Written down, and all that is owed for it paid. */
const filed = async (text?: string): Promise<number> => {
  const action = await adds(text);
  await kit.pays(incident);
  return action;
};
const does = (action: number, of = incident) => kit.says({ type: 'CompleteAction', action }, of);
const said = (action: number, of = incident) => kit.store.incidents.entriesOfAction(TEAM, of, action);
const item = async (action: number, of = incident) => itemsOf(await said(action, of))[0] ?? null;
const told = async () => (await kit.said(incident)).map(({ text }) => text).join('\n');
/** How often the channel was told that of an action item. */
const times = async (words: RegExp) => (await told()).match(words)?.length ?? 0;
/** What somebody did there is looked at. */
async function looks(action: number): Promise<void> {
  const lane = laneBeside(TEAM, incident, 'ticket.push');
  const effect = { kind: 'ticket.look' as const, payload: { action } };
  await kit.store.outbox.owe(effect, { team: TEAM, lane, incident, key: null });
  await kit.pays(incident);
}
const strikes = async (action: number, done: boolean, of = incident) => {
  const entry = (await said(action, of)).find(({ detail }) => Boolean(detail.done) === done)?.n ?? 0;
  await kit.says({ type: 'StrikeEntry', entry, reason: 'a slip' }, of);
};

describe.each(KINDS)('in %s', (kind) => {
  test('an action item is filed once, and goes where it goes here: done, open again, struck', async () => {
    const there = follows(kind);
    const action = await filed('rotate @here keys #12');
    const [ticket] = there.filed;
    expect(there.filed).toHaveLength(1);
    expect(ticket).toMatchObject({ title: 'rotate @here keys #12', state: 'open' });
    expect(ticket?.body).toContain(`Action item ${action} of INC-${incident}`);
    expect(ticket?.body).toContain('Due 2026-12-05.');
    if (kind === 'jira') expect(ticket?.due).toBe('2026-12-05');
    const name = kind === 'github' ? 'acme/app#1' : 'OPS-1';
    expect(await item(action)).toMatchObject({ ticket: { name } });
    expect(await told()).toMatch(new RegExp(`filed as <http[^|]*\\|${name}>`));

    await does(action);
    await kit.pays(incident);
    expect(ticket).toMatchObject({ state: 'closed', ...(kind === 'github' && { reason: 'completed' }) });
    // What we did there ourselves comes back as nothing.
    await looks(action);
    expect(await said(action)).toHaveLength(2);
    await strikes(action, true);
    await kit.pays(incident);
    expect(ticket).toMatchObject({ state: 'open' });
    await strikes(action, false);
    await kit.pays(incident);
    expect(ticket).toMatchObject({ state: 'closed', ...(kind === 'github' && { reason: 'not_planned' }) });
    expect(there.filed).toHaveLength(1);
  });

  test('what somebody does there is done here, by the tracker, and is not said to it again', async () => {
    const there = follows(kind);
    const action = await filed();
    there.turns('closed');
    const wrote = () => there.asked(/^(POST|PATCH) /);
    const before = wrote();
    await looks(action);
    await looks(action);
    expect(await item(action)).toMatchObject({ done: true });
    expect(await told()).toContain(`#${action} done — ${kind} (tracker)`);
    there.turns('open');
    await looks(action);
    expect(await item(action)).toMatchObject({ done: false });
    expect(await told()).toContain(`#${action} is open again`);
    expect(await said(action)).toHaveLength(3);
    // Closed here and there at the same time: it is done once.
    there.turns('closed');
    await does(action);
    await kit.pays(incident);
    await looks(action);
    expect(await said(action)).toHaveLength(4);
    expect(wrote()).toBe(before);
  });

  test('an answer that is lost, or late, makes no second ticket; a tracker that is away is told of once', async () => {
    const there = follows(kind);
    there.fails(/^POST \S*\/issues?$/, 'do and drop');
    const action = await filed();
    expect(there.filed).toHaveLength(1);
    expect(await item(action)).toMatchObject({ ticket: { name: expect.stringMatching(/1$/) } });
    there.fails(/./, 'drop', 4);
    there.fails(/./, { status: 503 }, 4);
    await does(action);
    await kit.pays(incident);
    expect(there.filed[0]?.state).toBe('closed');
    expect(await times(new RegExp(`action item ${action} is not in the tracker yet`, 'g'))).toBe(1);
  });

  test('a no is told in the channel with what to do, and tried again when that is done', async () => {
    const there = follows(kind);
    const nos: Array<[number, string]> = [
      [401, 'put a new'],
      [403, 'give it'],
      [404, 'correct'],
      [410, kind === 'github' ? 'switch them on' : 'correct'],
      [422, 'file it by hand'],
    ];
    for (const [status, next] of nos) {
      there.fails(/^POST \S*\/issues?$/, { status, body: { message: TOKEN, errors: [] } });
      const action = await filed();
      const lines = (await told()).split('\n');
      const line = lines.find((one) => one.includes(`action item ${action} is not in the tracker as it is`));
      expect(line).toContain(`(${status})`);
      expect(line).toContain(`What to do: ${next}`);
    }
    expect(await told()).not.toMatch(new RegExp(`${TOKEN}|Not shown here`));
    const rows = await kit.rows(incident, 'ticket.push');
    expect(rows.filter(({ dead }) => dead)).toHaveLength(nos.length);
    await kit.retries();
    await kit.pays(incident);
    expect(there.filed).toHaveLength(nos.length);
  });

  test('what says to wait is waited for', async () => {
    const there = follows(kind);
    const soon = String(Math.ceil(Date.now() / 1000) + 30);
    there.fails(/./, { status: 429, headers: { 'retry-after': '7' } });
    there.fails(/./, { status: 503, headers: { 'retry-after': '600' } });
    if (kind === 'github') {
      there.fails(/./, { status: 403, headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': soon } });
      there.fails(/./, { status: 403, body: { message: 'You have exceeded a secondary rate limit.' } });
    }
    await adds();
    const lane = laneBeside(TEAM, incident, 'ticket.push');
    const back = await kit.visits(incident, undefined, kit.world, lane);
    expect(((back?.getTime() ?? 0) - kit.world.now().getTime()) / 1000).toBeGreaterThan(5);
    expect(there.heard).toHaveLength(1);
    await kit.pays(incident);
    expect(there.filed).toHaveLength(1);
  });

  test('one that is gone there is told of once; where all of it is out of sight, nothing is said to be', async () => {
    const there = follows(kind);
    const action = await filed();
    const gone = new RegExp(`ticket of action item ${action} .*not in the tracker any more`, 'g');
    there.seen = 'nothing';
    await looks(action);
    expect(await times(gone)).toBe(0);
    there.seen = 'all';
    there.filed.length = 0;
    await looks(action);
    await looks(action);
    expect(await times(gone)).toBe(1);
    expect(await item(action)).toMatchObject({ done: false });
  });

  test('its webhook is believed if it is signed, and no more than that a ticket is to be looked at', async () => {
    const there = follows(kind);
    const { settings, tracker } = trackerOf(kind);
    // Others have their number from tests before.
    await kit.client.query('delete from ticket');
    const action = await filed();
    const hook = createTrackerHook({
      ...{ settings, tracker, actions: kit.store.actions, log: kit.world.log },
      secret: () => new Secret('hook-secret'),
      team: async () => TEAM,
      owe: async (effect, of) => void (await kit.store.outbox.owe(effect, of)),
    });
    const target = `/hooks/tracker/${kind}`;
    const send = async (
      body: string,
      more: { secret?: string; id?: string; to?: string; method?: string } = {},
    ) => {
      const { secret = 'hook-secret', id = 'd1', to = target, method = 'POST' } = more;
      const hex = createHmac('sha256', secret).update(body).digest('hex');
      const signed: Record<string, string> =
        kind === 'github'
          ? { 'x-hub-signature-256': `sha256=${hex}`, 'x-github-delivery': id }
          : { 'x-hub-signature': `sha256=${hex}`, 'x-atlassian-webhook-identifier': id };
      const headers = secret === '' ? {} : signed;
      const answer = await hook({ method, target: to, headers, read: async () => Buffer.from(body) });
      return answer && { ...(answer.body as object), status: answer.status };
    };
    const event =
      kind === 'github'
        ? { action: 'closed', issue: { number: 1 }, repository: { full_name: 'Acme/App' } }
        : { webhookEvent: 'jira:issue_updated', issue: { id: '1', key: 'OPS-1' } };
    const body = JSON.stringify(event);
    expect(await send(body, { secret: 'other' })).toMatchObject({ status: 401 });
    expect(await send(body, { secret: '' })).toMatchObject({ status: 401 });
    expect(await send(body, { method: 'GET' })).toMatchObject({ status: 405 });
    expect(await send(body, { to: '/hooks/prometheus' })).toBeNull();
    for (const odd of ['', '[]', 'null', '{"issue":7}', '{"issue":{"number":"x","id":{}}}'])
      expect(await send(odd)).toMatchObject({ status: 400 });
    expect(await send('{"zen":"ping"}')).toMatchObject({ status: 202, tickets: 0 });
    const asked = there.heard.length;
    there.turns('closed');
    // Twice the same delivery is one look; what it claims changes nothing.
    expect(await send(body)).toMatchObject({ status: 202, tickets: 1 });
    expect(await send(body)).toMatchObject({ status: 202 });
    await kit.pays(incident);
    expect(there.heard.length).toBe(asked + 1);
    expect(await item(action)).toMatchObject({ done: true });
    expect(await send(body, { id: 'd2' })).toMatchObject({ status: 202 });
    await kit.pays(incident);
    expect(await said(action)).toHaveLength(2);
  });

  test('the doctor says what keeps it from working', async () => {
    const there = follows(kind);
    const { tracker } = trackerOf(kind);
    const check = () => tracker.check(AbortSignal.timeout(5_000));
    expect(await check()).toMatchObject({ ok: true });
    there.seen = 'nothing';
    expect(await check()).toMatchObject({ ok: false, fix: expect.stringContaining('correct') });
    there.seen = 'all';
    there.fails(/./, { status: 401 });
    expect(await check()).toMatchObject({ ok: false, fix: expect.stringContaining('token') });
    if (kind === 'github') {
      there.issues = false;
      expect(await check()).toMatchObject({ ok: false, detail: expect.stringContaining('switched off') });
      there.issues = true;
      there.archived = true;
      expect(await check()).toMatchObject({ ok: false, detail: expect.stringContaining('archived') });
    } else {
      there.permissions = { CREATE_ISSUES: false };
      expect(await check()).toMatchObject({ ok: false, detail: expect.stringContaining('CREATE_ISSUES') });
    }
  });
});

test('killed on any line it is there once', async () => {
  const there = follows('github');
  const lane = laneBeside(TEAM, incident, 'ticket.push');
  let survived = false;
  for (let n = 1; !survived; n++) {
    const action = await adds(`killed ${n}`);
    const its = mortal(kit.world, n);
    await kit.visits(incident, undefined, its.world, lane).catch(() => undefined);
    survived = !its.died();
    const over = "update lane set lease_until = now() - interval '1 s', next_at = null where lane = $1";
    await kit.client.query(over, [lane]);
    for (let i = 0; i < 3; i++) {
      const back = await kit.visits(incident, undefined, kit.world, lane);
      if (back) await kit.winds(back.getTime() - kit.world.now().getTime() + 1);
    }
    const made = there.filed.filter(({ title }) => title === `killed ${n}`).length;
    const known = (await item(action))?.ticket !== null;
    expect({ n, made, known }).toEqual({ n, made: 1, known: true });
  }
});

test('opened and closed again and again, it is followed no more that day, and people are told why', async () => {
  const there = follows('github');
  const action = await filed();
  for (let i = 0; i < 10; i++) {
    there.turns(i % 2 === 0 ? 'closed' : 'open');
    await looks(action);
  }
  expect(await said(action)).toHaveLength(1 + 6);
  expect(await times(/again and again/g)).toBe(1);
});

test('of a private incident nothing is filed unless tocsin.yml says so, of a drill nothing at all', async () => {
  const there = follows('github');
  const hidden = await kit.opens('Between us', { private: true });
  const drill = await kit.opens('Drill', { drill: true });
  for (const one of [hidden, drill]) {
    await adds('between us', one);
    await kit.pays(one);
  }
  expect(there.heard).toEqual([]);
  follows('github', true);
  await does(1, hidden);
  await strikes(1, true, hidden);
  await kit.pays(hidden);
  expect(there.filed).toHaveLength(1);
});

test('what no webhook tells is found by looking; two who look at the same moment look once', async () => {
  const there = follows('github');
  const { settings, tracker } = trackerOf('github');
  await kit.client.query('delete from ticket');
  const action = await filed();
  there.turns('closed');
  const world = {
    actions: kit.store.actions,
    tracker: { place: tracker.place, pollMs: settings.pollMs },
    ...{ owe: kit.store.outbox.owe, nudge() {}, now: kit.world.now, log: kit.world.log },
  };
  const look = () => lookAtTickets(TEAM, world as never);
  expect(await look()).toBe(0);
  await kit.client.query("update ticket set looked_at = now() - interval '16 minutes'");
  expect((await Promise.all([look(), look()])).sort()).toEqual([0, 1]);
  await kit.pays(incident);
  expect(await item(action)).toMatchObject({ done: true });
});

test('a field that the project does not have is left out of a Jira ticket', async () => {
  const there = follows('jira');
  there.hidden = ['duedate', 'labels'];
  await filed();
  expect(there.filed).toMatchObject([{ due: null, labels: [] }]);
});

test('nobody is notified by GitHub because of a word of an incident', async () => {
  const there = follows('github');
  await filed(`${'x'.repeat(300)} @octocat see #7 <b>`);
  expect(there.filed[0]?.body).toContain('octocat');
  expect(there.filed[0]?.body).not.toMatch(/@o|(?<!\\)#7|(?<!\\)<b/);
});

test.each([
  [{ kind: 'gitlab' }, /tracker\.kind is none that there is; write github or jira/],
  [{ kind: 'github', repo: 'app', token: 'secret:tracker' }, /tracker\.repo is no repository/],
  [{ kind: 'github', repo: 'a/b', token: 'ghp_abc' }, /tracker\.token must be a reference/],
  [{ kind: 'github', repo: 'a/b', token: 'secret:other' }, /not under `secrets:`: other/],
  [
    { kind: 'github', repo: 'a/b', token: 'secret:tracker', url: 'http://ghe.example' },
    /must begin with https/,
  ],
  [{ kind: 'github', repo: 'a/b', token: 'secret:tracker', poll: '5s' }, /tracker\.poll is no such span/],
  [{ kind: 'github', repo: 'a/b', token: 'secret:tracker', project: 'X' }, /tracker\.project/],
  [
    { kind: 'jira', url: 'https://x.atlassian.net', project: 'ops', email: 'a@b', token: 'secret:tracker' },
    /tracker\.project is no key/,
  ],
])('a mistake under `tracker:` is said with its place: %o', (section, said) => {
  const read = readTrackerSettings(section, ['tracker'], (path) => `tocsin.yml:${path.length}`);
  expect('problems' in read && read.problems.join('\n')).toMatch(said);
  expect(JSON.stringify(read)).not.toContain('ghp_abc');
});
