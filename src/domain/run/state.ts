import type { Approvers, AskedWhy, Attempt, Phase, RunEnd, RunFactBody, StepOutcome } from './fact.js';
import type { RunPlan } from './plan.js';

/** A fact of a run, as far as its state rests on it. */
type RunFactOf = RunFactBody & {
  by: { id: string };
  texts: Readonly<Record<string, string | null | undefined>>;
};

type RunStatus = 'planning' | 'waiting' | 'running' | 'asking' | 'undoing' | 'ended';

/** How far one step has come in one phase. `due`: it waits until then. `again`: it is to be done once more. */
export interface StepMark {
  state: 'running' | 'due' | 'again' | 'asked' | StepOutcome;
  attempt: number;
  until: string | null;
}

/** What deciding needs to know of a run: bounded, part of its incident's state. */
export interface RunState {
  run: number;
  runbook: string;
  target: string;
  planOnly: boolean;
  status: RunStatus;
  end: RunEnd | null;
  /** Who asked for it. */
  by: string;
  /** Whose token, or command line, that was; absent: a person asked, or nobody answers for it. */
  owner?: string;
  /** Who held which role when the plan was shown; absent in what was written before this was kept. */
  holders?: Record<string, string>;
  /** Who has changed a role since the plan was shown, by role. */
  meddlers?: Record<string, string[]>;
  hash: string | null;
  /** Of the plans before this one, the newest last; absent in what was written before this was kept. */
  earlier?: string[];
  approvers: Approvers | null;
  /** Who has agreed to the plan of this hash. */
  approvals: string[];
  /** Somebody broke the glass: this plan needs no more agreement. */
  granted: boolean;
  /** Steps began: from here on a plan cannot be exchanged. */
  started: boolean;
  /** A step began that does more than read. Absent in what was written before this was kept: ask `hasChanged`. */
  changed?: boolean;
  /** Ids of the steps that only read, as far as the plan says so. */
  reads?: string[];
  cancelled: boolean;
  /** The highest fence under which anybody acted. */
  fence: number;
  /** Ids of the steps in order. */
  order: string[];
  steps: Record<string, Partial<Record<Phase, StepMark>>>;
  asked: (Attempt & { why: AskedWhy; choices: string[] }) | null;
  message: { channel: string; ts: string } | null;
}

export interface Runs {
  /** How many runs have been numbered. */
  count: number;
  /** Those that are under way, and the newest ended ones, which may still be undone. */
  list: RunState[];
}

/** People who changed a role while a plan waits that are remembered. */
const MEDDLERS = 20;
/** Earlier plans of a run that are remembered. */
const EARLIER = 20;
/** Runs that may be under way in one incident. */
export const RUNS_UNDER_WAY = 20;
/** Runs that an incident's state remembers; ended ones beyond that are found in the facts only. */
export const RUNS_KEPT = 60;

/**
 * @param holders who holds which role now: for a plan that is shown
 * @returns the incident's runs after one more fact of a run. Never changes what it is given.
 */
export function evolveRuns(runs: Runs, fact: RunFactOf, holders: Record<string, string>): Runs {
  if (fact.type === 'RunProposed') {
    const list = [...runs.list, proposed(fact)];
    return { count: Math.max(runs.count, fact.data.run), list: forgetting(list) };
  }
  const list = runs.list.map((run) => {
    if (run.run !== fact.data.run) return run;
    const next = lean(evolveRun(run, fact));
    return fact.type === 'RunPlanned' ? { ...next, holders, meddlers: {} } : next;
  });
  return { ...runs, list };
}

/** A role was given to somebody: the people who may approve a waiting plan may have changed. */
export function rolesChanged(runs: Runs, role: string, by: string): Runs {
  const list = runs.list.map((run) => {
    if (run.status !== 'waiting') return run;
    const before = run.meddlers?.[role] ?? [];
    return { ...run, meddlers: { ...run.meddlers, [role]: [...new Set([...before, by])].slice(-MEDDLERS) } };
  });
  return { ...runs, list };
}

/** Steps of an ended run are dropped: no decision needs them, the facts have them, and every write of the incident would carry them. */
function lean(run: RunState): RunState {
  return run.status === 'ended'
    ? { ...run, order: [], steps: {}, reads: [], earlier: [], holders: {}, meddlers: {} }
    : run;
}

