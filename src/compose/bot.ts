import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createIntake } from '#alerts/intake.js';
import { createPolls } from '#alerts/poll.js';
import { BadConfig, type Config, loadConfig } from '#config/config.js';
import type { World } from '#deliver/ports.js';
import { highestChannel, seenAhead } from '#deliver/restored.js';
import { laneBeside } from '#domain/incident/effect.js';
import { botAsking } from '#domain/words.js';
import { now } from '#elapsed.js';
import type { Log } from '#log.js';
import { createMetrics, type Kept, type Metrics, type MetricsPace } from '#metrics.js';
import { startCanary } from '#queue/canary.js';
import { openEngine } from '#queue/engine.js';
import { type Relay, startRelay } from '#queue/relay.js';
import { outcomeOf } from '#schedules/scheduled.js';
import { createSlack, type Slack, type SlackPace } from '#slack/app.js';
import { amongNamed } from '#slack/people/groups.js';
import { createReadFile } from '#slack/transport/files.js';
import { Unavailable } from '#store/pools.js';
import { type Check, type Health, keepHealth } from '#web/health.js';
import type { Hooks } from '#web/hooks.js';
import { type MetricsPorts, readMetricsSettings } from '#web/metrics.js';
import { startMetrics, startWeb } from '#web/server.js';
import {
  startActionWorker,
  startAlertWorker,
  startPagingWorker,
  startPublicWorker,
  startReminderWorker,
  startRunWorker,
  startScheduleWorker,
  startWorker,
} from '#worker/worker.js';
import { openActions } from './actions.js';
import { type Core, openCore, VERSION, type Who } from './core.js';
import { databaseTold } from './database.js';
import { checksOf, startHeartbeat, Unseen } from './health.js';
import { pagingWith } from './paging.js';
import { openPublicly, type Publicly } from './public.js';
import { checkOffers, checkSchedules, sectionsWrong, signingSecret } from './runbooks.js';
import {
  alertsForDeliveries,
  alertWorldOf,
  canvasesOf,
  catchingUp,
  exportsOf,
  measuringWith,
  peopleForDeliveries,
  runWorldOf,
  scheduleWorldOf,
} from './worlds.js';

/** `web`: listens to Slack and HTTP; `worker`: pays what is owed; `all`: both. */
export type Role = 'all' | 'web' | 'worker';

export interface Bot {
  /** Where the HTTP server listens; null in a worker. */
  port: number | null;
  /** Where metrics have a port of their own. */
  metricsPort: number | null;
  /** Reads `alerts:` of tocsin.yml anew. What is wrong there is logged, and what was stays. */
  reread(env: NodeJS.ProcessEnv): void;
  /** @param linger false: nobody is to find out first that no more requests should come here */
  stop(linger?: boolean): Promise<void>;
}

/** How long a bot waits between one look and the next: numbers that a test may want smaller. */
export interface BotPace {
  /** How often each part of what it stands on is looked at. */
  lookMs?: number;
  /** How often the queue proves itself alive. */
  canaryMs?: number;
  /** How often canvases are brought up to date. */
  canvasMs?: number;
  /** How long it goes on listening once told to go. */
  lingerMs?: number;
  slack?: SlackPace;
  metrics?: MetricsPace;
}

/** How often the queue proves itself alive. */
const CANARY_MS = 4_000;

/**
 * Starts a bot process.
 * @param onFatal Slack will never accept our token: the process should end
 * @param unseen counts the failures of this process that no caller awaits
 */
export async function startBot(
  config: Config,
  log: Log,
  role: Role,
  onFatal: (code: string) => void,
  unseen = new Unseen(),
  pace: BotPace = {},
): Promise<Bot> {
  if (role !== 'web')
    for (const why of await checkSchedules(config)) log.warn({ why }, 'a schedule may not be able to begin');
  // What was opened, to be closed again when something later cannot be: a taken port must not leave a database behind.
  const opened: Array<() => Promise<unknown> | undefined> = [];
  try {
    return await build(config, log, role, onFatal, unseen, opened, pace);
  } catch (error) {
    for (const close of opened.reverse()) await close()?.catch(() => undefined);
    throw error instanceof Unavailable ? (databaseTold(error) ?? error) : error;
  }
}

