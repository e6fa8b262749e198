import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { MeasuredWindow } from '#domain/incident/fact.js';
import { toSeconds } from '#domain/words.js';
import { type ImpactSettings, impactShape, measureImpact, NotMeasured } from '#runbooks/prometheus.js';
import { Secret } from '#runbooks/secret.js';
import { prometheusAvailable, startPrometheus, type TestPrometheus } from '../support/prometheus.js';
import { until } from '../support/until.js';

const FAILED = 'tts_requests_total{status!~"2.."}';
const TOTAL = 'tts_requests_total';

function settingsOf(url: string, more: object = {}): ImpactSettings {
  return impactShape.parse({ prometheus: { url }, failed: FAILED, total: TOTAL, step: '1s', ...more });
}

const options = (now = () => new Date(), more: object = {}) => ({
  secretFor: () => new Secret('Bearer of-the-test'),
  now,
  signal: new AbortController().signal,
  ...more,
});

const windowOf = (from: string, to: string): MeasuredWindow => ({ from, to, start: 'asked', end: 'asked' });

async function listening(answer: RequestListener): Promise<{ server: Server; url: string; host: string }> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { server, host, url: `http://${host}` };
}

const close = (server: Server | undefined) => {
  server?.close();
  server?.closeAllConnections();
};

const described = prometheusAvailable() ? describe : describe.skip;

described('with a real Prometheus', () => {
  const counts = new Map<string, number>();
  let service: Server;
  let prometheus: TestPrometheus;
  const labels = (service: string, status: number) => `{service="${service}",status="${status}"}`;
  const add = (key: string, n: number) => counts.set(key, (counts.get(key) ?? 0) + n);
  beforeAll(async () => {
    const { server, host } = await listening((_, response) => {
      const lines = [...counts].map(([key, count]) => `tts_requests_total${key} ${count}\n`);
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' });
      response.end(`# TYPE tts_requests_total counter\n${lines.join('')}`);
    });
    service = server;
    prometheus = await startPrometheus({
      scrape_configs: [{ job_name: 'tts', static_configs: [{ targets: [host] }] }],
    });
  });
  afterAll(async () => {
    close(service);
    await prometheus?.stop();
  });

  type Vector = { result: Array<{ metric: Record<string, string>; value: [number, string] }> };
  /** Waits until it has read all counters as they are. @returns when it did, in ms */
  const read = () =>
    until('Prometheus has read the counters', async () => {
      const { result } = await prometheus.api<Vector>('query', { query: 'timestamp(tts_requests_total)' });
      const values = await prometheus.api<Vector>('query', { query: 'tts_requests_total' });
      const found = new Map(
        values.result.map(({ metric, value }) => [
          labels(metric.service ?? '', Number(metric.status)),
          Number(value[1]),
        ]),
      );
      const all = [...counts].every(([key, count]) => found.get(key) === count) && found.size === counts.size;
      // The two questions may have been asked on either side of a reading.
      const times = result.map(({ value }) => Number(value[1]));
      return all && times.length > 0 && 1_000 * Math.max(...times);
    });
  const nextSecond = (ms: number) => new Date(1_000 * Math.ceil((ms + 1) / 1_000));
  const reached = (at: Date) => until('that moment has come', () => Date.now() > at.getTime());

  test('the figures are those that the service counted, through a birth, a reset and an end', async () => {
    const [ok, bad, other] = [labels('dev', 200), labels('dev', 401), labels('internal', 200)];
    const leaving = labels('batch', 200);
    counts.set(ok, 1_000);
    counts.set(other, 500);
    counts.set(leaving, 7);
    const from = nextSecond(await read());
    await reached(from);
    // From here on all of it belongs to the window.
    let [failed, total] = [0, 0];
    const requests = (key: string, n: number) => {
      add(key, n);
      total += n;
      if (key === bad) failed += n;
    };
    requests(bad, 3);
    requests(ok, 40);
    requests(other, 11);
    requests(leaving, 2);
    await read();
    counts.delete(leaving);
    requests(bad, 9);
    await read();
    // The service begins anew.
    for (const key of counts.keys()) counts.set(key, 0);
    requests(bad, 7);
    requests(ok, 5);
    requests(other, 1);
    const to = nextSecond(await read());
    await until('it has forgotten the counter that left', async () => {
      const { result } = await prometheus.api<Vector>('query', { query: `tts_requests_total${leaving}[4s]` });
      return result.length === 0;
    });
    await reached(to);
    const settings = settingsOf(prometheus.url, {
      by: ['status'],
      component_label: 'service',
      components: { dev: 'Developer API', internal: 'Internal API', none: 'Dashboard' },
    });
    const window = windowOf(toSeconds(from), toSeconds(new Date(1_000 * Math.floor(Date.now() / 1_000))));
    const measured = await measureImpact(settings, window, [], options());
    expect(failed).toBe(19);
    expect(measured).toMatchObject({ failed, total, stepMs: 1_000, failedQuery: FAILED, totalQuery: TOTAL });
    expect(measured.components).toEqual([
      { name: 'Developer API', failed: 19, total: 64 },
      { name: 'Internal API', failed: 0, total: 12 },
      { name: 'batch', failed: 0, total: 2 },
      { name: 'Dashboard', failed: 0, total: 0 },
    ]);
    expect(measured.groups).toEqual([
      { name: 'status="401"', failed: 19, total: 19 },
      { name: 'status="200"', failed: 0, total: 59 },
    ]);
    expect(measured.noted).toMatchObject({ begun: 1, gone: 1, resets: 3 });
    const sum = (list: readonly number[]) => list.reduce((a, b) => a + b, 0);
    expect([sum(measured.failedIn), sum(measured.totalIn)]).toEqual([failed, total]);

    const only = await measureImpact(settings, window, ['Internal API'], options());
    expect(only).toMatchObject({ failed: 0, total: 12, limited: true, noted: { absent: true } });
    await expect(measureImpact(settings, window, ['Dashboard'], options())).rejects.toThrow(
      /no counter of all requests was read of Dashboard/,
    );
  });

  test('what Prometheus says of a wrong query is told', async () => {
    const settings = { ...settingsOf(prometheus.url), total: 'tts_requests_total{status="200"' };
    const to = toSeconds(new Date());
    await expect(
      measureImpact(settings, windowOf('2024-11-10T01:41:00Z', to), [], options()),
    ).rejects.toThrow(/^Prometheus says: .*parse error/);
  });
});

