import type { Systems } from './systems.js';

/** A store that does not answer must not keep a run waiting. */
const READ_MS = 2_000;
/** What was read stands for so long: keys are added by other hands too. */
const FRESH_MS = 60_000;

/**
 * Reads every key store, so that its keys are taken out of what programs print, and out of what people type, also in a
 * process that has never touched that store: one that takes over another's run, or that has just started.
 * @returns what to wait for before something is told: all that could be read is known by then; never throws
 */
export function keyLearner(stores: readonly string[], systems: Pick<Systems, 'store'>): () => Promise<void> {
  let reading: Promise<void> | null = null;
  let readAt = Number.NEGATIVE_INFINITY;
  return async () => {
    if (stores.length === 0) return;
    if (reading === null && performance.now() - readAt < FRESH_MS) return;
    reading ??= Promise.all(stores.map((name) => readOnce(systems, name))).then(() => {
      readAt = performance.now();
      reading = null;
    });
    await reading;
  };
}

/** Also where a client does not listen to its signal. */
async function readOnce(systems: Pick<Systems, 'store'>, name: string): Promise<void> {
  const limit = AbortSignal.timeout(READ_MS);
  const late = new Promise<void>((resolve) => limit.addEventListener('abort', () => resolve()));
  const read = async () => void (await systems.store(name).read(limit));
  // What is wrong with a store is said by whoever needs it.
  await Promise.race([read().catch(() => undefined), late]);
}