async function build(
  config: Config,
  log: Log,
  role: Role,
  onFatal: (code: string) => void,
  unseen: Unseen,
  opened: Array<() => Promise<unknown> | undefined>,
  pace: BotPace,
): Promise<Bot> {
  // What commits before there is a relay is found by its first look into the outbox.
  const wakes: Pick<Relay, 'nudge'> = { nudge() {} };
  let slackFront: Slack | null = null;
  const who: Who = {
    inChannel: async (channel, person) => (await slackFront?.members.has(channel, person)) ?? null,
    isAmong: async (...of) => (await among?.(...of)) ?? false,
    meet: async (...of) => slackFront?.meet(...of),
    groupNamed: async (handle) => (await slackFront?.groups.called(handle)) ?? null,
  };
  let among: ReturnType<typeof amongNamed> | null = null;
  const metrics = createMetrics(VERSION, pace.metrics);
  const core = await openCore(config, log, 'bot', wakes, who, metrics);
  opened.push(() => core.close());
  const { store } = core;
  await store.warmUp();
  const arrive = async () => {
    const held = await store.restores.arrive();
    if (held !== null) sayRestored(log, held);
    return held !== null;
  };
  const restored = (await arrive()) || (await restoredLately(store));
  // A missing folder, secret or definition is only said: recording needs none of them.
  if (!existsSync(config.runbooksDir) && config.runbooksDir !== resolve('runbooks')) {
    log.warn(
      { folder: config.runbooksDir },
      'TOCSIN_RUNBOOKS names no folder: only the runbooks that come along are known',
    );
  }
  for (const why of core.runbooks.missing) log.warn({ why }, 'a secret of tocsin.yml is not there');
  // In the background: definitions and settings of an older version are named in the log, with what to write instead.
  void core.runbooks
    .doubts()
    .then((doubts) => {
      for (const why of doubts) log.warn({ why }, 'a runbook cannot be used as it is');
    })
    .catch((error: unknown) => log.warn({ err: error }, 'the runbooks could not be looked at'));
  sayOffers(core, config.org, log);
  // In the background: a key that somebody pastes is recognised, and no start waits for a key store.
  void core.runbooks.learnKeys();
  // Read now, so that the first run does not wait for all of them to be read.
  void core.runbooks.shelf.list();
  const engine = await openEngine({
    ...(config.redisUrl === null
      ? {}
      : { redisUrl: config.redisUrl, installation: await store.installation() }),
    database: core.database.config,
    log,
  });
  opened.push(() => engine.close({ graceMs: 0 }));
  const relay = startRelay({
    engine,
    dueLanes: (limit) => store.outbox.dueLanes(limit),
    log,
  });
  opened.push(() => relay.stop());
  wakes.nudge = relay.nudge;
  const secret = await signingSecret(config);
  const { botToken, appToken, signingSecret: slackSecret, apiUrl } = config.slack;
  const slack = createSlack({
    // A worker only calls Slack: what Slack says first is for the others.
    slack: { botToken: botToken ?? '', appToken, signingSecret: slackSecret ?? 'worker', apiUrl },
    org: config.org,
    answer: core.answer,
    handle: core.handle,
    read: core.read,
    mine: core.mine,
    shelf: core.runbooks.shelf,
    owe: async (effect, of) => {
      // Lanes of their own: a pin must not wait behind a channel that cannot be made, nor behind an export that fails.
      // That a pin is gone is said behind what it recorded.
      const kind = effect.kind === 'message.unpinned' ? 'message.capture' : effect.kind;
      const lane = laneBeside(of.team, of.incident, kind);
      const owed =
        effect.kind === 'export.send'
          ? { ...effect, payload: { ...effect.payload, asked: new Date().toISOString() } }
          : effect;
      await store.outbox.owe(owed, { ...of, lane });
      // What is due later the relay finds by itself.
      if (!of.inMs) relay.nudge([lane]);
    },
    people: store.people,
    workspace: store.workspaces,
    links: core.links,
    log,
    onFatal,
    onlyCalls: role === 'worker',
    metrics,
    ...(pace.slack && { pace: pace.slack }),
  });
  slackFront = slack;
  among = amongNamed({
    approvers: core.runbooks.settings.approvers,
    people: store.people,
    groups: slack.groups,
    log,
  });
  const canaryMs = pace.canaryMs ?? CANARY_MS;
  const canary = startCanary(engine, { everyMs: canaryMs, log });
  opened.push(() => canary.stop());
  const actions = openActions({ core, nudge: relay.nudge, log });
  const world: World = {
    slack: slack.client,
    ...actions.delivered,
    outbox: store.outbox,
    incidents: store.incidents,
    tell: core.handle,
    people: peopleForDeliveries(store),
    groups: slack.groups,
    exports: exportsOf({ read: core.read, secret, publicUrl: config.publicUrl }),
    alerts: alertsForDeliveries(store, () => core.alerts.settings().rules),
    catchup: catchingUp(core),
    paging: pagingWith({
      settings: core.paging,
      approvers: core.runbooks.settings.approvers,
      ...{ secret: core.runbooks.systems.secret, scrub: core.runbooks.scrub },
      ...{ groups: slack.groups, log },
    }),
    ...measuringWith(core),
    bridge: core.bridge,
    canvas: canvasesOf(core),
    ...(config.org.capture.files && { readFile: createReadFile({ token: botToken ?? '', apiUrl }) }),
    org: config.org,
    now,
    log,
    metrics,
  };
  const compare = () => compareWithSlack(core, slack.client, log);
  // Every worker compares: what was put back as files shows in Slack alone. A process that has found a backup compares in any role.
  const compared = role !== 'web' || restored ? compare() : Promise.resolve();
  // A backup may be put back while the bot runs.
  const arriving = setInterval(() => {
    void arrive()
      .then((put) => (put ? compare() : undefined))
      .catch(() => undefined);
  }, ARRIVE_MS);
  opened.push(async () => clearInterval(arriving));
  const worker =
    role === 'web'
      ? null
      : startWorker({
          engine,
          relay,
          world,
          after: compared,
          ...(pace.canvasMs && { canvasEveryMs: pace.canvasMs }),
        });
  const runWorld = runWorldOf(core, slack.groups, relay.nudge, log, metrics);
  const runs = role === 'web' ? null : startRunWorker({ engine, relay, world: runWorld });
  const schedules =
    role === 'web'
      ? null
      : startScheduleWorker({
          schedules: core.runbooks.settings.schedules,
          world: scheduleWorldOf(core, runWorld),
          team: core.home,
        });
  const pages =
    role === 'web'
      ? null
      : startPagingWorker({
          world: { tell: core.handle, paging: store.incidents.pagesWaiting, now, log },
          team: core.home,
        });
  const due = role === 'web' ? null : startActionWorker({ world: actions.scheduled, team: core.home });
  const alerts =
    role === 'web'
      ? null
      : startAlertWorker({
          ...{ engine, relay, keepMs: () => core.alerts.settings().keepMs },
          world: { ...alertWorldOf(core, runWorld, log), metrics },
        });
  const publicly = await openPublicly({
    ...{ core, secret, slack: slack.client, nudge: relay.nudge, log, now, metrics },
  });
  opened.push(() => publicly.stop());
  const publics =
    role === 'web'
      ? null
      : startPublicWorker({
          ...{ engine, relay, team: core.home },
          world: { ...publicly.world, subscribers: store.subscribers },
          promises: scheduleWorldOf(core, runWorld),
        });
  const reminders =
    role === 'web'
      ? null
      : startReminderWorker({
          world: { ...runWorld, settings: config.org.reminders, reminding: store.incidents.reminding },
          team: core.home,
        });
  const checks = checksOf({ store, engine, canary, slack, unseen, page: publicly }, 2.5 * canaryMs);
  const health = keepHealth({
    checks: { ...checks, slack: whenAsked(checks.slack) },
    log,
    everyMs: pace.lookMs,
  });
  opened.push(async () => health.stop());
  metrics.watch({
    kept: () => keptIn(core),
    here: () => ({ parts: health.now(), canary: canary.status() }),
  });
  const served = metricsServed(config, core, metrics);
  // Before the web server: whoever finds that ready finds this too.
  const aside =
    config.metricsPort === null
      ? null
      : await startMetrics({ ...served, log }, config.host, config.metricsPort);
  if (aside) opened.push(() => aside.close());
  if (aside) log.info({ port: aside.port }, 'metrics have a port of their own');
  const alertPorts = {
    settings: core.alerts.settings,
    secret: core.runbooks.systems.secret,
    scrub: core.runbooks.scrub,
    signals: store.signals,
    team: core.home,
    now,
    log,
    metrics,
  };
  const intake = createIntake({
    ...alertPorts,
    ...{ tell: core.handle, before: core.before },
    nudge: relay.nudge,
  });
  const polls = role === 'worker' ? null : createPolls({ ...alertPorts, intake }).start();
  opened.push(() => polls?.stop());
  // Before the first request: a number that stands in a channel already is not given again.
  if (restored) await compared;
  const web =
    role === 'worker'
      ? null
      : await listen(
          ...([config, core, log, slack, actions.hooks(intake), publicly, secret, health] as const),
          ...([aside ? null : served, pace.lingerMs] as const),
        );
  publicly.keep();
  if (role !== 'worker') await slack.start();
  await health.first;
  web?.ready();
  const stopHeartbeat = startHeartbeat({ role, host: config.host, port: web?.port ?? null }, log);
  return {
    port: web?.port ?? null,
    metricsPort: aside?.port ?? null,
    reread: (env) => rereadAlerts(core, env, log),
    async stop(linger) {
      // What is closed from here on is not to be reported as ill.
      health.stop();
      // First those who bring work, then those who do it, then what they stand on.
      await Promise.all([role === 'worker' ? null : slack.stop(), web?.close(linger), polls?.stop()]);
      clearInterval(arriving);
      const workers = [worker, runs, schedules, due, alerts, publics, reminders, pages].map((one) =>
        one?.stop(),
      );
      await Promise.all([relay.stop(), canary.stop(), ...workers]);
      await publicly.stop();
      await engine.close();
      await core.close();
      // Last: until then it can be seen how the end goes.
      await aside?.close();
      await stopHeartbeat();
    },
  };
}

