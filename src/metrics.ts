import { setTimeout as sleep } from 'node:timers/promises';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { EffectKind } from '#domain/incident/effect.js';
import type { Fact } from '#domain/incident/fact.js';
import type { RefusalCode } from '#domain/refusal.js';
import type { StepOutcome } from '#domain/run/fact.js';
import { type Runs, runsOf } from '#domain/run/state.js';
import type { Source } from '#domain/words.js';

// The only file that knows prom-client (decision 020). A room names the part of `Metrics` that it counts through, and is
// handed it; nothing here is ever waited for by whoever counts.
//
// Every label is one of few values that we chose ourselves, or a name from the configuration: never a person, an incident,
// a channel, a title or anything else that somebody typed or sent.

/** How something that somebody asked for was answered. */
export type Answered = 'recorded' | 'repeated' | 'refused' | 'text' | 'form' | 'export' | 'failed';
/** `conflict`: another process was first, and it is decided again. */
export type Committed = 'written' | 'conflict' | 'unavailable' | 'unconfirmed' | 'failed';
/** `waits`: a limit, of Slack's or our own; `lost`: another worker has the lane. */
export type Delivered = 'done' | 'retry' | 'waits' | 'dead' | 'lost';

/** What stands in the database, as far as it is counted. */
export interface Kept {
  /** `oldestS`: for how long the oldest has been due. */
  outbox: ReadonlyArray<{ kind: string; open: number; blocked: number; dead: number; oldestS: number }>;
  /** Runs that are under way. */
  runs: ReadonlyArray<{ status: string; runs: number }>;
  /** Times as seconds since 1970. */
  schedules: ReadonlyArray<{ name: string; outcome: string; lastDone: number | null; next: number }>;
}

/** What this process knows of what it stands on. */
interface Here {
  parts: Readonly<Record<string, { state: string }>>;
  canary: { quietMs: number; lagMs: number | null };
}

/** Numbers that a test may want smaller. */
export interface MetricsPace {
  /** For so long what was read from the database is not read again. */
  keptMs?: number;
  /** How long whoever asks waits for the database. */
  patienceMs?: number;
  /** For so long the same text is given to whoever asks: to ask often costs us nothing. */
  shownMs?: number;
}

export type Metrics = ReturnType<typeof createMetrics>;

/** Receipts, commits: from a millisecond to what Slack waits for. */
const SHORT = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5];
/** What goes over the network. */
const LONG = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** A name that may stand as a label; whatever else comes is `other`. */
const NAME = /^[\w.:/-]{1,100}$/;
/** Names of one label at most. */
const NAMES = 200;

