import { SEVERITIES, type Severity } from '../words.js';

/** What other teams call them. */
const CALLED: Record<string, number> = {
  critical: 1,
  major: 2,
  high: 2,
  moderate: 3,
  medium: 3,
  minor: 3,
  low: 4,
  trivial: 4,
};

/** @returns the severity meant by `sev2`, `SEV-2`, `2`, `P2`, `S2` or `major`; null for anything else. */
export function severityOf(word: string): Severity | null {
  const lower = word.toLowerCase();
  const digit = /^(?:(?:sev|p|s)-?)?([1-4])$/.exec(lower)?.[1];
  const rank = digit ? Number(digit) : Object.hasOwn(CALLED, lower) ? CALLED[lower] : undefined;
  return SEVERITIES[(rank ?? 0) - 1] ?? null;
}
