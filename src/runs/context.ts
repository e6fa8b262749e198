import { setTimeout as sleep } from 'node:timers/promises';
import type { IncidentState } from '#domain/incident/state.js';
import { isPassing, isRefusal } from '#domain/refusal.js';
import type { Phase } from '#domain/run/fact.js';
import type { WorkerRunIntent } from '#domain/run/intent.js';
import type { Json } from '#domain/run/runbook.js';
import type { RunView } from '#domain/run/view.js';
import { type ActionContext, ActionFailed } from '#runbooks/action.js';
import type { RunLease } from './lease.js';
import type { RunWorld } from './ports.js';

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

/** Somebody has moved the run on since it was read (an answer, a cancellation, another worker): read it again. */
export class Moved extends Error {}

/** It could not be recorded, or nobody knows: the run is taken up again later, from what is in the record. */
export class NotKept extends Error {}

/** Records what a worker did, every text scrubbed of known secrets. @throws Moved | NotKept */
export type RunTell = (intent: WorkerRunIntent) => Promise<void>;

/** Pauses before it is said again: a database that blinks must not make a person answer for a step that we know all about. */
const PAUSES_MS = [100, 300, 900, 1_500];

/** @param lost ends when another worker has the run: there is nothing more to say then */
export function runTell(world: RunWorld, team: string, incident: number, lost: AbortSignal): RunTell {
  return async (intent) => {
    for (let tries = 0; ; tries++) {
      const answer = await world.tell(shortened(keepable(world.scrub.json(intent))), incident, {
        team,
        by: { id: 'tocsin', name: null },
        source: 'bot',
        // How the run stands is the key: nothing is begun or finished twice (#domain/run/decide.ts). What was written
        // though we were told otherwise is found to have moved on.
        key: null,
        now: world.now(),
        seesPrivate: true,
      });
      if (!isRefusal(answer)) return;
      if (answer.code === 'RUN_MOVED_ON' || answer.code === 'NO_SUCH_RUN') throw new Moved(answer.sentence);
      const ms = PAUSES_MS[tries];
      if (!isPassing(answer) || ms === undefined || lost.aborted)
        throw new NotKept(`${intent.type}: ${answer.code}`);
      await sleep(ms);
    }
  };
}

/** What programs and services say may hold what no text can: a NUL, or half a character. Shown instead is that it was there. */
function keepable(intent: WorkerRunIntent): WorkerRunIntent {
  const clean = (value: unknown): unknown =>
    typeof value === 'string'
      ? value.replaceAll('\0', '\u2400').replace(/\p{Cs}/gu, '\ufffd')
      : Array.isArray(value)
        ? value.map(clean)
        : value;
  const members = Object.entries(intent).map(([name, value]) => [name, clean(value)]);
  return Object.fromEntries(members) as WorkerRunIntent;
}

/** Characters of what is told in a sentence. */
const SENTENCE = 2_000;
const QUESTION = 4_000;

/** Only after it is scrubbed: half a secret would not be recognised as one. */
function shortened(intent: WorkerRunIntent): WorkerRunIntent {
  switch (intent.type) {
    case 'DelayStep':
      return { ...intent, error: cut(intent.error, SENTENCE) };
    case 'FinishStep':
      return { ...intent, error: cut(intent.error, SENTENCE), summary: cut(intent.summary, SENTENCE) };
    case 'EndRun':
      return { ...intent, summary: cut(intent.summary, SENTENCE) };
    case 'AskStep':
      return { ...intent, question: cut(intent.question, QUESTION) };
    default:
      return intent;
  }
}

/** Not inside a pair of surrogates: half a character cannot be kept. */
function cut<T extends string | null>(text: T, length: number): T {
  if (text === null || text.length <= length) return text;
  return `${text.slice(0, length - 1).replace(/[\ud800-\udbff]$/, '')}…` as T;
}
