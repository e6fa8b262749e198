// The stage under Tocsin's eyes: starts it and what watches it, and writes the tocsin.yml that knows its stores, its route,
// its pair, who may report alerts, and where figures come from.
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { readMap } from './stack/haproxy.mjs';
import { startMonitor } from './stack/monitor.mjs';
import { startStack } from './stack/stack.mjs';

/** Requests a second: enough that an outage of seconds shows, too few to disturb a laptop. */
const RATE = 40;
/** A client that gives up sooner would count the machine's own pauses. */
const TIMEOUT_MS = 30_000;

const COMPONENTS = ['Text to Speech (Developer API)'];
/** The source of `alerts:` that the monitoring of the stage is. */
const SOURCE = 'monitoring';

/**
 * @param {{data: string, base: string, kind?: 'haproxy'|'node', monitor?: 'prometheus'|'small', people: string[]}} options
 *   `data`: the bot's folder, which holds the stage and its keys and goes with them; `base`: the tocsin.yml to add to;
 *   `people`: ids of those who are brought in when an alert opens an incident
 * @returns {Promise<{stack: object, monitor: object, config: string, alertsTo(botUrl: string, by?: {source: string, receiver: object}): Promise<void>, stop(): Promise<object>}>}
 *   `alertsTo`: from then on the bot hears of alerts, and its own figures are read too; `by`: as another source of the bot's,
 *   through such a receiver of Alertmanager's
 */
export async function startStage({ data, base, kind, monitor: monitorKind, people }) {
  // As the bot makes it: a database server without our rights must find its way through.
  mkdirSync(data, { recursive: true, mode: 0o711 });
  const folder = join(data, 'stage');
  const stack = await startStack({
    folder,
    rate: RATE,
    timeoutMs: TIMEOUT_MS,
    kind: kind ?? fitting(folder),
  });
  const targets = { 'tts-old': stack.urls.old, 'tts-new': stack.urls.new };
  const monitor = await startMonitor({ folder, targets, kind: monitorKind }).catch(async (error) => {
    await stack.stop();
    throw error;
  });
  const token = randomBytes(24).toString('base64url');
  const secret = join(folder, 'alerts.secret');
  writeFileSync(secret, token, { mode: 0o600 });
  const config = join(folder, 'tocsin.yml');
  const settings = {
    ...parse(readFileSync(base, 'utf8')),
    ...stack.settings,
    ...watching({ stack, monitor, secret, people }),
  };
  writeFileSync(config, stringify(settings, { lineWidth: 0 }), { mode: 0o600 });
  return {
    stack,
    monitor,
    config,
    async alertsTo(botUrl, { source = SOURCE, receiver } = {}) {
      await monitor.alertsTo({ url: new URL(`/hooks/${source}`, botUrl).href, token, receiver });
      monitor.watch('tocsin', botUrl);
    },
    /** @returns the final counts of the load */
    async stop() {
      await monitor.stop();
      return stack.stop();
    },
  };
}

/** What tocsin.yml says of alerts, of measuring an impact, and of watching. */
function watching({ stack, monitor, secret, people }) {
  const [component] = COMPONENTS;
  return {
    secrets: { monitoring: `file:${secret}` },
    alerts: {
      sources: { [SOURCE]: { type: 'alertmanager', secrets: ['secret:monitoring'] } },
      rules: [
        {
          name: 'developer-api',
          match: { source: SOURCE, labels: { alertname: 'DeveloperApi*' } },
          group_by: ['service'],
          open: {
            title: 'The Developer API refuses requests at {{ labels.job }}',
            severity: { label: 'severity', map: { critical: 'sev2' }, default: 'sev3' },
            components: [component],
            people,
            runbook: 'rollback',
            inputs: { route: 'tts', to: 'old' },
          },
        },
        // What it thinks of itself, of ops/alerts.yml: one that always fires, and `TocsinDown` and its kin.
        {
          name: 'tocsin-is-watched',
          match: { source: SOURCE, labels: { alertname: 'TocsinWatched' } },
          ignore: true,
        },
        {
          name: 'tocsin-itself',
          match: { source: SOURCE, labels: { alertname: 'Tocsin*' } },
          group_by: ['alertname'],
          open: { title: '{{ title }}', severity: 'sev4' },
          for: '10m',
        },
      ],
    },
    impact: {
      prometheus: { url: monitor.url },
      failed: 'tts_requests_total{method="POST",status!~"2.."}',
      total: 'tts_requests_total{method="POST"}',
      by: ['status'],
      component_label: 'job',
      components: Object.fromEntries(['tts-old', 'tts-new'].map((job) => [job, component])),
      step: '1s',
    },
    watch: {
      probes: { clips: { url: stack.urls.through }, route: { route: 'tts' } },
      every: '1s',
      default: { for: '5s', probes: ['clips', 'route'] },
    },
  };
}

/** HAProxy's socket needs a short path; undefined: the stage chooses by what is installed. */
function fitting(folder) {
  return Buffer.byteLength(join(folder, 'haproxy.sock')) > 89 || !/^[\w./@+=~-]+$/.test(folder)
    ? 'node'
    : undefined;
}

/** Every key that stands in a store of the stage now: to look for them where they must not be. */
export function keysOn({ settings: { keystores } }) {
  return Object.values(keystores).flatMap(({ path, instances }) =>
    path ? Object.values(JSON.parse(readFileSync(path, 'utf8'))) : [...readMap(instances[0].file).values()],
  );
}
