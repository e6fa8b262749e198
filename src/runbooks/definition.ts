import type { Call, Json, Runbook, StepSpec } from '#domain/runbook.js';
import { RUNBOOK_LIMITS } from '#domain/runbook.js';
import type { Actions } from './action.js';
import { sendsOf } from './definition-addresses.js';
import { callsOf } from './definition-calls.js';
import { effectOf } from './definition-effect.js';
import { secretsIn, unsaid } from './definition-secrets.js';
import { DEFINITION, type RawDefinition, type RawStep, STEP_ID } from './definition-shape.js';
import { type Path, readSource, type Source } from './definition-source.js';
import { isMapping, templatesOf } from './definition-templates.js';
import { conditionsOf } from './definition-when.js';
import { type Wrong, worded } from './definition-words.js';

// Whoever mends a file reads the first ones; more come when those are mended.
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
  return {
    name: raw.name,
    title: raw.title,
    description: raw.description,
    inputs: raw.inputs,
    target: raw.target,
    approval: {
      required: raw.approval.required ?? (reads ? 0 : 1),
      from: raw.approval.from,
      self: raw.approval.self,
      expiresS: raw.approval.expires,
    },
    onFailure: raw.on_failure,
    steps: raw.steps.map(asStep),
  };
}

function asStep(raw: RawStep): StepSpec {
  return {
    id: raw.id,
    title: raw.title ?? raw.id,
    ...asCall(raw),
    effect: raw.effect,
    timeoutS: raw.timeout,
    when: raw.when,
    retry: { attempts: raw.retry.attempts, backoffS: raw.retry.backoff },
    check: raw.check && asCall(raw.check),
    verify: raw.verify && asCall(raw.verify),
    undo: raw.undo && asCall(raw.undo),
  };
}

/** YAML gave it, and what is no JSON was refused. */
const asCall = (raw: { uses: string; with: Record<string, unknown> }): Call => ({
  uses: raw.uses,
  with: raw.with as Record<string, Json>,
});
