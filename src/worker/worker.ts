import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { type AlertWorld, settleLane } from '#alerts/settle.js';
import { remindOwner, tellUnowned } from '#deliver/action/remind.js';
import { lookAtTicket, pushTicket } from '#deliver/action/ticket.js';
import { showAlerts } from '#deliver/alerts.js';
import { type Attempt, type Body, Gate } from '#deliver/attempt.js';
import { answerMention, captureMessage, keepImages, offerStrike } from '#deliver/capture.js';
import { endBridge, showBridge } from '#deliver/channel/bridge.js';
import { oweCanvases, refreshCanvas } from '#deliver/channel/canvas.js';
import { followEntry, postEntries } from '#deliver/channel/entry.js';
import { refreshAnnouncement, refreshHeadline } from '#deliver/channel/headline.js';
import { openChannel } from '#deliver/channel/open.js';
import { invitePeople, removePeople } from '#deliver/channel/people.js';
import { awaitFound, lookAtChannel, payWhatWaited } from '#deliver/channel/reach.js';
import { sendExport } from '#deliver/export.js';
import { payMeasure, sendPicture } from '#deliver/impact.js';
import { drainLane } from '#deliver/lane.js';
import { noteLink } from '#deliver/link.js';
import { remindChannel, tellWatch } from '#deliver/notices.js';
import { alarmOfPage, followPage, sendPage, tellPaged } from '#deliver/person/page.js';
import { tellLate, tellVacant } from '#deliver/person/people.js';
import { tellOfSecret } from '#deliver/person/secret.js';
import type { World } from '#deliver/ports.js';
import { tellRestored } from '#deliver/restored.js';
import { offerRun, postForRun, sendRunLog, showRun, soundAlarm } from '#deliver/run.js';
import { tellChannel, tellPerson } from '#deliver/undelivered.js';
import { type EffectKind, watchLaneOf } from '#domain/incident/effect.js';
import { type LaneOptions, Retries } from '#lanes/lane.js';
import { drainPublicLane, type PublicWorld } from '#public/tell.js';
import type { Engine } from '#queue/engine.js';
import { ALERTS, LANES, type LaneJob, PUBLIC, type Relay, RUNS } from '#queue/relay.js';
import type { Schedule } from '#runbooks/schedule.js';
import { drainRunLane } from '#runs/advance.js';
import type { RunWorld } from '#runs/context.js';
import { type ActionScheduleWorld, lookAtTickets, remindOfActions } from '#schedules/actions.js';
import { escalatePages, type PagingWorld } from '#schedules/paging.js';
import { keepPromises, type PublicScheduleWorld } from '#schedules/public.js';
import { type ReminderWorld, remindChannels } from '#schedules/reminders.js';
import { doScheduled, syncSchedules } from '#schedules/scheduled.js';
import { watchStanding } from '#schedules/standing.js';
import { drainWatchLane, type WatchWorld } from '#schedules/watch.js';
import type { ScheduleWorld } from '#schedules/world.js';
import type { Store } from '#store/store.js';

/** A worker at work. */
export interface RunningWorker {
  /** Resolves once the queue has been reached for the first time. */
  ready(): Promise<void>;
  /** Takes no more lanes, lets each finish what is in hand (up to `graceMs`, 5,000), and gives them back. */
  stop(graceMs?: number): Promise<void>;
}

interface LaneWorkerOptions {
  engine: Pick<Engine, 'worker'>;
  relay: Pick<Relay, 'wakeAt'>;
  /** Lanes in hand at the same time; 8. A lane that waits for a time, for Slack or for a person takes no place. */
  concurrency?: number;
}

/** Drains the lanes that one queue wakes, for as long as it runs. */
function drainLanes(
  queue: string,
  { engine, relay, concurrency = 8 }: LaneWorkerOptions,
  drain: (lane: string, of: Omit<LaneOptions, 'world'>, stopping: AbortSignal) => Promise<void>,
): RunningWorker {
  const owner = `${hostname()}:${process.pid}:${randomBytes(4).toString('hex')}`;
  const of = { owner, wakeAt: relay.wakeAt, retries: new Retries() };
  const worker = engine.worker<LaneJob>(queue, ({ lane }, { signal }) => drain(lane, of, signal), {
    concurrency,
  });
  return {
    ready: () => worker.ready(),
    async stop(graceMs = 5_000) {
      await worker.close(graceMs);
    },
  };
}

/**
 * Does something every `ms`, never twice at a time.
 * @param once only the first time
 * @returns stops it, once what is in hand is done
 */
