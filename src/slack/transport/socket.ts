import { setTimeout as sleep } from 'node:timers/promises';
import { type App, SocketModeReceiver, webApi } from '@slack/bolt';
import { natureOf } from '#domain/slack-code.js';
import type { Logs } from '#log.js';
import { slackLogger } from './client.js';
import { type Apps, answeringEventsAfter, type FrontReceiver } from './http.js';

/** A socket that has not said hello by then is given up. */
const HELLO_MS = 15_000;
const SHORT_LIFE_MS = 5_000;
const LONGEST_WAIT_MS = 30_000;
/** Slack's limit on sockets of one app. With this reason it sends one away, often right after its hello. */
export const TOO_MANY = 'too_many_websockets';
/** Reasons by which Slack wants no socket of ours now. */
const UNWANTED: ReadonlySet<string | null> = new Set([TOO_MANY, 'link_disabled']);
/** So long after Slack has said that there are too many, one socket has to do. */
const CROWDED_MS = 10 * 60_000;
/** The same trouble is logged again after this long. */
const REMINDER_MS = 60_000;
/** How long what came over a socket may take to be answered once we are told to go: a commit in doubt needs some. */
const LAST_ANSWERS_MS = 10_000;
/** Slack may take its time to say good-bye; we do not wait for it longer than this. */
const GOODBYE_MS = 3_000;
/** How often a socket looks whether its turn has come, while it is crowded. */
const TURN_MS = 1_000;

/** What a test may want to go faster. */
export interface SocketPace {
  /** Lets so much time pass before the next try. */
  pass?(ms: number): Promise<void>;
  /** After a socket that lived shorter than this there is a pause, so that an unwell Slack is not hammered. */
  shortLifeMs?: number;
}

interface SocketFront {
  receiver: FrontReceiver;
  /** How many sockets are connected now. */
  connected(): number;
  /** Why Slack sends our sockets away, as long as none has stayed since; null: it does not. */
  trouble(): string | null;
}

/**
 * Socket Mode that neither blocks the start nor gives up. The library's own reconnecting is off: it waits five seconds, in
 * which clicks fail, and its failures are unhandled rejections. Two sockets, because Slack closes each every few hours.
 */
