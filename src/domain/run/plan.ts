import { canonical, hashOf } from '../incident/chain.js';
import type { Json, StepEffect } from './runbook.js';

/** One step as it would be done. Sentences and fingerprints only: a plan is shown, and kept. */
export interface PlannedStep {
  id: string;
  title: string;
  uses: string;
  effect: StepEffect;
  /** Does it send a secret to where tocsin.yml says? Then it must be approved, even if it changes nothing. */
  sends?: boolean;
  /** What it would do, in one sentence: `adds 2 keys to tts-new (client-1 fp:…, client-2 fp:…)`; why a step is left out. */
  does: string;
  /** What a run of it would touch: stores, files, addresses. Empty for a read. */
  touches: string[];
  /** What stands there now, and what would stand there then; null where that is not a matter of values. */
  current: string | null;
  desired: string | null;
  /** How it would be taken back; null: it cannot be, or there is nothing to take back. */
  undo: string | null;
  /** `maybe`: only known when it runs. */
  when: 'runs' | 'left out' | 'maybe';
  /** Its input, with templates filled; a value that is not known before the run says so. */
  input: Json;
  /** The output that it would give, as far as the plan can tell: the run may give no other. */
  output?: Json;
}

/** What a run would do, found out by reading only. */
export interface RunPlan {
  target: string;
  steps: PlannedStep[];
  /** Versions read, by place. */
  versions: Record<string, string>;
}

/**
 * What an approval is bound to: the definition and the inputs, every step, and the versions that were read.
 * @returns SHA-256 as 64 hex digits
 */
export function planHash(plan: RunPlan, definition: string, inputs: string): string {
  return hashOf(canonical({ plan, definition: hashOf(definition), inputs }));
}

/** Steps of a plan that send secrets out and change nothing. */
export function sendingOf(plan: RunPlan): PlannedStep[] {
  return plan.steps.filter(({ effect, sends, when }) => effect === 'read' && sends && when !== 'left out');
}

/** Steps of a plan that would change something. */
export function changesOf(plan: RunPlan): PlannedStep[] {
  return plan.steps.filter((step) => step.effect !== 'read' && step.when !== 'left out');
}