/** Runs that changed nothing go first, then the oldest that ended; a run under way is never forgotten. */
function forgetting(list: RunState[]): RunState[] {
  let excess = list.length - RUNS_KEPT;
  const keep = (may: (run: RunState) => boolean) => (run: RunState) => !may(run) || excess-- <= 0;
  const lighter = list.filter(keep((run) => run.status === 'ended' && !hasChanged(run)));
  return lighter.filter(keep((run) => run.status === 'ended'));
}

export function proposed(fact: Extract<RunFactOf, { type: 'RunProposed' }>): RunState {
  const { run, runbook, target, planOnly, owner } = fact.data;
  return {
    run,
    runbook,
    target,
    planOnly,
    status: 'planning',
    end: null,
    by: fact.by.id,
    ...(owner !== undefined && { owner }),
    hash: null,
    earlier: [],
    approvers: null,
    approvals: [],
    granted: false,
    started: false,
    changed: false,
    reads: [],
    cancelled: false,
    fence: 0,
    order: [],
    steps: {},
    asked: null,
    message: null,
  };
}

/** The run after one more of its facts. */
export function evolveRun(run: RunState, fact: RunFactOf): RunState {
  switch (fact.type) {
    case 'RunProposed':
      return run;
    case 'RunPlanned': {
      const { hash, approvers, steps } = fact.data;
      const reads = readsOf(fact.texts.plan);
      const earlier = [...(run.earlier ?? []), ...(run.hash === null ? [] : [run.hash])].slice(-EARLIER);
      return {
        ...run,
        status: 'waiting',
        hash,
        approvers,
        approvals: [],
        granted: false,
        order: steps,
        reads,
        earlier,
      };
    }
    case 'RunApproved':
      return {
        ...run,
        approvals: [...new Set([...run.approvals, fact.by.id])],
        granted: run.granted || fact.data.breakGlass,
      };
    case 'RunAskedAgain':
      return run;
    case 'RunStarted':
      return { ...run, status: 'running', started: true, fence: Math.max(run.fence, fact.data.fence) };
    case 'StepStarted': {
      const fence = Math.max(run.fence, fact.data.fence);
      const { step, phase } = fact.data;
      const changed = hasChanged(run) || (phase === 'run' && !run.reads?.includes(step));
      return marked({ ...run, fence, changed }, fact.data, 'running');
    }
    case 'StepTaken':
      return { ...run, fence: Math.max(run.fence, fact.data.fence) };
    case 'StepWaits':
      return marked(run, fact.data, 'due', fact.data.until);
    case 'StepFinished':
      return marked(run, fact.data, fact.data.outcome);
    case 'StepAsked': {
      const { step, phase, attempt, why, choices } = fact.data;
      const asked = { step, phase, attempt, why, choices };
      return marked({ ...run, status: 'asking', asked }, fact.data, 'asked');
    }
    case 'StepAnswered': {
      const { phase } = fact.data;
      const going = { ...run, status: phase === 'undo' ? 'undoing' : 'running', asked: null } as const;
      return marked(going, fact.data, 'again');
    }
    case 'RunCancelled':
      return { ...run, cancelled: true };
    case 'RunUndoing':
      return { ...run, status: 'undoing', end: null, asked: null, cancelled: false };
    case 'RunEnded':
      return { ...run, status: 'ended', end: fact.data.end, asked: null };
    case 'RunShown':
      return { ...run, message: { channel: fact.data.channel, ts: fact.data.ts } };
    default: {
      const unknown: never = fact;
      throw new Error(`a fact of a run of an unknown type: ${JSON.stringify(unknown)}`);
    }
  }
}

function marked(run: RunState, at: Attempt, state: StepMark['state'], until: string | null = null): RunState {
  const { step, phase, attempt } = at;
  const marks = { ...run.steps[step], [phase]: { state, attempt, until } };
  return { ...run, steps: { ...run.steps, [step]: marks } };
}

/** Ids of the steps that only read, as the plan says; none if the plan was erased. */
function readsOf(plan: string | null | undefined): string[] {
  try {
    const { steps } = JSON.parse(plan ?? '') as RunPlan;
    return steps.filter(({ effect }) => effect === 'read').map(({ id }) => id);
  } catch {
    return [];
  }
}

/** May the run have changed anything? Of runs recorded by older versions only their beginning is known. */
export function hasChanged(run: RunState): boolean {
  return run.changed ?? run.started;
}

/** Have enough people agreed? */
export function isApproved(run: RunState): boolean {
  return run.approvers !== null && (run.granted || run.approvals.length >= run.approvers.required);
}

/** @returns the runs of an incident; one that was written before there were runs has none. */
export function runsOf(state: { runs?: Runs }): Runs {
  return state.runs ?? { count: 0, list: [] };
}
