/** The closed vocabularies of an incident. Their order is the order in which people are offered them. */
export const SEVERITIES = ['sev1', 'sev2', 'sev3', 'sev4'] as const;
export type Severity = (typeof SEVERITIES)[number];

export const STATUSES = ['investigating', 'identified', 'monitoring', 'resolved'] as const;
export type Status = (typeof STATUSES)[number];

/** States of a public status post: the statuses and, after the end, the postmortem. */
export const POST_STATES = [...STATUSES, 'postmortem'] as const;
export type PostState = (typeof POST_STATES)[number];

/** Milestones that people mark; `opened` is always known. */
export const MARKS = ['started', 'detected', 'mitigated', 'resolved'] as const;
export type Mark = (typeof MARKS)[number];

export const ENTRY_KINDS = [
  'opened',
  'note',
  'message',
  'status',
  'severity',
  'role',
  'title',
  'milestone',
  'component',
  'impact',
  'cause',
  'action',
  'post',
  'run',
  'step',
  'alert',
] as const;
export type EntryKind = (typeof ENTRY_KINDS)[number];

/**
 * How something that we stand on is. `degraded`: it works, but not as it should; `refusing`: it answers, and does not do
 * what it is asked; `away`: it does not answer.
 */
export type State = 'ok' | 'degraded' | 'refusing' | 'away';

/** A state, with what people need to know of it: `reason` completes “the database is away: …”, `fix` is what to do. */
export interface Condition {
  state: State;
  reason?: string;
  fix?: string;
}

/** Where a fact came in. `bot` is Tocsin itself, when it pays what it owes. */
export const SOURCES = ['slack', 'cli', 'api', 'bot'] as const;
export type Source = (typeof SOURCES)[number];
