import type { Mark } from '../words.js';
import type { IncidentState } from './state.js';

/** Whole seconds from *started*; null where it cannot be known. Never negative. */
export interface Metrics {
  time_to_detect_s: number | null;
  time_to_mitigate_s: number | null;
  time_to_resolve_s: number | null;
}

const MEASURED = [
  ['time_to_detect_s', 'detected'],
  ['time_to_mitigate_s', 'mitigated'],
  ['time_to_resolve_s', 'resolved'],
] as const satisfies ReadonlyArray<readonly [keyof Metrics, Mark]>;

/**
 * How long it took to detect, mitigate and resolve. Only a marked *started* counts as the beginning: the moment at which
 * the incident was opened says when somebody typed, not when it began. A bare date is no time, so nothing is measured from it.
 * @param show how a contradiction's sentence writes a moment; as in the record (UTC) unless given
 * @returns the metrics, and a sentence for each milestone that stands before *started*
 */
export function metricsOf(
  milestones: IncidentState['milestones'],
  show: (at: string) => string = (at) => at,
): { metrics: Metrics; contradictions: string[] } {
  const metrics: Metrics = { time_to_detect_s: null, time_to_mitigate_s: null, time_to_resolve_s: null };
  const contradictions: string[] = [];
  const started = milestones.started;
  if (!started || started.precision === 'date') return { metrics, contradictions };
  for (const [name, mark] of MEASURED) {
    const reached = milestones[mark];
    if (!reached || reached.precision === 'date') continue;
    const seconds = Math.round((Date.parse(reached.at) - Date.parse(started.at)) / 1000);
    if (seconds >= 0) metrics[name] = seconds;
    else contradictions.push(`${mark} (${show(reached.at)}) is before started (${show(started.at)})`);
  }
  return { metrics, contradictions };
}