function rereadAlerts(core: Core, env: NodeJS.ProcessEnv, log: Log): void {
  try {
    const config = loadConfig(env, 'nothing', sectionsWrong);
    const { sources, rules } = core.alerts.renew(config);
    log.info({ sources: sources.size, rules: rules.length }, 'alerts: of tocsin.yml is read anew');
    sayOffers(core, config.org, log);
  } catch (error) {
    if (!(error instanceof BadConfig)) throw error;
    log.error(
      { problems: error.problems },
      'tocsin.yml is wrong: the sources and rules of alerts stay as they were',
    );
  }
}

/** In the background: a button that would be refused is found now, and not by whoever presses it in an outage. */
function sayOffers({ alerts, runbooks }: Core, { at }: Config['org'], log: Log): void {
  void checkOffers(alerts.settings().rules, runbooks, at)
    .then((wrong) => {
      for (const why of wrong) log.warn({ why }, 'what a rule of alerts offers cannot be run as it is');
    })
    .catch((error: unknown) => log.warn({ err: error }, 'what rules of alerts offer could not be looked at'));
}

/** How long Slack has to answer for the first time: less than the patience with a check. */
const GREETING_MS = 3_000;

/** A Slack that is still being asked is no outage: the first check gives it time. Later ones say what they see. */
function whenAsked(check: Check): Check {
  const until = performance.now() + GREETING_MS;
  return async () => {
    let seen = await check();
    while (seen.state !== 'ok' && performance.now() < until) {
      await sleep(50, undefined, { ref: false });
      seen = await check();
    }
    return seen;
  };
}

