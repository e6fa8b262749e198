import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { askSource, createPolls, NotAsked } from '#alerts/poll.js';
import type { Poll, Source } from '#alerts/settings.js';
import { until } from '../support/until.js';
import { type Hooked, hooked, KEPT } from './hooked.js';
import { alertmanagerAlert, alertmanagerBody } from './kit.js';

// What fires is asked for: what nobody announced is taken, what is gone for good has ended.

let server: Server;
let port: number;
let at: Hooked;
let listed: unknown[];
let asked: Array<{ url: string; authorization: string | undefined }>;
let answer: (body: string) => { status: number; body: string };
const over = new AbortController();

const listedAlert = (more: object = {}, state = 'active', receivers = ['tocsin']) => {
  const { status: _, ...alert } = alertmanagerAlert(more);
  return {
    ...alert,
    status: { state, silencedBy: [], inhibitedBy: [] },
    receivers: receivers.map((name) => ({ name })),
  };
};
const sourceOf = (name: string) => at.ports.settings().sources.get(name) as Source & { poll: Poll };
/** Asks by itself. @param every how often which sources are asked, in ms */
const asking = (every: Record<string, number>, changed: { team?: () => Promise<string | null> } = {}) => {
  const often = ([name, everyMs]: [string, number]) => {
    const source = sourceOf(name);
    return [name, { ...source, poll: { ...source.poll, everyMs } }] as const;
  };
  const sources = new Map(Object.entries(every).map(often));
  const settings = () => ({ ...at.ports.settings(), sources });
  const ports = { ...at.ports, signals: at.db.store.signals, intake: at.intake };
  return createPolls({ ...ports, settings, ...changed }).start();
};
const polls = () => createPolls({ ...at.ports, signals: at.db.store.signals, intake: at.intake });

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push({ url: request.url ?? '', authorization: request.headers.authorization });
    const { status, body } = answer(JSON.stringify(listed));
    response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end(body);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  port = (server.address() as AddressInfo).port;
  at = await hooked(`
  sources:
    am: { type: alertmanager, secrets: [secret:am-token], poll: { url: "http://127.0.0.1:${port}/am/", secret: secret:am-next, receiver: tocsin } }
    graf: { type: grafana, secrets: [secret:am-token], poll: { url: "http://127.0.0.1:${port}", org: 2 } }
    mute: { type: alertmanager, secrets: [secret:am-token], poll: { url: "http://127.0.0.1:1" } }
  rules:
    - { name: all, open: {} }
`);
});
beforeEach(async () => {
  listed = [];
  asked = [];
  at.log.lines.length = 0;
  answer = (body) => ({ status: 200, body });
  await at.db.sql('truncate signal, arrival, outbox');
});
afterAll(async () => {
  over.abort();
  server.close();
  await at.close();
});

/** The beginning of an alert as the bot leaves it when it has settled it. */
const announced = async (more: object = {}) => {
  await at.post('/am', alertmanagerBody([alertmanagerAlert(more)]), {
    authorization: `Bearer ${KEPT['am-token']}`,
  });
  await at.db.sql(`update signal set outcome = 'opened', fires = true, incident = 1`);
};
const kept = async () => (await at.signals()).map(({ status, body }) => `${status} ${body.alert}`);

test('what fires and was announced to nobody is taken, with the secret that is for asking', async () => {
  listed = [listedAlert()];
  expect(await polls().look(sourceOf('am'), over.signal)).toEqual({ firing: 1, missing: 0, ended: 0 });
  expect(await kept()).toEqual(['firing 4c2e6f1f8b0d7a11']);
  expect(asked).toEqual([{ url: '/am/api/v2/alerts', authorization: `Bearer ${KEPT['am-next']}` }]);
});

test('what was announced is not taken a second time', async () => {
  await announced();
  listed = [listedAlert()];
  await polls().look(sourceOf('am'), over.signal);
  expect(await kept()).toEqual(['firing 4c2e6f1f8b0d7a11']);
});

test('what is gone in two looks in a row has ended, at the second', async () => {
  await announced();
  const looking = polls();
  expect(await looking.look(sourceOf('am'), over.signal)).toMatchObject({ missing: 1, ended: 0 });
  expect(await kept()).toEqual(['firing 4c2e6f1f8b0d7a11']);
  const second = new Date();
  expect(await looking.look(sourceOf('am'), over.signal)).toMatchObject({ missing: 0, ended: 1 });
  expect(await kept()).toEqual(['firing 4c2e6f1f8b0d7a11', 'resolved 4c2e6f1f8b0d7a11']);
  const [row] = await at.db.sql<{ until: Date; since: Date }>(
    `select until, since from signal where status = 'resolved'`,
  );
  expect(Math.abs(Number(row?.until) - second.getTime())).toBeLessThan(60_000);
  expect(row?.since.toISOString()).toBe('2026-11-10T01:43:00.000Z');
});

test('what is back in between has not', async () => {
  await announced();
  const looking = polls();
  await looking.look(sourceOf('am'), over.signal);
  listed = [listedAlert()];
  await looking.look(sourceOf('am'), over.signal);
  listed = [];
  expect(await looking.look(sourceOf('am'), over.signal)).toMatchObject({ missing: 1, ended: 0 });
  expect(await kept()).toEqual(['firing 4c2e6f1f8b0d7a11']);
});

test.each(['suppressed', 'unprocessed'])(
  'what is %s there is not announced, and has not ended',
  async (state) => {
    await announced();
    listed = [listedAlert({}, state), listedAlert({ fingerprint: 'other' }, state)];
    const looking = polls();
    await looking.look(sourceOf('am'), over.signal);
    expect(await looking.look(sourceOf('am'), over.signal)).toEqual({ firing: 0, missing: 0, ended: 0 });
    expect(await kept()).toEqual(['firing 4c2e6f1f8b0d7a11']);
  },
);

