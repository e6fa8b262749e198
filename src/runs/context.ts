import { setTimeout as sleep } from 'node:timers/promises';
import type { Effect } from '#domain/incident/effect.js';
import type { Fact } from '#domain/incident/fact.js';
import type { IncidentState } from '#domain/incident/state.js';
import { isPassing, isRefusal } from '#domain/refusal.js';
import type { Phase } from '#domain/run/fact.js';
import type { WorkerRunIntent } from '#domain/run/intent.js';
import type { Runbook, StepSpec } from '#domain/run/runbook.js';
import type { RunView } from '#domain/run/view.js';
import { botAsking } from '#domain/words.js';
import type { Handle } from '#handle/handle.js';
import type { Lanes, Lease } from '#lanes/lane.js';
import type { PlainLog } from '#log.js';
import type { Metrics } from '#metrics.js';
import type { Action, ActionContext } from '#runbooks/action.js';
import type { Scrub } from '#runbooks/scrub.js';
import type { Store } from '#store/store.js';

/** One run in the hands of one worker. */
export interface HeldRun {
  /** As it was when it was last read. */
  view: RunView;
  incident: IncidentState;
  world: RunWorld;
  lease: Lease;
  tell: RunTell;
  /** Ends when somebody cancels the run. */
  cancelled: AbortSignal;
}

/** One attempt at one of its steps. */
export interface StepContext extends HeldRun {
  spec: StepSpec;
  /** Names the attempt in whatever is told of it. */
  at: { run: number; step: string; phase: Phase; attempt: number; fence: number };
}

/** An action that does not listen to its signal is left behind after a moment: the run must not hang on it. */
export async function abortable<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
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
      // How the run stands is the key: nothing is begun or finished twice (#domain/run/decide.ts). What was written
      // though we were told otherwise is found to have moved on.
      const asking = botAsking(team, null, world.now());
      const answer = await world.tell(shortened(keepable(world.scrub.json(intent))), incident, asking);
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

/** What steps may use of this installation: the sections of tocsin.yml, opened. */
type Systems = Omit<ActionContext, 'signal' | 'key' | 'written' | 'now'>;

/** All that taking a run along stands on. */
export interface RunWorld {
  outbox: Lanes;
  incident(team: string, incident: number): Promise<IncidentState | null>;
  facts(team: string, incident: number, run: number): Promise<Fact[]>;
  targets: Store['targets'];
  tell: Handle;
  /** Reads a definition as it was kept with the run. @returns null: it cannot be read any more */
  readRunbook(source: string): Runbook | null;
  actions: ReadonlyMap<string, Action>;
  systems: Systems;
  /** Takes known secrets out of what is written down; `stream`: of what comes in pieces and is cut to length before that. */
  scrub: Pick<Scrub, 'text' | 'json'> & Partial<Pick<Scrub, 'stream'>>;
  /**
   * The people that names and groups stand for now (`@sre`, `S012AB3CD`, `U012AB3CD`); roles are passed over.
   * @param before whom they stood for when it was last known, for where that cannot be found out now
   */
  approversOf(team: string, from: readonly string[], before: readonly string[]): Promise<string[]>;
  /** @returns those of them whose accounts are known to be deactivated */
  gone(team: string, people: readonly string[]): Promise<string[]>;
  /** Leaves an effect that is due then. The same key twice is one. */
  owe(effect: Effect, of: Parameters<Store['outbox']['owe']>[1]): Promise<void>;
  now(): Date;
  log: PlainLog;
  /** Counts steps that ended. */
  metrics?: Pick<Metrics, 'stepEnded'>;
}
