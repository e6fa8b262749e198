import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createIntake } from '#alerts/intake.js';
import { openStore } from '#store/store.js';
import { until } from '../support/until.js';
import { freePort } from '../support/wire.js';
import { type Hooked, hooked, KEPT } from './hooked.js';
import { alertmanagerAlert, alertmanagerBody, hmac } from './kit.js';

const SETTINGS = `
  sources:
    am: { type: alertmanager, secrets: [secret:am-token, secret:am-next] }
    dark: { type: alertmanager, secrets: [secret:am-token], mode: shadow }
    small: { type: alertmanager, secrets: [secret:am-token], max_bytes: 1000 }
    slow: { type: alertmanager, secrets: [secret:am-token], per_minute: 4 }
    wide: { type: alertmanager, secrets: [secret:am-token], per_minute: 100000 }
    gone: { type: alertmanager, secrets: [secret:gone] }
    half: { type: alertmanager, secrets: [secret:gone, secret:am-token] }
    pd: { type: pagerduty-events, secrets: [secret:pd] }
    og: { type: opsgenie, secrets: [secret:og] }
    ce: { type: cloudevents, secrets: [secret:am-token] }
    graf: { type: grafana, secrets: [secret:am-token] }
    timed: { type: grafana, secrets: [secret:am-token], timestamp_header: X-Time }
    js: { type: json, secrets: [secret:am-token], members: &members { alert: /id, status: /status, since: /since, labels: /labels } }
    signed: { type: json, secrets: [secret:am-token], members: *members, signature: { header: X-Signature } }
  rules:
    - { name: tts, match: { labels: { service: tts } }, group_by: [service], open: { severity: sev2 } }
`;
const GOOD = { authorization: `Bearer ${KEPT['am-token']}` };
let at: Hooked;

beforeAll(async () => {
  at = await hooked(SETTINGS);
});
beforeEach(async () => {
  at.log.lines.length = 0;
  at.nudged.length = 0;
  await at.db.sql('truncate signal, arrival, outbox');
});
afterAll(() => at.close());

