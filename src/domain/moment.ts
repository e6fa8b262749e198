/** How exactly a time was given: what was typed, never more. */
export type Precision = 'second' | 'minute' | 'approx' | 'date';

/**
 * When something happened. `at` and `until` are UTC, ISO 8601 with `Z` and whole seconds
 * (`2024-11-10T01:41:00Z`); `until` is set for a range. With precision `date` the time of day means nothing.
 */
export interface Moment {
  readonly at: string;
  readonly until: string | null;
  readonly precision: Precision;
}

/** @returns the instant as UTC ISO 8601 with whole seconds and `Z`: the form in which happened-times are kept. */
export function toSeconds(at: Date): string {
  return `${at.toISOString().slice(0, 19)}Z`;
}

/** @returns the moment of something that happens now. */
export function momentNow(now: Date): Moment {
  return { at: toSeconds(now), until: null, precision: 'second' };
}
