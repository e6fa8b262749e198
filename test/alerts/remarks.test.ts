import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Entry } from '#domain/incident/entry.js';
import { type Hooked, hooked, KEPT } from './hooked.js';
import { hmac } from './kit.js';
import { type Kit, startKit, TEAM } from './settle-kit.js';

// What is said of an alert beside its firing and ending: over HTTP, to the record. Workers settle in the same database.

const SETTINGS = `
  sources:
    opsgenie: { type: opsgenie, secrets: [secret:og] }
    pagerduty: { type: pagerduty-events, secrets: [secret:pd] }
    v3: { type: pagerduty, secrets: [secret:am-token] }
    unknowing: { type: opsgenie, secrets: [secret:og] }
    ignoring: { type: opsgenie, secrets: [secret:og] }
    holding: { type: opsgenie, secrets: [secret:og] }
    dark: { type: opsgenie, secrets: [secret:og], mode: shadow }
  rules:
    - { name: noise, match: { labels: { service: noise } }, ignore: true }
    - { name: late, match: { labels: { service: late } }, group_by: [service], open: {}, for: 5m }
    - { name: hidden, match: { labels: { service: hidden } }, group_by: [service], open: { private: true } }
    - { name: rest, group_by: [service], open: { severity: sev2 } }
`;
let kit: Kit;
let at: Hooked;
let now = new Date();
/** Do workers hear of what arrives? */
let awake = true;
let settling: Promise<unknown> = Promise.resolve();

beforeAll(async () => {
  kit = await startKit();
  at = await hooked(SETTINGS, {
    ...{ signals: kit.store.signals, tell: kit.handle, before: kit.before, now: () => now },
    nudge: () => {
      if (awake) settling = settling.then(() => kit.settles());
    },
  });
  kit.rule(...at.ports.settings().rules);
});
beforeEach(async () => {
  await settling;
  awake = true;
  at.ports.patienceMs = 60_000;
  now = new Date();
  at.log.lines.length = 0;
  await kit.client.query('truncate signal, arrival, outbox');
});
afterAll(async () => {
  await settling;
  await at.close();
  await kit.stop();
});

const GENIE = { authorization: `GenieKey ${KEPT.og}` };
const opsgenie = (path: string, body: unknown, source = 'opsgenie') =>
  at.post(`/${source}/v2/alerts${path}`, body, GENIE);
const create = (alias: string, service = alias, source = 'opsgenie') =>
  opsgenie('', { message: `${alias} fails`, alias, details: { service } }, source);
const acknowledge = (alias: string, body: object = { user: 'ana' }, source = 'opsgenie') =>
  opsgenie(`/${alias}/acknowledge?identifierType=alias`, body, source);
const note = (alias: string, body: object, source = 'opsgenie') =>
  opsgenie(`/${alias}/notes?identifierType=alias`, body, source);
const pagerduty = (event_action: string, dedup_key: string, more: object = {}) =>
  at.post('/pagerduty/v2/enqueue', { routing_key: KEPT.pd, event_action, dedup_key, ...more });
const v3 = (id: string, event_type: string, data: object, more: object = {}) => {
  const event = { id, event_type, occurred_at: '2024-11-10T01:44:00.169Z', ...more, data };
  const body = JSON.stringify({ event });
  return at.post('/v3', body, { 'x-pagerduty-signature': `v1=${hmac(KEPT['am-token'] ?? '', body)}` });
};

/** The newest incident. */
const newest = async () => (await kit.incidents()).at(-1) ?? 0;
const notes = async (incident?: number): Promise<Entry[]> =>
  kit.store.incidents.entriesOf(TEAM, incident ?? (await newest()), ['note']);
const said = async (incident?: number) => (await notes(incident)).map(({ text }) => text);
/** How many notes there are in all incidents. */
const all = async (): Promise<number> => {
  const { rows } = await kit.client.query<{ count: number }>(
    "select count(*)::int as count from fact where type = 'NoteRecorded'",
  );
  return rows[0]?.count ?? -1;
};
const nowhere = () => at.log.lines.filter((line) => line.includes('is recorded nowhere'));

