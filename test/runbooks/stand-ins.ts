import { z } from 'zod';
import type { Action, Actions } from '#runbooks/action.js';
import { ACTIONS } from '#runbooks/actions.js';

/** An action that is only read about, never run. */
export function action(
  name: string,
  effect: Action['effect'],
  input: z.ZodType = z.record(z.string(), z.unknown()),
  more: Pick<Partial<Action>, 'authorKnows' | 'outputs' | 'pauses'> = {},
): Action {
  const never = () => Promise.reject(new Error(`${name} is not run here`));
  return { name, does: name, effect, input, outputs: [], plan: never, run: never, ...more };
}

/** The actions that runbooks are written against. */
export async function everyAction(): Promise<Actions> {
  return ACTIONS;
}
