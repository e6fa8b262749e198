import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { alertmanagerAvailable } from '../support/alertmanager.js';
import { prometheusAvailable } from '../support/prometheus.js';
import { until } from '../support/until.js';
import { type BotProcess, type SlackState, startWalk, type Walk } from './kit.js';

// Monitoring and the whole bot, from requests that fail to the postmortem: nobody opens an incident here, nobody types when it
// was detected or how much failed. So it goes by each of the ways that Alertmanager has to us.

interface Counts {
  failed: number;
  byServer: Record<string, { ok: number; failed: number }>;
  lastFailure: { at: string } | null;
}
interface Stage {
  stack: {
    load: {
      counts(): Promise<Counts>;
      settled(): Promise<Counts>;
      mark(): Promise<object>;
      failedSince(mark: object): Promise<number>;
      seconds(): Promise<Array<{ at: string; failed: number }>>;
    };
    moveRoute(to: 'old' | 'new'): Promise<void>;
  };
  config: string;
  alertsTo(botUrl: string, by?: { source: string; receiver: object }): Promise<void>;
  stop(): Promise<unknown>;
}
interface Line {
  n: number;
  at: string;
  until: string | null;
  kind: string;
  text: string;
  alert?: { id: string; source: string; rule: string | null; title: string };
}
interface Exported {
  incident: { status: string; milestones: Record<string, string | null>; components: unknown[] };
  timeline: Line[];
  impact: Array<{ failed: number | null; measured?: object }>;
  runs: Array<{ runbook: string; state: string }>;
}

const demo = (file: string) => fileURLToPath(new URL(`../../demo/${file}`, import.meta.url));
const { startStage } = (await import(demo('stage.mjs'))) as {
  startStage(options: { data: string; base: string; monitor: string; people: string[] }): Promise<Stage>;
};
const { typedSecond } = (await import(demo('counting.mjs'))) as {
  typedSecond(iso: string, how?: { after: boolean }): string;
};

const KEYS = {
  pagerduty: '0123456789abcdef0123456789abcdef',
  opsgenie: 'eb243592-faa2-4ba2-a551-1afdf565c889',
};
/** What a rule asks of an alert: to PagerDuty Alertmanager sends only what it is told to, elsewhere all labels. */
const LABELS = Object.fromEntries(
  ['alertname', 'job', 'service'].map((name) => [name, `{{ .CommonLabels.${name} }}`]),
);
const SUMMARY = '{{ .CommonAnnotations.summary }}';
/** Ways to the bot: the stage's own webhook, and those that would go to PagerDuty and Opsgenie but for the address. */
const WAYS: Record<string, ((hook: string) => object) | null> = {
  monitoring: null,
  pagerduty: (hook) => ({
    pagerduty_configs: [
      {
        ...{ url: `${hook}/v2/enqueue`, routing_key: KEYS.pagerduty },
        ...{ description: SUMMARY, details: LABELS },
        // PagerDuty has severities of its own, and one alert here has none of them.
        severity: '{{ if eq .CommonLabels.severity "critical" }}critical{{ else }}warning{{ end }}',
      },
    ],
  }),
  opsgenie: (hook) => ({
    opsgenie_configs: [{ api_url: `${hook}/`, api_key: KEYS.opsgenie, message: SUMMARY }],
  }),
};
/** Those that are brought in. */
const PEOPLE = ['ana', 'bo', 'chen'];