describe('Opsgenie’s clients', () => {
  test('create, acknowledge and note at once: both are recorded when they are answered', async () => {
    await create('tts');
    expect((await acknowledge('tts')).status).toBe(202);
    const answer = await note('tts', { user: 'bo', note: 'looking at\nthe pods' });
    expect(answer.body).toMatchObject({ result: 'Request will be processed' });
    expect(await said()).toEqual([
      'acknowledged by ana, in opsgenie: tts fails',
      'bo, in opsgenie: looking at\nthe pods',
    ]);
    expect((await notes())[0]).toMatchObject({ by: { id: 'alerts:opsgenie' }, source: 'alerts' });
    const asked = await at.post(
      `/opsgenie/v2/alerts/requests/${answer.body.requestId}`,
      undefined,
      GENIE,
      'GET',
    );
    expect(asked.status).toBe(200);
  });

  test('directly behind the create, while nobody settles: 503, to be sent again, and then it is there once', async () => {
    awake = false;
    at.ports.patienceMs = 200;
    await create('sleepy');
    const before = await all();
    const early = await acknowledge('sleepy');
    expect([early.status, early.headers.get('retry-after')]).toEqual([503, '5']);
    expect(early.body.message).toContain('send it again');
    expect(await all()).toBe(before);
    await kit.settles();
    expect((await acknowledge('sleepy')).status).toBe(202);
    expect(await said()).toEqual(['acknowledged by ana, in opsgenie: sleepy fails']);
  });

  test('the same within a minute is one, also when the minute ends in between; later, or other words, are another', async () => {
    await create('again');
    await settling;
    const sends = async (time: string, body: object = { user: 'bo', note: 'still looking' }) => {
      now = new Date(`2024-11-10T${time}Z`);
      expect((await note('again', body)).status).toBe(202);
      return (await said()).length;
    };
    expect(await sends('01:43:50')).toBe(1);
    expect(await sends('01:43:59')).toBe(1);
    expect(await sends('01:44:10')).toBe(1);
    expect(await sends('01:44:11', { user: 'cy', note: 'still looking' })).toBe(2);
    expect(await sends('01:46:00')).toBe(3);
  });

  test('ten at the same time are one', async () => {
    await create('flood');
    await settling;
    now = new Date('2024-11-10T01:43:30Z');
    const answers = await Promise.all(Array.from({ length: 10 }, () => acknowledge('flood')));
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(202));
    expect(await said()).toHaveLength(1);
  });

  test('behind its end it goes where the alert was; nothing is reopened, resolved or muted', async () => {
    await create('over');
    await settling;
    const incident = await newest();
    await kit.says({ type: 'ChangeStatus', status: 'resolved', moment: null, text: null }, incident);
    await acknowledge('over');
    expect((await kit.state(incident)).status).toBe('resolved');
    await opsgenie('/over/close?identifierType=alias', {});
    await opsgenie('/over/close?identifierType=alias', {});
    await settling;
    await note('over', { note: 'dismiss\nmute service=over 2h' });
    await acknowledge('over', { user: 'cy' });
    expect(await said(incident)).toEqual([
      'acknowledged by ana, in opsgenie: over fails',
      'noted, in opsgenie: dismiss\nmute service=over 2h',
      'acknowledged by cy, in opsgenie: over fails',
    ]);
    const state = await kit.state(incident);
    expect([state.status, state.falseAlarm]).toEqual(['resolved', undefined]);
    expect(await kit.store.signals.mutes(TEAM, new Date())).toEqual([]);
    expect(await newest()).toBe(incident);
  });

  test('of a second firing it goes where that is, and not where the first one was', async () => {
    await create('twice');
    await settling;
    const first = await newest();
    await opsgenie('/twice/close?identifierType=alias', {});
    await settling;
    await kit.says({ type: 'ChangeStatus', status: 'resolved', moment: null, text: null }, first);
    await create('twice');
    await note('twice', { note: 'again' });
    expect(await newest()).toBe(first + 1);
    expect(await said(first)).toEqual([]);
    expect(await said(first + 1)).toEqual(['noted, in opsgenie: again']);
  });

  test('where the alert is at home since somebody moved it', async () => {
    await create('movable');
    await settling;
    const from = await newest();
    await kit.says(
      { type: 'MoveAlerts', group: kit.laneOf('movable').split('/').at(-1) ?? '', to: null },
      from,
    );
    await kit.settles();
    await acknowledge('movable');
    expect(await newest()).toBe(from + 1);
    expect([await said(from), (await said(from + 1)).length]).toEqual([[], 1]);
  });

  test('a note without words is 422, what is no JSON 400, an acknowledgement without a body is one', async () => {
    await create('bare');
    await settling;
    expect(await note('bare', { user: 'bo', note: ' ' })).toMatchObject({
      status: 422,
      body: { errors: { note: 'may not be empty' } },
    });
    expect((await opsgenie('/bare/acknowledge?identifierType=alias', '{"user":')).status).toBe(400);
    expect((await opsgenie('/bare/acknowledge?identifierType=alias', '')).status).toBe(202);
    expect((await acknowledge('bare', { source: 'cron', note: 'known' })).status).toBe(202);
    expect((await acknowledge('bare', { user: { a: 1 }, note: 7 })).status).toBe(202);
    expect(await said()).toEqual([
      'acknowledged, in opsgenie: bare fails',
      'acknowledged by cron, in opsgenie: bare fails — known',
    ]);
  });

  test('wild texts are cleaned, scrubbed and cut, and a name is one line', async () => {
    await create('wild');
    await settling;
    const texts = [
      `<!channel> \u001b[31mred\u202e\u0000 ${KEPT.pd} \ud800x`,
      'x'.repeat(40_000),
      '\u0000\u202e',
      `${'👩‍🚒'.repeat(9_000)}`,
    ];
    for (const text of texts)
      expect((await note('wild', { user: 'eve:\n\u001b[2Jbo, in prod', note: text })).status).toBe(202);
    await note('wild', { user: 'u'.repeat(5_000), note: 'hi' });
    const [first = '', long = '', emoji = '', named = '', ...rest] = (await said()) as string[];
    expect(first).toMatch(/^eve: bo, in prod, in opsgenie: <!channel> red [^\n]+ x$/);
    expect(first).not.toContain(KEPT.pd);
    expect(long).toMatch(/^eve: bo, in prod, in opsgenie: x+…$/);
    for (const text of [long, emoji]) expect([...text].length).toBeLessThan(25_100);
    expect(named).toMatch(/^u{99}…, in opsgenie: hi$/);
    expect(rest).toEqual([]);
    expect(nowhere()).toEqual([expect.stringContaining('it has no words')]);
  });
});

