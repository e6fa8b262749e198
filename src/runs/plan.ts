import type { IncidentState } from '#domain/incident/state.js';
import type { PlannedStep, RunPlan } from '#domain/run/plan.js';
import type { Call, Json, Runbook, StepEffect, StepSpec } from '#domain/run/runbook.js';
import {
  fill,
  holds,
  isOpen,
  isUnknown,
  LEFT_OUT,
  TemplateFailed,
  UNKNOWN,
  whyLeftOut,
} from '#domain/run/template.js';
import type { RunView, StepView } from '#domain/run/view.js';
import { refOf, runRef } from '#domain/words.js';
import { type Action, type ActionContext, ActionFailed, type StepPlan } from '#runbooks/action.js';
import { wordedFor } from '#runbooks/definition/words.js';
import { abortable, type RunWorld } from './context.js';

/** Reading for a plan: each step may take as long as its own time limit, and no step takes longer than this. */
const READ_MS = 30_000;

/** What a plan is made for. What is not known yet stands in the scope as UNKNOWN. */
export interface Planning {
  target: string;
  /** Names the run to targets that know idempotency keys; a step's key begins with it. */
  key: string;
  scope: { inputs: RunView['inputs']; incident: Record<string, unknown>; run: Record<string, unknown> };
}

/** All that planning stands on: nothing by which something could be changed or recorded. */
export type PlanWorld = Pick<RunWorld, 'actions' | 'systems' | 'scrub' | 'now'>;

/** The plan of a run. @throws as planSteps */
export function planRun(
  view: RunView,
  runbook: Runbook,
  incident: IncidentState,
  world: PlanWorld,
  signal: AbortSignal,
): Promise<RunPlan> {
  const { run, target } = view.state;
  const key = `${incident.team}/${incident.number}/${run}`;
  const scope = { inputs: view.inputs, incident: incidentScope(incident), run: { id: runRef(run) } };
  return planSteps({ target, key, scope }, runbook, world, signal);
}

/**
 * Finds out by reading only what a run would do. Steps whose input rests on what an earlier one gives are planned on
 * what that one would give, as far as it can tell.
 * @throws ActionFailed when a step would certainly fail: its message names the step
 */
export async function planSteps(
  of: Planning,
  runbook: Runbook,
  world: PlanWorld,
  signal: AbortSignal,
): Promise<RunPlan> {
  const steps: PlannedStep[] = [];
  const versions: Record<string, string> = {};
  const outputs: Record<string, unknown> = {};
  const foreseen = new Map<string, string | null>();
  const scope = { ...of.scope, steps: outputs };
  for (const spec of runbook.steps) {
    const context = contextOf(world, `${of.key}/${spec.id}`, spec, signal);
    const { step, plan } = await planStep(spec, scope, world, context, foreseen);
    outputs[spec.id] = step.when === 'left out' ? LEFT_OUT : (plan?.output ?? UNKNOWN);
    steps.push({ ...step, undo: undoOf(spec, step, scope) });
    for (const place of step.touches) foreseen.set(place, step.when === 'runs' ? step.desired : null);
    for (const [place, version] of Object.entries(plan?.versions ?? {})) versions[place] ??= version;
  }
  return world.scrub.json({ target: of.target, steps, versions });
}

function contextOf(world: PlanWorld, key: string, spec: StepSpec, signal: AbortSignal): ActionContext {
  const limit = AbortSignal.timeout(Math.min(spec.timeoutS * 1_000, READ_MS));
  return {
    ...world.systems,
    key,
    written: spec.with,
    signal: AbortSignal.any([signal, limit]),
    now: world.now,
  };
}

async function planStep(
  spec: StepSpec,
  scope: Record<string, unknown>,
  world: PlanWorld,
  context: ActionContext,
  foreseen: ReadonlyMap<string, string | null>,
): Promise<{ step: PlannedStep; plan: StepPlan | null }> {
  const action = world.actions.get(spec.uses);
  const declared: StepEffect = spec.effect ?? action?.effect ?? 'unsafe';
  const { id, title, uses } = spec;
  const bare = { id, title, uses, effect: declared, touches: [], current: null, desired: null, undo: null };
  // Its action is not asked. That it would send a secret out is noted all the same: a step that does is held to its plan,
  // also to being left out, should it turn out otherwise.
  const unasked = (does: string, when: PlannedStep['when'], input: Json | null) => ({
    step: { ...bare, ...sending(spec, null, world), does, when, input, output: null },
    plan: null,
  });
  try {
    const open = spec.when !== null && isOpen(spec.when, scope);
    if (spec.when !== null && !open && !holds(spec.when, scope))
      return unasked(whyLeftOut(spec.when), 'left out', null);
    const given = fill(spec.with, scope);
    if (isUnknown(given))
      return unasked('known when it runs', 'maybe', JSON.parse(JSON.stringify(given)) as Json);
    const call = readyCall(spec, scope, world.actions);
    const plan = await abortable(context.signal, () => call.action.plan(call.input, context, foreseen));
    const { does, touches, current, desired } = plan;
    const effect = effectOf(call.action, call.input, spec.effect);
    const when = open ? ('maybe' as const) : ('runs' as const);
    const sends = sending(spec, given, world);
    const found = { effect, ...sends, does, touches, current, desired, when };
    return { step: { ...bare, ...found, input: given, output: plan.output }, plan };
  } catch (error) {
    if (!(error instanceof ActionFailed) && !(error instanceof TemplateFailed)) throw error;
    throw new ActionFailed(`${id}: ${error.message}`);
  }
}

