import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Express, RequestHandler } from 'express';
import type { Condition } from '#domain/words.js';
import type { Logs } from '#log.js';

/** What the bot stands on, and itself, in the order in which it is told. */
const PARTS = ['database', 'queue', 'deliveries', 'slack', 'page', 'process'] as const;
export type Part = (typeof PARTS)[number];

/** How a part is; may take its time, or fail. */
export type Check = () => Condition | Promise<Condition>;

export interface Health {
  /** How everything was when it was last checked, at most EVERY_MS + PATIENCE_MS ago. Asks nobody. */
  now(): Readonly<Record<Part, Condition>>;
  /** Resolves when everything has been checked once. */
  first: Promise<void>;
  stop(): void;
}

interface HealthOptions {
  checks: Record<Part, Check>;
  log: Pick<Logs, 'info' | 'warn'>;
  everyMs?: number;
  patienceMs?: number;
}

const EVERY_MS = 4_000;
/** How long a part may take to say anything before it counts as away. */
const PATIENCE_MS = 4_000;

/**
 * Looks at every part by itself, again and again, and says once in the log when one of them is not well, why and what to
 * do, and once when it is well again. A check that hangs holds up neither the others nor whoever asks how things are, and no
 * second one is sent after it.
 */
export function keepHealth({
  checks,
  log,
  everyMs = EVERY_MS,
  patienceMs = PATIENCE_MS,
}: HealthOptions): Health {
  const stopping = new AbortController();
  const { signal } = stopping;
  // Each part waits for its answer and for its next look: more than Node takes for a leak.
  setMaxListeners(3 * PARTS.length, signal);
  const known = {} as Record<Part, Condition>;
  for (const part of PARTS) known[part] = { state: 'away', reason: 'nobody has looked yet' };

  const learn = (part: Part, condition: Condition, before: Condition | null): void => {
    if (signal.aborted) return;
    known[part] = condition;
    const { state, reason = '', fix } = condition;
    if (state === 'ok' && before !== null && before.state !== 'ok') log.info({ part }, `${part}: ok again`);
    // Counts in a reason change with every check; the code of a cause and the state are what is new.
    const same = before?.state === state && before.fix === fix;
    if (state !== 'ok' && !same)
      log.warn({ part, state, ...(fix && { fix }) }, `${part}: ${state}${reason && `, ${reason}`}`);
  };

  async function keep(part: Part): Promise<void> {
    const checking = Promise.resolve()
      .then(() => checks[part]())
      .catch((): Condition => ({ state: 'away', reason: 'it could not be looked at' }));
    const before = told.has(part) ? known[part] : null;
    const late = pause(patienceMs, signal).then(
      (): Condition => ({
        state: 'away',
        reason: `it has not answered for ${Math.round(patienceMs / 1000)} s`,
      }),
    );
    learn(part, await Promise.race([checking, late]), before);
    told.add(part);
    // It may come at last, and says more than the silence did.
    void checking.then(async (condition) => {
      if (known[part] !== condition) learn(part, condition, known[part]);
      await pause(everyMs, signal);
      if (!signal.aborted) void keep(part);
    });
  }

  const told = new Set<Part>();
  return {
    now: () => known,
    first: Promise.all(PARTS.map(keep)).then(() => undefined),
    stop: () => stopping.abort(),
  };
}

/** Resolves after `ms`, or when `signal` is aborted. Keeps no process alive. */
const pause = (ms: number, signal: AbortSignal) =>
  sleep(ms, undefined, { signal, ref: false }).catch(() => undefined);

/** Whether this process may be sent requests. */
export type Phase = 'starting' | 'ready' | 'draining';

/**
 * `/healthz`: the process is alive. `/readyz`: it may be sent requests, also while something that it stands on is not well:
 * then it can still say so, where a balancer without anybody behind it can only say 503. `/readyz?strict` is for
 * monitors: 503 unless everything is well. Both answer from memory.
 */
export function healthRoutes(app: Express, health: Pick<Health, 'now'>, phase: () => Phase): void {
  app.get('/healthz', alive);
  app.get('/readyz', (request, response) => {
    const parts = health.now();
    const well = PARTS.every((part) => parts[part].state === 'ok');
    const strict = 'strict' in request.query && !/^(0|false|no)$/i.test(String(request.query.strict));
    const ready = phase() === 'ready' && (well || !strict);
    response
      .status(ready ? 200 : 503)
      .set('Cache-Control', 'no-store')
      .json({
        state: phase() !== 'ready' ? phase() : well ? 'ok' : 'degraded',
        ...Object.fromEntries(PARTS.map((part) => [part, parts[part].state])),
        reasons: Object.fromEntries(
          PARTS.flatMap((part) => {
            const { reason, fix } = parts[part];
            return reason === undefined ? [] : [[part, fix ? `${reason}: ${fix}` : reason]];
          }),
        ),
      });
  });
}

/** `/healthz`. */
export const alive: RequestHandler = (_request, response) => {
  response.type('text/plain').send('ok\n');
};
