import type { Approvers, AskedAgain, AskedWhy, OfStep, RunEnd, StepOutcome } from './fact.js';

/** What people ask of runs. Every text is scrubbed of known secrets before it gets here. */
export type PersonRunIntent =
  | {
      type: 'ProposeRun';
      runbook: string;
      /** The definition's YAML, and the inputs as they will be used, as JSON: kept with the run. */
      definition: string;
      inputs: string;
      target: string;
      planOnly: boolean;
    }
  /** `hash`: of the plan that was shown to whoever approves; null: the present one. `breakGlass`: the reason. */
  | { type: 'ApproveRun'; run: number; hash: string | null; breakGlass: string | null }
  | { type: 'RejectRun'; run: number; reason: string | null }
  | { type: 'CancelRun'; run: number; reason: string | null }
  | { type: 'UndoRun'; run: number }
  | { type: 'RetryStep'; run: number }
  | { type: 'SkipStep'; run: number; reason: string }
  /** `step`: whose question it is; null: that of the present question. */
  | { type: 'AnswerStep'; run: number; step: string | null; choice: string };

/** What a worker records while it advances a run. `fence`: the one under which it acts; an older one changes nothing. */
export type WorkerRunIntent =
  | {
      type: 'NoteRunPlanned';
      run: number;
      fence: number;
      hash: string;
      steps: string[];
      changes: number;
      approvers: Approvers;
      plan: string;
      /** Why an earlier plan, which people had agreed to, is no more; absent or null: nobody had. */
      again?: AskedAgain | null;
    }
  | { type: 'StartRun'; run: number; fence: number; hash: string }
  | ({ type: 'StartStep'; fence: number; at: string; captured: string | null } & OfStep)
  | ({ type: 'TakeStep'; fence: number } & OfStep)
  | ({ type: 'DelayStep'; fence: number; until: string; error: string | null } & OfStep)
  | ({
      type: 'FinishStep';
      fence: number;
      outcome: StepOutcome;
      startedAt: string | null;
      output: string | null;
      summary: string | null;
      error: string | null;
      log: string | null;
      posts: string[];
    } & OfStep)
  | ({ type: 'AskStep'; fence: number; why: AskedWhy; question: string; choices: string[] } & OfStep)
  | { type: 'BeginUndo'; run: number; fence: number }
  | { type: 'EndRun'; run: number; fence: number; end: RunEnd; summary: string | null }
  | { type: 'NoteRunShown'; run: number; channel: string; ts: string };

export type RunIntent = PersonRunIntent | WorkerRunIntent;