const ARRIVE_MS = 60_000;
/** How long deliveries wait at the start for a comparison with what stands in Slack already. */
const COMPARE_MS = 5_000;
/** Slack may have been away when a backup was put back: so long it is asked again at each start what it shows. */
const LATELY_MS = 7 * 86_400_000;

/**
 * A backup that was put back as files looks like the database that it was; what it has sent since shows that it is not. And
 * whatever numbers stand in the channels are not given again.
 */
async function compareWithSlack(core: Core, slack: World['slack'], log: Log): Promise<void> {
  const { store } = core;
  const compare = async () => {
    const seen = await seenAhead(slack, store);
    if (seen === null) return;
    if (seen.row !== null) sayRestored(log, await store.restores.restored({ row: seen.row }));
    for (const { team, incident, ...numbers } of seen.numbers) {
      await core.handle({ type: 'SkipNumbers', ...numbers }, incident, botAsking(team, null, new Date()));
    }
    if (await restoredLately(store)) await store.restores.beyond(await highestChannel(slack));
  };
  const failed = (error: unknown) => log.warn({ error: String(error) }, 'Slack could not be looked at');
  await Promise.race([compare().catch(failed), sleep(COMPARE_MS, undefined, { ref: false })]);
}

async function restoredLately({ restores }: Core['store']): Promise<boolean> {
  const since = new Date(Date.now() - LATELY_MS).toISOString();
  return (await restores.history()).some(({ restoredAt }) => restoredAt > since);
}

