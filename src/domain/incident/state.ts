import type { Runs } from '../run/state.js';
import type { Mark, Person, PostState, Precision, Severity, Status } from '../words.js';
import type { Milestone } from './fact.js';

/**
 * What deciding needs to know of an incident. Bounded: it does not grow with the timeline
 * (lists in it have a limit, see limits.ts). Kept as the incident's summary row.
 */
export interface IncidentState {
  team: string;
  number: number;
  title: string;
  severity: Severity | null;
  status: Status;
  /** The entry by which the status stands; null: nobody set it, it is `investigating` because it was opened. */
  statusEntry: number | null;
  private: boolean;
  drill: boolean;
  components: string[];
  opener: Person;
  /** Everybody who was brought in by a command: they may see a private incident. */
  members: string[];
  /** When each of them was brought in last (UTC): an invitation may still be on its way. Absent in older summaries. */
  since?: Record<string, string>;
  roles: Record<string, Person>;
  channel: { id: string; name: string } | null;
  headline: { channel: string; ts: string } | null;
  announcement: { channel: string; ts: string } | null;
  opened: { at: string; precision: Precision; n: number };
  milestones: Record<Mark, Milestone | null>;
  /** The newest impact, for the headline; gone when that entry is struck. */
  impact: { n: number; text: string | null; failed: number | null; total: number | null } | null;
  lastPost: { state: PostState; at: string; n: number } | null;
  /** How many timeline entries and action items have been numbered. */
  entries: number;
  actions: number;
  /** Numbers of entries that were passed over, because a lost record had given them. Absent: none. */
  skipped?: number;
  /** Absent in a summary that was written before there were runs. */
  runs?: Runs;
  recordedAt: string;
}

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
