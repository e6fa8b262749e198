/**
 * What running a step does to the world, and so what may be done when its outcome is not known:
 * `read` run again; `idempotent` run again with the same key; `conditional` run again, the target refuses a stale
 * write; `unsafe` never again by itself: a probe says what happened, or a person decides.
 */
export const STEP_EFFECTS = ['read', 'idempotent', 'conditional', 'unsafe'] as const;
export type StepEffect = (typeof STEP_EFFECTS)[number];

/** A value as YAML and JSON know it. Strings in it may hold templates, see template.ts. */
export type Json = null | boolean | number | string | Json[] | { [member: string]: Json };

export interface InputSpec {
  type: 'string' | 'number' | 'boolean';
  description: string | null;
  /** Absent: the input must be given. */
  default?: string | number | boolean;
  /** The only values allowed; null: any. */
  enum: Array<string | number> | null;
}

/** Who must agree before anything changes. */
interface ApprovalSpec {
  /** How many people; 0: nobody. */
  required: number;
  /** Roles (`lead`), people and groups (`@sre`, `U012AB3CD`, `S012AB3CD`); empty: anybody who sees the incident. */
  from: string[];
  /** May whoever asked for the run approve it? */
  self: boolean;
  /** How long a plan can be approved, in seconds. */
  expiresS: number;
}

/** One call of an action. */
export interface Call {
  uses: string;
  with: Record<string, Json>;
}

export interface StepSpec extends Call {
  id: string;
  title: string;
  /** As the author declared it; null: the action's own. */
  effect: StepEffect | null;
  timeoutS: number;
  /** A template: the step is left out when it comes to nothing ('' , 0, false, null, [] or {}); `not …` turns it round. */
  when: string | null;
  retry: { attempts: number; backoffS: number };
  /** Reads whether the step has happened, where its outcome is not known: done = it did, failed = it did not. */
  check: Call | null;
  /** Reads whether the step took effect, after it was done. */
  verify: Call | null;
  undo: Call | null;
}

/** A runbook, checked: what a definition file says, with every default filled in. */
export interface Runbook {
  name: string;
  title: string;
  description: string | null;
  inputs: Record<string, InputSpec>;
  /** A template over the inputs: one run at a time per target; null: the runbook's own name. */
  target: string | null;
  approval: ApprovalSpec;
  /** What a failed step leads to: a person is asked, or what was done is undone at once, in reverse order. */
  onFailure: 'ask' | 'undo';
  steps: StepSpec[];
}

/** Limits on a definition, so that a run fits in memory, in a message and in a state. */
export const RUNBOOK_LIMITS = {
  /** Characters of a definition file. */
  source: 65_536,
  steps: 40,
  inputs: 30,
  /** Characters of an input's value. */
  input: 2_000,
  timeoutS: 3_600,
  attempts: 20,
} as const;

/** @returns a sentence for somebody who named an input that the runbook does not have */
export function inputNames(names: string[]): string {
  if (names.length === 0) return 'It has no inputs.';
  return `Its inputs: ${names.map((name) => `\`${name}=…\``).join(', ')}.`;
}

/** @param values the only ones allowed; empty: any. @returns a sentence for somebody whose value is not allowed */
export function inputForm(input: string, values: string[]): string {
  const written = values.map((value) => `\`${input}=${/\s/.test(value) ? `"${value}"` : value}\``);
  return written.length === 0 ? `Write it as \`${input}=…\`.` : `Write ${written.join(' or ')}.`;
}

/** Who may know a secret now that was typed, or written into a definition. */
export const SECRET_STANDS = {
  slack: 'it stands in your Slack history',
  elsewhere: 'it stands in the history of where it was typed',
  file: 'whoever can read that file knows it',
};
