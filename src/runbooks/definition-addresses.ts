import type { Action, Actions } from './action.js';
import { templated } from './definition-effect.js';
import type { Path } from './definition-source.js';
import { isMapping, isTemplate } from './definition-templates.js';
import type { Wrong } from './definition-words.js';
import { isNever, NEVER_TEXT, ROUTING, writtenBeginning } from './reach.js';

/**
 * Where a call asks somebody, or sends a secret: that stands in the definition or in tocsin.yml, and is never filled in
 * from inputs, steps or the incident. What can be told only when it runs is looked at then, and again here.
 */
export function addressesOf(action: Action, call: unknown, at: Path): Wrong[] {
  const given = isMapping(call) ? call : {};
  const sends = action.sends?.(given, null) ?? false;
  const members = action.addresses ?? [];
  if (members.length === 0) return [];
  return [
    ...members.flatMap((member) => addressWrong(given[member], sends, [...at, member])),
    ...templated(given.secret_headers, [...at, 'secret_headers']).map((path) => ({ path, text: NAME_TEXT })),
    ...headersWrong(given.headers, sends, [...at, 'headers']),
  ];
}

const NAME_TEXT = 'names a secret that is sent, and is a template; write the name of the secret out';

function addressWrong(text: unknown, sends: boolean, path: Path): Wrong[] {
  if (typeof text !== 'string') return [];
  const beginning = writtenBeginning(text);
  if (beginning && isNever(beginning.hostname)) return [{ path, text: `is ${NEVER_TEXT}; name another` }];
  if (!sends || !isTemplate(text) || beginning) return [];
  const next =
    'write its host out, as in https://deploy.example/{{ … }}, and name it under `secrets:` in tocsin.yml (to: [https://deploy.example])';
  return [{ path, text: `receives a secret, and a template says where it is; ${next}` }];
}

/** A header such as `Host` sends a request elsewhere than its address says. */
function headersWrong(headers: unknown, sends: boolean, at: Path): Wrong[] {
  if (!isMapping(headers)) return [];
  return Object.entries(headers)
    .filter(([name, value]) => ROUTING.test(name) && (sends || isTemplate(value)))
    .map(([name]) => ({
      path: [...at, name],
      text: sends
        ? 'says where a request goes, and stands beside secret_headers; leave it out'
        : 'says where a request goes, and is a template; write it out',
    }));
}

/** Does a step send a secret, itself or with what goes along with it, as far as its definition tells? */
export function sendsOf(step: Record<string, unknown>, actions: Actions): boolean {
  return [step, step.check, step.verify, step.undo].filter(isMapping).some((call) => {
    const given = isMapping(call.with) ? call.with : {};
    return actions.get(String(call.uses))?.sends?.(given, null) ?? false;
  });
}
