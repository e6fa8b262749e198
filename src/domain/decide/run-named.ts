import { type Refusal, refuse } from '../refusal.js';
import { runRef } from '../run-fact.js';
import { type RunState, runsOf } from '../run-state.js';
import { type IncidentState, refOf } from '../state.js';

/** @returns the run of that number, or why there is none to speak of. */
export function runNamed(state: IncidentState, number: number): RunState | Refusal {
  const { count, list } = runsOf(state);
  const run = list.find((one) => one.run === number);
  if (run) return run;
  const ref = refOf(state.number);
  if (number <= count) return refuse('RUN_FORGOTTEN', { ref, run: runRef(number) });
  const known = list.filter(({ status }) => status !== 'ended').map((one) => runRef(one.run));
  return refuse('NO_SUCH_RUN', { ref, run: runRef(number), known });
}

/** How a run stands, for a refusal: `waits for approval`, `has succeeded`. */
export function standing(run: RunState): string {
  switch (run.status) {
    case 'planning':
      return 'is being planned';
    case 'waiting':
      return 'waits for approval';
    case 'running':
      return 'is running';
    case 'asking':
      return run.asked ? `waits for an answer on step ${run.asked.step}` : 'waits for an answer';
    case 'undoing':
      return 'is being undone';
    case 'ended':
      return run.end === 'planned' ? 'was a plan only' : `has ended: ${run.end}`;
  }
}
