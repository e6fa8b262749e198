import { z } from 'zod';
import {
  type Json,
  RUNBOOK_LIMITS,
  type Runbook,
  STEP_EFFECTS,
  type StepEffect,
  type StepSpec,
} from '#domain/run/runbook.js';
import { closest } from '#domain/text.js';
import type { Action, Actions } from '../action.js';
import { isNever, NEVER_TEXT, ROUTING, writtenBeginning } from '../reach.js';
import { DEFINITION, type RawDefinition, type RawStep, STEP_ID } from './shape.js';
import { type Path, readSource, type Source } from './source.js';
import { isMapping, isTemplate, templatesOf } from './templates.js';
import { type Wrong, worded, wordedFor } from './words.js';

// A person mends the first problems first; the others are shown when those are mended.
const SHOWN = 50;

/**
 * Reads a runbook's definition file, and everything that is wrong with it at once.
 * @param file its name, as problems speak of it
 * @param actions those that steps may use
 * @returns the runbook with every default filled in; or problems, each `file:line: place what is wrong; what to write`,
 * in the order of the file, none of which holds a secret that stands in it
 */
export function readDefinition(
  source: string,
  file: string,
  actions: Actions,
): { runbook: Runbook } | { problems: string[] } {
  const read = readSource(source);
  const faults = read.faults.map(({ line, text }) => ({ line, text }));
  if (!('source' in read)) return { problems: listed(faults, file, []) };
  const { tree, line } = read.source;
  const parsed = DEFINITION.safeParse(tree);
  const steps = stepsOf(tree);
  const secrets = secretsIn(tree);
  const wrong: Wrong[] = [
    ...(parsed.success ? [] : parsed.error.issues.flatMap((issue) => worded(issue, DEFINITION, tree))),
    ...sameIds(steps, line),
    ...steps.flatMap((step, i) => callsOf(step, ['steps', i], actions)),
    ...templatesOf(tree, steps, actions),
    ...conditionsOf(steps),
    ...secrets.wrong,
  ];
  if (parsed.success && wrong.length === 0 && faults.length === 0) {
    return { runbook: asRunbook(parsed.data, actions) };
  }
  const placed = wrong.map(({ path, name, text }) => ({
    line: line(path, name),
    text: `${placeOf(path, steps)}${text}`,
  }));
  return { problems: listed([...faults, ...placed], file, secrets.values) };
}

function listed(found: Array<{ line: number; text: string }>, file: string, secrets: string[]): string[] {
  const inOrder = found.toSorted((a, b) => a.line - b.line).slice(0, SHOWN);
  const lines = [
    ...new Set(inOrder.map(({ line, text }) => `${file}:${line}: ${plain(unsaid(text, secrets))}`)),
  ];
  if (found.length <= SHOWN) return lines;
  const more = `${file}:1: has ${found.length - SHOWN} more problems; they are listed when these are mended`;
  return [...lines, more];
}

/** The steps as far as they are steps, no more than are allowed: the rest is wrong already. */
function stepsOf(tree: Record<string, unknown>): Array<Record<string, unknown>> {
  if (!Array.isArray(tree.steps)) return [];
  return tree.steps.slice(0, RUNBOOK_LIMITS.steps).map((step) => (isMapping(step) ? step : {}));
}

function sameIds(steps: Array<Record<string, unknown>>, line: Source['line']): Wrong[] {
  return steps.flatMap(({ id }, i) => {
    const first = steps.findIndex((step) => step.id === id);
    if (typeof id !== 'string' || first === i) return [];
    const text = `is the id of the step in line ${line(['steps', first, 'id'])} already; take another one`;
    return [{ path: ['steps', i, 'id'], text }];
  });
}

/** A step is spoken of by its id: `steps.add.with.to`. */
export function placeOf(path: Path, steps: Array<Record<string, unknown>>): string {
  const names = path.map((name, i) => {
    const id = i === 1 && path[0] === 'steps' ? steps[Number(name)]?.id : undefined;
    const said = typeof id === 'string' && STEP_ID.test(id) && path[2] !== 'id' ? id : String(name);
    return said.length > 60 ? `${said.slice(0, 60)}…` : said;
  });
  return names.length > 0 ? `${names.join('.')} ` : '';
}

/** On one line, whatever stood in the file. */
const plain = (text: string) => text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ');

function asRunbook(raw: RawDefinition, actions: Actions): Runbook {
  const reads = raw.steps.every(
    (step) => (step.effect ?? effectOf(step, actions)) === 'read' && !sendsOf(step, actions),
  );
  const { on_failure: onFailure, approval, steps, ...rest } = raw;
  const { expires: expiresS, required, ...who } = approval;
  return {
    ...rest,
    approval: { ...who, required: required ?? (reads ? 0 : 1), expiresS },
    onFailure,
    steps: steps.map(asStep),
  };
}

