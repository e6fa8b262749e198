/**
 * How much time has passed. The wall clock may be set, and the monotonic one stands still while a machine sleeps: whichever
 * says more is believed. A wait in memory is a moment and a span, never a time of day: a clock that was ahead must not have
 * anybody wait until that is reached.
 */
export interface Moment {
  wall: number;
  steady: number;
}

export const moment = (wall = Date.now()): Moment => ({ wall, steady: performance.now() });

/** @returns milliseconds since then */
export const age = (since: Moment, wall = Date.now()): number =>
  Math.max(wall - since.wall, performance.now() - since.steady);

/** The clock of the wall, for whoever is handed none. */
export const now = (): Date => new Date();