/** prom-client calls these gauges totals, which no reader of Prometheus expects. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

const STATUSES = ['planning', 'waiting', 'running', 'asking', 'undoing'];

/** Counts what one process does. @param version of Tocsin */
export function createMetrics(
  version: string,
  { keptMs = 5_000, patienceMs = 2_000, shownMs = 1_000 }: MetricsPace = {},
) {
  const registry = new Registry();
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, labelNames: L[] = []) =>
    new Counter({ name: `tocsin_${name}`, help, labelNames, registers });
  const gauge = <L extends string>(name: string, help: string, labelNames: L[] = []) =>
    new Gauge({ name: `tocsin_${name}`, help, labelNames, registers });
  const histogram = <L extends string>(name: string, help: string, buckets: number[], labelNames: L[] = []) =>
    new Histogram({ name: `tocsin_${name}`, help, buckets, labelNames, registers });

  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  gauge('build_info', 'Always 1; the version of Tocsin and of Node.', ['version', 'node']).set(
    { version, node: process.version },
    1,
  );

  const commands = counter(
    'commands_total',
    'What people and programs asked for: by verb (of a button or form, what it means), front and how it was answered.',
    ['verb', 'front', 'outcome'],
  );
  const refusals = counter('refusals_total', 'Requests of people and programs that were refused, by code.', [
    'code',
  ]);
  const receipts = histogram(
    'receipt_seconds',
    'From a request to its receipt, which follows the commit.',
    SHORT,
    ['front'],
  );
  const answers = histogram(
    'slack_answer_seconds',
    'From a command, button or form of Slack to our answer; late ones were answered empty, and told afterwards.',
    SHORT,
    ['outcome'],
  );
  const commits = counter('commits_total', 'Writes of the record, by how they ended.', ['outcome']);
  const commitTimes = histogram('commit_seconds', 'How long a write of the record took.', SHORT);
  const facts = counter('facts_total', 'Facts recorded, by type and by where they came in.', [
    'type',
    'source',
  ]);
  const runEnds = counter('runs_ended_total', 'Runs that ended, by runbook and how.', ['runbook', 'end']);
  const steps = counter('steps_total', 'Steps that a worker ended or stopped at, by action and how.', [
    'runbook',
    'action',
    'outcome',
  ]);
  const deliveries = counter('deliveries_total', 'What was owed and tried, by kind and how it ended.', [
    'kind',
    'outcome',
  ]);
  const deliveryTimes = histogram('delivery_seconds', 'How long one try at a delivery took.', LONG, ['kind']);
  const calls = counter('slack_calls_total', 'Calls of the Web API of Slack, by method and how they ended.', [
    'method',
    'outcome',
  ]);
  const callTimes = histogram('slack_call_seconds', 'How long Slack took to answer.', LONG, ['method']);
  const errors = counter('slack_errors_total', 'What Slack, or the way to it, said no with.', [
    'method',
    'error',
  ]);
  const waits = counter('slack_wait_seconds_total', 'How long Slack asked us to wait (429).', ['method']);
  const alerts = counter('alerts_total', 'Signals of alerts, by source and what became of them.', [
    'source',
    'outcome',
  ]);
  const hooks = counter('hooks_total', 'Requests of senders of alerts, by source and the status answered.', [
    'source',
    'status',
  ]);
  const builds = counter('page_builds_total', 'Times that the status page was made, by how that ended.', [
    'outcome',
  ]);
  const buildTimes = histogram('page_build_seconds', 'How long it took to make the status page.', LONG);
  const pageCurrent = gauge(
    'page_current_timestamp_seconds',
    'When the status page was last seen to be what is recorded; from the start of whoever keeps it on.',
  );
  // Or it would be there, as 1970, in processes that keep none.
  pageCurrent.remove();

  const databaseUp = gauge(
    'database_up',
    'Whether the database could be read; 0: what stands in it is missing here.',
  );
  const open = gauge('outbox_open', 'What is owed, neither done nor given up, by kind.', ['kind']);
  const blocked = gauge('outbox_blocked', 'Of that, what waits for a channel that could not be made.', [
    'kind',
  ]);
  const dead = gauge('outbox_dead', 'What was given up, until somebody has it tried again.', ['kind']);
  const oldest = gauge('outbox_oldest_seconds', 'For how long the oldest has been due.', ['kind']);
  const runs = gauge('runs', 'Runs that are under way, by status; asking waits for a person.', ['status']);
  const drift = gauge(
    'drift',
    'Of a watch for drift: 1 while its key stores differ, 0 while they are in step.',
    ['schedule'],
  );
  const outcomes = gauge('schedule_outcome', '1 for what came of a schedule the last time.', [
    'schedule',
    'outcome',
  ]);
  const lastDone = gauge('schedule_last_done_timestamp_seconds', 'When a schedule was last done.', [
    'schedule',
  ]);
  const next = gauge('schedule_next_timestamp_seconds', 'When a schedule is due.', ['schedule']);
  const ofDatabase = [open, blocked, dead, oldest, runs, drift, outcomes, lastDone, next];

  const parts = gauge('part_ok', 'Of each part that /readyz names: 1 while it is ok.', ['part']);
  const canaryAge = gauge(
    'queue_canary_age_seconds',
    'Since the queue last proved that jobs come out of it.',
  );
  const canaryTrip = gauge('queue_canary_round_trip_seconds', 'How long the last such job was in the queue.');

  // There from the start, so that the first of each is an increase.
  for (const outcome of ['written', 'conflict', 'unavailable', 'unconfirmed', 'failed'])
    commits.inc({ outcome }, 0);
  for (const code of ['NOT_RECORDED', 'NOT_CONFIRMED', 'NOT_READ', 'DATABASE_REFUSES'])
    refusals.inc({ code }, 0);
  for (const outcome of ['written', 'same', 'failed']) builds.inc({ outcome }, 0);
  for (const front of ['slack', 'api']) receipts.zero({ front });
  for (const outcome of ['in_time', 'late']) answers.zero({ outcome });

  const named = () => {
    const known = new Set<string>();
    return (name: string | null): string => {
      if (name === null || !NAME.test(name)) return OTHER;
      if (known.size < NAMES) known.add(name);
      return known.has(name) ? name : OTHER;
    };
  };
  const runbookNamed = named();
  const actionNamed = named();
  const methodNamed = named();
  const errorNamed = named();
  const sourceNamed = named();
  const scheduleNamed = named();

  let watched: Watched | null = null;
  let kept: { at: number; known: Kept | null } = { at: Number.NEGATIVE_INFINITY, known: null };
  let reading: Promise<void> | null = null;
  let shown: { at: number; text: Promise<string> } | null = null;
  const kinds = new Set<string>();

  /** Asks the database, if that was not done lately; never twice at a time, however long it takes. */
  function read(from: Watched['kept']): Promise<void> {
    if (performance.now() - kept.at < keptMs) return Promise.resolve();
    reading ??= Promise.resolve()
      .then(from)
      .catch(() => null)
      .then((known) => {
        kept = { at: performance.now(), known };
        reading = null;
      });
    return reading;
  }

  async function look({ kept: from, here }: Watched): Promise<void> {
    const late = sleep(patienceMs, 'late' as const, { ref: false });
    showKept((await Promise.race([read(from), late])) === 'late' ? null : kept.known);
    const now = here();
    for (const [part, { state }] of Object.entries(now.parts)) parts.set({ part }, state === 'ok' ? 1 : 0);
    canaryAge.set(now.canary.quietMs / 1_000);
    if (now.canary.lagMs !== null) canaryTrip.set(now.canary.lagMs / 1_000);
  }

  /** What cannot be read is not shown: an old value would pass for a present one. */
  function showKept(known: Kept | null): void {
    databaseUp.set(known ? 1 : 0);
    for (const one of ofDatabase) one.reset();
    if (!known) return;
    for (const { kind } of known.outbox) kinds.add(kind);
    for (const kind of kinds) {
      const of = known.outbox.find((row) => row.kind === kind);
      open.set({ kind }, of?.open ?? 0);
      blocked.set({ kind }, of?.blocked ?? 0);
      dead.set({ kind }, of?.dead ?? 0);
      oldest.set({ kind }, of?.oldestS ?? 0);
    }
    for (const status of STATUSES)
      runs.set({ status }, known.runs.find((row) => row.status === status)?.runs ?? 0);
    for (const { name, outcome, ...times } of known.schedules) {
      const schedule = scheduleNamed(name);
      outcomes.set({ schedule, outcome }, 1);
      if (outcome === 'drifted' || outcome === 'in_step')
        drift.set({ schedule }, outcome === 'drifted' ? 1 : 0);
      if (times.lastDone !== null) lastDone.set({ schedule }, times.lastDone);
      next.set({ schedule }, times.next);
    }
  }

  return {
    contentType: registry.contentType,
    /** @param verb a verb's name, or the type of an intent; null: no verb of ours */
    answered(verb: string | null, front: Source, outcome: Answered, ms: number): void {
      commands.inc({ verb: verb ?? OTHER, front, outcome });
      if (outcome === 'recorded' || outcome === 'repeated') receipts.observe({ front }, ms / 1_000);
    },
    refused(code: RefusalCode): void {
      refusals.inc({ code });
    },
    slackAnswered(late: boolean, ms: number): void {
      answers.observe({ outcome: late ? 'late' : 'in_time' }, ms / 1_000);
    },
    committed(outcome: Committed, ms: number): void {
      commits.inc({ outcome });
      if (outcome === 'written') commitTimes.observe(ms / 1_000);
    },
    /** After the commit. @param state after these facts, in which their runs are */
    recorded(recorded: readonly Fact[], state: { runs?: Runs }): void {
      for (const fact of recorded) {
        facts.inc({ type: fact.type, source: fact.source });
        if (fact.type !== 'RunEnded') continue;
        const run = runsOf(state).list.find((one) => one.run === fact.data.run);
        runEnds.inc({ runbook: runbookNamed(run?.runbook ?? null), end: fact.data.end });
      }
    },
    stepEnded(runbook: string, action: string, outcome: StepOutcome | 'asked'): void {
      steps.inc({ runbook: runbookNamed(runbook), action: actionNamed(action), outcome });
    },
    /** @param rows how many were paid, or not, by this one try */
    delivered(kind: EffectKind, outcome: Delivered, rows: number, ms: number): void {
      deliveries.inc({ kind, outcome }, rows);
      deliveryTimes.observe({ kind }, ms / 1_000);
    },
    slackCalled(
      method: string,
      { kind, error, retryAfterMs }: { kind: string; error?: string; retryAfterMs?: number },
      ms: number,
    ): void {
      const of = { method: methodNamed(method) };
      calls.inc({ ...of, outcome: kind });
      callTimes.observe(of, ms / 1_000);
      if (error !== undefined) errors.inc({ ...of, error: errorNamed(error) });
      if (retryAfterMs !== undefined) waits.inc(of, retryAfterMs / 1_000);
    },
    /** @param source its name in tocsin.yml @param outcome what became of the signal */
    alert(source: string, outcome: string, signals = 1): void {
      alerts.inc({ source: sourceNamed(source), outcome: NAME.test(outcome) ? outcome : OTHER }, signals);
    },
    /** @param source its name in tocsin.yml; null: there is none of that name @param status that was answered */
    hook(source: string | null, status: number): void {
      hooks.inc({ source: sourceNamed(source), status });
    },
    /** @param outcome `same`: nothing of it differs from what is there */
    pageBuilt(outcome: 'written' | 'same' | 'failed', ms: number): void {
      builds.inc({ outcome });
      buildTimes.observe(ms / 1_000);
    },
    /** The page is what is recorded, at this moment. A process that keeps no page never says so. */
    pageIsCurrent(): void {
      pageCurrent.setToCurrentTime();
    },
    /** What is looked at when somebody asks. `kept` may fail, and take its time; `here` asks nobody. */
    watch(what: Watched): void {
      watched = what;
    },
    /** @returns everything in Prometheus' text format. Never rejects, and is not long about it whatever the database does */
    text(): Promise<string> {
      if (shown && performance.now() - shown.at < shownMs) return shown.text;
      const text = Promise.resolve(watched ? look(watched) : undefined).then(() => registry.metrics());
      shown = { at: performance.now(), text };
      return text;
    },
  };
}

const OTHER = 'other';

interface Watched {
  kept(): Promise<Kept>;
  here(): Here;
}