test('what is back, word for word, after its end was heard fires again', async () => {
  await announced();
  const looking = polls();
  for (let i = 0; i < 2; i++) await looking.look(sourceOf('am'), over.signal);
  listed = [listedAlert()];
  for (let i = 0; i < 3; i++) await looking.look(sourceOf('am'), over.signal);
  expect(await kept()).toEqual([
    ...['firing 4c2e6f1f8b0d7a11', 'resolved 4c2e6f1f8b0d7a11', 'firing 4c2e6f1f8b0d7a11'],
  ]);
});

test('what was listed before its end was announced has not begun anew', async () => {
  await announced();
  listed = [listedAlert()];
  const intake = {
    take: async (...[source, received]: Parameters<Hooked['intake']['take']>) => {
      const ended = alertmanagerAlert({ status: 'resolved', endsAt: '2026-11-10T01:50:00Z' });
      await at.post('/am', alertmanagerBody([ended]), { authorization: `Bearer ${KEPT['am-token']}` });
      return at.intake.take(source, received);
    },
  };
  const ports = { ...at.ports, signals: at.db.store.signals, intake };
  await createPolls(ports).look(sourceOf('am'), over.signal);
  expect(await kept()).toEqual(['firing 4c2e6f1f8b0d7a11', 'resolved 4c2e6f1f8b0d7a11']);
});

test('what fired in shadow is taken when the source is live, at the next look', async () => {
  listed = [listedAlert()];
  const looking = polls();
  await looking.look({ ...sourceOf('am'), shadow: true }, over.signal);
  for (let i = 0; i < 2; i++) await looking.look(sourceOf('am'), over.signal);
  expect((await at.signals()).map(({ status, shadow }) => [status, shadow])).toEqual([
    ['firing', true],
    ['firing', false],
  ]);
});

test('what goes to another receiver is none of ours', async () => {
  listed = [listedAlert({}, 'active', ['pager'])];
  expect(await polls().look(sourceOf('am'), over.signal)).toMatchObject({ firing: 0 });
  expect(await kept()).toEqual([]);
});

test('Grafana is asked at its own address, and its alerts are those of the organisation', async () => {
  listed = [listedAlert()];
  await polls().look(sourceOf('graf'), over.signal);
  expect(asked).toEqual([{ url: '/api/alertmanager/grafana/api/v2/alerts', authorization: undefined }]);
  expect(await kept()).toEqual(['firing 2/4c2e6f1f8b0d7a11']);
});

describe('what cannot be asked ends nothing', () => {
  test.each([
    ['an error', { status: 500, body: 'x' }, /answered 500/],
    ['a page of something else', { status: 200, body: '<html>' }, /not JSON/],
    ['another answer', { status: 200, body: '{"alerts":[]}' }, /a list of alerts/],
    ['somewhere else', { status: 302, body: '' }, /answered 302/],
  ])('%s', async (_, given, expected) => {
    await announced();
    answer = () => given;
    const looking = polls();
    for (let i = 0; i < 3; i++)
      await expect(looking.look(sourceOf('am'), over.signal)).rejects.toThrow(expected);
    expect(await kept()).toEqual(['firing 4c2e6f1f8b0d7a11']);
    expect(asked.every(({ url }) => url === '/am/api/v2/alerts')).toBe(true);
  });
  test('nobody there: said in words, without the secret', async () => {
    const failed = await askSource(sourceOf('mute'), at.ports, over.signal).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(NotAsked);
    expect(String(failed)).toMatch(/127\.0\.0\.1:1\/api\/v2\/alerts could not be asked: ECONNREFUSED/);
  });
});

describe('asked by itself', () => {
  const ofGrafana = () => asked.filter(({ url }) => url.includes('grafana'));
  const times = (count: number) => until(`asked ${count} times more`, () => asked.length >= count);
  const told = () => at.log.lines.filter((line) => /a source of alerts c/.test(line));

  test('each source at once, and again as often as it says', async () => {
    listed = [listedAlert()];
    const running = asking({ am: 1, graf: 120_000 });
    try {
      await times(4);
      expect(ofGrafana()).toHaveLength(1);
      expect((await kept()).sort()).toEqual(['firing 2/4c2e6f1f8b0d7a11', 'firing 4c2e6f1f8b0d7a11']);
    } finally {
      await running.stop();
    }
  });

  test('as soon as it is known whose alerts they are', async () => {
    listed = [listedAlert()];
    let unknown = 2;
    const running = asking({ am: 120_000 }, { team: async () => (unknown-- > 0 ? null : 'T1') });
    try {
      await until('what fires is taken', async () => (await kept()).length > 0);
      expect(asked).toHaveLength(1);
    } finally {
      await running.stop();
    }
  });

  test('what fails is said once, and so is that it goes again', async () => {
    answer = () => ({ status: 500, body: 'x' });
    const running = asking({ am: 1 });
    try {
      await times(3);
      expect(told()).toEqual([
        expect.stringMatching(/^warn .*could not be asked.*"source":"am","why":".* answered 500"/),
      ]);
      answer = (body) => ({ status: 200, body });
      await until('it is said that it goes again', () => told().length > 1);
      expect(told()[1]).toMatch(/^info a source of alerts can be asked again .*"source":"am"/);
      answer = () => ({ status: 502, body: 'x' });
      await until('the next failure is said, too', () => told().length > 2);
      expect(told()[2]).toMatch(/^warn .* answered 502/);
    } finally {
      await running.stop();
    }
  });
});
