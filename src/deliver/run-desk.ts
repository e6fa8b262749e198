import type { Phase } from '#domain/run-fact.js';
import type { Json } from '#domain/runbook.js';
import type { RunView } from '#domain/runbook-run.js';
import type { IncidentState } from '#domain/state.js';
import { type ActionContext, ActionFailed } from '#runbooks/action.js';
import type { RunLease } from './run-lease.js';
import type { RunWorld } from './run-ports.js';
import type { RunTell } from './run-tell.js';

/** A step was stopped from outside; `output` is what it had done by then, for the undo. */
export class Cancelled extends ActionFailed {}

/** One step of one run in the hands of one worker. */
export interface StepDesk {
  /** As it was when it was last read. */
  view: RunView;
  incident: IncidentState;
  world: RunWorld;
  lease: RunLease;
  tell: RunTell;
  /** Ends when somebody cancels the run. */
  cancelled: AbortSignal;
}

/** Which attempt at which step. */
export interface At {
  run: number;
  step: string;
  phase: Phase;
  attempt: number;
}

/** What a person may say where a step failed, or nobody knows how it ended. */
export const CHOICES = ['retry', 'skip', 'undo'];

/** What an action that only reads may use. @param written what its call says in the definition */
export function readingContext(
  { world, incident }: StepDesk,
  at: At,
  written: Json,
  signal: AbortSignal,
): ActionContext {
  const key = `${incident.team}/${incident.number}/${at.run}/${at.step}/${at.phase}`;
  return { ...world.systems, key, written, signal, now: world.now };
}

/** An action that does not listen to its signal is left behind after a moment: the run must not hang on it. */
export async function within<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const running = work();
  running.catch(() => undefined);
  const aborted = new Promise<never>((_, reject) => {
    const give = () => setTimeout(() => reject(signal.reason), PATIENCE_MS).unref();
    signal.addEventListener('abort', give, { once: true });
  });
  return Promise.race([running, aborted]);
}

const PATIENCE_MS = 3_000;

/** The whole of it: what is cut before it is scrubbed may end with half a secret. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