describe('what is in no incident', () => {
  test.each([
    ['unknown', 'unknowing', null, 'its alert is in no incident'],
    ['ignored', 'ignoring', 'noise', 'its alert is in no incident'],
    ['held back by its rule', 'holding', 'late', 'its alert is in no incident'],
    ['of a source in shadow', 'dark', 'tts', 'the source is in shadow'],
  ])('%s: answered as ever, recorded nowhere, and said in the log once', async (_, source, service, why) => {
    const before = [await all(), (await kit.incidents()).length];
    if (service) await create('quiet', service, source);
    await settling;
    for (const user of ['ana', 'bo']) {
      const answer = await acknowledge('quiet', { user }, source);
      expect([answer.status, answer.body.result]).toEqual([202, 'Request will be processed']);
    }
    expect([await all(), (await kit.incidents()).length]).toEqual(before);
    const fields = JSON.stringify({ source, why });
    expect(nowhere()).toEqual([`warn what was said of an alert is recorded nowhere ${fields}`]);
  });

  test('an alert whose firing waits anew is in none, although it was in one before', async () => {
    await create('slow', 'late');
    await kit.winds(6 * 60_000);
    await kit.settles();
    const incident = await newest();
    await acknowledge('slow');
    expect(await said(incident)).toHaveLength(1);
    await opsgenie('/slow/close?identifierType=alias', {});
    await settling;
    await kit.says({ type: 'ChangeStatus', status: 'resolved', moment: null, text: null }, incident);
    await kit.winds(-6 * 60_000);
    await create('slow', 'late');
    await note('slow', { note: 'once more' });
    expect(await said(incident)).toHaveLength(1);
  });
});