function asStep({ timeout: timeoutS, retry, ...rest }: RawStep): StepSpec {
  const { attempts, backoff: backoffS } = retry;
  return { ...rest, title: rest.title ?? rest.id, timeoutS, retry: { attempts, backoffS } };
}

// A template that is not closed, or has another in it, is refused where templates are read.
const TEMPLATES = /^(?:not\s+)?(?:\{\{(?:(?!\{\{|\}\}).)*\}\})+$/s;

/**
 * A condition looks whether one value comes to nothing. It compares nothing: a text such as `{{ inputs.env }} == prod`
 * is never empty, and so the step would be done always.
 */
function conditionsOf(steps: ReadonlyArray<Record<string, unknown>>): Wrong[] {
  return steps.flatMap(({ when }, i) => {
    if (typeof when !== 'string' || when === '' || TEMPLATES.test(when.trim())) return [];
    const text = when.includes('{{')
      ? 'has text beside its template, and would always hold: nothing is compared; write {{ … }} or not {{ … }}, and nothing else'
      : 'holds no template, and would always be the same; write {{ … }} or not {{ … }}, or leave it out';
    return [{ path: ['steps', i, 'when'], text }];
  });
}

/** The calls of a step: its own, and those that may go with it. */
const PARTS = ['check', 'verify', 'undo'] as const;

