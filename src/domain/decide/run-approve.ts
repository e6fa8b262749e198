import type { Asking } from '../intent.js';
import { holder, PERMISSIONS, type Rules } from '../permission.js';
import { isRefusal, type Refusal, refuse } from '../refusal.js';
import { type Approvers, runRef } from '../run-fact.js';
import { isApproved, type RunState } from '../run-state.js';
import type { IncidentState } from '../state.js';
import { type Decision, given, happened, type IntentOf } from './context.js';
import { runNamed, standing } from './run-named.js';

/**
 * One person's yes to one plan. It counts for the plan of that hash only, once, while it stands, and from people who
 * may: neither who asked, nor whose token asked, nor who changed since by whose role one may.
 */
export function approveRun(
  state: IncidentState,
  intent: IntentOf<'ApproveRun'>,
  asking: Asking,
  rules: Rules,
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
  const breakGlass = intent.breakGlass !== null;
  if (!breakGlass) {
    if (run.approvals.includes(asking.by.id))
      return refuse('RUN_APPROVED_ALREADY', { run: name, more: missing(run) });
    const own = run.by === asking.by.id || run.owner === asking.by.id;
    if (own && !run.approvers.self) return refuse('RUN_OWN', { run: name });
    const changed = rolesChangedBy(run, rules, asking.by.id);
    if (changed) return refuse('RUN_ROLES_CHANGED', { run: name, role: changed, runbook: run.runbook });
    const late = from(run).find(
      (role) => state.roles[role]?.id === asking.by.id && holder(role, state, run) === null,
    );
    if (late && !mayApprove(state, run, asking.by.id))
      return refuse('RUN_ROLE_LATE', { run: name, role: late, runbook: run.runbook });
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

const from = (run: RunState): readonly string[] => run.approvers?.from ?? [];

/**
 * Is this person among those whose yes counts? Groups and names count as they stood when the plan was made; a role
 * counts for whoever held it when the plan was shown, and holds it still.
 */
export function mayApprove(state: IncidentState, run: RunState, person: string): boolean {
  const { people = [] } = run.approvers ?? {};
  const names = from(run);
  if (names.length === 0 || people.includes(person) || names.includes(person)) return true;
  return names.some((role) => holder(role, state, run) === person);
}

/**
 * Whoever made somebody a lead while a plan waits must not be the one who agrees to it, whoever that somebody is.
 * @returns the role that they changed since the plan was shown, and by which one may approve it; null: none
 */
function rolesChangedBy(run: RunState, rules: Rules, person: string): string | null {
  const counted = from(run).length > 0 ? from(run) : (rules.approve ?? PERMISSIONS.approve.from);
  return counted.find((role) => run.meddlers?.[role]?.includes(person)) ?? null;
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
