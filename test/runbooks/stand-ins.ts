import { z } from 'zod';
import type { StepEffect } from '#domain/run/runbook.js';
import type { Action, Actions } from '#runbooks/action.js';
import { ACTIONS } from '#runbooks/actions/actions.js';

/** An action that is only read about, never run. */
export function action(
  name: string,
  effect: StepEffect | ((input: { method?: unknown }) => StepEffect),
  input: z.ZodType = z.record(z.string(), z.unknown()),
  more: Pick<Partial<Action>, 'authorKnows' | 'outputs' | 'pauses'> = {},
): Action {
  const never = () => Promise.reject(new Error(`${name} is not run here`));
  const told =
    typeof effect === 'function'
      ? { effect: 'unsafe' as const, effectOf: (given: unknown) => effect(given as { method?: unknown }) }
      : { effect };
  return { name, does: name, ...told, input, outputs: [], plan: never, run: never, ...more };
}

/** The actions that runbooks are written against. */
export async function everyAction(): Promise<Actions> {
  return ACTIONS;
}
