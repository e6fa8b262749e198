import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { sectionsWrong } from '#compose/runbooks.js';
import { loadConfig } from '#config/config.js';
import { readOrganisation } from '#config/organisation.js';
import { ActionFailed } from '#runbooks/action.js';
import { Secret } from '#runbooks/secret.js';
import { type MetricsPorts, readMetricsSettings } from '#web/metrics.js';
import { startMetrics, startWeb, type Web } from '#web/server.js';
import { memoryLog } from '../queue/log.js';
import { freePort } from '../support/wire.js';

// Who may read /metrics, and where.

const METRICS = {
  text: async () => 'tocsin_build_info 1\n',
  contentType: 'text/plain; version=0.0.4',
} as never;
const closing: Array<() => Promise<void>> = [];
let log: ReturnType<typeof memoryLog>;

beforeEach(() => {
  log = memoryLog();
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function served(metrics?: MetricsPorts): Promise<string> {
  const ok = { state: 'ok' as const };
  const web: Web = await startWeb(
    {
      health: { now: () => ({ database: ok, queue: ok, deliveries: ok, slack: ok, page: ok, process: ok }) },
      exports: {} as never,
      api: {} as never,
      hooks: {} as never,
      slack: null,
      ...(metrics && { metrics }),
      log: log as never,
    },
    '127.0.0.1',
    0,
  );
  closing.push(() => web.close(false));
  return `http://127.0.0.1:${web.port}`;
}

async function asks(url: string, authorization?: string, method = 'GET') {
  const response = await fetch(`${url}/metrics`, { method, headers: authorization ? { authorization } : {} });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

test('without a secret they are open to whoever reaches the port, and never kept on the way', async () => {
  const url = await served({ metrics: METRICS, secrets: null });
  const { status, text, headers } = await asks(url);
  expect([status, text]).toEqual([200, 'tocsin_build_info 1\n']);
  expect(headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  expect(headers.get('cache-control')).toBe('no-store');
  expect(await asks(url, undefined, 'HEAD')).toMatchObject({ status: 200, text: '' });
  expect((await asks(url, undefined, 'POST')).status).toBe(404);
});

test('with secrets each of them opens, and nothing else does', async () => {
  const secrets = () => [new Secret('the-old-one'), new Secret('the-new-one')];
  const url = await served({ metrics: METRICS, secrets });
  for (const one of ['the-old-one', 'the-new-one'])
    expect((await asks(url, `Bearer ${one}`)).status).toBe(200);
  for (const wrong of [
    undefined,
    'Bearer the-old',
    'Bearer the-old-one2',
    'Basic dGhlLW9sZC1vbmU6',
    'the-old-one',
    'Bearer ',
  ]) {
    const { status, text, headers } = await asks(url, wrong);
    expect([wrong, status]).toEqual([wrong, 401]);
    expect(headers.get('www-authenticate')).toMatch(/^Bearer /);
    expect(text).not.toContain('tocsin_build_info');
  }
});

test('where the secret cannot be read nobody gets in', async () => {
  const secrets = () => {
    throw new ActionFailed('the secret metrics-token is empty');
  };
  const url = await served({ metrics: METRICS, secrets });
  for (const one of [undefined, 'Bearer ', 'Bearer x']) {
    const { status, text } = await asks(url, one);
    expect(status).toBe(503);
    expect(text).not.toContain('tocsin_build_info');
  }
});

test('on a port of their own they stand beside /healthz, and nowhere else', async () => {
  const main = await served();
  expect((await asks(main)).status).toBe(404);
  const own = await startMetrics({ metrics: METRICS, secrets: null, log: log as never }, '127.0.0.1', 0);
  closing.push(own.close);
  const url = `http://127.0.0.1:${own.port}`;
  expect((await asks(url)).status).toBe(200);
  expect(await (await fetch(`${url}/healthz`)).text()).toBe('ok\n');
  for (const path of ['/readyz', '/api/v1/commands', '/incidents/INC-1/timeline.md', '/slack/events'])
    expect((await fetch(url + path, { method: path.startsWith('/api') ? 'POST' : 'GET' })).status).toBe(404);
});

test('a port that is taken is named by its variable', async () => {
  const port = await freePort();
  const start = () => startMetrics({ metrics: METRICS, secrets: null, log: log as never }, '127.0.0.1', port);
  const first = await start();
  closing.push(first.close);
  await expect(start()).rejects.toThrow(
    `Port ${port} is taken: stop what listens there, or set METRICS_PORT to another one.`,
  );
});

const at = () => 'tocsin.yml:3';

test('the settings name secrets', () => {
  const known = { old: 'env:OLD', new: 'file:/new' };
  const read = (section: Record<string, unknown>) => readMetricsSettings(section, known, at);
  expect(read({})).toEqual({ names: null });
  expect(read({ secret: 'secret:old' })).toEqual({ names: ['old'] });
  expect(read({ secret: ['secret:old', 'secret:new'] })).toEqual({ names: ['old', 'new'] });
  expect(read({ secret: 'secret:older' })).toEqual({
    problems: [
      'tocsin.yml:3: metrics refers to a secret that is not under `secrets:`: older; write it as secret:NAME, with NAME under `secrets:`',
    ],
  });
});

test.each([
  ['the value itself', { secret: 'hunter2-hunter2' }],
  ['another key', { secrets: 'secret:old' }],
  ['another key beside it', { secret: 'secret:old', open: true }],
  ['an empty list', { secret: [] }],
  ['nothing', { secret: null }],
])('settings with %s are refused, and not quoted', (_, section) => {
  const read = readMetricsSettings(section, { old: 'env:OLD' }, at);
  expect(read).toEqual({ problems: [expect.stringContaining('tocsin.yml:3: metrics has one key, secret')] });
  expect(JSON.stringify(read)).not.toContain('hunter2');
});

test('a mistake in them stops the start, with its line', () => {
  const read = (text: string) => readOrganisation(text, 'tocsin.yml', sectionsWrong);
  expect(read('zone: UTC\nmetrics:\n  secret: secret:scrape\n')).toEqual([
    expect.stringMatching(/^tocsin\.yml:3: metrics refers to a secret that is not under `secrets:`: scrape;/),
  ]);
  expect(read('metrics: the-secret-itself')).toEqual([expect.not.stringContaining('the-secret')]);
  expect(read('secrets: { scrape: env:SCRAPE }\nmetrics: { secret: secret:scrape }')).toMatchObject({
    metrics: { secret: 'secret:scrape' },
  });
});

test('the port is a number, and none is no port', () => {
  const given = (port?: string) => loadConfig({ ...(port && { METRICS_PORT: port }) }, 'nothing').metricsPort;
  expect([given(), given('9464'), given('0')]).toEqual([null, 9464, 0]);
  for (const wrong of ['65536', '-1', 'metrics'])
    expect(() => given(wrong)).toThrow(/METRICS_PORT: is not a port/);
});