describe('a delivery', () => {
  test('is answered when it is kept: which rule took what, and nothing of any incident', async () => {
    const other = alertmanagerAlert({ fingerprint: 'f2', labels: { alertname: 'Disk', service: 'db' } });
    const answer = await at.post('/am', alertmanagerBody([alertmanagerAlert(), other]), GOOD);
    expect(answer.status).toBe(202);
    expect(answer.body).toEqual({
      status: 'accepted',
      accepted: 2,
      known: 0,
      rules: { tts: 1, '(none)': 1 },
    });
    expect(await at.signals()).toEqual([
      expect.objectContaining({
        source: 'am',
        status: 'firing',
        rule: 'tts',
        key: 'service=tts',
        shadow: false,
        body: expect.objectContaining({ title: 'TTS refuses its keys', alert: '4c2e6f1f8b0d7a11' }),
      }),
      expect.objectContaining({ rule: null }),
    ]);
    const owed = await at.db.sql<{ lane: string }>('select lane from outbox');
    expect(owed.map(({ lane }) => lane).sort()).toEqual([...at.nudged].sort());
    expect(at.nudged).toHaveLength(2);
  });

  test('comes twice, and is kept once', async () => {
    const first = await at.post('/am', alertmanagerBody(), GOOD);
    const second = await at.post('/am', alertmanagerBody(), GOOD);
    expect([first.body.known, second.body.known, second.status]).toEqual([0, 1, 202]);
    expect(await at.signals()).toHaveLength(1);
  });

  test('says again what it said before an end: the alert fires again', async () => {
    const resolved = alertmanagerAlert({ status: 'resolved', endsAt: '2026-11-10T01:50:00Z' });
    const says = (alert: object) => at.post('/am', alertmanagerBody([alert]), GOOD);
    const known = [];
    for (const alert of [alertmanagerAlert(), resolved, alertmanagerAlert(), alertmanagerAlert()])
      known.push((await says(alert)).body.known);
    expect(known).toEqual([0, 0, 0, 1]);
    expect((await at.signals()).map(({ status }) => status)).toEqual(['firing', 'resolved', 'firing']);
  });

  test('signed without a time and copied by anybody after its end changes nothing; with a time, a new one does', async () => {
    const resolved = alertmanagerAlert({ status: 'resolved', endsAt: '2026-11-10T01:50:00Z' });
    const [firing, ended] = [[alertmanagerAlert()], [resolved]].map((alerts) =>
      JSON.stringify(alertmanagerBody(alerts)),
    ) as [string, string];
    const secret = KEPT['am-token'] ?? '';
    const bare = (body: string) =>
      at.post('/graf', body, { 'x-grafana-alerting-signature': hmac(secret, body) });
    for (const body of [firing, ended, firing]) expect((await bare(body)).status).toBe(202);
    expect((await at.signals()).map(({ status }) => status)).toEqual(['firing', 'resolved']);
    await at.db.sql('truncate signal, arrival');
    const timed = (body: string, secondsAgo: number) => {
      const time = String(Math.floor(Date.now() / 1_000) - secondsAgo);
      const signature = hmac(secret, time, ':', body);
      return at.post('/timed', body, { 'x-grafana-alerting-signature': signature, 'x-time': time });
    };
    // A copy of the first, after the end, is as old as the first.
    for (const [body, ago] of [
      [firing, 60],
      [ended, 30],
      [firing, 60],
    ] as const)
      expect((await timed(body, ago)).status).toBe(202);
    expect((await at.signals()).map(({ status }) => status)).toEqual(['firing', 'resolved']);
    // Clocks of senders are ahead, too.
    await timed(firing, -5);
    expect((await at.signals()).map(({ status }) => status)).toEqual(['firing', 'resolved', 'firing']);
  });

  test.each([
    [
      'Grafana with a token',
      '/graf',
      (status: string) => alertmanagerBody([alertmanagerAlert({ status })]),
      GOOD,
    ],
    [
      'JSON with a token',
      '/js',
      (status: string) => ({ id: 'a', status, since: '2026-11-10T01:43:00Z' }),
      GOOD,
    ],
    [
      'PagerDuty’s events',
      '/pd/v2/enqueue',
      (status: string) => ({
        ...{
          routing_key: KEPT.pd,
          dedup_key: 'k',
          event_action: status === 'firing' ? 'trigger' : 'resolve',
        },
        payload: { summary: 'x', source: 'y', severity: 'error', timestamp: '2026-11-10T01:43:00Z' },
      }),
      {},
    ],
  ] as const)('of %s says it as well', async (_, path, body, headers) => {
    for (const status of ['firing', 'resolved', 'firing', 'firing'])
      expect((await at.post(path, body(status), headers as Record<string, string>)).status).toBe(202);
    expect((await at.signals()).map(({ status }) => status)).toEqual(['firing', 'resolved', 'firing']);
  });

  test('of Opsgenie may be closed and created in one second', async () => {
    const key = { authorization: `GenieKey ${KEPT.og}` };
    const create = () => at.post('/og/v2/alerts', { message: 'Disk is full', alias: 'disk' }, key);
    const close = () => at.post('/og/v2/alerts/disk/close?identifierType=alias', {}, key);
    for (const does of [create, close, create, close, create]) expect((await does()).status).toBe(202);
    const said = await at.db.sql<{ status: string; since: Date }>(
      'select status, since from signal order by n',
    );
    expect(said.map(({ status }) => status)).toEqual([
      ...['firing', 'resolved', 'firing', 'resolved', 'firing'],
    ]);
    const begun = said.filter(({ status }) => status === 'firing').map(({ since }) => Number(since));
    // Else its incident would take the second for the first.
    expect(new Set(begun).size).toBe(3);
  });

  test('that was signed and is copied after its end changes nothing', async () => {
    const says = (status: string) => {
      const body = JSON.stringify({ id: 'a', status, since: '2026-11-10T01:43:00Z' });
      return at.post('/signed', body, { 'x-signature': hmac(KEPT['am-token'] ?? '', body) });
    };
    for (const status of ['firing', 'resolved', 'firing']) expect((await says(status)).status).toBe(202);
    expect((await at.signals()).map(({ status }) => status)).toEqual(['firing', 'resolved']);
  });

  test('comes twenty times in one moment, and is kept once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => at.post('/am', alertmanagerBody(), GOOD)),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(202));
    expect(answers.filter(({ body }) => body.known === 0)).toHaveLength(1);
    expect(await at.signals()).toHaveLength(1);
  });

  test('with the other secret is as good: one is exchanged for the other without a gap', async () => {
    expect(
      (await at.post('/am', alertmanagerBody(), { authorization: `Bearer ${KEPT['am-next']}` })).status,
    ).toBe(202);
  });

  test('of a source in shadow is kept as such', async () => {
    expect((await at.post('/dark', alertmanagerBody(), GOOD)).body).toMatchObject({
      mode: 'shadow',
      accepted: 1,
    });
    expect(await at.signals()).toEqual([expect.objectContaining({ source: 'dark', shadow: true })]);
  });

  test('holds a secret that is known: it is not kept', async () => {
    const summary = `curl -H "Authorization: Bearer ${KEPT['am-next']}"`;
    await at.post('/am', alertmanagerBody([alertmanagerAlert({ annotations: { summary } })]), GOOD);
    const text = JSON.stringify(await at.db.sql('select * from signal'));
    expect(text).toContain('[secret fp:');
    expect(text).not.toContain(KEPT['am-next']);
  });

  test('of which the sender left something out says so, and so does the log', async () => {
    expect(
      (await at.post('/am', alertmanagerBody([alertmanagerAlert()], { truncatedAlerts: 3 }), GOOD)).body,
    ).toMatchObject({ left: 3 });
    expect(at.log.lines.join('\n')).toMatch(/left alerts out.*raise the sender's limit.*"left":3/);
  });

  test('the same alert twice within it is one', async () => {
    const { body } = await at.post('/am', alertmanagerBody([alertmanagerAlert(), alertmanagerAlert()]), GOOD);
    expect(body).toMatchObject({ accepted: 1 });
  });

  test('whose end brings no labels goes where its beginning went', async () => {
    const event = (more: object) => ({ routing_key: KEPT.pd, dedup_key: 'k', ...more });
    const payload = { summary: 'Disk', source: 'a', severity: 'error', custom_details: { service: 'tts' } };
    await at.post('/pd/v2/enqueue', event({ event_action: 'trigger', payload }));
    await at.post('/pd/v2/enqueue', event({ event_action: 'resolve' }));
    expect((await at.signals()).map(({ status, rule, key }) => [status, rule, key])).toEqual([
      ['firing', 'tts', 'service=tts'],
      ['resolved', 'tts', 'service=tts'],
    ]);
    const says = (status: string, labels: object) => at.post('/js', { id: 'k', status, labels }, GOOD);
    expect((await says('firing', { service: 'tts' })).body.rules).toEqual({ tts: 1 });
    // Said without labels, it goes where it began, and is counted there.
    expect((await says('resolved', {})).body.rules).toEqual({ tts: 1 });
  });

  test('of thousands of alerts lets others have their turn while it is read', async () => {
    const labels = Object.fromEntries(Array.from({ length: 64 }, (_, i) => [`label${i}`, 'x'.repeat(50)]));
    const alerts = Array.from({ length: 5_000 }, (_, i) => ({
      ...{ alert: `f${i}`, status: 'firing' as const, labels },
    }));
    let turns = 0;
    let on = true;
    const count = () => {
      turns += 1;
      if (on) setImmediate(count);
    };
    let read = 0;
    const arrive = async () => {
      read = turns;
      return { repeated: false, fresh: 0, lanes: [], rules: [] };
    };
    const intake = createIntake({ ...at.ports, signals: { ...at.ports.signals, arrive } });
    const source = at.ports.settings().sources.get('am');
    if (!source) throw new Error('no source');
    const taking = intake.take(source, { delivery: 'd', alerts });
    setImmediate(count);
    await taking;
    on = false;
    expect(read).toBeGreaterThan(1);
  });

  test('of ten thousand alerts is taken whole', async () => {
    const alerts = Array.from({ length: 10_000 }, (_, i) => ({
      status: 'firing',
      labels: { service: 'tts', i: `${i}` },
      fingerprint: `f${i}`,
    }));
    at.set(SETTINGS.replace('am: { type: alertmanager,', 'am: { type: alertmanager, max_bytes: 10000000,'));
    const { body } = await at.post('/am', alertmanagerBody(alerts), GOOD);
    at.set(SETTINGS);
    expect(body).toMatchObject({ accepted: 10_000, known: 0 });
    expect((await at.db.sql<{ n: number }>('select count(*)::int as n from signal'))[0]?.n).toBe(10_000);
  });
});

