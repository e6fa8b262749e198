import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Core } from '#compose/core.js';
import type { Asking } from '#domain/intent.js';
import { isRefusal, type Refusal, type RefusalCode } from '#domain/refusal.js';
import { Unavailable } from '#store/outcome.js';
import type { Io } from './verb.js';

/** Slack wants its answer within three seconds; whoever types at a prompt would rather wait than type it again. */
const PATIENCE_MS = 20_000;
const PAUSE_MS = 500;
const NO_ANSWER: ReadonlySet<RefusalCode> = new Set<RefusalCode>([
  'NOT_RECORDED',
  'DATABASE_REFUSES',
  'NOT_CONFIRMED',
  'NOT_READ',
]);

/** Not let in, no such database, no right to it: whoever waits waits in vain. */
const FOR_GOOD = /^(28|3D|42501)/;

/**
 * The same, but a database that does not answer is asked again for a while. Each request gets a key if it has none, so
 * that one whose answer was lost is recorded once, however often it is repeated.
 * @param patienceMs after this long the *no*, or `Unavailable`, is passed on
 */
export function patient(core: Core, io: Io, patienceMs = PATIENCE_MS): Core {
  const keep = <T>(work: () => Promise<T>, refusalOf: (result: T) => Refusal | null = () => null) =>
    untilAnswered(work, refusalOf, io, patienceMs);
  const own = <T>(result: T | Refusal) => (isRefusal(result) ? result : null);
  return {
    ...core,
    team: (named) => keep(() => core.team(named)),
    owner: (...of) => keep(() => core.owner(...of), own),
    before: (asking) => keep(() => core.before(asking)),
    handle: (intent, target, asking, notes) => {
      const keyed = withKey(asking);
      return keep(() => core.handle(intent, target, keyed, notes), own);
    },
    answer: (typed) => {
      const keyed = { ...typed, asking: withKey(typed.asking) };
      return keep(
        () => core.answer(keyed),
        (answer) => (answer.kind === 'refused' ? answer.refusal : null),
      );
    },
    read: {
      ...core.read,
      open: (viewer) => keep(() => core.read.open(viewer)),
      incident: (viewer, incident) => keep(() => core.read.incident(viewer, incident), own),
    },
  };
}

function withKey(asking: Asking): Asking {
  return asking.key === null ? { ...asking, key: `cli:${randomUUID()}` } : asking;
}

async function untilAnswered<T>(
  work: () => Promise<T>,
  refusalOf: (result: T) => Refusal | null,
  io: Io,
  patienceMs: number,
): Promise<T> {
  const until = performance.now() + patienceMs;
  const last = () => performance.now() + PAUSE_MS > until;
  for (let told = false; ; told = true) {
    try {
      const result = await work();
      const refusal = refusalOf(result);
      if (refusal === null || !NO_ANSWER.has(refusal.code) || last()) return result;
    } catch (error) {
      if (!(error instanceof Unavailable) || FOR_GOOD.test(error.code ?? '') || last()) throw error;
    }
    if (!told) io.err('The database is not ready; trying again.\n');
    await sleep(PAUSE_MS);
  }
}
