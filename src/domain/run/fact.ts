import { z } from 'zod';
import { type BodyOf, count, happened, hash, id, number, shape, stamp } from '../shape.js';

/** How a run ended. */
const RUN_ENDS = [
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

const phase = z.enum(['run', 'undo']);
/** Which way a step is done: as the runbook says, or taking back what it did. */
export type Phase = z.infer<typeof phase>;

const outcome = z.enum(['done', 'failed', 'skipped']);
/** How a step ended. */
export type StepOutcome = z.infer<typeof outcome>;

const askedWhy = z.enum(['failed', 'unknown', 'question']);
/** Why a run stands still until a person says something. */
export type AskedWhy = z.infer<typeof askedWhy>;

const askedAgain = z.enum(['moved', 'approvers']);
/** Why a plan has to be approved anew: the world has moved, or somebody who agreed would not be asked any more. */
export type AskedAgain = z.infer<typeof askedAgain>;

const approvers = z.strictObject({
  required: count,
  /** As the definition says it: roles, people, groups. Empty: anybody who sees the incident. */
  from: z.array(id),
  /** The people that groups and names stood for then; roles are looked at when somebody approves. */
  people: z.array(id),
  self: z.boolean(),
  expiresAt: stamp,
});
/** Who may agree to a plan, as it stood when the plan was made. */
export type Approvers = z.infer<typeof approvers>;

/** `run`: the number in RUN-n, of its incident. */
const ofRun = { run: number };
/** `attempt`: 1, 2 … within that phase of that step. */
const ofStep = { ...ofRun, step: id, phase, attempt: count };
/** An attempt of a step; `Attempt`: within its run. */
export type OfStep = z.infer<z.ZodObject<typeof ofStep>>;
export type Attempt = Omit<OfStep, 'run'>;

/** What happens in a run. Outputs hold ids and fingerprints, never values. */
export const RUN_FACTS = {
  /**
   * Texts: `definition` (the YAML as it was then) and `inputs` (JSON): a run keeps both to its end. `owner`: the person
   * whose token, or command line, asked; absent where a person asked, or nobody answers for it.
   */
  RunProposed: shape(
    { ...happened, ...ofRun, runbook: id, planOnly: z.boolean(), target: id, owner: id.optional() },
    { required: ['definition', 'inputs'] },
  ),
  /** Text: `plan` (JSON, see plan.ts). `again`: the world has moved since the plan before. */
  RunPlanned: shape(
    { ...ofRun, hash, steps: z.array(id), changes: count, approvers, again: z.boolean() },
    { required: ['plan'] },
  ),
  /** `count` of `required`: how many have agreed to this plan now. Text: `reason`, of who broke the glass. */
  RunApproved: shape(
    { ...happened, ...ofRun, hash, breakGlass: z.boolean(), count: number, required: count },
    { optional: ['reason'] },
  ),
  /** Nothing was begun: the approved plan counts no longer, and people are asked about another. */
  RunAskedAgain: shape({ ...happened, ...ofRun, why: askedAgain }),
  RunStarted: shape({ ...ofRun, fence: number }),
  /** Text: `captured` (JSON): what was there before the first attempt. */
  StepStarted: shape({ ...ofStep, fence: number, at: stamp }, { optional: ['captured'] }),
  /** Another worker has taken over a step that was begun: reports of the earlier worker count no longer. */
  StepTaken: shape({ ...ofStep, fence: number }),
  StepWaits: shape({ ...ofStep, until: stamp }, { optional: ['error'] }),
  /**
   * `startedAt` null: it never began (left out, or skipped by a person). Texts: `output` (JSON), `summary`, `error`,
   * `log` (what it printed), and `posts` messages for Slack, `post.0` … (JSON: text and channel).
   */
  StepFinished: shape(
    { ...happened, ...ofStep, outcome, startedAt: stamp.nullable(), posts: count },
    {
      optional: ['output', 'summary', 'error', 'log'],
      list: { field: 'post', count: (d) => d.posts, required: true },
    },
  ),
  StepAsked: shape(
    { ...happened, ...ofStep, why: askedWhy, choices: z.array(id) },
    { required: ['question'] },
  ),
  StepAnswered: shape({ ...happened, ...ofStep, choice: id }, { optional: ['reason'] }),
  RunCancelled: shape({ ...happened, ...ofRun }, { optional: ['reason'] }),
  RunUndoing: shape({ ...happened, ...ofRun, why: z.enum(['asked', 'failed']) }),
  RunEnded: shape({ ...happened, ...ofRun, end: z.enum(RUN_ENDS) }, { optional: ['summary'] }),
  /** The one message of this run in Slack. */
  RunShown: shape({ ...ofRun, channel: id, ts: id }),
};

export type RunFactBody = BodyOf<typeof RUN_FACTS>;