export function createSocketFront(
  options: {
    appToken: string;
    apiUrl?: string | null;
    log: Logs;
    onFatal: (code: string) => void;
    sockets?: number;
  } & SocketPace,
): SocketFront {
  const { log, pass = pause, shortLifeMs = SHORT_LIFE_MS } = options;
  const stopping = new AbortController();
  let connected = 0;
  let running: Promise<void>[] = [];

  const sockets = Array.from({ length: options.sockets ?? 2 }, () => ({
    socket: receiver(options, stopping.signal),
    /** What came over it and is not answered yet. */
    inHand: new Set<Promise<void>>(),
  }));

  // Sockets that are connected, on their way, or waiting for their next try; while it is crowded there is one of these.
  let active = 0;
  let crowdedUntil = 0;
  let trouble: string | null = null;
  let mentioned = Number.NEGATIVE_INFINITY;

  async function keep(socket: SocketModeReceiver): Promise<void> {
    // A socket that lived shortly counts like a connection that failed, so that a Slack that sends everybody away is not hammered.
    let failures = 0;
    while (!stopping.signal.aborted) {
      while (active > 0 && performance.now() < crowdedUntil) {
        await pause(TURN_MS);
        if (stopping.signal.aborted) return;
      }
      active++;
      try {
        const outcome = await live(socket);
        if (outcome === 'fatal' || stopping.signal.aborted) return;
        failures = outcome.lived < shortLifeMs ? failures + 1 : 0;
        // A broken line or a refresh does not mean that Slack wants us to stay away: the pause stays short.
        if (outcome.lived > 0 && !UNWANTED.has(outcome.reason)) failures = Math.min(failures, 4);
        if (outcome.reason === TOO_MANY) {
          crowdedUntil = performance.now() + CROWDED_MS;
          failures = Math.max(failures, 3);
        }
        const wait = Math.max(outcome.retryAfter, Math.min(LONGEST_WAIT_MS, 250 * 2 ** failures));
        if (failures > 0) {
          // After a long life, such as Slack ends every few hours, the next socket is opened at once; after a short one, later.
          tell(outcome, failures, wait);
          await pass(wait);
        }
      } finally {
        active--;
      }
    }
  }

  function tell({ reason, code }: Outcome, failures: number, wait: number): void {
    if (failures > 1) trouble = reason ?? code;
    const now = performance.now();
    if (now - mentioned < REMINDER_MS) return;
    mentioned = now;
    const why =
      reason === TOO_MANY
        ? `Slack says ${TOO_MANY}: more than ten sockets of this app are open. Stop the other copies of the bot that use this app token; until then one socket has to do`
        : 'Socket Mode is not connected; trying again';
    log.warn({ reason, code, failures, again_in_ms: wait }, why);
  }

  /** One life of a socket, from asking for it to its end. */
  async function live(socket: SocketModeReceiver): Promise<Outcome | 'fatal'> {
    const outcome: Outcome = { lived: 0, reason: null, code: null, retryAfter: 0 };
    const hear = (data: unknown) => {
      outcome.reason = goodbyeIn(data) ?? outcome.reason;
    };
    socket.client.on('ws_message', hear);
    let since = Number.POSITIVE_INFINITY;
    let steady: NodeJS.Timeout | undefined;
    try {
      await hello(socket);
      since = performance.now();
      connected++;
      log.info({ sockets: connected }, 'Socket Mode is connected');
      steady = setTimeout(() => {
        trouble = null;
      }, shortLifeMs);
      try {
        await gone(socket);
      } finally {
        connected--;
      }
    } catch (error) {
      if (stopping.signal.aborted) return outcome;
      outcome.code = error instanceof webApi.WebAPIPlatformError ? error.data.error : null;
      if (outcome.code !== null && natureOf(outcome.code) === 'fatal') {
        options.onFatal(outcome.code);
        return 'fatal';
      }
      if (error instanceof webApi.WebAPIRateLimitedError) outcome.retryAfter = error.retryAfter * 1_000;
    } finally {
      clearTimeout(steady);
      socket.client.off('ws_message', hear);
    }
    outcome.lived = Math.max(0, performance.now() - since);
    return outcome;
  }

  function pause(ms: number): Promise<void> {
    return sleep(ms, undefined, { signal: stopping.signal }).catch(() => undefined);
  }

  return {
    receiver: {
      init(apps: Apps) {
        const events = answeringEventsAfter(apps, log);
        for (const { socket, inHand } of sockets) socket.init(neverRejecting(events, inHand, log));
      },
      // Resolves at once: whether Slack is there is not a condition for starting.
      async start() {
        running = sockets.map(({ socket }) => keep(socket));
      },
      async stop() {
        stopping.abort();
        const late = sleep(LAST_ANSWERS_MS, 'late' as const, { ref: false });
        const leave = async ({ socket, inHand }: (typeof sockets)[number]) => {
          while (inHand.size > 0 && (await Promise.race([...inHand, late])) !== 'late');
          // A socket with nothing in hand is closed at once: Slack gives to another socket what it has next.
          void socket.client.disconnect();
        };
        await Promise.all(sockets.map(leave));
        await Promise.race([Promise.all(running), sleep(GOODBYE_MS, undefined, { ref: false })]);
      },
    },
    connected: () => connected,
    trouble: () => trouble,
  };
}

/** One socket that neither reconnects by itself nor asks twice. */
function receiver(
  options: { appToken: string; apiUrl?: string | null; log: Logs },
  stopping: AbortSignal,
): SocketModeReceiver {
  return new SocketModeReceiver({
    appToken: options.appToken,
    autoReconnectEnabled: false,
    logger: slackLogger(options.log),
    installerOptions: {
      clientOptions: {
        ...(options.apiUrl && { slackApiUrl: options.apiUrl }),
        timeout: 10_000,
        retryConfig: { retries: 0 },
        rejectRateLimitedCalls: true,
        fetch: (url, init) => {
          const signals = [stopping, ...(init?.signal ? [init.signal] : [])];
          return fetch(url, { ...init, signal: AbortSignal.any(signals) });
        },
      },
    },
  });
}

