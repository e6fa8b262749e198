import type { Fact } from './fact.js';
import type { Precision } from './moment.js';
import type { EntryKind, Source } from './words.js';

/**
 * One line of the timeline: a reading of one fact and its later corrections.
 * `text` is the free text that a person gave (null where the kind needs none, or erased: see `erased`);
 * `detail` holds what the kind adds (`status`, `severity`, `milestone`, `action` …).
 */
export interface Entry {
  n: number;
  at: string;
  until: string | null;
  precision: Precision;
  recordedAt: string;
  editedAt: string | null;
  kind: EntryKind;
  text: string | null;
  erased: boolean;
  detail: EntryDetail;
  struck: boolean;
  by: { id: string; name: string | null };
  source: Source;
  link: string | null;
}

/** Small, flat, JSON: at most these members, each only where its kind has it. */
export interface EntryDetail {
  status?: string;
  reopened?: boolean;
  severity?: string;
  role?: string;
  person?: { id: string; name: string | null };
  milestone?: string;
  change?: 'added' | 'removed';
  failed?: number | null;
  total?: number | null;
  from?: string | null;
  to?: string | null;
  components?: string[];
  action?: number;
  done?: boolean;
  owner?: { id: string; name: string | null } | null;
  state?: string;
  private?: boolean;
  drill?: boolean;
  /** Author of a captured message; `by` is the person who captured it. */
  author?: { id: string; name: string | null };
  struckReason?: string | null;
  /** Of a run: its name (`RUN-3`), its runbook, what happened in it, and in which step. */
  run?: string;
  runbook?: string;
  what?: string;
  step?: string;
}

/** A correction of an earlier entry. `set.detail` is merged into the entry's detail, member by member. */
export type Amendment = { n: number; set: Partial<Omit<Entry, 'n' | 'detail'>> & { detail?: EntryDetail } };

export type EntryOf = (fact: Fact) => Entry | null;