function every(
  ms: number,
  work: (stopping: AbortSignal) => Promise<void>,
  failed: (error: unknown) => void,
  once = false,
): () => Promise<void> {
  const stopping = new AbortController();
  let doing: Promise<void> | null = null;
  const timer = setInterval(() => {
    doing ??= work(stopping.signal)
      .catch(failed)
      .finally(() => {
        doing = null;
      });
    if (once) clearInterval(timer);
  }, ms);
  timer.unref();
  return async () => {
    stopping.abort();
    clearInterval(timer);
    await doing;
  };
}

interface WorkerOptions extends LaneWorkerOptions {
  world: World;
  /** Nothing is paid before this has settled: it may find that everything has to be looked for first. */
  after?: Promise<unknown>;
  /** Milliseconds between two times of looking through the outbox: what was paid is cleared away, channels get their next try; a minute. */
  sweepEveryMs?: number;
  /** How often canvases are brought up to date, at most; a minute. */
  canvasEveryMs?: number;
}

/** Pays what the outbox owes, lane by lane, for as long as it runs. */
export function startWorker({
  world,
  after,
  sweepEveryMs = 60_000,
  canvasEveryMs = 60_000,
  ...options
}: WorkerOptions): RunningWorker {
  const gate = new Gate(world.now);
  const stopSweeping = keepSwept(world, sweepEveryMs);
  const stopCanvases = keepCanvases(world, options.relay, canvasEveryMs);
  const worker = drainLanes(LANES, options, async (lane, of, stopping) => {
    await after;
    await drainLane({ team: teamOf(lane), lane }, { ...of, world, gate, deliver }, stopping);
  });
  return {
    ready: worker.ready,
    async stop(graceMs) {
      await Promise.all([worker.stop(graceMs), stopSweeping(), stopCanvases()]);
    },
  };
}

/**
 * How long something that was paid is kept. Deliveries look for what they may have sent up to a day back, and Slack sends
 * an event again for as long; the key of a row is what makes the second time a repeat.
 */
export const KEEP_PAID_MS = 3 * 86_400_000;
/** A statement's worth: short, so that nothing waits for it. */
const SWEEP_ROWS = 500;
/** Channels that could not be made and are tried again, in a minute: Slack takes some twenty such calls, and new incidents need them. */
const OPENINGS = 5;

/** Clears away what was paid, and gives what could not be made its next try. @returns stops it */
function keepSwept({ outbox, log }: World, everyMs: number): () => Promise<void> {
  const sweep = async (stopping: AbortSignal) => {
    // The times stand in the database, so it makes no difference who looks, or since when; whose lanes are due the relay finds.
    await outbox.reviveOpenings(OPENINGS);
    for (;;) {
      const { rows, lanes } = await outbox.sweep(KEEP_PAID_MS, SWEEP_ROWS);
      if (stopping.aborted || (rows < SWEEP_ROWS && lanes < SWEEP_ROWS)) return;
    }
  };
  return every(everyMs, sweep, (error) => {
    log.warn({ error: String(error) }, 'the outbox could not be looked through');
  });
}

/** Has canvases follow their incidents, where tocsin.yml wants them. @returns stops it */
function keepCanvases(world: World, relay: Pick<Relay, 'wakeAt'>, everyMs: number): () => Promise<void> {
  if (!world.canvas) return async () => undefined;
  const owe = async () => {
    for (const lane of await oweCanvases(world)) relay.wakeAt(lane, world.now());
  };
  return every(everyMs, owe, (error) => {
    world.log.warn({ error: String(error) }, 'it could not be seen which canvases are behind');
  });
}

/** One batch holds both: they stand in the channel in one order. */
type Shown = 'channel.entry' | 'channel.amend';

