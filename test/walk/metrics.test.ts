import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { alertmanagerAlert, alertmanagerBody } from '../alerts/kit.js';
import { familiesIn, samplesIn, valueIn } from '../support/exposition.js';
import {
  prometheusAvailable,
  promtool,
  startPrometheus,
  type TestPrometheus,
} from '../support/prometheus.js';
import { until } from '../support/until.js';
import { freePort } from '../support/wire.js';
import { type BotHere, startWalk, type Walk } from './kit.js';

// A bot that has done everything, as Prometheus sees it.

const OPS = fileURLToPath(new URL('../../ops', import.meta.url));
const PACE = { lookMs: 200, canaryMs: 300, metrics: { keptMs: 0, shownMs: 0 } };
/** Words that stand in titles, notes, arguments, names of people and values of keys, and nowhere else. */
const PRIVATE = ['zanzibar', 'quetzal', 'xylophone', 'marmalade', 'velociraptor'];
const SECRET = 'the-secret-of-the-scrape-4711';
const TOKEN = 'the-token-of-the-monitoring-4711';

const COPY = `
name: copy
title: Copy keys
approval: { required: 0 }
target: "keys:new"
steps:
  - id: compare
    uses: keys.compare
    with: { from: old, to: new }
  - id: add
    uses: keys.add
    with: { from: old, to: new, keys: "{{ steps.compare.missing }}" }
`;

let walk: Walk;
let bot: BotHere;
beforeAll(async () => {
  walk = await startWalk();
  const file = (name: string) => join(walk.folder, name);
  await writeFile(file('copy.yml'), COPY);
  await writeFile(file('scrape.secret'), SECRET);
  await writeFile(file('monitoring.secret'), TOKEN);
  await writeFile(
    file('tocsin.yml'),
    `keystores:
  old: { type: json-file, path: ${file('old.json')} }
  new: { type: json-file, path: ${file('new.json')}, probe: { url: "http://127.0.0.1:1/" } }
schedules:
  watch: { drift: { from: old, to: new }, every: 1s, components: [quetzal] }
secrets: { scrape: "file:${file('scrape.secret')}", monitoring: "file:${file('monitoring.secret')}" }
alerts:
  sources: { monitoring: { type: alertmanager, secrets: [secret:monitoring] } }
  rules:
    - { name: all, group_by: [service], open: { title: "{{ title }}" } }
`,
  );
  await writeFile(file('old.json'), JSON.stringify({ 'client-1': 'velociraptor-key-one-4711' }));
  await writeFile(file('new.json'), '{}');
  bot = await walk.here(PACE, { TOCSIN_RUNBOOKS: walk.folder });
});
afterAll(() => walk.end());

const scrape = async () => {
  const response = await fetch(`${bot.url}/metrics`);
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  return response.text();
};
/** Waits until something is counted. */
const counted = (name: string, labels: Record<string, string>, least = 1) =>
  until(`${name} ${JSON.stringify(labels)}`, async () => {
    const text = await scrape();
    const found = samplesIn(text).filter(
      (one) => one.name === name && Object.entries(labels).every(([key, value]) => one.labels[key] === value),
    );
    return found.reduce((sum, { value }) => sum + value, 0) >= least;
  });
const fault = (method: string, kind: string, value: string | number) =>
  walk.control('fault', { method, kind, times: 1, value });

