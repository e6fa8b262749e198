import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '#config.js';
import type { World } from '#deliver/ports.js';
import { runLaneOf } from '#deliver/run-lane.js';
import { laneOf } from '#handle/plan.js';
import type { Log } from '#log.js';
import { startCanary } from '#queue/canary.js';
import { openEngine } from '#queue/engine.js';
import { LANES, type LaneJob, type Relay, RUNS, startRelay } from '#queue/relay.js';
import { createSlack } from '#slack/app.js';
import { startWeb } from '#web/server.js';
import { startRunWorker } from '#worker/runs.js';
import { startScheduleWorker } from '#worker/schedules.js';
import { startWorker } from '#worker.js';
import { type Core, openCore } from './core.js';
import { exportsOf } from './exports.js';
import { lookupsOf } from './lookups.js';
import { peopleForSlack } from './people.js';
import { runWorldOf } from './run-world.js';
import { checkSchedules } from './runbooks.js';
import { scheduleWorldOf } from './schedules.js';
import { signingSecret } from './secret.js';

/** `web`: listens to Slack and HTTP; `worker`: pays what is owed; `all`: both. */
export type Role = 'all' | 'web' | 'worker';

export interface Bot {
  /** Where the HTTP server listens; null in a worker. */
  port: number | null;
  stop(): Promise<void>;
}

/** How often the queue proves itself alive. */
const CANARY_MS = 15_000;

/** Starts a bot process. @param onFatal Slack will never accept our token: the process should end */
export async function startBot(
  config: Config,
  log: Log,
  role: Role,
  onFatal: (code: string) => void,
): Promise<Bot> {
  if (role !== 'web')
    for (const why of await checkSchedules(config)) log.warn({ why }, 'a schedule may not be able to begin');
  // What was opened, to be closed again when something later cannot be: a taken port must not leave a database behind.
  const opened: Array<() => Promise<unknown> | undefined> = [];
  try {
    return await build(config, log, role, onFatal, opened);
  } catch (error) {
    for (const close of opened.reverse()) await close()?.catch(() => undefined);
    throw error;
  }
}

async function build(
  config: Config,
  log: Log,
  role: Role,
  onFatal: (code: string) => void,
  opened: Array<() => Promise<unknown> | undefined>,
): Promise<Bot> {
  const now = () => new Date();
  let relay: Relay | null = null;
  const core = await openCore(config, log, 'bot', (lanes) => relay?.nudge(lanes));
  opened.push(() => core.close());
  const { store } = core;
  await store.warmUp();
  // No reason to stand still: recording needs none of them.
  for (const why of core.runbooks.missing) log.warn({ why }, 'a secret of tocsin.yml is not there');
  // In the background: a key that somebody pastes is recognised, and no start waits for a key store.
  void core.runbooks.learnKeys();
  const engine = await openEngine({
    ...(config.redisUrl === null
      ? {}
      : { redisUrl: config.redisUrl, installation: await store.installation() }),
    database: core.database.config,
    log,
  });
  opened.push(() => engine.close({ graceMs: 0 }));
  relay = startRelay({
    queue: engine.queue<LaneJob>(LANES),
    queueOf: (lane) => (runLaneOf(lane) ? engine.queue<LaneJob>(RUNS) : null),
    dueLanes: (limit) => store.outbox.dueLanes(limit),
    log,
  });
  opened.push(() => relay?.stop());
  const secret = await signingSecret(config);
  const { botToken, appToken, signingSecret: slackSecret, apiUrl } = config.slack;
  const slack = createSlack({
    // A worker only calls Slack: what Slack says first is for the others.
    slack: { botToken: botToken ?? '', appToken, signingSecret: slackSecret ?? 'worker', apiUrl },
    org: config.org,
    answer: core.answer,
    handle: core.handle,
    read: core.read,
    owe: async (effect, of) => {
      // Lanes of their own: a pin must not wait behind a channel that cannot be made, nor behind an export that fails.
      const lane = `${laneOf(of.team, of.incident)}/${effect.kind}`;
      await store.outbox.owe(effect, { ...of, lane });
      relay?.nudge([lane]);
    },
    people: peopleForSlack(store),
    workspace: store.workspaces,
    log,
    now,
    onFatal,
  });
  const canary = startCanary(engine, { everyMs: CANARY_MS, log });
  opened.push(() => canary.stop());
  const world: World = {
    slack: slack.client,
    outbox: store.outbox,
    incidents: store,
    tell: (intent, incident, asking) => core.handle(intent, incident, asking),
    people: lookupsOf(store),
    exports: exportsOf({ read: core.read, secret, publicUrl: config.publicUrl, now }),
    org: config.org,
    now,
    log,
  };
  const worker = role === 'web' ? null : startWorker({ engine, relay, world });
  const nudge = (lanes: string[]) => relay?.nudge(lanes);
  const runWorld = runWorldOf(core, slack.client, nudge, log);
  const runs = role === 'web' ? null : startRunWorker({ engine, relay, world: runWorld });
  const schedules =
    role === 'web'
      ? null
      : startScheduleWorker({
          schedules: core.runbooks.settings.schedules,
          world: scheduleWorldOf(core, runWorld),
          team: () => store.workspaces.only(),
        });
  const web =
    role === 'worker' ? null : await listen(config, core, log, slack, secret, () => canary.status().ok);
  if (role !== 'worker') await slack.start();
  return {
    port: web?.port ?? null,
    async stop() {
      // First those who bring work, then those who do it, then what they stand on.
      await Promise.all([role === 'worker' ? null : within(slack.stop()), web?.close()]);
      await Promise.all([relay?.stop(), canary.stop(), worker?.stop(), runs?.stop(), schedules?.stop()]);
      await engine.close();
      await core.close();
    },
  };
}

function listen(
  config: Config,
  core: Core,
  log: Log,
  slack: ReturnType<typeof createSlack>,
  secret: string,
  queueIsWell: () => boolean,
) {
  const { store } = core;
  const now = () => new Date();
  const findToken = (hash: string) => store.tokens.byHash(hash);
  return startWeb(
    {
      health: {
        pingDatabase: async () => void (await store.ping()),
        queue: () => (queueIsWell() ? 'ok' : 'degraded'),
        slack: slack.health,
      },
      exports: { read: core.read, findToken, secret, now },
      api: { answer: core.answer, findToken, zone: config.org.zone ?? 'UTC', now },
      slack: config.slack.appToken === null ? slack.listener : null,
      log,
    },
    config.host,
    config.port,
  );
}

/** Slack's socket may take its time to say good-bye; we do not wait for it longer than this. */
const within = (work: Promise<void>) => Promise.race([work, sleep(3000, undefined, { ref: false })]);