const sending = (spec: StepSpec, given: Json | null, { actions, systems }: PlanWorld) =>
  sendsOut(spec, given, actions, systems) ? { sends: true } : {};

/** How a step would be taken back, in the words of its definition. */
function undoOf(spec: StepSpec, step: PlannedStep, scope: Record<string, unknown>): string | null {
  if (!spec.undo || step.when === 'left out') return null;
  let given: Json;
  try {
    given = fill(spec.undo.with, scope);
  } catch {
    // An output that only a real run has.
    return `${spec.undo.uses}, with what the step leaves behind`;
  }
  const words = Object.entries(given as Record<string, Json>).map(
    ([name, value]) => `${name} ${Array.isArray(value) ? value.join(', ') || 'none' : String(value)}`,
  );
  return words.length === 0 ? spec.undo.uses : `${spec.undo.uses}: ${words.join('; ')}`;
}

/** A call of an action, its templates filled and its input checked. */
export interface ReadyCall {
  action: Action;
  /** Checked by the action's own schema. */
  input: unknown;
  /** The input as the templates gave it, for comparing and keeping. */
  given: Json;
  /** What the definition says, templates not filled in. */
  written: Json;
}

/** @throws ActionFailed when the call cannot be made: its message says why, and holds no values */
export function readyCall(
  call: Call,
  scope: Record<string, unknown>,
  actions: ReadonlyMap<string, Action>,
): ReadyCall {
  const action = actions.get(call.uses);
  if (!action) throw new ActionFailed(`there is no action ${call.uses} any more`);
  return checked(action, filled(call, scope), call.with);
}

/** @throws ActionFailed when the action cannot be given that */
export function checked(action: Action, given: Json, written: Json): ReadyCall {
  const parsed = action.input.safeParse(given);
  if (parsed.success) return { action, input: parsed.data, given, written };
  const wrong = parsed.error.issues
    .flatMap((issue) => wordedFor(action, issue, given))
    .map(({ path, text }) => `${path.join('.') || 'with'} ${text}`);
  throw new ActionFailed(`${action.name} cannot be given that: ${wrong.slice(0, 3).join('; ')}`);
}

function filled(call: Call, scope: Record<string, unknown>): Json {
  try {
    return fill(call.with, scope);
  } catch (error) {
    if (error instanceof TemplateFailed) throw new ActionFailed(error.message);
    throw error;
  }
}

/** What running this step does to the world: as its author declared, or as the action says. */
export function effectOf(action: Action, input: unknown, declared: StepEffect | null): StepEffect {
  if (declared !== null) return declared;
  return action.effectOf?.(input) ?? action.effect;
}

/**
 * Does a step send a secret out, itself or with what goes along with it?
 * @param given its input; null: not known yet
 */
function sendsOut(
  spec: StepSpec,
  given: Json | null,
  actions: ReadonlyMap<string, Action>,
  systems: Pick<ActionContext, 'command'>,
): boolean {
  const calls = [{ uses: spec.uses, with: given ?? spec.with }, spec.check, spec.verify, spec.undo];
  return calls.some((call) => {
    const action = call && actions.get(call.uses);
    return action?.sends?.(call?.with as Record<string, Json>, systems) ?? false;
  });
}

/**
 * What the templates of a run may read. What a step that was left out would have given is nothing to a `when`; whatever
 * else reads it is told so.
 */
export function scopeOf(view: RunView, incident: IncidentState): Record<string, unknown> {
  const steps: Record<string, unknown> = {};
  for (const [id, phases] of view.steps) if (phases.run?.outcome) steps[id] = given(phases.run);
  return {
    inputs: view.inputs,
    steps,
    incident: incidentScope(incident),
    run: { id: runRef(view.state.run) },
  };
}

/** One that somebody skipped may have done a part of it before. */
function given({ outcome, output }: StepView): Readonly<Record<string, Json>> {
  return outcome === 'skipped' && Object.keys(output).length === 0 ? LEFT_OUT : output;
}

/** What a definition may know of its incident. */
export function incidentScope(incident: IncidentState): Record<string, string> {
  const { number, title, status, severity } = incident;
  return { ref: refOf(number), title, status, severity: severity ?? '' };
}