/** Effect kind → delivery. A new kind does not compile until it stands here. */
const DELIVERIES: {
  [K in EffectKind]: (attempt: Attempt<K extends Shown ? Shown : K>) => Promise<Body>;
} = {
  'channel.open': openChannel,
  'channel.look': lookAtChannel,
  'channel.await': awaitFound,
  'channel.found': payWhatWaited,
  'channel.entry': postEntries,
  'channel.amend': postEntries,
  'headline.refresh': refreshHeadline,
  'canvas.refresh': refreshCanvas,
  'bridge.show': showBridge,
  'bridge.end': endBridge,
  'announcement.refresh': refreshAnnouncement,
  'channel.notice': tellChannel,
  'channel.restored': tellRestored,
  'person.tell': tellPerson,
  'secret.tell': tellOfSecret,
  'people.invite': invitePeople,
  'people.remove': removePeople,
  'people.catchup': tellLate,
  'role.vacant': tellVacant,
  'message.capture': captureMessage,
  'message.unpinned': offerStrike,
  'message.files': keepImages,
  'channel.follow': followEntry,
  'mention.answer': answerMention,
  'export.send': sendExport,
  'impact.measure': payMeasure,
  'impact.picture': sendPicture,
  'run.show': showRun,
  'run.log': sendRunLog,
  'run.post': postForRun,
  'run.alarm': soundAlarm,
  'run.offer': offerRun,
  'watch.tell': tellWatch,
  'alerts.show': showAlerts,
  // What is said of a group of alerts is in a lane of its own, and so is what moves it.
  'alerts.settle': async ({ row }) => {
    throw new Error(`what alerts say is in a lane of deliveries: ${row.lane}`);
  },
  'alerts.move': async ({ row }) => {
    throw new Error(`a group of alerts is in a lane of deliveries: ${row.lane}`);
  },
  // The public's lanes are drained by workers of their own.
  'status.page': async ({ row }) => {
    throw new Error(`the public page is in a lane of deliveries: ${row.lane}`);
  },
  'status.tell': async ({ row }) => {
    throw new Error(`what subscribers are told is in a lane of deliveries: ${row.lane}`);
  },
  // Owed by a version before: what is due is found in the record now, and owed as the next kind.
  'status.remind': async () => ({ overtaken: true }),
  'reminder.post': remindChannel,
  'incident.link': noteLink,
  'page.send': sendPage,
  'page.tell': tellPaged,
  'page.follow': followPage,
  'page.alarm': alarmOfPage,
  'ticket.push': pushTicket,
  'ticket.look': lookAtTicket,
  'actions.remind': remindOwner,
  'actions.unowned': tellUnowned,
  // It may take hours, so it has lanes and workers of its own.
  'run.advance': async ({ row }) => {
    throw new Error(`a run is in a lane of deliveries: ${row.lane}`);
  },
  'watch.look': async ({ row }) => {
    throw new Error(`a watch is in a lane of deliveries: ${row.lane}`);
  },
};

/** Pays rows of one kind (`pick` sees to that). */
export async function deliver(attempt: Attempt): Promise<Body> {
  const { kind } = attempt.row.effect;
  const pay = DELIVERIES[kind] as ((attempt: Attempt) => Promise<Body>) | undefined;
  // A newer version of ours may have owed it.
  if (!pay) throw new Error(`an effect that nobody delivers: ${kind}`);
  return pay(attempt);
}

/** `T024BE7LD/INC-7` → `T024BE7LD`; whatever else a lane's name holds comes after the first slash. */
function teamOf(lane: string): string {
  return lane.split('/')[0] as string;
}

interface RunWorkerOptions extends LaneWorkerOptions {
  world: RunWorld & WatchWorld;
}

/** Takes runs along, each in its lane, and looks for those who watch, for as long as it runs. */
export function startRunWorker({ world, ...options }: RunWorkerOptions): RunningWorker {
  return drainLanes(RUNS, options, (lane, of, stopping) =>
    watchLaneOf(lane)
      ? drainWatchLane(lane, { ...of, world }, stopping)
      : drainRunLane(lane, { ...of, world }, stopping),
  );
}

interface AlertWorkerOptions extends LaneWorkerOptions {
  world: AlertWorld;
  /** For how long it is kept what sources of alerts have said, in ms. */
  keepMs: () => number;
  /** How often it is looked whether something was kept for so long; an hour. */
  sweepEveryMs?: number;
}

/** Settles what sources of alerts say, each group in its lane, for as long as it runs. */
export function startAlertWorker({
  world,
  keepMs,
  sweepEveryMs = 3_600_000,
  ...options
}: AlertWorkerOptions): RunningWorker {
  const worker = drainLanes(ALERTS, options, (lane, of, stopping) =>
    settleLane(lane, { ...of, world }, stopping),
  );
  const sweep = async (stopping: AbortSignal) => {
    for (;;) {
      const { signals, arrivals } = await world.signals.sweep(keepMs(), SWEEP_ROWS);
      if (stopping.aborted || (signals < SWEEP_ROWS && arrivals < SWEEP_ROWS)) return;
    }
  };
  const stopSweeping = every(sweepEveryMs, sweep, (error) => {
    world.log.warn({ error: String(error) }, 'old alerts could not be cleared away');
  });
  return {
    ready: worker.ready,
    async stop(graceMs) {
      await Promise.all([worker.stop(graceMs), stopSweeping()]);
    },
  };
}

interface PublicWorkerOptions extends LaneWorkerOptions {
  world: PublicWorld & { subscribers: Pick<Store['subscribers'], 'sweep'> };
  promises: PublicScheduleWorld;
  /** The workspace whose page it is; null: that is not known yet. */
  team: () => Promise<string | null>;
  /** How often promises to the public are looked at, in ms; 5,000. */
  everyMs?: number;
  /** How often what nobody needs any more is cleared away; a minute. */
  sweepEveryMs?: number;
}

