import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { alertmanagerAvailable, startAlertmanager, type TestAlertmanager } from '../support/alertmanager.js';
import { prometheusAvailable } from '../support/prometheus.js';
import { until } from '../support/until.js';
import { type BotProcess, type SlackState, startWalk, type Walk } from './kit.js';

// Monitoring and the whole bot, from requests that fail to the postmortem: nobody opens an incident here, nobody types when it
// was detected or how much failed.

interface Counts {
  failed: number;
  byServer: Record<string, { ok: number; failed: number }>;
  firstFailure: { at: string } | null;
  lastFailure: { at: string } | null;
}
interface Stage {
  stack: {
    load: {
      counts(): Promise<Counts>;
      settled(): Promise<Counts>;
      mark(): Promise<object>;
      failedSince(mark: object): Promise<number>;
    };
    moveRoute(to: 'old' | 'new'): Promise<void>;
  };
  config: string;
  alertsTo(botUrl: string): Promise<void>;
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
/** Those that are brought in. */
const PEOPLE = ['ana', 'bo', 'chen'];

const here = prometheusAvailable() && alertmanagerAvailable();
(here ? describe : describe.skip)('monitoring speaks, and the bot acts', () => {
  let walk: Walk;
  let stage: Stage;
  let bot: BotProcess;
  let alertmanager: TestAlertmanager;

  beforeAll(async () => {
    walk = await startWalk();
    const { users } = await walk.state();
    const people = PEOPLE.map((name) => users.find((one) => one.name === name)?.id ?? '');
    stage = await startStage({ data: walk.folder, base: demo('tocsin.yml'), monitor: 'prometheus', people });
    await configure(people);
    bot = await walk.bot(undefined, {
      ...{ TOCSIN_CONFIG: stage.config, WALK_PD: KEYS.pagerduty, WALK_OG: KEYS.opsgenie },
    });
    await stage.alertsTo(bot.url);
  });
  afterAll(async () => {
    await alertmanager?.stop();
    await stage?.stop();
    await walk?.end();
  });

  /** The stage's rule offers what two people are needed for; and there are two more sources, each with a rule. */
  async function configure(people: string[]): Promise<void> {
    const settings = parse(await readFile(stage.config, 'utf8'));
    const { sources, rules } = settings.alerts;
    Object.assign(rules[0].open, { runbook: 'key-sync', inputs: { from: 'tts-old', to: 'tts-new' } });
    sources.pagerduty = { type: 'pagerduty-events', secrets: ['secret:pd'] };
    sources.opsgenie = { type: 'opsgenie', secrets: ['secret:og'] };
    for (const source of ['pagerduty', 'opsgenie']) {
      const open = { title: '{{ title }}', severity: 'sev3', people };
      rules.push({ name: `by-${source}`, match: { source }, group_by: ['alertname'], open });
    }
    Object.assign(settings.secrets, { pd: 'env:WALK_PD', og: 'env:WALK_OG' });
    await writeFile(stage.config, stringify(settings, { lineWidth: 0 }));
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

  test('an outage from its first failed request to the postmortem', async () => {
    const { load } = stage.stack;
    const ok = async (server: string) => (await load.counts()).byServer[server]?.ok ?? 0;
    await until('the old service answers', async () => (await ok('tts-old')) > 20);
    const { failed: before } = await load.settled();

    await stage.stack.moveRoute('new');
    const { id: channel, name } = await channelOf(1);
    expect(name).toContain('the-developer-api-refuses');
    const shown = await message(channel, /^An alert fires/);
    expect(JSON.stringify(shown.blocks)).toContain('Requests to the Developer API fail at tts-new');
    expect(await alertsOf(1)).toMatchObject([
      { until: null, alert: { source: 'monitoring', rule: 'developer-api' } },
    ]);

    // Requests go on failing while people decide: nothing has been run by itself.
    const offered = await clicks('bo', channel, shown.ts, 'offer:plan');
    expect(offered).toMatch(/RUN-1/);
    const { ts } = await message(channel, /^RUN-1 key-sync waits for approval/);
    expect(await clicks('bo', channel, ts, 'run:approve')).not.toMatch(/recorded/);
    expect((await load.counts()).failed).toBeGreaterThan(before);
    expect(await ok('tts-new')).toBe(0);
    expect(await clicks('chen', channel, ts, 'run:approve')).toMatch(/recorded/);
    await message(channel, /^RUN-1 key-sync (?:was )?succeeded/);
    await load.settled();
    const mark = await load.mark();
    await until('the new service answers', async () => (await ok('tts-new')) > 40);

    await message(channel, /^The alert has ended/);
    const [alert, ...others] = await alertsOf(1);
    expect(others).toEqual([]);
    const counts = await load.settled();
    expect(await load.failedSince(mark)).toBe(0);
    const failed = counts.failed - before;
    const [first = '', last = ''] = [counts.firstFailure?.at, counts.lastFailure?.at];
    // Of the rule's five seconds the last failure is the first to leave them.
    expect(Date.parse(alert?.until ?? '')).toBeGreaterThan(Date.parse(last));

    // Counters are read once a second: what failed in one may be seen in the next.
    const end = new Date(Date.parse(last) + 2_000).toISOString();
    const window = `--from "${typedSecond(first)}" --to "${typedSecond(end, { after: true })}"`;
    expect((await walk.type('ana', channel, `impact measure ${window}`)).text).toMatch(/recorded/);
    const [impact] = await until('what was measured', async () => {
      const { impact: told } = await json(1);
      return told.some(({ measured }) => measured) && told;
    });
    expect(impact?.failed).toBe(failed);

    expect(await clicks('ana', channel, shown.ts, 'alerts:resolve')).toMatch(/recorded/);
    expect((await walk.type('ana', channel, 'watch')).text).toMatch(/recorded.*watch until/);
    expect((await message(channel, /watched until/)).text).toMatch(/all well; looked \d+ times/);

    const { incident, timeline, runs } = await json(1);
    expect(incident.status).toBe('resolved');
    expect(incident.milestones.detected).toBe(alert?.at);
    expect(timeline.filter(({ text }) => /watched until/.test(text))).toHaveLength(1);
    expect(runs).toMatchObject([{ runbook: 'key-sync', state: 'succeeded' }]);
    const postmortem = await exported(1, 'postmortem.md');
    const [, detection = ''] = /^## Detection\n([\s\S]*?)^## /m.exec(postmortem) ?? [];
    expect(detection).toContain('An alert showed it first: “Requests to the Developer API fail at tts-new”');
    expect(detection).toContain(`#${alert?.n}`);
    expect(postmortem).toMatch(new RegExp(`(?<!\\d)${failed} requests? failed`));
    expect(await verified(1)).toBe(0);
  });

  const verified = async (incident: number) => {
    const file = join(walk.folder, `${incident}.facts.jsonl`);
    await writeFile(file, await exported(incident, 'facts'));
    return (await walk.tocsin('verify', file)).code;
  };

  describe('by the address alone', () => {
    beforeAll(async () => {
      const hook = (source: string) => `${bot.url}/hooks/${source}`;
      const to = (receiver: string) => ({ receiver, matchers: [`sender="${receiver}"`] });
      alertmanager = await startAlertmanager({
        route: {
          receiver: 'nobody',
          group_by: ['...'],
          ...{ group_wait: '10ms', group_interval: '1s', repeat_interval: '1h' },
          routes: [to('pagerduty'), to('opsgenie')],
        },
        receivers: [
          { name: 'nobody' },
          {
            name: 'pagerduty',
            pagerduty_configs: [
              {
                ...{ url: `${hook('pagerduty')}/v2/enqueue`, routing_key: KEYS.pagerduty },
                details: { alertname: '{{ .CommonLabels.alertname }}' },
                description: '{{ .CommonAnnotations.summary }}',
              },
            ],
          },
          {
            name: 'opsgenie',
            opsgenie_configs: [
              {
                ...{ api_url: `${hook('opsgenie')}/`, api_key: KEYS.opsgenie },
                message: '{{ .CommonAnnotations.summary }}',
              },
            ],
          },
        ],
      });
    });

    test.each([
      ['pagerduty', 2],
      ['opsgenie', 3],
    ])(
      'what is sent to %s opens an incident with people, and ends on its timeline',
      async (sender, incident) => {
        const labels = { alertname: `Disk-${sender}`, sender };
        const summary = `The disk of ${sender} is full`;
        await alertmanager.fires(labels, { annotations: { summary } });
        const { id: channel, name } = await channelOf(incident);
        expect(name).toBe(`inc-${incident}-the-disk-of-${sender}-is-full`);
        expect((await message(channel, /^An alert fires/)).text).toContain(summary);
        expect(await alertsOf(incident)).toMatchObject([
          { until: null, alert: { source: sender, rule: `by-${sender}`, title: summary } },
        ]);
        await alertmanager.fires(labels, { ended: true, annotations: { summary } });
        await message(channel, /^The alert has ended/);
        expect(await alertsOf(incident)).toMatchObject([
          { until: expect.any(String), alert: { source: sender, title: summary } },
        ]);
        expect(await verified(incident)).toBe(0);
      },
    );
  });
});
