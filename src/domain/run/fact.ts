import type { Happened } from '../words.js';

/** Which way a step is done: as the runbook says, or taking back what it did. */
export type Phase = 'run' | 'undo';
/** How a step ended. */
export type StepOutcome = 'done' | 'failed' | 'skipped';
/** Why a run stands still until a person says something. */
export type AskedWhy = 'failed' | 'unknown' | 'question';
/** Why a plan has to be approved anew: the world has moved, or somebody who agreed would not be asked any more. */
export type AskedAgain = 'moved' | 'approvers';
/** How a run ended. */
export const RUN_ENDS = [
  'succeeded',
  'failed',
  'cancelled',
  'rejected',
  'expired',
  'planned',
  'undone',
  'partly-undone',
] as const;
export type RunEnd = (typeof RUN_ENDS)[number];

/** Who may agree to a plan, as it stood when the plan was made. */
export interface Approvers {
  required: number;
  /** As the definition says it: roles, people, groups. Empty: anybody who sees the incident. */
  from: string[];
  /** The people that groups and names stood for then; roles are looked at when somebody approves. */
  people: string[];
  self: boolean;
  /** UTC, ISO 8601 with milliseconds. */
  expiresAt: string;
}

/** The number in RUN-n: of its incident. */
interface OfRun {
  run: number;
}
interface OfStep extends OfRun {
  step: string;
  phase: Phase;
  /** 1, 2 … within that phase of that step. */
  attempt: number;
}

/** What happens in a run. Outputs hold ids and fingerprints, never values. */
export type RunFactBody =
  /**
   * Texts: `definition` (the YAML as it was then) and `inputs` (JSON): a run keeps both to its end. `owner`: the person
   * whose token, or command line, asked; absent where a person asked, or nobody answers for it.
   */
  | {
      type: 'RunProposed';
      data: Happened & OfRun & { runbook: string; planOnly: boolean; target: string; owner?: string };
    }
  /** Text: `plan` (JSON, see plan.ts). `again`: the world has moved since the plan before. */
  | {
      type: 'RunPlanned';
      data: OfRun & { hash: string; steps: string[]; changes: number; approvers: Approvers; again: boolean };
    }
  /** `count` of `required`: how many have agreed to this plan now. Text: `reason`, of who broke the glass. */
  | {
      type: 'RunApproved';
      data: Happened & OfRun & { hash: string; breakGlass: boolean; count: number; required: number };
    }
  /** Nothing was begun: what was approved no longer stands, and people are asked about another plan. */
  | { type: 'RunAskedAgain'; data: Happened & OfRun & { why: AskedAgain } }
  | { type: 'RunStarted'; data: OfRun & { fence: number } }
  /** Text: `captured` (JSON): what stood there before the first attempt. */
  | { type: 'StepStarted'; data: OfStep & { fence: number; at: string } }
  /** Another worker has taken over a step that was begun: what the earlier one still says of it counts no more. */
  | { type: 'StepTaken'; data: OfStep & { fence: number } }
  | { type: 'StepWaits'; data: OfStep & { until: string } }
  /**
   * `startedAt` null: it never began (left out, or skipped by a person). Texts: `output` (JSON), `summary`, `error`,
   * `log` (what it printed), and `posts` messages for Slack, `post.0` … (JSON: text and channel).
   */
  | {
      type: 'StepFinished';
      data: Happened & OfStep & { outcome: StepOutcome; startedAt: string | null; posts: number };
    }
  /** Text: `question`. */
  | { type: 'StepAsked'; data: Happened & OfStep & { why: AskedWhy; choices: string[] } }
  | { type: 'StepAnswered'; data: Happened & OfStep & { choice: string } }
  | { type: 'RunCancelled'; data: Happened & OfRun }
  | { type: 'RunUndoing'; data: Happened & OfRun & { why: 'asked' | 'failed' } }
  | { type: 'RunEnded'; data: Happened & OfRun & { end: RunEnd } }
  /** The one message of this run in Slack. */
  | { type: 'RunShown'; data: OfRun & { channel: string; ts: string } };

export const RUN_FACTS = [
  'RunProposed',
  'RunPlanned',
  'RunApproved',
  'RunAskedAgain',
  'RunStarted',
  'StepStarted',
  'StepTaken',
  'StepWaits',
  'StepFinished',
  'StepAsked',
  'StepAnswered',
  'RunCancelled',
  'RunUndoing',
  'RunEnded',
  'RunShown',
] as const satisfies ReadonlyArray<RunFactBody['type']>;