/**
 * Has the public page written, and those told who want to hear of it; begins and ends planned work. For as long as it runs.
 */
export function startPublicWorker({
  world,
  promises,
  team,
  everyMs = 5_000,
  sweepEveryMs = 60_000,
  ...options
}: PublicWorkerOptions): RunningWorker {
  const worker = drainLanes(PUBLIC, options, (lane, of, stopping) =>
    drainPublicLane(lane, { ...of, world }, stopping),
  );
  const keep = async () => {
    const where = await team();
    if (where !== null) await keepPromises(where, promises);
  };
  const stopKeeping = every(everyMs, keep, (error) => {
    world.log.warn({ error: String(error) }, 'what the public was promised could not be looked at');
  });
  const sweep = async () => {
    await world.subscribers.sweep();
  };
  const stopSweeping = every(sweepEveryMs, sweep, (error) => {
    world.log.warn({ error: String(error) }, 'old subscriptions could not be cleared away');
  });
  return {
    ready: worker.ready,
    async stop(graceMs) {
      await Promise.all([worker.stop(graceMs), stopKeeping(), stopSweeping()]);
    },
  };
}

interface PagingWorkerOptions {
  world: PagingWorld;
  /** The workspace whose incidents these are; null: that is not known yet. */
  team: () => Promise<string | null>;
  /** How often it is looked whether a step is due, in ms; 1,000. */
  everyMs?: number;
}

/** Escalates pages that nobody acknowledges, for as long as it runs. Every worker looks; each step begins once. */
export function startPagingWorker({ world, team, everyMs = 1_000 }: PagingWorkerOptions): {
  stop(): Promise<void>;
} {
  const look = async () => {
    const where = await team();
    if (where !== null) await escalatePages(where, world);
  };
  return {
    stop: every(everyMs, look, (error) => {
      world.log.warn({ error: String(error) }, 'pages could not be looked at');
    }),
  };
}

interface ActionWorkerOptions {
  world: ActionScheduleWorld;
  /** The workspace whose action items they are; null: that is not known yet. */
  team: () => Promise<string | null>;
  /** How often it is looked what is due, in ms; a minute. */
  everyMs?: number;
}

/** Reminds of action items, and has their tickets looked at, for as long as it runs. Every worker looks, one does it. */
export function startActionWorker({ world, team, everyMs = 60_000 }: ActionWorkerOptions): {
  stop(): Promise<void>;
} {
  const look = async () => {
    const where = await team();
    if (where === null) return;
    await remindOfActions(where, world);
    await lookAtTickets(where, world);
  };
  const failed = (error: unknown) =>
    world.log.warn({ error: String(error) }, 'action items could not be looked at');
  return { stop: every(everyMs, look, failed) };
}

interface ScheduleWorkerOptions {
  schedules: ReadonlyMap<string, Schedule>;
  world: ScheduleWorld;
  /** The workspace whose stores these are; null: that is not known yet, or there are several. */
  team: () => Promise<string | null>;
  /** How often the table is looked at, in ms; 1,000. */
  everyMs?: number;
}

/** Does what is due, as long as it runs. The times stand in the database: every worker may look, one does it. */
export function startScheduleWorker({ schedules, world, team, everyMs = 1_000 }: ScheduleWorkerOptions): {
  stop(): Promise<void>;
} {
  let synced: string | null = null;
  const told = new Set<string>();
  const doDue = async (stopping: AbortSignal): Promise<void> => {
    const where = await team();
    if (where === null) return;
    if (synced !== where) await syncSchedules(where, schedules, world);
    synced = where;
    while (!stopping.aborted && (await doScheduled(where, schedules, world)));
    await watchStanding(where, schedules, world, told);
  };
  const failed = (error: unknown) =>
    world.log.warn({ error: String(error) }, 'scheduled work could not be looked at');
  // No schedules: only what an earlier configuration left is to be forgotten, which `syncSchedules` does once.
  return { stop: every(everyMs, doDue, failed, schedules.size === 0) };
}

interface ReminderWorkerOptions {
  world: ReminderWorld;
  team: () => Promise<string | null>;
  /** How often the record is looked at, in ms; 5,000. */
  everyMs?: number;
}

/** Has channels reminded of what is due, as long as it runs. What is due stands in the record: every worker may look. */
export function startReminderWorker({ world, team, everyMs = 5_000 }: ReminderWorkerOptions): {
  stop(): Promise<void>;
} {
  const look = async (stopping: AbortSignal) => {
    const where = await team();
    if (where !== null) await remindChannels(where, world, stopping);
  };
  const failed = (error: unknown) =>
    world.log.warn({ error: String(error) }, 'what channels are to be reminded of could not be looked at');
  return { stop: every(everyMs, look, failed) };
}
