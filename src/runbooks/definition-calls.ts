import { closest } from '#domain/closest.js';
import { STEP_EFFECTS, type StepEffect } from '#domain/runbook.js';
import type { Action, Actions } from './action.js';
import { addressesOf } from './definition-addresses.js';
import { effectOf, templated, toldOf } from './definition-effect.js';
import type { Path } from './definition-source.js';
import { isMapping, isTemplate } from './definition-templates.js';
import { type Wrong, wordedFor } from './definition-words.js';

/** The calls of a step: its own, and those that may go with it. */
const PARTS = ['check', 'verify', 'undo'] as const;

/** Every call of a step must be of an action that there is, with what that action takes, and no weaker than it. */
export function callsOf(step: Record<string, unknown>, at: Path, actions: Actions): Wrong[] {
  const wrong = [...callOf(step, at, actions), ...weaker(step, at, actions)];
  for (const part of PARTS) {
    const call = step[part];
    if (!isMapping(call)) continue;
    const here = [...at, part];
    wrong.push(...callOf(call, here, actions));
    if (part !== 'undo') wrong.push(...notReading(call, here, actions));
  }
  return wrong;
}

function callOf(call: Record<string, unknown>, at: Path, actions: Actions): Wrong[] {
  const { uses } = call;
  if (typeof uses !== 'string' || isTemplate(uses)) return [];
  const action = actions.get(uses);
  if (!action) {
    const known = closest(uses, actions.keys(), 4).join(', ');
    const shown = uses.length > 60 ? `${uses.slice(0, 60)}…` : uses;
    return [{ path: [...at, 'uses'], text: `is no action (${shown}); the closest are ${known}` }];
  }
  const here = [...at, 'with'];
  return [...refusedBy(action, call.with ?? {}, here), ...addressesOf(action, call.with, here)];
}

/** What the action's schema says of `with`, but for what rests on templates: they are checked when they are filled in. */
function refusedBy(action: Action, given: unknown, at: Path): Wrong[] {
  const open = templated(given, []);
  const isOpen = (path: Path, loose: boolean) =>
    open.some((held) => under(path, held) || (loose && under(held, path)));
  try {
    const read = action.input.safeParse(given);
    if (read.success) return [];
    return read.error.issues
      .filter((issue) => {
        const ofAll = issue.code === 'custom' || issue.code === 'invalid_union';
        return !isOpen(issue.path as Path, ofAll);
      })
      .flatMap((issue) => wordedFor(action, issue, given))
      .map((found) => ({ ...found, path: [...at, ...found.path] }));
  } catch {
    // A schema that stumbles over a template says nothing about the rest; the plan reads it again.
    return [];
  }
}

function weaker(step: Record<string, unknown>, at: Path, actions: Actions): Wrong[] {
  const declared = step.effect as StepEffect;
  const action = actions.get(String(step.uses));
  if (!STEP_EFFECTS.includes(declared) || !action || action.authorKnows) return [];
  const own = effectOf(step, actions);
  if (own === null || STEP_EFFECTS.indexOf(declared) >= STEP_EFFECTS.indexOf(own)) return [];
  const allowed = STEP_EFFECTS.slice(STEP_EFFECTS.indexOf(own)).join(', ');
  const text = `is weaker than what ${action.name} does (${own}); leave it out, or write ${allowed}`;
  return [{ path: [...at, 'effect'], text }];
}

/** `check` and `verify` find out what is, at once: they run at any time, as often as it takes. */
function notReading(call: Record<string, unknown>, at: Path, actions: Actions): Wrong[] {
  const action = actions.get(String(call.uses));
  const told = toldOf(call, actions);
  if (!action || !told) return [];
  const next = 'write an action that only reads, such as probe';
  if ('restsOn' in told) {
    const path = [...at, 'with', ...told.restsOn];
    return [{ path, text: 'decides whether this only reads, and is a template; write it out' }];
  }
  const path = [...at, 'uses'];
  if (told.effect !== 'read') {
    const changes = action.authorKnows ? 'may change things' : 'changes things';
    return [{ path, text: `${changes} (${told.effect}); ${next}` }];
  }
  return action.pauses ? [{ path, text: `has no answer at once; ${next}` }] : [];
}

const under = (path: Path, above: Path) =>
  above.length <= path.length && above.every((step, i) => String(step) === String(path[i]));