function sayRestored(log: Log, runs: number): void {
  log.warn(
    { runs },
    'this database comes from a backup: what is owed is looked for before it is posted, new incidents begin a hundred further, and runs stand still until somebody goes on (`tocsin doctor`)',
  );
}

function listen(
  config: Config,
  core: Core,
  log: Log,
  slack: ReturnType<typeof createSlack>,
  hooks: Hooks,
  { dir, forms }: Publicly,
  secret: string,
  health: Health,
  metrics: MetricsPorts | null,
  lingerMs: number | undefined,
) {
  const { tokens } = core.store;
  return startWeb(
    {
      health,
      exports: { read: core.read, tokens, permits: core.permits, secret },
      api: { answer: core.answer, tokens, zone: config.org.zone ?? 'UTC' },
      hooks,
      forms,
      status: { dir: () => dir, log },
      slack: config.slack.appToken === null ? slack.listener : null,
      ...(metrics && { metrics }),
      log,
    },
    config.host,
    config.port,
    { lingerMs },
  );
}

/** What of the database is counted. */
async function keptIn({ store }: Core): Promise<Kept> {
  const [outbox, runs, schedules] = await Promise.all([
    store.outbox.byKind(),
    store.incidents.runsUnderWay(),
    store.schedules.all(),
  ]);
  return { outbox, runs, schedules: schedules.map((one) => ({ ...one, outcome: outcomeOf(one) })) };
}

/** Metrics, and who may read them. */
function metricsServed({ org }: Config, { runbooks }: Core, metrics: Metrics): MetricsPorts {
  const read = readMetricsSettings(org.metrics, org.secrets, org.at);
  if ('problems' in read) throw new BadConfig(read.problems);
  const { names } = read;
  return { metrics, secrets: names && (() => names.map((name) => runbooks.systems.secret(name))) };
}