describe('with one that answers as it is told to', () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) close(server);
  });

  const FROM = Date.parse('2024-11-10T01:41:00Z') / 1_000;
  const WINDOW = windowOf('2024-11-10T01:41:00Z', '2024-11-10T01:42:00Z');
  const LATER = () => new Date('2024-11-10T02:00:00Z');
  type Samples = Array<[number, number | string]>;

  /** Answers each question by what it is; the range of one is in milliseconds. */
  async function answers(of: (query: string, url: URL) => unknown): Promise<string> {
    const { server, url } = await listening((request, response) => {
      const asked = new URL(request.url ?? '', 'http://x');
      const body = of(asked.searchParams.get('query') ?? '', asked);
      if (body === undefined) return;
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    });
    servers.push(server);
    return url;
  }
  const success = (resultType: string, result: unknown, more: object = {}) => ({
    status: 'success',
    data: { resultType, result },
    ...more,
  });
  /** Holds these samples of one counter, seconds from the beginning of the window; the same for both queries. */
  const holding = (samples: Samples, more: object = {}) =>
    answers((query, url) => {
      const metric = { __name__: 'tts_requests_total', service: 'dev' };
      const end = Number(url.searchParams.get('time'));
      const [, range] = /\[(\d+)ms\]$/.exec(query) ?? [];
      const until = samples.filter(([at]) => FROM + at <= end);
      if (!range) {
        const last = until.at(-1);
        return success('vector', last ? [{ metric, value: [end, String(last[1])] }] : [], more);
      }
      const inside = until.filter(([at]) => FROM + at >= end - Number(range) / 1_000);
      const values = inside.map(([at, value]) => [FROM + at, String(value)]);
      return success('matrix', values.length > 0 ? [{ metric, values }] : [], more);
    });
  const measure = async (url: string, more: object = {}, now = LATER) =>
    measureImpact(settingsOf(url, { step: '10s', ...more }), WINDOW, [], options(now));
  const failing = async (url: string, more: object = {}) => {
    const error = await measureImpact(settingsOf(url), WINDOW, [], options(LATER, more)).catch((e) => e);
    expect(error).toBeInstanceOf(NotMeasured);
    return error as NotMeasured;
  };

  test.each<[string, Samples, object, number]>([
    [
      'each sample counts from the one before',
      [
        [0, 5],
        [10, 7],
        [20, 7],
        [60, 10],
        [70, 10],
      ],
      { gaps: 1 },
      5,
    ],
    [
      'what rose over the ends is said',
      [
        [-5, 5],
        [5, 8],
        [15, 9],
        [25, 9],
        [35, 9],
        [45, 9],
        [55, 9],
        [65, 13],
      ],
      { before: 3, after: 4 },
      4,
    ],
    [
      'born in the window, it counts from nothing',
      [
        [20, 3],
        [30, 4],
        [40, 4],
        [50, 4],
        [60, 4],
        [70, 4],
      ],
      { begun: 1 },
      4,
    ],
    [
      'a counter that was away for an hour is no new one',
      [
        [-3_600, 1_000],
        [20, 1_002],
        [30, 1_002],
        [40, 1_002],
        [50, 1_002],
        [60, 1_002],
        [70, 1_002],
      ],
      { gaps: 1, before: 2 },
      2,
    ],
    [
      'twice anew',
      [
        [0, 9],
        [10, 1],
        [20, 4],
        [30, 0],
        [40, 2],
        [50, 2],
        [60, 2],
        [70, 2],
      ],
      { resets: 2 },
      6,
    ],
    [
      'no sample counts twice',
      [
        [0, 5],
        [10, 7],
        [5, 6],
        [20, 7],
        [30, 7],
        [40, 7],
        [50, 7],
        [60, 7],
        [70, 7],
      ],
      {},
      2,
    ],
    [
      'seen no more',
      [
        [0, 1],
        [10, 3],
      ],
      { gone: 1 },
      2,
    ],
    [
      'as it stands at the very end',
      [
        [0, 1],
        [10, 3],
        [20, 3],
        [30, 3],
        [40, 3],
        [50, 3],
        [60, 8],
      ],
      {},
      7,
    ],
  ])('%s', async (_, samples, noted, failed) => {
    const measured = await measure(await holding(samples));
    expect(measured).toMatchObject({ failed, total: failed });
    expect(measured.noted).toEqual(noted);
  });

  test('a sample that is not in yet is said', async () => {
    const url = await holding([
      [0, 1],
      [10, 3],
      [20, 3],
      [30, 3],
      [40, 3],
      [50, 4],
    ]);
    const now = () => new Date('2024-11-10T01:42:01Z');
    expect((await measure(url, {}, now)).noted).toEqual({ open: true });
    // Everything is there as soon as the one behind the end is.
    const whole = await holding([
      [0, 1],
      [10, 3],
      [20, 3],
      [30, 3],
      [40, 3],
      [50, 4],
      [60, 4],
      [60.5, 4],
    ]);
    expect((await measure(whole, {}, now)).noted).toEqual({});
  });

  test('an answer that may lack something is said', async () => {
    const url = await holding(
      [
        [0, 1],
        [10, 3],
        [60, 3],
      ],
      { warnings: ['one store did not answer'] },
    );
    expect((await measure(url)).noted).toMatchObject({ partial: true });
  });

  test('labels of others making are names on one line, and only the worst are kept', async () => {
    const wild = Array.from({ length: 70 }, (_, i) => `\u202e<!channel>\n${'x'.repeat(300)}${i}`);
    const url = await answers((query) => {
      const one = (service: string, i: number) => ({
        __name__: 'tts_requests_total',
        service: `${i} ${service}`,
      });
      if (!/ms\]$/.test(query)) return success('vector', []);
      return success(
        'matrix',
        wild.map((service, i) => ({ metric: one(service, i), values: [[FROM + 10, String(i)]] })),
      );
    });
    const measured = await measure(url, { component_label: 'service', by: ['service'] });
    expect(measured.components).toHaveLength(50);
    expect(measured.components[0]).toMatchObject({ failed: 69, total: 69 });
    expect(measured.components.every(({ name }) => name.length <= 100 && !/[\n\u202e]/.test(name))).toBe(
      true,
    );
    expect(measured.groups).toHaveLength(20);
    expect(measured.noted.more).toBe(20 + 50);
  });

  test.each<[string, RegExp, unknown]>([
    [
      'an error with 200',
      /Prometheus says: no such host/,
      { status: 'error', errorType: 'bad_data', error: 'no such\nhost' },
    ],
    ['a page', /answered 200, and not as Prometheus does/, '<html>log in</html>'],
    ['nothing', /and not as Prometheus does/, ''],
    ['another kind of answer', /and not as Prometheus does/, success('scalar', [1, '1'])],
    ['no series', /no counter of all requests was read in that window/, null],
    ['NaN', /stands at NaN, which is no count/, [[0, 'NaN']]],
    [
      '+Inf',
      /stands at \+Inf, which is no count/,
      [
        [0, '1'],
        [10, '+Inf'],
      ],
    ],
    ['half a request', /stands at 1.5, which is no count/, [[10, '1.5']]],
    ['less than nothing', /stands at -1, which is no count/, [[10, '-1']]],
    [
      'more than can be counted',
      /no count/,
      [
        [0, '0'],
        [10, '9007199254740991'],
      ],
    ],
  ])('%s is no figure', async (_, why, given) => {
    const url = await (Array.isArray(given)
      ? holding(given as Samples)
      : given === null
        ? holding([])
        : answers(() => given));
    const error = await failing(url);
    expect(error.message).toMatch(why);
    expect(error.next).not.toBe('');
    expect(error.passing).toBe(false);
  });

  test('other series than were asked for are no figure', async () => {
    const metric = { __name__: 'up' };
    const url = await answers((query) =>
      /ms\]$/.test(query)
        ? success('matrix', [{ metric, values: [[FROM + 1, '1']] }])
        : success('vector', []),
    );
    expect((await failing(url)).message).toBe('Prometheus answers with other series than tts_requests_total');
  });

  test('one that does not answer, or is not there, may answer the next time', async () => {
    const silent = await failing(await answers(() => undefined), { ms: 30 });
    expect(silent).toMatchObject({
      passing: true,
      message: expect.stringMatching(/no whole answer within 30 ms$/),
    });
    const { server, url } = await listening(() => {});
    close(server);
    await once(server, 'close');
    expect(await failing(url)).toMatchObject({
      passing: true,
      message: expect.stringMatching(/ECONNREFUSED$/),
    });
  });

  test('an answer that is too long is asked for in pieces, and given up where they are, too', async () => {
    const lengths: number[] = [];
    const long = await answers((query) => {
      const [, ms] = /\[(\d+)ms\]$/.exec(query) ?? [];
      if (ms) lengths.push(Number(ms));
      return ms ? 'x'.repeat(5_000) : success('vector', []);
    });
    const error = await failing(long, { most: 1_000 });
    expect(error.message).toMatch(/samples of .* are too many for one answer/);
    // Where they fit in pieces, the sum is the same.
    const samples: Samples = Array.from({ length: 60 }, (_, i) => [i * 10 - 60, i]);
    const url = await holding(samples);
    const whole = await measureImpact(
      settingsOf(url, { step: '10s' }),
      windowOf('2024-11-10T01:41:00Z', '2024-11-10T01:48:00Z'),
      [],
      options(LATER),
    );
    const pieces = await measureImpact(
      settingsOf(url, { step: '10s' }),
      windowOf('2024-11-10T01:41:00Z', '2024-11-10T01:48:00Z'),
      [],
      options(LATER, { most: 900 }),
    );
    expect(pieces).toEqual(whole);
    expect(whole.failed).toBe(42);
  });

  test('the secret is sent as it stands, and only where it may be', async () => {
    const { server, url } = await listening((request, response) => {
      const { authorization } = request.headers;
      response.end(
        JSON.stringify({ status: 'error', errorType: 'bad_data', error: `it was ${authorization}` }),
      );
    });
    servers.push(server);
    const settings = settingsOf(url, { prometheus: { url, authorization: 'secret:prometheus' } });
    const asked: string[] = [];
    const secretFor = (name: string, to: string) => {
      asked.push(`${name} ${new URL(to).origin}`);
      return new Secret('Bearer abc');
    };
    await expect(measureImpact(settings, WINDOW, [], options(LATER, { secretFor }))).rejects.toThrow(
      /it was Bearer abc/,
    );
    expect(new Set(asked)).toEqual(new Set([`prometheus ${url}`]));
  });

  test('a long window is shown in as many points as fit', async () => {
    const url = await holding([
      [0, 1],
      [10, 3],
      [7_000, 9],
    ]);
    const measured = await measureImpact(
      settingsOf(url, { step: '15s' }),
      windowOf('2024-11-10T01:41:00Z', '2024-11-10T07:41:00Z'),
      [],
      options(() => new Date('2024-11-11T00:00:00Z')),
    );
    expect(measured.bucketMs).toBe(180_000);
    expect(measured.totalIn).toHaveLength(120);
    expect(measured.totalIn[0]).toBe(2);
    expect(measured.totalIn[38]).toBe(6);
  });
});
