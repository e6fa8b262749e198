import type { RunFactBody } from '../run/fact.js';
import type {
  Happened,
  Mark,
  Milestone,
  Person,
  PostState,
  Precision,
  Severity,
  Source,
  Status,
} from '../words.js';

/** Texts and names that people gave: erasable, so the chain holds only a commitment. null: erased. */
type Texts = Readonly<Record<string, string | null>>;

/**
 * What happened, past tense, never changed. `data` is hashed as it stands; `texts` is erasable.
 * Text fields per type are listed in `FACT_TEXTS` (fact-shape.ts).
 */
export type FactBody =
  | {
      type: 'IncidentOpened';
      data: Happened & { severity: Severity | null; private: boolean; drill: boolean; components: number };
    }
  | { type: 'NoteRecorded'; data: Happened }
  | {
      type: 'MessageCaptured';
      data: Happened & { channel: string; ts: string; author: string; link: string | null };
    }
  | { type: 'StatusChanged'; data: Happened & { status: Status; reopened: boolean } }
  | { type: 'SeverityChanged'; data: Happened & { severity: Severity } }
  | { type: 'RoleAssigned'; data: Happened & { role: string; person: string } }
  | { type: 'PeopleInvited'; data: { people: string[] } }
  /** From then on they see a private incident no more. `removed`: somebody said so, and the channel follows. */
  | { type: 'PeopleLeft'; data: { people: string[]; how: 'left' | 'removed' } }
  | { type: 'TitleChanged'; data: Happened }
  | { type: 'MilestoneMarked'; data: Happened & { milestone: Mark } }
  | { type: 'ComponentAdded'; data: Happened }
  | { type: 'ComponentRemoved'; data: Happened }
  | {
      type: 'ImpactRecorded';
      data: Happened & {
        failed: number | null;
        total: number | null;
        from: string | null;
        to: string | null;
        components: number;
      };
    }
  | { type: 'CauseRecorded'; data: Happened }
  | { type: 'ActionAdded'; data: Happened & { action: number; owner: string | null } }
  | { type: 'ActionCompleted'; data: Happened & { action: number } }
  | { type: 'StatusPosted'; data: Happened & { state: PostState } }
  | { type: 'EntryEdited'; data: { entry: number } }
  | { type: 'EntryRetimed'; data: { entry: number; at: string; until: string | null; precision: Precision } }
  | { type: 'EntryStruck'; data: { entry: number; restored: Restored | null } }
  | { type: 'ChannelOpened'; data: { channel: string } }
  | { type: 'HeadlinePosted'; data: { channel: string; ts: string } }
  | { type: 'Announced'; data: { channel: string; ts: string } }
  /** The record was put back from a backup: the channel shows numbers up to these, so none of them is given again. */
  | { type: 'NumbersSkipped'; data: { entries: number; actions: number; runs: number } }
  | RunFactBody;

export type FactType = FactBody['type'];

/** A fact as decided: not yet numbered, chained or stored. */
export type DraftFact = FactBody & { texts: Readonly<Record<string, string>> };

/** A fact of one incident's stream. */
export type Fact = FactBody & {
  /** Version of this type's shape. */
  v: number;
  team: string;
  /** The number in INC-n. */
  incident: number;
  /** 1, 2, 3 … within the incident. */
  seq: number;
  /** UTC, ISO 8601 with milliseconds. */
  recordedAt: string;
  by: Person;
  source: Source;
  texts: Texts;
};

/**
 * What stands again once an entry is struck, as the fact records it. Absent: untouched. Names and titles are texts and
 * stand beside it (`title`, `person`, `component.0` …).
 */
export interface Restored {
  status?: { status: Status; n: number | null };
  severity?: { severity: Severity | null };
  title?: true;
  role?: { role: string; person: string | null };
  components?: number;
  milestones?: Partial<Record<Mark, Milestone | null>>;
  post?: { state: PostState; at: string; n: number } | null;
}
