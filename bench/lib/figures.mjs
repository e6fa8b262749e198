// Numbers: medians, rounding, and how a target is stated beside what was measured.
import { availableParallelism, cpus, loadavg } from 'node:os';

/** The value below which `q` (0 to 1) of the values lie; of an even number of values the lower middle one. */
export function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * q) - 1)];
}

export const median = (values) => quantile(values, 0.5);

export const round = (value, digits = 2) => Number(value.toFixed(digits));

/** `{what, measured, target, met}`: one line of a report. `least`: the target is a minimum, not a maximum. */
export function target(what, measured, limit, { least = false, digits = 2 } = {}) {
  const met = least ? measured >= limit : measured <= limit;
  return {
    what,
    measured: round(measured, digits),
    target: `${least ? '≥' : '≤'} ${round(limit, digits)}`,
    met,
  };
}

/** The machine, as far as a figure depends on it. `load`: average over the last minute, before we began. */
export function machine() {
  return {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model ?? 'unknown',
    node: process.version,
    load: round(loadavg()[0]),
  };
}
