import { ActionFailed, type Output, type RunContext } from '../action.js';
import { NotWritten, Stale, StoreFailed } from '../keystore.js';
import { RouteFailed, StaleRoute } from '../route.js';

/**
 * Reads a store or a route. A reading changes nothing, so its outcome is never in doubt.
 * @throws ActionFailed with what the store said
 */
export async function look<T>(
  place: { read(signal: AbortSignal): Promise<T> },
  signal: AbortSignal,
): Promise<T> {
  try {
    return await place.read(signal);
  } catch (error) {
    if (error instanceof StoreFailed || error instanceof RouteFailed) throw new ActionFailed(error.message);
    throw error;
  }
}

/** Was it the step's timeout that ended it, and neither a person nor another worker? */
export function ranOut({ aborted, reason }: AbortSignal): boolean {
  return aborted && (reason as Error | undefined)?.name === 'TimeoutError';
}

/**
 * Makes one change, having made sure of the right to it.
 * @param done what was done so far, this change included where it may have happened: for the undo and the record
 * @throws ActionFailed unsure, unless the target said plainly that it changed nothing
 * @throws Lost
 */
export async function change(
  context: RunContext,
  make: () => Promise<void>,
  done: (happened: boolean) => Output,
): Promise<void> {
  if (context.signal.aborted)
    throw new ActionFailed('stopped before the next change', { output: done(false) });
  await context.secure();
  try {
    await make();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const nothing = [NotWritten, Stale, StaleRoute].some((certain) => error instanceof certain);
    throw new ActionFailed(message, { unsure: !nothing, output: done(!nothing) });
  }
}
