import type { Entry } from '../entry.js';
import type { DraftFact } from '../fact.js';
import type { Asking, Intent } from '../intent.js';
import { type Moment, momentNow } from '../moment.js';
import type { Asker } from '../permission.js';
import { type Refusal, refuse } from '../refusal.js';
import { type IncidentState, refOf } from '../state.js';

/** What deciding may have to look up beside the bounded state: at most one entry, found by the caller. */
export interface Found {
  /** The entry that the intent names (`edit 4`), or the asker's own last one (`undo`). */
  entry: Entry | null;
  /** Where something is struck: all unstruck entries by which anything stands (standing.ts), in order of recording. */
  changes: Entry[];
  /** The entry that captured that message before. */
  captured: Entry | null;
  /** Has that action item been completed? */
  actionDone: boolean;
  /** The number for a new incident. */
  number: number;
  /** Which run holds the target that a new run, or an undo, wants; absent or null: none. */
  holder?: { incident: number; run: number; hidden?: boolean } | null;
  /** Who asks, looked up; absent: as much as came with the asking. */
  asker?: Asker;
}

export type Decision = DraftFact[] | Refusal;
export type IntentOf<T extends Intent['type']> = Extract<Intent, { type: T }>;

/** What a new timeline entry begins with: its number and when it happened. */
export function happened(state: IncidentState, asking: Asking, moment: Moment | null, offset = 0) {
  const { at, until, precision } = moment ?? momentNow(asking.now);
  return { n: state.entries + 1 + offset, at, until, precision };
}

/** Texts that may be absent: an absent one has no field at all, so that null can mean *erased*. */
export function given(texts: Record<string, string | null>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(texts).filter((pair): pair is [string, string] => pair[1] !== null),
  );
}

/** `component.0`, `component.1` …: lists of texts, each erasable on its own. */
export function numbered(field: string, values: string[]): Record<string, string> {
  return Object.fromEntries(values.map((value, i) => [`${field}.${i}`, value]));
}

/** @returns a refusal when more than `limit` things would be kept. */
export function tooMany(what: string, count: number, limit: number, next: string): Refusal | null {
  return count > limit ? refuse('TOO_MANY', { what, count, limit, next }) : null;
}

/** @returns the entry, or why it cannot be corrected. */
export function standing(state: IncidentState, found: Found, entry: number): Entry | Refusal {
  const ref = refOf(state.number);
  if (!found.entry || found.entry.n !== entry) return refuse('NO_SUCH_ENTRY', { ref, entry });
  if (found.entry.struck) return refuse('ENTRY_STRUCK', { ref, entry });
  return found.entry;
}
