import { z } from 'zod';
import { ActionFailed, type Output, type RunContext } from '../action.js';
import { NotWritten, Stale, StoreFailed } from '../keystores/keystore.js';
import { RouteFailed, StaleRoute } from '../routes/route.js';

/**
 * Reads a store or a route. A reading changes nothing, so its outcome is never in doubt.
 * @throws ActionFailed with what the store said
 */
export async function readPlace<T>(
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

/** Did the step's own timeout end it, and neither a person nor another worker? */
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
  done: Output | ((happened: boolean) => Output),
): Promise<void> {
  const output = (happened: boolean) => (typeof done === 'function' ? done(happened) : done);
  if (context.signal.aborted)
    throw new ActionFailed('stopped before the next change', { output: output(false) });
  await context.secure();
  try {
    await make();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const nothing = [NotWritten, Stale, StaleRoute].some((certain) => error instanceof certain);
    throw new ActionFailed(message, { unsure: !nothing, output: output(!nothing) });
  }
}

const UNITS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
const SPAN = /^(?:\d{1,9}(?:\.\d{1,9})?\s*(?:ms|s|m|h)\s*)+$/;
const PART = /(\d+(?:\.\d+)?)\s*(ms|s|m|h)/g;
const LIMIT = 7 * 24 * UNITS.h!;

/** `500ms`, `2s`, `1m30s`, `1.5h` as milliseconds; at most a week. */
export const duration = z.string().transform((text, context) => {
  const parts = SPAN.test(text.trim()) ? [...text.matchAll(PART)] : [];
  const sum = parts.reduce((all, [, amount, unit = '']) => all + Number(amount) * (UNITS[unit] ?? 0), 0);
  const ms = parts.length > 0 ? Math.round(sum) : Number.NaN;
  if (ms <= LIMIT) return ms;
  context.addIssue({
    code: 'custom',
    message: 'is not a duration; write it as 500ms, 2s, 1m or 1h, at most 168h',
  });
  return z.NEVER;
});

/** @returns milliseconds as a person says them: `500 ms`, `2 s`, `1 m 30 s` */
export function spoken(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${Number((ms / 1_000).toFixed(1))} s`;
  const seconds = Math.round(ms / 1_000);
  return seconds % 60 === 0 ? `${seconds / 60} m` : `${Math.floor(seconds / 60)} m ${seconds % 60} s`;
}