/** Every call of a step must be of an action that there is, with what that action takes, and no weaker than it. */
function callsOf(step: Record<string, unknown>, at: Path, actions: Actions): Wrong[] {
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

/**
 * Where a call asks somebody, or sends a secret: that stands in the definition or in tocsin.yml, and is never filled in
 * from inputs, steps or the incident. What can be told only when it runs is looked at then, and again here.
 */
function addressesOf(action: Action, call: unknown, at: Path): Wrong[] {
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
function sendsOf(step: Record<string, unknown>, actions: Actions): boolean {
  return [step, step.check, step.verify, step.undo].filter(isMapping).some((call) => {
    const given = isMapping(call.with) ? call.with : {};
    return actions.get(String(call.uses))?.sends?.(given, null) ?? false;
  });
}

/** What a call does to the world; or where in its `with` the template stands on which that rests. */
type Told = { effect: StepEffect } | { restsOn: Path };

/**
 * @returns what running a call does to the world as far as it can be told before its templates are filled in;
 * null: that rests on them
 */
function effectOf(call: Record<string, unknown>, actions: Actions): StepEffect | null {
  const told = toldOf(call, actions);
  return told && 'effect' in told ? told.effect : null;
}

/** @returns null where the call itself is wrong, so that nothing more can be said of it */
function toldOf(call: Record<string, unknown>, actions: Actions): Told | null {
  const action = actions.get(String(call.uses));
  if (!action) return null;
  if (!action.effectOf) return { effect: action.effect };
  const given = call.with ?? {};
  if (templated(given, []).length > 0) return toldWithout(action, given);
  try {
    const read = action.input.safeParse(given);
    return read.success ? { effect: action.effectOf(read.data) } : null;
  } catch {
    return null;
  }
}

/** Most effects rest on one member only, such as the method of a request: the templates of the others do not matter. */
function toldWithout(action: Action, given: unknown): Told | null {
  if (!isMapping(given)) return null;
  if (!(action.input instanceof z.ZodObject)) return { restsOn: [] };
  let restsOn: Path | null = null;
  const input = {};
  try {
    for (const [name, schema] of Object.entries(action.input.shape)) {
      if (templated(given[name], []).length > 0) {
        const get = () => {
          restsOn = [name];
          throw new Error(`${name} is not known yet`);
        };
        Object.defineProperty(input, name, { enumerable: true, get });
        continue;
      }
      const read = (schema as z.ZodType).safeParse(given[name]);
      if (!read.success) return null;
      Object.defineProperty(input, name, { enumerable: true, value: read.data });
    }
    return { effect: action.effectOf?.(input) ?? action.effect };
  } catch {
    return restsOn && { restsOn };
  }
}

/** The places of a value that hold templates. */
function templated(value: unknown, path: Path): Path[] {
  if (isTemplate(value)) return [path];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value as Record<string, Json>).flatMap(([name, member]) =>
    templated(member, [...path, Array.isArray(value) ? Number(name) : name]),
  );
}

const NAME =
  /passw(or)?d|passphrase|secret|token|authorization|credential|api[-_ ]?key|private[-_ ]?key|cookie/i;
/** Under these stand names of secrets: `secret_headers: { Authorization: NAME }`. */
const REFERENCES = /^secrets?($|_)/;
const REFERENCE = /^(secret:)?[A-Za-z][A-Za-z0-9_.-]{0,63}$/;
// A name of that length has dashes in it and no digits; what has not is rather a value in the wrong place.
const RANDOM = /^(?=.*\d)[A-Za-z0-9]{16,}$/;

/** What looks like a secret wherever it stands. */
const LOOKS = [
  /xox[a-z](\.[a-z]+)?-[\w-]+|xapp-[\w-]+/,
  /gh[opusr]_\w+|github_pat_\w+|glpat-[\w-]+|npm_\w{20,}/,
  /(AKIA|ASIA)[A-Z0-9]{12,}/,
  /AIza[\w-]{30,}|\b[sr]k_(live|test)_\w+/,
  /\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/,
  /-----BEGIN[\s\S]*/,
  /^\s*(Bearer|Basic)\s+\S+\s*$/i,
  /\b(Bearer|Basic)\s+(?=\S*[\d=_])\S{6,}/i,
  /\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s/@:?#]*:[^\s/@]+@/i,
  /hooks\.slack\.com\/\w+\/\w+\/\w+\/\w+/i,
  /(^|[?&;\s-])(password|passwd|pwd|token|secret|api[-_]?key|access[-_]?token)=[^\s&;]{2,}/i,
];

const TEXT =
  'holds a secret; name it under `secrets:` in tocsin.yml and refer to it by that name (secret_headers, secret:NAME)';

/**
 * Secrets that stand in a definition, by where they stand and by how they look.
 * @returns what is wrong, without the values; and the values, to be kept out of everything else that is said
 */
function secretsIn(tree: unknown): { wrong: Wrong[]; values: string[] } {
  const wrong: Wrong[] = [];
  const values: string[] = [];
  const found = (path: Path, value: string, name = false) => {
    // Templates that cannot be read are shown by what stands between their braces, long values by their beginning.
    const pieces = value.includes('{{') ? value.split(/[\s{}]+/) : [];
    for (const piece of [value, ...pieces]) values.push(piece, piece.slice(0, 80), piece.slice(0, 60));
    // A name that is a secret cannot be said: the place is what holds it.
    wrong.push(name ? { path: path.slice(0, -1), text: `has a name that ${TEXT}` } : { path, text: TEXT });
  };

  const walk = (value: unknown, path: Path, hidden: 'value' | 'reference' | null): void => {
    if (typeof value === 'string' || typeof value === 'number') {
      const text = String(value);
      if (isSecret(text, hidden)) found(path, text);
    } else if (Array.isArray(value)) {
      for (const [i, item] of value.entries()) walk(item, [...path, i], hidden);
    } else if (typeof value === 'object' && value !== null) {
      for (const [name, member] of Object.entries(value)) {
        const here = [...path, name];
        if (LOOKS.some((looks) => looks.test(name))) found(here, name, true);
        walk(member, here, hiddenUnder(here, hidden));
      }
    }
  };
  walk(tree, [], null);
  return { wrong, values: values.filter((value) => value.length > 3) };
}

/** What a member's name says of what stands under it. */
function hiddenUnder(path: Path, above: 'value' | 'reference' | null): 'value' | 'reference' | null {
  const name = String(path.at(-1));
  // An input is spoken of by its name; only what it holds can be a secret.
  if (path[0] === 'inputs') {
    return path.length === 3 && ['default', 'enum'].includes(name) && NAME.test(String(path[1]))
      ? 'value'
      : above;
  }
  if (path.length < 4 || above === 'reference') return above;
  if (REFERENCES.test(name)) return 'reference';
  return NAME.test(name) ? 'value' : above;
}

function isSecret(text: string, hidden: 'value' | 'reference' | null): boolean {
  const plain = withoutTemplates(text);
  if (LOOKS.some((looks) => looks.test(plain))) return true;
  if (hidden === 'value')
    return !/^\s*(Bearer|Basic|Token)?\s*$/i.test(plain) && !plain.startsWith('secret:');
  if (hidden === 'reference') return plain !== '' && (!REFERENCE.test(plain) || RANDOM.test(plain));
  return false;
}

/** Not a regular expression, which would look for the end of every template that has none. */
function withoutTemplates(text: string): string {
  const [first = '', ...rest] = text.split('{{');
  const parts = rest.map((part) => {
    const end = part.indexOf('}}');
    return end < 0 ? `{{${part}` : part.slice(end + 2);
  });
  return first + parts.join('');
}

/** @returns the text without those values, and without what looks like a secret */
function unsaid(text: string, values: string[]): string {
  const longest = [...new Set(values)].sort((a, b) => b.length - a.length);
  let said = text;
  for (const value of longest) said = said.replaceAll(value, '[secret]');
  for (const looks of LOOKS) said = said.replace(new RegExp(looks, `${looks.flags}g`), '[secret]');
  return said;
}
