import type { IncidentState } from '#domain/incident/state.js';
import type { Call, Json, StepEffect, StepSpec } from '#domain/run/runbook.js';
import { fill, LEFT_OUT, TemplateFailed } from '#domain/run/template.js';
import type { RunView, StepView } from '#domain/run/view.js';
import { refOf, runRef } from '#domain/words.js';
import { type Action, type ActionContext, ActionFailed } from '#runbooks/action.js';
import { wordedFor } from '#runbooks/definition/words.js';

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
export function sendsOut(
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
