import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import pg from 'pg';
import { alertmanagerAvailable, startAlertmanager, type TestAlertmanager } from '../support/alertmanager.js';
import { type Chance, chanceOf } from '../support/chance.js';
import { type MortalDatabase, mortalDatabase } from '../support/database.js';
import { type BotProcess, startWalk, type Walk } from '../walk/kit.js';

// Storms of alerts at a bot of two processes with a PostgreSQL of its own: each alert stands once on the timeline, whoever dies.

const TOKEN = 'a-token-of-the-storm-0123456789';
const SERVICES = 10;
/** For so long something may go on without any progress: only a guard against what hangs. */
const PATIENCE_MS = 180_000;

const SETTINGS = `
secrets: { am: env:STORM_AM }
alerts:
  sources: { am: { type: alertmanager, secrets: [secret:am], per_minute: 100000 } }
  rules:
    - { name: storm, group_by: [service], open: { title: "{{ labels.service }} is in a storm", severity: sev2 } }
`;

interface Alert {
  n: number;
  name: string;
  service: string;
}
/** What the record holds: alerts that were recorded, and how many of them have ended. */
interface Recorded {
  fired: number;
  ended: number;
}
interface Line {
  kind: string;
  until: string | null;
  alert?: { title: string };
}

const alertsOf = (count: number): Alert[] =>
  Array.from({ length: count }, (_, n) => ({
    n,
    name: `alert ${String(n).padStart(5, '0')}`,
    service: `service-${n % SERVICES}`,
  }));

let storm: Awaited<ReturnType<typeof startStorm>> | undefined;
let alertmanager: TestAlertmanager | undefined;
afterEach(async () => {
  await alertmanager?.stop();
  await storm?.end();
  storm = undefined;
  alertmanager = undefined;
});