test('everything that it does is counted', async () => {
  const token = (await walk.tocsin('token', 'create', '--name', 'marmalade', '--scope', 'write')).out.trim();
  await counted('tocsin_drift', { schedule: 'watch' });
  await counted('tocsin_schedule_outcome', { schedule: 'watch', outcome: 'drifted' });
  await counted('tocsin_page_builds_total', { outcome: 'written' });
  await counted('tocsin_page_current_timestamp_seconds', {}, Date.now() / 1_000 - 600);

  const opened = await walk.type(
    'ana',
    'incidents',
    'open sev2 Zanzibar is down --private --component quetzal',
  );
  const incident = /INC-\d+/.exec(opened.text)?.[0];
  expect(incident).toBeDefined();
  const at = await walk.until('it has a channel', ({ channels }) =>
    channels.find(({ name }) => name.includes('zanzibar')),
  );
  for (const line of [
    'note xylophone requests fail',
    'invite @bo',
    'marmalade is no verb',
    'resolve zanzibar is back',
    'show',
  ])
    await walk.type('ana', at.name, line);
  await walk.type('ana', at.name, 'reopen xylophone again');
  const says = (text: string) =>
    fetch(`${bot.url}/api/v1/commands`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ text }),
    });
  expect((await says('open sev4 marmalade in the open')).status).toBe(201);

  // Nobody else is to hear what is meant for the next post.
  const allSaid = () =>
    until('all that is owed is said', async () => {
      const open = samplesIn(await scrape()).filter(({ name }) => name === 'tocsin_outbox_open');
      return open.every(({ value }) => value === 0);
    });
  await allSaid();
  await fault('chat.postMessage', 'ratelimit', 1);
  await walk.type('ana', at.name, 'note xylophone waits');
  await counted('tocsin_slack_calls_total', { method: 'chat.postMessage', outcome: 'ratelimited' });
  await counted('tocsin_slack_wait_seconds_total', { method: 'chat.postMessage' });
  await counted('tocsin_deliveries_total', { kind: 'channel.entry', outcome: 'waits' });
  await allSaid();
  await fault('chat.postMessage', 'error', 'is_archived');
  await walk.type('ana', at.name, 'note xylophone is given up');
  await counted('tocsin_outbox_dead', { kind: 'channel.entry' });
  await counted('tocsin_deliveries_total', { kind: 'channel.entry', outcome: 'dead' });
  await counted('tocsin_slack_errors_total', { method: 'chat.postMessage', error: 'is_archived' });

  expect((await walk.type('ana', at.name, 'run copy')).text).toContain('RUN-1');
  await counted('tocsin_runs_ended_total', { runbook: 'copy', end: 'succeeded' });
  await until(
    'the stores are in step',
    async () => valueIn(await scrape(), 'tocsin_drift', { schedule: 'watch' }) === 0,
  );

  const text = await scrape();
  const is = (name: string, labels: Record<string, string> = {}) => valueIn(text, `tocsin_${name}`, labels);
  expect(is('commands_total', { verb: 'open', front: 'slack', outcome: 'recorded' })).toBe(1);
  expect(is('commands_total', { verb: 'open', front: 'api', outcome: 'recorded' })).toBe(1);
  expect(is('commands_total', { verb: 'note', front: 'slack', outcome: 'recorded' })).toBe(3);
  expect(is('commands_total', { verb: 'show', front: 'slack', outcome: 'text' })).toBe(1);
  expect(is('commands_total', { verb: 'other', front: 'slack', outcome: 'refused' })).toBe(1);
  expect(is('refusals_total', { code: 'UNKNOWN_VERB' })).toBe(1);
  expect(is('facts_total', { type: 'StatusChanged', source: 'slack' })).toBe(2);
  expect(is('steps_total', { runbook: 'copy', action: 'keys.add', outcome: 'done' })).toBe(1);
  expect(is('database_up')).toBe(1);
  for (const part of ['database', 'queue', 'slack', 'process']) expect(is('part_ok', { part })).toBe(1);
  expect(is('build_info')).toBe(1);
});

test('deliveries of monitoring are counted by their answer, and alerts by what came of them', async () => {
  const sends = async (alert: object, token = TOKEN) => {
    const response = await fetch(`${bot.url}/hooks/monitoring`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify(alertmanagerBody([alertmanagerAlert(alert)])),
    });
    return response.status;
  };
  const of = (service: string) => ({ fingerprint: service, labels: { service } });
  const annotations = { summary: 'Velociraptor in zanzibar', description: 'xylophone' };
  expect(await sends({ ...of('marmalade'), annotations })).toBe(202);
  expect(await sends(of('quetzal'), 'a-token-of-somebody-else')).toBe(401);
  await counted('tocsin_alerts_total', { outcome: 'opened' });
  await walk.until('the incident of the alert', ({ channels }) =>
    channels.find(({ name }) => name.includes('velociraptor')),
  );

  const text = await scrape();
  const samples = (name: string) =>
    samplesIn(text).flatMap((one) => (one.name === name ? [{ ...one.labels, value: one.value }] : []));
  expect(samples('tocsin_alerts_total')).toEqual([{ source: 'monitoring', outcome: 'opened', value: 1 }]);
  expect(samples('tocsin_hooks_total')).toEqual([
    { source: 'monitoring', status: '202', value: 1 },
    { source: 'monitoring', status: '401', value: 1 },
  ]);
});

