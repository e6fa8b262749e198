import { z } from 'zod';

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
