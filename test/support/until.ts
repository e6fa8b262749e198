import { setTimeout as sleep } from 'node:timers/promises';

/** For so long a test waits for what must happen: only a guard against what hangs. */
const LIMIT_MS = 120_000;

/**
 * Looks again and again, where no event says that it has happened.
 * @returns what was found: the first that is neither false, null nor undefined
 * @throws with `what` when it never happens
 */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  everyMs = 10,
): Promise<Exclude<T, false | null | undefined>> {
  const end = performance.now() + LIMIT_MS;
  for (;;) {
    const found = await look();
    if (found !== false && found !== null && found !== undefined)
      return found as Exclude<T, false | null | undefined>;
    if (performance.now() > end) throw new Error(`never happened: ${what}`);
    await sleep(everyMs);
  }
}