test('there is no metric that says nothing', async () => {
  const text = await scrape();
  const said = new Set(samplesIn(text).map(({ name }) => name.replace(/_(bucket|count|sum)$/, '')));
  const silent = [...familiesIn(text).keys()].filter((name) => name.startsWith('tocsin_') && !said.has(name));
  expect(silent).toEqual([]);
});

test('nothing private is in it: no text, no person, no channel, no incident, no secret', async () => {
  const text = await scrape();
  for (const word of PRIVATE) expect(text.toLowerCase()).not.toContain(word);
  const { channels, users } = await walk.state();
  for (const id of [...channels, ...users].map((one) => one.id)) expect(text).not.toContain(id);
  const values = new Set(samplesIn(text).flatMap(({ labels }) => Object.values(labels)));
  for (const { name } of users) expect(values).not.toContain(name);
  expect([...values].filter((value) => /INC-|RUN-|T0|@|\s/.test(value))).toEqual([]);
  for (const secret of [...Object.values(walk.environment), SECRET, TOKEN].filter(
    (value) => value.length > 12,
  ))
    expect(text).not.toContain(secret);
});

const withPrometheus = prometheusAvailable() ? describe : describe.skip;

withPrometheus('with Prometheus', () => {
  let prometheus: TestPrometheus;
  let metricsPort: number;
  beforeAll(async () => {
    // A worker, which has no other port than this one, behind a secret.
    metricsPort = await freePort();
    const config = join(walk.folder, 'worker.yml');
    const same = await readFile(join(walk.folder, 'tocsin.yml'), 'utf8');
    await writeFile(config, `${same}metrics: { secret: secret:scrape }\n`);
    await walk.worker({ METRICS_PORT: String(metricsPort), TOCSIN_CONFIG: config });
    prometheus = await startPrometheus({
      rule_files: [join(OPS, 'alerts.yml')],
      scrape_configs: [
        { job_name: 'tocsin', static_configs: [{ targets: [new URL(bot.url).host] }] },
        {
          job_name: 'worker',
          authorization: { credentials: SECRET },
          static_configs: [{ targets: [`127.0.0.1:${metricsPort}`] }],
        },
      ],
    });
  });
  afterAll(() => prometheus?.stop());

  const found = (query: string) =>
    prometheus.api<{ result: Array<{ metric: Record<string, string>; value: [number, string] }> }>('query', {
      query,
    });

  test('it is well written', async () => {
    expect(promtool(['check', 'metrics'], await scrape())).toEqual({ code: 0, out: '' });
  });

  test('a bot and a worker are read, the worker with its secret alone', async () => {
    const up = async () => (await found('up == 1')).result.map(({ metric }) => metric.job).sort();
    await until('both are read', async () => (await up()).join() === 'tocsin,worker');
    expect((await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).status).toBe(401);
    await until('what the bot counted has arrived', async () => {
      const { result } = await found('sum(tocsin_commands_total{job="tocsin"})');
      return Number(result[0]?.value[1]) > 5;
    });
    expect((await found('tocsin_part_ok{job="worker",part="slack"}')).result).toHaveLength(1);
  });

  test('every panel and every alert asks for something that is there', async () => {
    const { panels } = JSON.parse(await readFile(join(OPS, 'grafana.json'), 'utf8')) as {
      panels: Array<{ title: string; targets?: Array<{ expr: string }> }>;
    };
    const asked = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
    expect(asked.length).toBeGreaterThan(30);
    const empty: string[] = [];
    for (const expr of asked) {
      const query = expr.replaceAll('$job', 'tocsin').replaceAll('$__rate_interval', '1m');
      // An answer, be it without a rate yet; and what it is about is there.
      await found(query);
      for (const [, name = ''] of query.matchAll(/\b((?:tocsin|process|nodejs)_\w+)\{/g))
        if ((await found(`{__name__="${name}"}`)).result.length === 0) empty.push(name);
    }
    expect([...new Set(empty)]).toEqual([]);
    const ill = async () => {
      const { groups } = await prometheus.api<{
        groups: Array<{ rules: Array<{ name: string; health: string; lastError?: string }> }>;
      }>('rules');
      return groups.flatMap(({ rules }) => rules).filter(({ health }) => health !== 'ok');
    };
    await until('every rule was looked at, and is sound', async () => (await ill()).length === 0);
  });
});
