import { type App, type Receiver, SocketModeReceiver, webApi } from '@slack/bolt';
import { answeringEventsAfter } from './events-after.js';
import { isFatal } from './identity.js';
import { slackLogger } from './logger.js';
import type { Log } from './ports.js';

/** A socket that has not said hello by then is given up. */
const HELLO_MS = 15_000;
/** After a socket that lived shorter than this there is a pause, so that an unwell Slack is not hammered. */
const SHORT_LIFE_MS = 5_000;
const LONGEST_WAIT_MS = 30_000;

export interface SocketFront {
  receiver: Receiver;
  /** How many sockets are connected now. */
  connected(): number;
}

/**
 * Socket Mode that neither blocks the start nor gives up. The library's own reconnecting is off: it waits five seconds, in
 * which clicks fail, and its failures are unhandled rejections. Two sockets, because Slack closes each every few hours.
 */
export function createSocketFront(options: {
  appToken: string;
  apiUrl?: string;
  log: Log;
  onFatal: (code: string) => void;
  sockets?: number;
}): SocketFront {
  const { log } = options;
  const stopping = new AbortController();
  let connected = 0;
  let running: Promise<void>[] = [];

  const sockets = Array.from(
    { length: options.sockets ?? 2 },
    () =>
      new SocketModeReceiver({
        appToken: options.appToken,
        autoReconnectEnabled: false,
        logger: slackLogger(log),
        installerOptions: {
          clientOptions: {
            ...(options.apiUrl && { slackApiUrl: options.apiUrl }),
            timeout: 10_000,
            retryConfig: { retries: 0 },
            rejectRateLimitedCalls: true,
            fetch: (url, init) => {
              const signals = [stopping.signal, ...(init?.signal ? [init.signal] : [])];
              return fetch(url, { ...init, signal: AbortSignal.any(signals) });
            },
          },
        },
      }),
  );

  async function keep(socket: SocketModeReceiver): Promise<void> {
    let failures = 0;
    while (!stopping.signal.aborted) {
      const since = Date.now();
      let retryAfter = 0;
      try {
        await hello(socket);
        connected++;
        log.info({ sockets: connected }, 'Socket Mode is connected');
        try {
          await gone(socket);
        } finally {
          connected--;
        }
        failures = Date.now() - since < SHORT_LIFE_MS ? 1 : 0;
      } catch (error) {
        if (stopping.signal.aborted) return;
        failures++;
        const code = error instanceof webApi.WebAPIPlatformError ? error.data.error : null;
        if (code !== null && isFatal(code)) return options.onFatal(code);
        if (error instanceof webApi.WebAPIRateLimitedError) retryAfter = error.retryAfter * 1_000;
        log.warn({ code, failures }, 'Socket Mode is not connected; trying again');
      }
      if (failures > 0) await pause(Math.max(retryAfter, Math.min(LONGEST_WAIT_MS, 250 * 2 ** failures)));
    }
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        stopping.signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      stopping.signal.addEventListener('abort', done);
    });
  }

  return {
    receiver: {
      init(app: App) {
        const events = answeringEventsAfter(app, log);
        for (const socket of sockets) socket.init(neverRejecting(events, log));
      },
      // Resolves at once: whether Slack is there is not a condition for starting.
      async start() {
        running = sockets.map(keep);
      },
      async stop() {
        stopping.abort();
        for (const socket of sockets) void socket.client.disconnect();
        await Promise.all(running);
      },
    },
    connected: () => connected,
  };
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

/** On a socket nobody waits for the outcome: what fails is logged, not answered, and Slack sends an event again. */
function neverRejecting(app: App, log: Log): App {
  const processEvent: App['processEvent'] = async (event) => {
    try {
      await app.processEvent(event);
    } catch (error) {
      log.error({ err: error, type: event.body?.type }, 'What came over the socket could not be handled');
    }
  };
  return Object.create(app, { processEvent: { value: processEvent } });
}
