import type { Runs } from '../run/state.js';
import type { Mark, Milestone, Person, PostState, Precision, Severity, Status } from '../words.js';

/**
 * What deciding needs to know of an incident. Bounded: it does not grow with the timeline
 * (lists in it have a limit, see `LIMITS` in ../text.ts). Kept as the incident's summary row.
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
