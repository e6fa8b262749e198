import { readFileSync } from 'node:fs';
import type { IncomingMessage, Server } from 'node:http';
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
 * request for longest makes room, first those that never sent a whole one. A connection whose request is being answered
 * never does.
 */
export function capConnections(server: Server, most: number, log: Pick<Log, 'warn'>): void {
  // In the order in which they began to owe us a request.
  const strangers = new Set<Socket>();
  const known = new Set<Socket>();
  const answering = new Set<Socket>();
  let cutOff = 0;
  let said = Number.NEGATIVE_INFINITY;

  server.on('connection', (socket) => {
    strangers.add(socket);
    socket.once('close', () => {
      for (const some of [strangers, known, answering]) some.delete(socket);
    });
    if (strangers.size + known.size + answering.size <= most) return;
    const [oldest = socket] = strangers.size > 1 ? strangers : [...known, socket];
    oldest.destroy();
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
    const move = (to: Set<Socket>) => {
      for (const some of [strangers, known, answering]) some.delete(socket);
      if (!socket.destroyed) to.add(socket);
    };
    // Until the body is here as well, nothing has been asked.
    if (hasBody(request)) request.once('end', () => response.writableEnded || move(answering));
    else move(answering);
    response.once('close', () => move(known));
  });
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