const here = prometheusAvailable() && alertmanagerAvailable();
(here ? describe : describe.skip)('monitoring speaks, and the bot acts', () => {
  let walk: Walk;
  let stage: Stage;
  let bot: BotProcess;
  let newKeys: string;

  beforeAll(async () => {
    walk = await startWalk();
    const { users } = await walk.state();
    const people = PEOPLE.map((name) => users.find((one) => one.name === name)?.id ?? '');
    stage = await startStage({ data: walk.folder, base: demo('tocsin.yml'), monitor: 'prometheus', people });
    await configure();
    bot = await walk.bot(undefined, {
      ...{ TOCSIN_CONFIG: stage.config, WALK_PD: KEYS.pagerduty, WALK_OG: KEYS.opsgenie },
    });
  });
  afterAll(async () => {
    await stage?.stop();
    await walk?.end();
  });

  /** The stage's rule offers what two people are needed for, and takes what comes by any of the ways. */
  async function configure(): Promise<void> {
    const settings = parse(await readFile(stage.config, 'utf8'));
    const { sources, rules } = settings.alerts;
    Object.assign(rules[0].open, { runbook: 'key-sync', inputs: { from: 'tts-old', to: 'tts-new' } });
    rules[0].match.source = Object.keys(WAYS);
    sources.pagerduty = { type: 'pagerduty-events', secrets: ['secret:pd'] };
    sources.opsgenie = { type: 'opsgenie', secrets: ['secret:og'] };
    Object.assign(settings.secrets, { pd: 'env:WALK_PD', og: 'env:WALK_OG' });
    await writeFile(stage.config, stringify(settings, { lineWidth: 0 }));
    newKeys = settings.keystores['tts-new'].path;
  }

  const exported = async (incident: number, format = 'json') =>
    (await walk.tocsin('export', `INC-${incident}`, '--format', format)).out;
  const json = async (incident: number) => JSON.parse(await exported(incident)) as Exported;
  const alertsOf = async (incident: number) =>
    (await json(incident)).timeline.filter(({ kind }) => kind === 'alert');

  /** The channel of an incident, once all of those people are in it. */
  const channelOf = (incident: number) =>
    walk.until(`the channel of INC-${incident} with everybody in it`, ({ channels, users }) => {
      const found = channels.find(({ name }) => name.startsWith(`inc-${incident}-`));
      const ids = PEOPLE.map((name) => users.find((one) => one.name === name)?.id ?? '');
      return ids.every((id) => found?.members.includes(id)) && found;
    });
  const messagesOf = ({ channels }: SlackState, channel: string) =>
    channels.find(({ id }) => id === channel)?.messages ?? [];
  const message = (channel: string, what: RegExp) =>
    walk.until(String(what), (state) => messagesOf(state, channel).find(({ text }) => what.test(text)));
  /** Clicks a button. @returns what whoever clicked is told */
  const clicks = async (user: string, channel: string, ts: string, action_id: string) => {
    const clicked = { user, channel, ts, action_id };
    const { delivery } = await walk.control<{ delivery: string }>('action', clicked);
    const { responses } = await walk.control<{ responses: Array<{ text?: string }> }>(
      `responses?delivery=${delivery}&count=1&timeout=60000`,
    );
    return responses[0]?.text ?? '';
  };

  /** All is well, by the old service; the new one knows no key. */
  async function before(): Promise<void> {
    await stage.stack.moveRoute('old');
    await answersWell('tts-old');
    await writeFile(`${newKeys}.next`, '{}\n');
    await rename(`${newKeys}.next`, newKeys);
  }
  const okOf = async (server: string) => (await stage.stack.load.counts()).byServer[server]?.ok ?? 0;
  const answersWell = async (server: string) => {
    const from = await okOf(server);
    await until(`${server} answers well`, async () => (await okOf(server)) > from + 40);
  };

  test.each(Object.keys(WAYS))(
    'an outage from its first failed request to the postmortem, by %s',
    async (source) => {
      const { load } = stage.stack;
      await before();
      const { channels } = await walk.state();
      const number = 1 + channels.filter((one) => one.name.startsWith('inc-')).length;
      const receiver = WAYS[source]?.(`${bot.url}/hooks/${source}`);
      await stage.alertsTo(bot.url, receiver && { source, receiver });
      const { failed: already } = await load.settled();
      const well = await okOf('tts-new');
      const began = typedSecond(new Date().toISOString());

      await stage.stack.moveRoute('new');
      const { id: channel, name } = await channelOf(number);
      expect(name).toContain('the-developer-api-refuses');
      const shown = await message(channel, /^An alert fires/);
      expect(JSON.stringify(shown.blocks)).toContain('Requests to the Developer API fail at tts-new');
      expect(await alertsOf(number)).toMatchObject([
        { until: null, alert: { source, rule: 'developer-api' } },
      ]);

      // Requests go on failing while people decide: nothing has been run by itself.
      const run = /RUN-\d+/.exec(await clicks('bo', channel, shown.ts, 'offer:plan'))?.[0] ?? '';
      expect(run).toMatch(/^RUN-/);
      const { ts } = await message(channel, new RegExp(`^${run} key-sync waits for approval`));
      expect(await clicks('bo', channel, ts, 'run:approve')).not.toMatch(/recorded/);
      expect((await load.counts()).failed).toBeGreaterThan(already);
      expect(await okOf('tts-new')).toBe(well);
      expect(await clicks('chen', channel, ts, 'run:approve')).toMatch(/recorded/);
      await message(channel, new RegExp(`^${run} key-sync (?:was )?succeeded`));
      await load.settled();
      const mark = await load.mark();
      await answersWell('tts-new');

      await message(channel, /^The alert has ended/);
      const [alert, ...others] = await alertsOf(number);
      expect(others).toEqual([]);
      const counts = await load.settled();
      expect(await load.failedSince(mark)).toBe(0);
      const failed = counts.failed - already;
      const first =
        (await load.seconds()).find((one) => one.failed > 0 && typedSecond(one.at) >= began)?.at ?? '';
      const last = counts.lastFailure?.at ?? '';
      // Of the rule's five seconds the last failure is the first to leave them.
      expect(Date.parse(alert?.until ?? '')).toBeGreaterThan(Date.parse(last));

      // Counters are read once a second: what failed in one may be seen in the next.
      const end = new Date(Date.parse(last) + 2_000).toISOString();
      const window = `--from "${typedSecond(first)}" --to "${typedSecond(end, { after: true })}"`;
      expect((await walk.type('ana', channel, `impact measure ${window}`)).text).toMatch(/recorded/);
      const [impact] = await until('what was measured', async () => {
        const { impact: told } = await json(number);
        return told.some(({ measured }) => measured) && told;
      });
      expect(impact?.failed).toBe(failed);

      expect(await clicks('ana', channel, shown.ts, 'alerts:resolve')).toMatch(/recorded/);
      expect((await walk.type('ana', channel, 'watch')).text).toMatch(/recorded.*watch until/);
      expect((await message(channel, /watched until/)).text).toMatch(/all well; looked \d+ times/);

      const { incident, timeline, runs } = await json(number);
      expect(incident.status).toBe('resolved');
      expect(incident.milestones.detected).toBe(alert?.at);
      expect(timeline.filter(({ text }) => /watched until/.test(text))).toHaveLength(1);
      expect(runs).toMatchObject([{ runbook: 'key-sync', state: 'succeeded' }]);
      const postmortem = await exported(number, 'postmortem.md');
      const [, detection = ''] = /^## Detection\n([\s\S]*?)^## /m.exec(postmortem) ?? [];
      expect(detection).toContain(
        'An alert showed it first: “Requests to the Developer API fail at tts-new”',
      );
      expect(detection).toContain(`#${alert?.n}`);
      expect(postmortem).toMatch(new RegExp(`(?<!\\d)${failed} requests? failed`));
      expect(await verified(number)).toBe(0);
    },
  );

  const verified = async (incident: number) => {
    const file = join(walk.folder, `${incident}.facts.jsonl`);
    await writeFile(file, await exported(incident, 'facts'));
    return (await walk.tocsin('verify', file)).code;
  };
});