/** A process that hears, another that works, and Slack with its limits. */
async function startStorm(name: string) {
  const database: MortalDatabase = await mortalDatabase();
  const walk: Walk = await startWalk({ database });
  await walk.control('settings', { rate_limits: true });
  await writeFile(join(walk.folder, 'tocsin.yml'), SETTINGS);
  const more = { STORM_AM: TOKEN, TOCSIN_CONFIG: join(walk.folder, 'tocsin.yml') };
  const hears = () => walk.bot(walk.port, more, ['--role', 'web']);
  let web: BotProcess = await hears();
  let worker: BotProcess = await walk.worker(more);
  const began = performance.now();
  let kills = 0;
  let webKills = 0;

  async function sql<T extends object>(text: string): Promise<T[]> {
    const client = new pg.Client(database.config);
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query<T>(text)).rows;
    } finally {
      await client.end();
    }
  }

  const itself = {
    database,
    walk,
    url: web.url,
    say: (what: string) =>
      void process.stderr.write(`${name}: ${((performance.now() - began) / 1_000).toFixed(1)} s: ${what}\n`),
    kills: () => kills,
    webKills: () => webKills,
    /** kill -9 of the process that hears, and another at its address. */
    async killWeb(): Promise<void> {
      webKills += 1;
      await web.kill9();
      web = await hears();
    },
    /** kill -9 of the worker, and another in its place. */
    async kill(): Promise<void> {
      kills += 1;
      await worker.kill9();
      worker = await walk.worker(more);
    },
    async recorded(): Promise<Recorded> {
      const [row] = await sql<Recorded>(
        `select count(*)::int as fired, (count(*) filter (where until is not null))::int as ended
         from entry where kind = 'alert'`,
      );
      return row ?? { fired: 0, ended: 0 };
    },
    /** Waits for that, for as long as there is progress. */
    async until(what: string, right: (recorded: Recorded) => boolean | Promise<boolean>): Promise<Recorded> {
      let [before, at] = ['', performance.now()];
      for (;;) {
        const recorded = await itself.recorded();
        if (await right(recorded)) return recorded;
        const now = JSON.stringify(recorded);
        if (now !== before) [before, at] = [now, performance.now()];
        if (performance.now() - at > PATIENCE_MS)
          throw new Error(`never happened: ${what}; ${now}\n${worker.log()}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    /** Every alert stands once in the incident of its service, has ended, and the record is whole. */
    async expectOnce(alerts: readonly Alert[]): Promise<void> {
      const { out } = await walk.tocsin('list');
      const incidents = [...new Set([...out.matchAll(/INC-(\d+)/g)].map(([, number]) => Number(number)))];
      expect(incidents).toHaveLength(SERVICES);
      const found: string[] = [];
      for (const number of incidents) {
        const ref = `INC-${number}`;
        const exported = (await walk.tocsin('export', ref, '--format', 'json')).out;
        const { incident, timeline } = JSON.parse(exported) as {
          incident: { title: string };
          timeline: Line[];
        };
        const service = incident.title.split(' ')[0];
        for (const { alert, kind, until } of timeline) {
          if (kind !== 'alert') continue;
          found.push(`${alert?.title} of ${service} ${until === null ? 'fires' : 'has ended'}`);
        }
        const file = join(walk.folder, 'facts.jsonl');
        await writeFile(file, (await walk.tocsin('export', ref, '--format', 'facts')).out);
        expect((await walk.tocsin('verify', file)).code).toBe(0);
        // A beginning and an end: whatever came twice has added nothing.
        const facts = (await readFile(file, 'utf8')).split('\n').filter((line) => /"AlertFired"/.test(line));
        expect(facts).toHaveLength(timeline.filter(({ kind }) => kind === 'alert').length);
      }
      expect(found.sort()).toEqual(alerts.map((one) => `${one.name} of ${one.service} has ended`).sort());
      const waiting = await sql('select 1 from signal where outcome is null limit 1');
      expect(waiting).toEqual([]);
    },
    /** Waits until Slack shows the end of each group, in one message. @returns its calls, by method */
    async calls(): Promise<Record<string, number>> {
      await walk.until('all have ended in Slack', ({ channels }) => {
        const shown = channels
          .filter(({ name }) => /^inc-\d+-/.test(name))
          .map(({ messages }) =>
            messages.filter(({ text }) => /\balerts? (?:fires?|ha(?:s|ve) ended)/.test(text)),
          );
        if (shown.some((messages) => messages.length > 1))
          throw new Error('alerts of a group are shown twice');
        return (
          shown.filter(([message]) => /^All \d+ alerts have ended/.test(message?.text ?? '')).length ===
          SERVICES
        );
      });
      const { calls } = await walk.control<{ calls: Array<{ method: string; status: number }> }>('log');
      const counts: Record<string, number> = { all: calls.length };
      for (const { method, status } of calls) {
        counts[method] = (counts[method] ?? 0) + 1;
        if (status === 429) counts[`${method} told to wait`] = (counts[`${method} told to wait`] ?? 0) + 1;
      }
      return counts;
    },
    seconds: () => (performance.now() - began) / 1_000,
    async end(): Promise<void> {
      await walk.end();
    },
  };
  return itself;
}

type Storm = Awaited<ReturnType<typeof startStorm>>;

const BEGUN = '2026-11-10T01:43:00.512Z';

const body = (alerts: readonly Alert[], status: 'firing' | 'resolved', batch: number) => ({
  ...{ version: '4', receiver: 'tocsin', status, groupKey: `{}:{batch="${batch}"}`, truncatedAlerts: 0 },
  ...{ groupLabels: {}, commonLabels: {}, commonAnnotations: {}, externalURL: 'http://alertmanager.example' },
  alerts: alerts.map(({ name, service }) => ({
    ...{ status, labels: { alertname: name, service }, annotations: { summary: name }, fingerprint: name },
    ...{ startsAt: BEGUN, endsAt: status === 'firing' ? '0001-01-01T00:00:00Z' : '2026-11-10T01:53:00.512Z' },
    generatorURL: '',
  })),
});

interface Sent {
  deliveries: number;
  /** How often a request ended without an answer. */
  broken: number;
}

/** Deliveries of 25, each by both of a pair of senders, spread over ten seconds; meanwhile who hears them is killed. */
async function sends(
  it: Storm,
  chance: Chance,
  alerts: readonly Alert[],
  status: 'firing' | 'resolved',
): Promise<Sent> {
  const deliveries: Array<Promise<number>> = [];
  const [size, forMs, began] = [25, 10_000, performance.now()];
  const count = Math.ceil(alerts.length / size);
  const part = Math.floor(count / WEB_KILLS);
  const strikes = new Set(Array.from({ length: WEB_KILLS }, (_, i) => i * part + chance.below(part)));
  let killing: Promise<void> = Promise.resolve();
  for (let batch = 0; batch < count; batch++) {
    const due = began + (batch * forMs) / count;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
    const text = JSON.stringify(body(alerts.slice(batch * size, (batch + 1) * size), status, batch));
    for (const _ of ['one', 'other']) deliveries.push(delivered(it.url, text));
    if (!strikes.has(batch)) continue;
    // Somewhere between a connection and an answer.
    const within = new Promise((resolve) => setTimeout(resolve, chance.below(40)));
    killing = Promise.all([killing, within]).then(() => it.killWeb());
    killing.catch(() => undefined);
  }
  await killing;
  const broken = (await Promise.all(deliveries)).reduce((sum, one) => sum + one, 0);
  return { deliveries: deliveries.length, broken };
}

const WEB_KILLS = 3;

/** As senders do: again, until it is taken. @returns how often nobody answered */
async function delivered(url: string, text: string): Promise<number> {
  for (let broken = 0; ; ) {
    const answer = await fetch(`${url}/hooks/am`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}` },
      body: text,
    }).catch(() => null);
    if (answer?.status === 202) return broken;
    if (answer === null) broken += 1;
    else if (answer.status !== 503) throw new Error(`the hook answered ${answer.status}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** Kills the worker while it records, at moments that progress brings about. */
async function killsWhile(it: Storm, chance: Chance, of: keyof Recorded, last: number): Promise<void> {
  let next = 1 + chance.below(300);
  for (;;) {
    const at = (await it.until(`${of} ${next}`, (recorded) => recorded[of] >= next))[of];
    if (at >= last) return;
    await it.kill();
    next = Math.min(last, at + 300 + chance.below(700));
  }
}

test('5,000 alerts in ten seconds while those that hear and those that work are killed', async () => {
  const name = 'a storm of alerts';
  const chance = chanceOf(name);
  storm = await startStorm(name);
  const it = storm;
  const alerts = chance.shuffle(alertsOf(5_000));
  const sent: Sent = { deliveries: 0, broken: 0 };
  for (const [status, of] of [
    ['firing', 'fired'],
    ['resolved', 'ended'],
  ] as const) {
    const killing = killsWhile(it, chance, of, alerts.length);
    killing.catch(() => undefined);
    const { deliveries, broken } = await sends(it, chance, alerts, status);
    sent.deliveries += deliveries;
    sent.broken += broken;
    it.say(`all of them are sent (${status}), ${JSON.stringify(await it.recorded())} recorded`);
    await killing;
    it.say(`all of them are recorded (${status})`);
  }
  expect(it.kills()).toBeGreaterThan(5);
  const calls = await it.calls();
  // What was cut off was sent again.
  expect(it.webKills()).toBe(2 * WEB_KILLS);
  expect(sent.broken).toBeGreaterThan(it.webKills());
  it.say(
    `${JSON.stringify(sent)}, ${it.kills()} and ${it.webKills()} kills; calls to Slack: ${JSON.stringify(calls)}`,
  );
  // What opens an incident; whoever starts looks into every channel, and may be told to wait; and one message a second.
  const most = SERVICES * (20 + 2 * it.kills()) + 5 * it.webKills() + 2 * it.seconds();
  expect(calls.all).toBeLessThan(most);
  await it.expectOnce(alerts);
}, 900_000);

/** Alertmanager hears of them, as from Prometheus. */
async function tells(url: string, alerts: readonly Alert[], ended: boolean): Promise<void> {
  for (let i = 0; i < alerts.length; i += 250) {
    const answer = await fetch(`${url}/api/v2/alerts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(
        alerts.slice(i, i + 250).map(({ n, name, service }) => ({
          labels: { alertname: name, service, batch: String(Math.floor(n / BATCH)) },
          annotations: { summary: name },
          ...{ startsAt: STARTED, endsAt: new Date(Date.now() + (ended ? -1_000 : 3_600_000)).toISOString() },
        })),
      ),
    });
    if (!answer.ok) throw new Error(`alertmanager answered ${answer.status}: ${await answer.text()}`);
  }
}

