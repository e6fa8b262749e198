import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import type { Log } from '#log.js';
import { ExportsBusy } from '#read/read.js';
import { troubleOf, Unavailable } from '#store/pools.js';
import { Told } from '#told.js';
import { type ApiPorts, apiRoutes } from './api.js';
import { say } from './auth.js';
import { type ExportPorts, exportRoutes } from './exports.js';
import { alive, type Health, healthRoutes, type Phase } from './health.js';
import { type Hooks, hookRoutes } from './hooks.js';
import { type MetricsPorts, metricsRoutes } from './metrics.js';
import { isPublic, type StatusPorts, statusRoutes } from './status.js';
import { type Forms, subscribeRoutes } from './subscribe.js';

/** @returns resolves when all is told; that may be after the answer, where that was empty to be in time */
type Listener = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

/** Slack's own payloads stay far below; more is not from Slack, and checking a signature over it is work. */
const MAX_SLACK_BYTES = 1_000_000;

/** Longer than load balancers keep an idle connection (60 s): else one is closed just as a request sets out on it. */
const KEEP_ALIVE_MS = 65_000;

/** Numbers that a test may want smaller. */
export interface WebLimits {
  /** How long the head of a request may take to arrive, and then its body. */
  arrivalMs: number;
  /** How many connections at most. */
  connections: number;
  /** How long we go on listening once told to go: balancers need a few questions to find out. */
  lingerMs: number;
}

const ARRIVAL_MS = 10_000;
const LINGER_MS = 5_000;
/** How long requests that have begun may take to be answered once we do not listen any more: a commit in doubt needs some. */
const LAST_ANSWERS_MS = 10_000;

interface WebPorts {
  health: Pick<Health, 'now'>;
  exports: ExportPorts;
  api: ApiPorts;
  hooks: Hooks;
  /** Bolt's own listener, or null in Socket Mode. */
  slack: Listener | null;
  /** Absent: they are not served here. */
  metrics?: MetricsPorts;
  /** The public's page. Absent: there is none here. */
  status?: StatusPorts;
  /** Where people subscribe to the public page. Absent: nowhere. */
  forms?: Forms;
  log: Log;
}

export interface Web {
  port: number;
  /** From now on `/readyz` lets requests come. */
  ready(): void;
  /**
   * From now on `/readyz` sends them elsewhere, and each answer asks for its connection to be closed; listening goes on for
   * a while, and what has begun is answered. @param linger false: nobody else is to find out first
   */
  close(linger?: boolean): Promise<void>;
}

