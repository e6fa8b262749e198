// Stands in where Prometheus and Alertmanager are not installed. It reads the same counters once a second, answers the two
// questions that measuring an impact asks, and posts the webhook that Alertmanager would post. It is neither of them.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** The rule of alerts.yml: so many refused within so long. */
const REFUSED = 3;
const WITHIN_MS = 5_000;

/**
 * @param {{targets: Record<string, string>}} options addresses by name; the name becomes the label `job`
 * @returns {Promise<{url: string, pids: number[], alertsTo(webhook: {url: string, token: string}): void, stop(): Promise<void>}>}
 */
export async function startSmallMonitor({ targets }) {
  /** By their labels as text: `{labels, samples: [[ms, value]]}`. */
  const series = new Map();
  const firing = new Map();
  let webhook = null;
  let ended = false;

  async function look() {
    for (const [job, url] of Object.entries(targets)) {
      const text = await textOf(new URL('/metrics', url));
      const at = Date.now();
      for (const { name, labels, value } of samplesIn(text)) {
        const all = { __name__: name, job, ...labels };
        const key = JSON.stringify(all);
        const one = series.get(key) ?? { labels: all, samples: [] };
        one.samples.push([at, value]);
        series.set(key, one);
      }
      if (webhook) await alert(job, at);
    }
  }

  async function alert(job, at) {
    let refused = 0;
    for (const { labels, samples } of series.values()) {
      if (labels.job !== job || labels.method !== 'POST' || /^2../.test(labels.status ?? '2xx')) continue;
      const before = samples.findLast(([ms]) => ms <= at - WITHIN_MS)?.[1] ?? 0;
      refused += (samples.at(-1)?.[1] ?? 0) - before;
    }
    const since = firing.get(job);
    const ends = since !== undefined && refused === 0;
    if (!ends && !(since === undefined && refused > REFUSED)) return;
    const startsAt = since ?? new Date(at).toISOString();
    const endsAt = ends ? new Date(at).toISOString() : null;
    if (!(await post(webhook, payload(job, refused, startsAt, endsAt)))) return;
    if (ends) firing.delete(job);
    else firing.set(job, startsAt);
  }

  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://monitor');
    const answer = pathname === '/api/v1/query' ? query(series, searchParams) : null;
    response.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer ?? { status: 'error', error: 'only /api/v1/query is answered here' }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const looking = (async () => {
    while (!ended) {
      const next = Date.now() + 1_000;
      await look();
      while (!ended && Date.now() < next) await sleep(50);
    }
  })();
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    pids: [],
    alertsTo(to) {
      webhook = to;
    },
    async stop() {
      ended = true;
      await looking;
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** @returns nothing where a service does not answer: a sample that did not come */
async function textOf(url) {
  try {
    return await (await fetch(url, { signal: AbortSignal.timeout(1_000) })).text();
  } catch {
    return '';
  }
}

function* samplesIn(text) {
  for (const [, name, braces = '', value] of text.matchAll(/^([a-z_]+)(?:\{(.*)\})? (\S+)$/gm))
    yield { name, labels: labelsIn(braces), value: Number(value) };
}

function labelsIn(braces) {
  return Object.fromEntries(
    [...braces.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/g)].map(([, name, value]) => [name, value]),
  );
}

async function post({ url, token }, body) {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
    });
    return answer.ok;
  } catch {
    // The next look tries again.
    return false;
  }
}

/** As Alertmanager words it. */
function payload(job, refused, startsAt, endsAt) {
  const labels = { alertname: 'DeveloperApiFailing', job, service: 'tts', severity: 'critical' };
  const annotations = {
    summary: `Requests to the Developer API fail at ${job}`,
    description: `${refused} requests were refused in the last seconds`,
  };
  const status = endsAt === null ? 'firing' : 'resolved';
  return {
    version: '4',
    receiver: 'tocsin',
    status,
    groupKey: `{}:{alertname="DeveloperApiFailing", job="${job}"}`,
    truncatedAlerts: 0,
    groupLabels: labels,
    commonLabels: labels,
    commonAnnotations: annotations,
    externalURL: '',
    alerts: [
      {
        ...{ status, labels, annotations, startsAt },
        endsAt: endsAt ?? '0001-01-01T00:00:00Z',
        generatorURL: '',
        fingerprint: `developer-api-failing-${job}`,
      },
    ],
  };
}

const QUESTION = /^(last_over_time\()?([a-z_]+)(?:\{(.*)\})?\[(\d+)(ms|d)\]\)?$/;

/** `SELECTOR[5000ms]` is answered with samples, `last_over_time(SELECTOR[1d])` with the last of each. */
function query(series, params) {
  const [, last, name, braces = '', amount, unit] = QUESTION.exec(params.get('query') ?? '') ?? [];
  if (!name) return { status: 'error', errorType: 'bad_data', error: 'that is not understood here' };
  const to = Number(params.get('time')) * 1_000;
  const from = to - Number(amount) * (unit === 'd' ? 86_400_000 : 1);
  const matchers = [...braces.matchAll(/([a-z_]+)(=~|!~|!=|=)"((?:[^"\\]|\\.)*)"/g)];
  const found = [...series.values()].flatMap(({ labels, samples }) => {
    const inside = samples.filter(([at]) => at > from && at <= to);
    if (labels.__name__ !== name || inside.length === 0 || !matchers.every((one) => holds(one, labels)))
      return [];
    const shown = inside.map(([at, value]) => [at / 1_000, String(value)]);
    const { __name__: _, ...others } = labels;
    return [last ? { metric: others, value: shown.at(-1) } : { metric: labels, values: shown }];
  });
  return { status: 'success', data: { resultType: last ? 'vector' : 'matrix', result: found } };
}

function holds([, label, sign, value], labels) {
  const is = labels[label] ?? '';
  const same = sign.includes('~') ? new RegExp(`^(?:${value})$`).test(is) : is === value;
  return sign.startsWith('!') ? !same : same;
}