const BATCH = 100;
const STARTED = new Date(Date.now() - 5_000).toISOString();

const metricOf = async (url: string, name: string): Promise<number> => {
  const text = await (await fetch(`${url}/metrics`)).text();
  const found = text.matchAll(new RegExp(`^${name}\\{[^}]*integration="webhook"[^}]*\\} (\\S+)$`, 'gm'));
  return [...found].reduce((sum, [, value]) => sum + Number(value), 0);
};

(alertmanagerAvailable() ? test : test.skip)(
  'the database is away while a real Alertmanager delivers',
  async () => {
    const name = 'a storm while the database is away';
    const chance = chanceOf(name);
    storm = await startStorm(name);
    const it = storm;
    const webhook = {
      ...{ url: `${it.url}/hooks/am`, send_resolved: true },
      http_config: { authorization: { type: 'Bearer', credentials: TOKEN } },
    };
    alertmanager = await startAlertmanager({
      route: {
        receiver: 'tocsin',
        ...{
          group_by: ['service', 'batch'],
          group_wait: '10ms',
          group_interval: '1s',
          repeat_interval: '1h',
        },
      },
      receivers: [{ name: 'tocsin', webhook_configs: [webhook] }],
    });
    const { url } = alertmanager;
    const all = alertsOf(1_200);
    const [early, late] = [all.slice(0, 600), all.slice(600)];
    // An end of which nobody has heard the beginning opens nothing: so the incidents are there before.
    await tells(url, early.slice(0, SERVICES), false);
    await it.until('each service has its incident', ({ fired }) => fired === SERVICES);
    await tells(url, chance.shuffle(early), false);
    const some = SERVICES + chance.below(300);
    await it.until('some more are recorded', ({ fired }) => fired > some);
    const before = await it.recorded();
    await it.database.kill();
    const away = performance.now();
    it.say(`the database is gone, ${JSON.stringify(before)} recorded`);
    // Half of each group ends meanwhile, and as many begin.
    const ended = early.filter(({ n }) => Math.floor(n / SERVICES) % 2 === 0);
    await tells(url, chance.shuffle(late), false);
    await tells(url, ended, true);
    const refused = () => (alertmanager?.log().match(/unexpected status code 503/g) ?? []).length;
    while (refused() === 0 || performance.now() - away < 30_000)
      await new Promise((resolve) => setTimeout(resolve, 100));
    await it.database.start();
    const failed = await metricOf(url, 'alertmanager_notification_requests_failed_total');
    it.say(
      `the database is back after ${((performance.now() - away) / 1_000).toFixed(1)} s; ${failed} deliveries failed, and the log of Alertmanager says ${refused()} times why`,
    );
    await it.until(
      'all are recorded, and the ends of those that have ended',
      (one) => one.fired === all.length && one.ended === ended.length,
    );
    it.say('all of them are recorded, with the ends of that time');
    await tells(
      url,
      all.filter((one) => !ended.includes(one)),
      true,
    );
    await it.until('all have ended', (one) => one.ended === all.length);
    const sent = await metricOf(url, 'alertmanager_notification_requests_total');
    it.say(`all have ended; ${sent} deliveries; calls to Slack: ${JSON.stringify(await it.calls())}`);
    await it.expectOnce(all);
  },
  900_000,
);