/** Listens on `host:port` (0: any free port). @throws {Told} when it may not, or somebody else does */
export async function startWeb(
  ports: WebPorts,
  host: string,
  port: number,
  limits: Partial<WebLimits> = {},
): Promise<Web> {
  const { arrivalMs = ARRIVAL_MS, connections = mostConnections(), lingerMs = LINGER_MS } = limits;
  let phase: Phase = 'starting';
  const app = express();
  app.disable('x-powered-by');
  app.set('query parser', 'simple');
  healthRoutes(app, ports.health, () => phase);
  exportRoutes(app, ports.exports);
  apiRoutes(app, ports.api);
  hookRoutes(app, ports.hooks);
  if (ports.metrics) metricsRoutes(app, ports.metrics);
  if (ports.forms) subscribeRoutes(app, ports.forms);
  // Behind all others: whatever else begins with /status it answers with 404.
  if (ports.status) statusRoutes(app, ports.status);
  answerTheRest(app, ports.log);
  const timeouts = {
    headersTimeout: arrivalMs,
    // The body has a time of its own below; this is for what Node knows as a request and we do not.
    requestTimeout: 2 * arrivalMs,
    connectionsCheckingInterval: Math.min(1_000, arrivalMs),
    keepAliveTimeout: KEEP_ALIVE_MS,
  };
  const open = new Set<ServerResponse>();
  const telling = new Set<Promise<void>>();
  const sockets = new Set<Socket>();
  const server = createServer(timeouts, (request, response) => {
    open.add(response);
    response.once('close', () => open.delete(response));
    if (phase === 'draining') response.shouldKeepAlive = false;
    boundBody(request, response, arrivalMs);
    // Straight to Bolt: it reads the body itself, because the signature is over the bytes as they came.
    if (ports.slack && request.url?.split('?')[0] === '/slack/events') {
      const size = Number(request.headers['content-length'] ?? 0);
      if (request.method !== 'POST') refuse(request, response, 405, 'Slack posts here.');
      else if (size > MAX_SLACK_BYTES) refuse(request, response, 413, 'Too large.');
      else {
        const told = Promise.resolve(ports.slack(request, response)).finally(() => telling.delete(told));
        telling.add(told);
      }
    } else app(request, response);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  capConnections(server, connections, ports.log);
  return {
    port: await listening(server, host, port, 'PORT'),
    ready() {
      if (phase === 'starting') phase = 'ready';
    },
    async close(linger = true) {
      phase = 'draining';
      // Where the head of an answer is not out yet, it can still say so.
      for (const response of open) response.shouldKeepAlive = false;
      if (linger) await sleep(lingerMs);
      // A turn of the event loop lets in connections that wait already: one that still waits when listening stops is cut off.
      await new Promise(setImmediate);
      const late = sleep(LAST_ANSWERS_MS, 'late' as const, { ref: false });
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      // Node counts a connection that was only opened as one with a request.
      for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
      // Requests that run may finish; those that hang must not hold up the end.
      if ((await Promise.race([closed, late])) === 'late') server.closeAllConnections();
      await closed;
      // Somebody who got an empty answer, so that it was in time, still waits for the words.
      while (telling.size > 0 && (await Promise.race([...telling, late])) !== 'late');
    },
  };
}

/** Who scrapes keeps a connection; a few ask at a time. */
const SCRAPERS = 20;

/**
 * Metrics on a port of their own, for whoever keeps them off the one that Slack reaches, and for a worker, which has no
 * other. @throws {Told} when it may not listen, or somebody else does
 */
export async function startMetrics(
  ports: MetricsPorts & { log: Log },
  host: string,
  port: number,
): Promise<{ port: number; close(): Promise<void> }> {
  const app = express();
  app.disable('x-powered-by');
  app.get('/healthz', alive);
  metricsRoutes(app, ports);
  answerTheRest(app, ports.log);
  const server = createServer({ headersTimeout: ARRIVAL_MS, requestTimeout: ARRIVAL_MS }, app);
  server.maxConnections = SCRAPERS;
  return {
    port: await listening(server, host, port, 'METRICS_PORT'),
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function answerTheRest(app: Express, log: Log): void {
  app.use((_request, response) => {
    say(response, 404, 'There is nothing here.');
  });
  app.use((error: Error & { status?: number }, request: Request, response: Response, _next: NextFunction) => {
    answerFailure(log, error, request, response);
  });
}

/** @param variable that names the port. @returns the port @throws {Told} */
async function listening(server: Server, host: string, port: number, variable: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenTold(error, host, port, variable)));
    server.listen(port, host, () => resolve());
  });
  return (server.address() as AddressInfo).port;
}

function listenTold(error: NodeJS.ErrnoException, host: string, port: number, variable: string): Error {
  switch (error.code) {
    case 'EADDRINUSE':
      return new Told(`Port ${port} is taken: stop what listens there, or set ${variable} to another one.`);
    case 'EACCES':
      return new Told(`Port ${port} is not for this user (EACCES): set ${variable} to 1024 or more.`);
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
    case 'EINVAL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new Told(
        `HOST ${host} is no address of this machine (${error.code}): set HOST to one that it has, or to 0.0.0.0 for all of them.`,
      );
    default:
      return error;
  }
}

function answerFailure(
  log: Log,
  error: Error & { status?: number },
  request: Request,
  response: Response,
): void {
  // Once bytes are out a status would be a lie: the connection is cut, so that the reader sees it is incomplete.
  if (response.headersSent) {
    response.destroy();
    return;
  }
  if (error instanceof ExportsBusy) {
    response.set('Retry-After', String(error.retryAfterS));
    say(response, 503, 'Too many exports are being read at this moment. Try again in a few seconds.');
    return;
  }
  if (error instanceof Unavailable) {
    const { state, reason } = troubleOf(error);
    const why = state === 'refusing' ? `answers, but refuses: ${reason}` : 'does not answer';
    response.set('Retry-After', '2');
    say(response, 503, `The database ${why}. Try again in a moment.`);
    return;
  }
  const status = error.status !== undefined && error.status >= 400 && error.status < 500 ? error.status : 500;
  if (status === 500) log.error({ err: error, path: request.path }, 'a request failed');
  const unread = 'That request cannot be read.';
  say(response, status, status === 500 ? 'Something went wrong here; the log says what.' : unread);
}

/** A body that trickles in holds a connection, and what has come of it memory: after `ms` it is given up. */
function boundBody(request: IncomingMessage, response: ServerResponse, ms: number): void {
  const timer = setTimeout(() => {
    if (request.complete) return;
    if (response.headersSent) request.destroy();
    else refuse(request, response, 408, 'That took too long to arrive.');
  }, ms);
  timer.unref();
  request.once('close', () => clearTimeout(timer));
}

