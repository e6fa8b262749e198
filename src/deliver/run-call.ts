import type { Call, Json, StepEffect } from '#domain/runbook.js';
import { fill, TemplateFailed } from '#domain/template.js';
import { type Action, ActionFailed } from '#runbooks/action.js';
import { worded } from '#runbooks/definition-words.js';

/** A call of an action, its templates filled and its input checked. */
export interface ReadyCall {
  action: Action;
  /** Checked by the action's own schema. */
  input: unknown;
  /** The input as the templates gave it, for comparing and keeping. */
  given: Json;
}

/** @throws ActionFailed when the call cannot be made: its message says why, and holds no values */
export function readyCall(
  call: Call,
  scope: Record<string, unknown>,
  actions: ReadonlyMap<string, Action>,
): ReadyCall {
  const action = actions.get(call.uses);
  if (!action) throw new ActionFailed(`there is no action ${call.uses} any more`);
  return checked(action, filled(call, scope));
}

/** @throws ActionFailed when the action cannot be given that */
export function checked(action: Action, given: Json): ReadyCall {
  const parsed = action.input.safeParse(given);
  if (parsed.success) return { action, input: parsed.data, given };
  const wrong = parsed.error.issues
    .flatMap((issue) => worded(issue, action.input, given))
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