describe('what is refused keeps nothing', () => {
  test('a wrong secret: 401; the log says which check failed, and not with what', async () => {
    const wrong = 'somebody-tries-this-token';
    const { status, headers, body } = await at.post('/am', alertmanagerBody(), {
      authorization: `Bearer ${wrong}`,
    });
    expect([status, headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="tocsin"']);
    expect(body).toMatchObject({ status: 'error' });
    const log = at.log.lines.join('\n');
    expect(log).toContain('Authorization holds none of the secrets of this source');
    expect(log + JSON.stringify(body)).not.toContain(wrong);
  });

  test('a hundred of them do not fill the log', async () => {
    await Promise.all(Array.from({ length: 100 }, () => at.post('/dark', '', { authorization: 'Bearer x' })));
    expect(at.log.lines.length).toBeLessThanOrEqual(1);
  });

  test.each([
    ['a hook that nobody has', '/nobody', alertmanagerBody(), GOOD, 404],
    ['none at all', '/', alertmanagerBody(), GOOD, 404],
    ['a name that every object has', '/constructor', alertmanagerBody(), GOOD, 404],
    ['a path below one that has none', '/pd/v3/other', { routing_key: KEPT.pd }, {}, 404],
    ['what is no JSON', '/am', '{"alerts":[', GOOD, 400],
    ['what is compressed', '/am', alertmanagerBody(), { ...GOOD, 'content-encoding': 'gzip' }, 415],
    ['an event that is none', '/pd/v2/enqueue', { routing_key: KEPT.pd, event_action: 'trigger' }, {}, 400],
    ['an alert without a message', '/og/v2/alerts', {}, { authorization: `GenieKey ${KEPT.og}` }, 422],
    ['no CloudEvent', '/ce', {}, GOOD, 415],
  ])('%s', async (_, path, body, headers, status) => {
    const answer = await at.post(path, body, headers as Record<string, string>);
    expect(answer.status).toBe(status);
    expect(await at.signals()).toEqual([]);
  });

  test('an address of nothing but slashes is no work', async () => {
    const target = `/hooks/nobody${'/'.repeat(2_000_000)}x`;
    const request = { method: 'POST', headers: {}, read: async () => Buffer.alloc(0) };
    expect((await at.intake.handle({ ...request, target })).status).toBe(404);
    expect((await at.post('/am///', alertmanagerBody(), GOOD)).status).toBe(202);
    await at.db.sql('truncate signal, arrival, outbox');
  });

  test('another method, with those that there are', async () => {
    const { status, headers } = await at.post('/am', undefined, GOOD, 'GET');
    expect([status, headers.get('allow')]).toEqual([405, 'POST']);
  });

  test('more than a source may send, whether it says so first or not', async () => {
    const body = alertmanagerBody([alertmanagerAlert({ annotations: { description: 'x'.repeat(2_000) } })]);
    expect((await at.post('/small', body, GOOD)).status).toBe(413);
    const raw = connect(at.web.port, '127.0.0.1');
    let answer = '';
    raw.on('data', (chunk) => {
      answer += chunk;
    });
    raw.write(
      `POST /hooks/small HTTP/1.1\r\nhost: x\r\nauthorization: ${GOOD.authorization}\r\ntransfer-encoding: chunked\r\n\r\n`,
    );
    for (let i = 0; i < 3; i++) raw.write(`400\r\n${'x'.repeat(1_024)}\r\n`);
    await once(raw, 'close');
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(await at.signals()).toEqual([]);
  });

  test('whoever goes away in the middle leaves nothing, and nothing is said to have failed', async () => {
    const raw = connect(at.web.port, '127.0.0.1');
    await once(raw, 'connect');
    raw.write(
      `POST /hooks/am HTTP/1.1\r\nhost: x\r\nauthorization: ${GOOD.authorization}\r\ncontent-length: 900\r\n\r\n{"alerts":`,
    );
    raw.destroy();
    // One that comes afterwards is answered when the other is over.
    expect((await at.post('/am', alertmanagerBody(), GOOD)).status).toBe(202);
    expect(at.log.lines.filter((line) => line.startsWith('error'))).toEqual([]);
  });
});

describe('while the database takes its time', () => {
  let gated: Hooked;
  /** Deliveries that stand before the commit. */
  let standing = 0;
  let opens: () => void;
  beforeEach(async () => {
    const gate = new Promise<void>((resolve) => {
      opens = resolve;
    });
    const { signals } = at.db.store;
    standing = 0;
    gated = await hooked(SETTINGS, {
      signals: {
        ...signals,
        async arrive(...delivery) {
          standing += 1;
          await gate;
          return signals.arrive(...delivery);
        },
      },
    });
  });
  afterEach(async () => {
    opens();
    await gated.close();
  });
  /** @param i tells it apart */
  const posts = (i: number) =>
    gated.post('/wide', alertmanagerBody([alertmanagerAlert({ fingerprint: `f${i}` })]), GOOD);

  test('a delivery has no answer before it is kept', async () => {
    let answered = false;
    const answer = posts(1).then((got) => {
      answered = true;
      return got;
    });
    await until('it stands before the commit', () => standing === 1);
    // Whoever asks later is answered meanwhile, over and over.
    for (let i = 0; i < 50; i++) expect((await gated.post('/nobody', {})).status).toBe(404);
    expect([answered, await at.signals(), gated.nudged]).toEqual([false, [], []]);
    opens();
    expect(await answer).toMatchObject({ status: 202, body: { accepted: 1, known: 0 } });
    expect(await at.signals()).toHaveLength(1);
    expect(gated.nudged).toHaveLength(1);
  });

  test('two hundred are taken at the same time, and one more is told to wait', async () => {
    const answers = Array.from({ length: 200 }, (_, i) => posts(i));
    await until('all of them stand before the commit', () => standing === 200);
    let answered = false;
    const last = posts(200).then((got) => {
      answered = true;
      return got;
    });
    await until('one more is answered, or stands there too', () => answered || standing > 200);
    expect(standing).toBe(200);
    const { status, headers, body } = await last;
    expect([status, headers.get('retry-after')]).toEqual([503, '5']);
    expect(body.error).toContain('Too many deliveries are being taken at this moment.');
    // Strangers hear that they are strangers.
    expect((await gated.post('/wide', {}, { authorization: 'Bearer x' })).status).toBe(401);
    opens();
    expect((await Promise.all(answers)).map((one) => one.status)).toEqual(Array(200).fill(202));
    expect((await posts(200)).status).toBe(202);
    expect(await at.signals()).toHaveLength(201);
  });
});

describe('what is to be sent again: 503, with when', () => {
  test('more in a minute than a source may', async () => {
    const first = await at.post('/slow', alertmanagerBody(), GOOD);
    const second = await at.post('/slow', alertmanagerBody(), GOOD);
    expect([first.status, second.status, second.headers.get('retry-after')]).toEqual([202, 503, '5']);
  });
  test('who is not known cannot use up what others may send', async () => {
    at.set(SETTINGS.replace('slow:', 'slow2:').replace('per_minute: 4', 'per_minute: 1'));
    for (let i = 0; i < 3; i++)
      expect((await at.post('/slow2', alertmanagerBody(), { authorization: 'Bearer x' })).status).toBe(401);
    expect((await at.post('/slow2', alertmanagerBody(), GOOD)).status).toBe(202);
    at.set(SETTINGS);
  });
  test('a source whose secrets cannot be read; one of two is enough', async () => {
    const { status, headers } = await at.post('/gone', alertmanagerBody(), GOOD);
    expect([status, headers.get('retry-after')]).toEqual([503, '5']);
    expect(at.log.lines.join('\n')).toContain('the secret gone could not be read');
    expect((await at.post('/half', alertmanagerBody(), GOOD)).status).toBe(202);
  });
  test('a database that is away, in the words of the sender; taken when it is back', async () => {
    const nowhere = openStore(
      { host: '127.0.0.1', port: await freePort(), database: 'x', user: 'x' },
      () => {},
    );
    const away = await hooked(SETTINGS, { signals: nowhere.signals });
    try {
      expect(await away.post('/am', alertmanagerBody(), GOOD)).toMatchObject({
        status: 503,
        body: {
          status: 'error',
          error: expect.stringContaining('The database does not answer. Nothing was kept'),
        },
      });
      const event = { routing_key: KEPT.pd, event_action: 'resolve', dedup_key: 'k' };
      expect(await away.post('/pd/v2/enqueue', event)).toMatchObject({
        status: 503,
        body: { status: 'invalid event' },
      });
    } finally {
      await away.close();
      await nowhere.close();
    }
    expect((await at.post('/am', alertmanagerBody(), GOOD)).status).toBe(202);
  });
  test('a workspace that cannot be told', async () => {
    const nobody = await hooked(SETTINGS, { team: async () => null });
    try {
      expect((await nobody.post('/am', alertmanagerBody(), GOOD)).status).toBe(503);
    } finally {
      await nobody.close();
    }
  });
});

describe('what senders ask beside', () => {
  test('CloudEvents: may I send here? Before anybody has shown who they are', async () => {
    const { status, headers } = await at.post(
      '/ce',
      undefined,
      { 'webhook-request-origin': 'events.example', 'webhook-request-callback': 'http://127.0.0.1:1/' },
      'OPTIONS',
    );
    expect([
      status,
      headers.get('webhook-allowed-origin'),
      headers.get('webhook-allowed-rate'),
      headers.get('allow'),
    ]).toEqual([200, 'events.example', '1200', 'POST']);
  });
  test.each(['', 'a b', '<x>'])('not for the origin “%s”', async (origin) => {
    const { status, headers } = await at.post(
      '/ce',
      undefined,
      { 'webhook-request-origin': origin },
      'OPTIONS',
    );
    expect([status, headers.get('webhook-allowed-origin')]).toEqual([405, null]);
  });
  test('Opsgenie: what became of my request?', async () => {
    const key = { authorization: `GenieKey ${KEPT.og}` };
    const made = await at.post('/og/v2/alerts', { message: 'Disk is full', alias: 'disk' }, key);
    expect(made).toMatchObject({ status: 202, body: { result: 'Request will be processed' } });
    const ask = (id: unknown) => at.post(`/og/v2/alerts/requests/${id}`, undefined, key, 'GET');
    const { status, body } = await ask(made.body.requestId);
    expect([status, body]).toMatchObject([200, { data: { isSuccess: true, alertId: expect.any(String) } }]);
    expect((await ask(`${(body.data as { alertId: string }).alertId}-000000000000`)).status).toBe(404);
    expect(
      (await at.post(`/og/v2/alerts/requests/${made.body.requestId}`, undefined, {}, 'GET')).status,
    ).toBe(401);
  });
});

test('what strangers send is not even read, where who they are stands in front of it', async () => {
  const raw = connect(at.web.port, '127.0.0.1');
  raw.write(
    'POST /hooks/am HTTP/1.1\r\nhost: x\r\nauthorization: Bearer x\r\ncontent-length: 900000\r\n\r\n{',
  );
  const [answer] = await once(raw, 'data');
  expect(String(answer)).toMatch(/^HTTP\/1\.1 401 /);
  raw.destroy();
});

describe('strangers who send slowly', () => {
  /** Requests whose bodies have come so far, and do not end. @returns answers that there are already */
  function stalled(count: number, bytes: number) {
    const answers: number[] = [];
    const ends: Array<() => void> = [];
    const all = Array.from({ length: count }, async () => {
      const { status } = await at.intake.handle({
        ...{ method: 'POST', target: '/hooks/js', headers: { 'content-length': '1000000' } },
        async read(_most, more) {
          if (!more(bytes)) return null;
          await new Promise<void>((resolve) => ends.push(resolve));
          return Buffer.alloc(0);
        },
      });
      answers.push(status);
    });
    return {
      answers,
      async end() {
        for (const end of ends) end();
        await Promise.all(all);
      },
    };
  }

  test('keep nobody out, however many they are', async () => {
    const slow = stalled(500, 1);
    try {
      expect((await at.post('/js', { id: 'a' }, GOOD)).status).toBe(202);
      expect((await at.post('/am', alertmanagerBody(), GOOD)).status).toBe(202);
      expect(slow.answers).toEqual([]);
    } finally {
      await slow.end();
    }
    expect(slow.answers).toEqual(Array(500).fill(401));
  });

  test('have so much memory of one source, and none of what others send', async () => {
    const slow = stalled(60, 999_999);
    try {
      const busy = await at.post('/js', { id: 'b', text: 'x'.repeat(800_000) }, GOOD);
      expect([busy.status, busy.headers.get('retry-after')]).toEqual([503, '5']);
      expect((await at.post('/am', alertmanagerBody(), GOOD)).status).toBe(202);
      expect(slow.answers).toEqual(Array(44).fill(503));
    } finally {
      await slow.end();
    }
    expect((await at.post('/js', { id: 'b', text: 'x'.repeat(800_000) }, GOOD)).status).toBe(202);
  });
});