test('of a private incident the answer says no more than of none', async () => {
  await create('secretive', 'hidden');
  await settling;
  const incident = await newest();
  expect((await kit.state(incident)).private).toBe(true);
  const shape = ({ status, body }: { status: number; body: Record<string, unknown> }) => [
    status,
    { ...body, requestId: null },
  ];
  const there = shape(await note('secretive', { user: 'bo', note: 'ssh' }));
  expect(there).toEqual(shape(await note('nobody-knows', { user: 'bo', note: 'ssh' })));
  expect(JSON.stringify(there)).not.toMatch(/INC|private|secretive/);
  expect(await said(incident)).toEqual(['bo, in opsgenie: ssh']);
});

describe('PagerDuty', () => {
  const payload = {
    summary: 'Disk is full',
    source: 'db',
    severity: 'error',
    custom_details: { service: 'db' },
  };

  test('Events v2: trigger and acknowledge at once', async () => {
    await pagerduty('trigger', 'disk', { payload });
    const answer = await pagerduty('acknowledge', 'disk');
    expect(answer).toMatchObject({
      status: 202,
      body: { status: 'success', message: 'Event processed', dedup_key: 'disk' },
    });
    await pagerduty('acknowledge', 'disk');
    expect(await said()).toEqual(['acknowledged, in pagerduty: Disk is full']);
  });

  test('Events v2: of what nobody knows', async () => {
    const before = await all();
    expect((await pagerduty('acknowledge', 'x'.repeat(10_000))).status).toBe(202);
    expect(await all()).toBe(before);
  });

  test('v3: acknowledged and annotated are recorded at their time, each event once', async () => {
    const incident = { id: 'PINC1', title: 'TTS refuses its keys', service: { summary: 'TTS' } };
    const agent = { agent: { id: 'PU1', type: 'user_reference', summary: 'Ana Example' } };
    await v3('e1', 'incident.triggered', incident);
    await settling;
    const annotation = {
      id: 'PN1',
      type: 'incident_note',
      incident: { id: 'PINC1' },
      content: 'looking',
      trimmed: false,
    };
    for (const times of [1, 2]) {
      const answers = [
        await v3('e2', 'incident.acknowledged', incident, agent),
        await v3('e3', 'incident.annotated', annotation, agent),
      ];
      expect([times, ...answers.map(({ status, body }) => [status, body])]).toEqual([
        times,
        ...Array(2).fill([202, { status: 'accepted', accepted: 0, known: 0, rules: {} }]),
      ]);
    }
    await v3('e4', 'incident.annotated', annotation, { agent: null });
    expect((await notes()).map(({ at, text }) => [at, text])).toEqual([
      ['2024-11-10T01:44:00Z', 'acknowledged by Ana Example, in v3: TTS refuses its keys'],
      ['2024-11-10T01:44:00Z', 'Ana Example, in v3: looking'],
      ['2024-11-10T01:44:00Z', 'noted, in v3: looking'],
    ]);
  });

  test.each([
    ['incident.acknowledged', {}],
    ['incident.annotated', { content: 'x' }],
    ['incident.annotated', { incident: { id: 'PINC1' }, content: { a: 1 } }],
  ])('v3: %s that is not one is refused', async (type, data) => {
    expect((await v3('bad', type, data)).status).toBe(400);
  });
});

test('a database that does not take it: 503, and nothing is said to be kept', async () => {
  await create('away');
  await settling;
  const refused = { refused: true as const, code: 'NOT_RECORDED' as const, sentence: '', next: '' };
  const down = await hooked(SETTINGS, {
    ...{ signals: kit.store.signals, before: kit.before, tell: async () => refused },
  });
  try {
    const answer = await down.post(
      '/opsgenie/v2/alerts/away/notes?identifierType=alias',
      { note: 'x' },
      GENIE,
    );
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
  } finally {
    await down.close();
  }
});