/** What one more socket hears of Slack: `connections` of this app, or why there is none. */
interface SocketTrial {
  connections: number | null;
  /** Slack's word for sending it away, or its code for not giving one. */
  refused: string | null;
}

/** A moment in which Slack sends away what it does not want. */
const TRIAL_MS = 700;

/**
 * Opens one socket for a moment, to see whether Slack keeps it. What Slack may hand to it meanwhile is answered with the
 * plain truth: nothing was kept.
 */
export async function trySocket(options: {
  appToken: string;
  apiUrl?: string | null;
  log: Logs;
}): Promise<SocketTrial> {
  const { client } = receiver(options, AbortSignal.timeout(HELLO_MS));
  const seen: SocketTrial = { connections: null, refused: null };
  client.on('ws_message', (data: unknown) => {
    seen.refused = goodbyeIn(data) ?? seen.refused;
    const said = messageIn(data);
    if (said?.type === 'hello') seen.connections = Number(said.num_connections ?? 1);
  });
  client.on('slack_event', ({ ack, type }: { ack: (answer: object) => Promise<void>; type: string }) => {
    const text = 'Nothing was kept: `tocsin doctor` was looking at this connection. Type it again.';
    if (type !== 'events_api') void ack({ text }).catch(() => undefined);
  });
  try {
    await client.start();
    await Promise.race([sleep(TRIAL_MS), new Promise((resolve) => client.once('disconnected', resolve))]);
  } catch (error) {
    seen.refused ??= error instanceof webApi.WebAPIPlatformError ? error.data.error : 'no answer';
  }
  // A socket that is gone already tells nobody that it went.
  await Promise.race([client.disconnect(), sleep(TRIAL_MS)]);
  return seen;
}

/** How a socket ended. */
interface Outcome {
  /** Milliseconds from its hello; 0: it never said hello. */
  lived: number;
  /** Slack's word for sending it away; null: it said none. */
  reason: string | null;
  /** Slack's code for not giving us one. */
  code: string | null;
  /** Milliseconds that Slack wants us to wait. */
  retryAfter: number;
}

/** @returns the reason in a `disconnect` of Slack's; null for everything else that comes over a socket */
function goodbyeIn(data: unknown): string | null {
  const said = messageIn(data);
  return said?.type === 'disconnect' && typeof said.reason === 'string' ? said.reason : null;
}

function messageIn(data: unknown): Record<string, unknown> | null {
  try {
    const message: unknown = JSON.parse(
      typeof data === 'string' ? data : new TextDecoder().decode(data as Buffer),
    );
    return typeof message === 'object' && message !== null ? (message as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** Resolves when Slack has said hello. */
async function hello(socket: SocketModeReceiver): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      void socket.client.disconnect();
      reject(new Error('no hello'));
    }, HELLO_MS);
  });
  try {
    await Promise.race([socket.start(), late]);
  } finally {
    clearTimeout(timer);
  }
}

function gone(socket: SocketModeReceiver): Promise<void> {
  return new Promise((resolve) => socket.client.once('disconnected', () => resolve()));
}

/**
 * On a socket nobody waits for the outcome: what fails is logged, not answered, and Slack sends an event again.
 * @param inHand holds what is under way
 */
function neverRejecting(app: App, inHand: Set<Promise<void>>, log: Logs): App {
  const processEvent: App['processEvent'] = (event) => {
    const done = app
      .processEvent(event)
      .catch((error: unknown) => {
        log.error({ err: error, type: event.body?.type }, 'What came over the socket could not be handled');
      })
      .finally(() => inHand.delete(done));
    inHand.add(done);
    return done;
  };
  return Object.create(app, { processEvent: { value: processEvent } });
}
