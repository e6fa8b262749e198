import { readFileSync } from 'node:fs';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Log } from '#log.js';

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
 * Whoever opens connections and says nothing must not keep the others out: beyond `most`, the one that has been owing us a
 * request for longest makes room, first those that never sent a whole one; then those that do not take the answers which they
 * asked for. A connection whose request is being answered never does.
 */
export function capConnections(server: Server, most: number, log: Pick<Log, 'warn'>): void {
  // In the order in which they began to owe us a request.
  const strangers = new Set<Socket>();
  const known = new Set<Socket>();
  // Several at once on one connection, where somebody sends the next request before the answer.
  const answering = new Map<Socket, Set<ServerResponse>>();
  let cutOff = 0;
  let said = Number.NEGATIVE_INFINITY;

  /** @returns one of those whose answers are whole, and stay with us */
  const untaken = (): Socket | undefined => {
    for (const [socket, answers] of answering)
      if ([...answers].every(({ writableEnded }) => writableEnded)) return socket;
    return undefined;
  };

  server.on('connection', (socket) => {
    strangers.add(socket);
    socket.once('close', () => {
      for (const some of [strangers, known, answering]) some.delete(socket);
    });
    if (strangers.size + known.size + answering.size <= most) return;
    const [stranger] = strangers.size > 1 ? strangers : [];
    const [resting] = known;
    (stranger ?? resting ?? untaken() ?? socket).destroy();
    cutOff++;
    const now = performance.now();
    if (now - said < SAY_AGAIN_MS) return;
    said = now;
    log.warn(
      { most, cut_off: cutOff },
      'as many connections as this process can have: the oldest without a request are cut off',
    );
  });
  server.on('request', (request, response) => {
    const { socket } = request;
    const begin = () => {
      if (response.writableEnded || socket.destroyed) return;
      strangers.delete(socket);
      known.delete(socket);
      answering.set(socket, (answering.get(socket) ?? new Set()).add(response));
    };
    // Until the body is here as well, nothing has been asked.
    if (hasBody(request)) request.once('end', begin);
    else begin();
    response.once('close', () => {
      const others = answering.get(socket);
      others?.delete(response);
      if (others && others.size > 0) return;
      answering.delete(socket);
      strangers.delete(socket);
      if (!socket.destroyed) known.add(socket);
    });
  });
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
