import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { StepEffect } from '#domain/runbook.js';
import type { Action } from '#runbooks/action.js';

/** An action that is only read about, never run. */
export function action(
  name: string,
  effect: Action['effect'],
  input: z.ZodType = z.record(z.string(), z.unknown()),
  authorKnows = false,
): Action {
  const never = () => Promise.reject(new Error(`${name} is not run here`));
  return { name, does: name, effect, authorKnows, input, plan: never, run: never };
}

const LOOSE: Array<[string, StepEffect, boolean?]> = [
  ['route.read', 'read'],
  ['route.set', 'conditional'],
  ['keys.compare', 'read'],
  ['keys.add', 'conditional'],
  ['keys.remove', 'conditional'],
  ['keys.probe', 'read'],
  ['keys.rotate', 'conditional'],
  ['probe', 'read'],
  ['http', 'unsafe', true],
  ['shell', 'unsafe', true],
  ['wait', 'read'],
  ['ask', 'read'],
  ['slack.message', 'idempotent'],
  ['prometheus.query', 'read'],
];

/** The names that runbooks are written against; the real action in place of each that there is. */
export async function everyAction(): Promise<ReadonlyMap<string, Action>> {
  const loose = LOOSE.map(([name, effect, knows]) => [name, action(name, effect, undefined, knows)] as const);
  const real = new URL('../../src/runbooks/actions.ts', import.meta.url);
  if (!existsSync(fileURLToPath(real))) return new Map(loose);
  const { ACTIONS } = (await import('#runbooks/actions.js' as string)) as { ACTIONS: Map<string, Action> };
  return new Map([...loose, ...ACTIONS]);
}