/** Bolt throws at what it does not expect, past every handler; so it is not asked. */
function refuse(request: IncomingMessage, response: ServerResponse, status: number, why: string): void {
  response.writeHead(status, { connection: 'close', 'content-type': 'text/plain' }).end(`${why}\n`);
  request.resume();
}

/** How many files a process may open where that cannot be found out: the least that is common. */
const FEW = 256;
/** Of these, what is not for connections from outside: database, queue, Slack, exports, files. */
const OTHERS = 150;
const SAY_AGAIN_MS = 60_000;

/** @returns how many connections may be open so that files are left for everything else */
export function mostConnections(limits = fileLimits()): number {
  const [, soft = ''] = /^Max open files\s+(\d+|unlimited)/m.exec(limits) ?? [];
  const files = soft === 'unlimited' ? 1_000_000 : Number(soft) || FEW;
  return Math.max(50, Math.min(10_000, files - Math.max(OTHERS, Math.floor(files / 4))));
}

function fileLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return '';
  }
}

/**
 * Connections that say nothing must not keep the others out: beyond `most`, the one that has been owing us a
 * request for longest makes room, first those that never sent a whole one; then those that do not take the answers which they
 * asked for. A connection whose request is being answered never does.
 *
 * Before all of them those make room that only the public's page was ever asked for on, and that rest: whoever reads it loses
 * nothing with such a connection, but on one of Slack's a command may be just on its way, and Slack sends it once. Of
 * these at most half of all may rest, so that a crowd does not even come near the rest.
 */
function capConnections(server: Server, most: number, log: Pick<Log, 'warn'>): void {
  // Never sent a whole request, and between two; each in the order in which they began to owe us one.
  const silent = new Set<Socket>();
  const idle = new Set<Socket>();
  const idlePublic = new Set<Socket>();
  // Those on which anything else was ever asked for: a balancer may send us everything on a few.
  const mixed = new WeakSet<Socket>();
  // Several at once on one connection, where somebody sends the next request before the answer.
  const answering = new Map<Socket, Set<ServerResponse>>();
  let cutOff = 0;
  let said = Number.NEGATIVE_INFINITY;

  /** @returns one of those whose answers are whole, and stay with us */
  const unread = (among: (socket: Socket) => boolean): Socket | undefined => {
    for (const [socket, answers] of answering)
      if (among(socket) && [...answers].every(({ writableEnded }) => writableEnded)) return socket;
    return undefined;
  };
  const isPublics = (socket: Socket) => !mixed.has(socket);

  server.on('connection', (socket) => {
    silent.add(socket);
    socket.once('close', () => {
      for (const some of [silent, idle, idlePublic, answering]) some.delete(socket);
    });
    if (silent.size + idle.size + idlePublic.size + answering.size <= most) return;
    const [longestPublic] = idlePublic;
    const [longestSilent] = silent.size > 1 ? silent : [];
    const [longestIdle] = idle;
    const spared = longestPublic ?? longestSilent ?? unread(isPublics) ?? longestIdle ?? unread(() => true);
    (spared ?? socket).destroy();
    cutOff++;
    const now = performance.now();
    if (now - said < SAY_AGAIN_MS) return;
    said = now;
    log.warn(
      { most, cut_off: cutOff },
      'as many connections as this process can have: the oldest without a request are cut off',
    );
  });
  // Before Express is asked, which takes addresses apart.
  server.prependListener('request', ({ url, socket }) => {
    if (!isPublic(url)) mixed.add(socket);
  });
  server.on('request', (request, response) => {
    const { socket } = request;
    const begin = () => {
      if (response.writableEnded || socket.destroyed) return;
      for (const some of [silent, idle, idlePublic]) some.delete(socket);
      answering.set(socket, (answering.get(socket) ?? new Set()).add(response));
    };
    // Until the body is here as well, nothing has been asked.
    if (hasBody(request)) request.once('end', begin);
    else begin();
    response.once('close', () => {
      const answers = answering.get(socket);
      answers?.delete(response);
      if (answers && answers.size > 0) return;
      answering.delete(socket);
      silent.delete(socket);
      if (socket.destroyed) return;
      (mixed.has(socket) ? idle : idlePublic).add(socket);
      const [longestPublic] = idlePublic;
      if (idlePublic.size > most / 2) longestPublic?.destroy();
    });
  });
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
