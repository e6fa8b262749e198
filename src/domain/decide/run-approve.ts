import type { Asking } from '../intent.js';
import { isRefusal, type Refusal, refuse } from '../refusal.js';
import { type Approvers, runRef } from '../run-fact.js';
import { isApproved, type RunState } from '../run-state.js';
import type { IncidentState } from '../state.js';
import { type Decision, type Found, given, happened, type IntentOf } from './context.js';
import { runNamed, standing } from './run-named.js';

/**
 * One person's yes to one plan. It counts for the plan of that hash only, once, while it stands, and from people who
 * may: a role is looked at now, groups and names as they stood when the plan was made.
 */
export function approveRun(
  state: IncidentState,
  intent: IntentOf<'ApproveRun'>,
  asking: Asking,
  found: Found,
): Decision {
  const run = runNamed(state, intent.run);
  if (isRefusal(run)) return run;
  const name = runRef(run.run);
  // A program, or whoever sits at a machine, is nobody in particular.
  if (asking.source !== 'slack') return refuse('RUN_NEEDS_A_PERSON', { run: name });
  if (run.end === 'expired' && run.approvers) return expired(run, run.approvers);
  if (run.status !== 'waiting' || !run.approvers || !run.hash) {
    return refuse('RUN_NOT_WAITING', { run: name, standing: standing(run) });
  }
  if (run.cancelled) return refuse('RUN_NOT_WAITING', { run: name, standing: 'was cancelled' });
  if (intent.hash !== null && (intent.hash === '' || !run.hash.startsWith(intent.hash))) {
    return otherPlan(run, intent.hash, run.hash.slice(0, 8));
  }
  if (Date.parse(run.approvers.expiresAt) <= asking.now.getTime()) {
    return expired(run, run.approvers);
  }
  if (found.gone) return refuse('RUN_APPROVER_GONE', { run: name });
  const breakGlass = intent.breakGlass !== null;
  if (!breakGlass) {
    if (run.approvals.includes(asking.by.id))
      return refuse('RUN_APPROVED_ALREADY', { run: name, more: missing(run) });
    if (run.by === asking.by.id && !run.approvers.self) return refuse('RUN_OWN', { run: name });
    if (!mayApprove(state, run, asking.by.id)) {
      return refuse('RUN_NOT_AN_APPROVER', { run: name, from: run.approvers.from });
    }
  }
  // Enough have said yes already, and the worker is on its way.
  if (isApproved(run)) return refuse('RUN_APPROVED_ALREADY', { run: name, more: 0 });
  return [
    {
      type: 'RunApproved',
      data: {
        ...happened(state, asking, null),
        run: run.run,
        hash: run.hash,
        breakGlass,
        count: new Set([...run.approvals, asking.by.id]).size,
        required: run.approvers.required,
      },
      texts: given({ reason: intent.breakGlass }),
    },
  ];
}

function expired({ run, runbook }: RunState, { expiresAt: at }: Approvers): Refusal {
  return refuse('RUN_APPROVAL_EXPIRED', { run: runRef(run), at: `${at.slice(11, 16)} UTC`, runbook });
}

/** A plan that there was is out of date; anything else was rather mistyped. */
function otherPlan({ run, earlier = [] }: RunState, hash: string, plan: string): Refusal {
  const was = hash !== '' && earlier.some((one) => one.startsWith(hash));
  if (was) return refuse('RUN_PLAN_CHANGED', { run: runRef(run), plan });
  return refuse('RUN_NO_SUCH_PLAN', { run: runRef(run), hash: hash.slice(0, 16), plan });
}

function missing(run: RunState): number {
  return Math.max(0, (run.approvers?.required ?? 0) - run.approvals.length);
}

/** Is this person among those whose yes counts? */
export function mayApprove(state: IncidentState, run: RunState, person: string): boolean {
  const { from = [], people = [] } = run.approvers ?? {};
  if (from.length === 0 || people.includes(person) || from.includes(person)) return true;
  return from.some((role) => state.roles[role]?.id === person);
}

/** Anybody who sees it may say no. */
export function rejectRun(state: IncidentState, intent: IntentOf<'RejectRun'>, asking: Asking): Decision {
  const run = runNamed(state, intent.run);
  if (isRefusal(run)) return run;
  if (run.status !== 'waiting' && run.status !== 'planning') {
    return refuse('RUN_NOT_WAITING', { run: runRef(run.run), standing: standing(run) });
  }
  const data = { ...happened(state, asking, null), run: run.run, end: 'rejected' as const };
  return [{ type: 'RunEnded', data, texts: given({ summary: intent.reason }) }];
}
