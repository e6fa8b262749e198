import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type NextFunction, type Request, type Response } from 'express';
import type { Log } from '#log.js';
import { Unavailable } from '#store/outcome.js';
import { Told } from '#told.js';
import { type ApiPorts, apiRoutes } from './api.js';
import { type ExportPorts, exportRoutes } from './exports.js';
import { type HealthPorts, healthRoutes } from './health.js';

export type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/** Slack's own payloads stay far below; more is not from Slack, and checking a signature over it is work. */
const MAX_SLACK_BYTES = 1_000_000;

/** Longer than load balancers keep an idle connection (60 s): else one is closed just as a request sets out on it. */
const KEEP_ALIVE_MS = 65_000;

export interface WebPorts {
  health: HealthPorts;
  exports: ExportPorts;
  api: ApiPorts;
  /** Bolt's own listener, or null in Socket Mode. */
  slack: Listener | null;
  log: Log;
}

export interface Web {
  port: number;
  close(): Promise<void>;
}

/** Listens on `host:port` (0: any free port). @throws {Told} when it may not, or somebody else does */
export async function startWeb(ports: WebPorts, host: string, port: number): Promise<Web> {
  const app = express();
  app.disable('x-powered-by');
  app.set('query parser', 'simple');
  healthRoutes(app, ports.health);
  exportRoutes(app, ports.exports);
  apiRoutes(app, ports.api);
  app.use((_request, response) => {
    response.status(404).type('text/plain').send('There is nothing here.\n');
  });
  app.use((error: Error & { status?: number }, request: Request, response: Response, _next: NextFunction) => {
    answerFailure(ports.log, error, request, response);
  });
  const server = createServer((request, response) => {
    // Straight to Bolt: it reads the body itself, because the signature is over the bytes as they came.
    if (ports.slack && request.url?.split('?')[0] === '/slack/events') {
      const size = Number(request.headers['content-length'] ?? 0);
      if (request.method !== 'POST') refuse(request, response, 405, 'Slack posts here.');
      else if (size > MAX_SLACK_BYTES) refuse(request, response, 413, 'Too large.');
      else ports.slack(request, response);
    } else app(request, response);
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenTold(error, host, port)));
    server.listen(port, host, () => resolve());
  });
  return { port: (server.address() as AddressInfo).port, close: () => close(server) };
}

function listenTold(error: NodeJS.ErrnoException, host: string, port: number): Error {
  switch (error.code) {
    case 'EADDRINUSE':
      return new Told(`Port ${port} is taken: stop what listens there, or set PORT to another one.`);
    case 'EACCES':
      return new Told(`Port ${port} is not for this user (EACCES): set PORT to 1024 or more.`);
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
  if (error instanceof Unavailable) {
    response
      .status(503)
      .set('Retry-After', '2')
      .type('text/plain')
      .send('The database does not answer. Try again in a moment.\n');
    return;
  }
  const status = error.status !== undefined && error.status >= 400 && error.status < 500 ? error.status : 500;
  if (status === 500) log.error({ err: error, path: request.path }, 'a request failed');
  response
    .status(status)
    .type('text/plain')
    .send(
      status === 500 ? 'Something went wrong here; the log says what.\n' : 'That request cannot be read.\n',
    );
}

/** Bolt throws at what it does not expect, past every handler; so it is not asked. */
function refuse(request: IncomingMessage, response: ServerResponse, status: number, why: string): void {
  response.writeHead(status, { connection: 'close', 'content-type': 'text/plain' }).end(`${why}\n`);
  request.resume();
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  // Requests that run may finish; those that hang may not hold us up.
  const timer = setTimeout(() => server.closeAllConnections(), 3000);
  await closed;
  clearTimeout(timer);
}
