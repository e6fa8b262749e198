import type { Json } from '#domain/run/runbook.js';
import { KNOWN, pathsIn, SCOPE, TemplateFailed } from '#domain/run/template.js';
import { closest } from '#domain/text.js';
import type { Action, Actions } from '../action.js';
import type { Path } from './source.js';
import type { Wrong } from './words.js';

/** The parts of a step that may hold templates. Of these, the last three run after it and may read what it gave. */
const PARTS = ['with', 'when', 'undo', 'check', 'verify'] as const;
const AFTER = ['undo', 'check', 'verify'];

type Steps = ReadonlyArray<Record<string, unknown>>;

interface Used {
  path: Path;
  names: string[];
}

/** Does a string hold a template, or the beginning of one? */
export const isTemplate = (value: unknown) => typeof value === 'string' && value.includes('{{');

/** Every template of a definition must point at what is there by then: an input, or what a step before it gives. */
export function templatesOf(tree: Record<string, unknown>, steps: Steps, actions: Actions): Wrong[] {
  const inputs = isMapping(tree.inputs) ? Object.keys(tree.inputs) : [];
  const ids = steps.map((step) => (typeof step.id === 'string' ? step.id : ''));
  const wrong: Wrong[] = [];
  const useOf = (value: unknown, path: Path): Used[] => used(value, path, wrong);
  const note = (path: Path, text: string | null) => text === null || wrong.push({ path, text });

  for (const { path, names } of useOf(tree.target, ['target'])) {
    if (names[0] === 'inputs') note(path, badInput(names, inputs));
    else note(path, `${said(names)} is not known before the run; a target reads inputs only`);
  }
  const reads = steps.map((step, i) =>
    PARTS.flatMap((part) =>
      useOf(step[part], ['steps', i, part]).map((use) => ({ ...use, after: AFTER.includes(part) })),
    ),
  );
  const waits = reads.map((uses) =>
    uses
      .filter(({ after, names }) => !after && names[0] === 'steps')
      .map(({ names }) => ids.indexOf(names[1] ?? '')),
  );
  for (const [i, uses] of reads.entries()) {
    for (const { path, names, after } of uses) {
      const [of = '', id = ''] = names;
      if (of === 'inputs') note(path, badInput(names, inputs));
      else if (of === 'incident' || of === 'run') note(path, badKnown(names, of));
      else if (of === 'steps') {
        const action = actions.get(String(steps[ids.indexOf(id)]?.uses));
        note(path, badStep(names, i, after, ids, waits) ?? badOutput(names, action));
      } else {
        const known = closest(of, SCOPE, SCOPE.length).join(', ');
        note(path, `${said(names)} points nowhere; a template begins with ${known}`);
      }
    }
  }
  return [...wrong, ...notFilled(tree, steps)];
}

/** A template must name a step that has run by then. @returns what is wrong; null: nothing. So do those below */
function badStep(
  names: string[],
  i: number,
  after: boolean,
  ids: string[],
  waits: number[][],
): string | null {
  const id = names[1];
  const before = ids.slice(0, i).filter((one) => one !== '');
  const next =
    before.length > 0 ? `before it come ${closest(id ?? '', before, 8).join(', ')}` : 'none comes before it';
  if (id === undefined) return `{{ steps }} names no step; write steps.ID.MEMBER`;
  const at = ids.indexOf(id);
  if (at < 0) return `${said(names)} is no step; ${next}`;
  if (at < i || (at === i && after)) return null;
  if (at === i)
    return `${said(names)} is what this step gives, which is not there before it ran; ${next} (undo, verify and check may read it)`;
  const circle = wayBack(at, i, waits);
  if (circle) {
    const round = [i, ...circle].map((step) => ids[step]).join(' → ');
    return `${said(names)} makes steps wait for each other (${round}); let one of them do without`;
  }
  return `${said(names)} comes later; move step ${id} up, or read one before it: ${next}`;
}

/** @returns the steps from one to another along what they read, or null: there is no such way. */
function wayBack(from: number, to: number, waits: number[][], seen = new Set<number>()): number[] | null {
  if (from === to) return [to];
  seen.add(from);
  for (const next of waits[from] ?? []) {
    if (next < 0 || seen.has(next)) continue;
    const rest = wayBack(next, to, waits, seen);
    if (rest) return [from, ...rest];
  }
  return null;
}

/** The templates of a value, and into `wrong` what is no template. */
function used(value: unknown, path: Path, wrong: Wrong[]): Used[] {
  if (typeof value === 'string') {
    try {
      return pathsIn(value).map((use) => ({ path, names: use.path.split('.') }));
    } catch (error) {
      if (!(error instanceof TemplateFailed)) throw error;
      wrong.push({ path, text: error.message.replace(': write', '; write') });
      return [];
    }
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value as Record<string, Json>).flatMap(([name, member]) => {
    const here = [...path, Array.isArray(value) ? Number(name) : name];
    if (isTemplate(name))
      wrong.push({ path: here, name: true, text: 'is a name, which is not filled in; write it out' });
    return used(member, here, wrong);
  });
}

/** Templates where nobody fills them in. */
function notFilled(tree: Record<string, unknown>, steps: Steps): Wrong[] {
  const text = 'holds a template, which is not filled in here; write it out';
  const wrong: Wrong[] = isTemplate(tree.title) ? [{ path: ['title'], text }] : [];
  for (const [i, step] of steps.entries()) {
    for (const part of ['title', 'uses'])
      if (isTemplate(step[part])) wrong.push({ path: ['steps', i, part], text });
  }
  const inputs = isMapping(tree.inputs) ? Object.entries(tree.inputs) : [];
  for (const [name, input] of inputs) {
    if (isMapping(input) && isTemplate(input.default))
      wrong.push({ path: ['inputs', name, 'default'], text });
  }
  return wrong;
}

export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A template must name an input of the definition, and not look into it. */
function badInput(names: string[], inputs: string[]): string | null {
  const [, input, ...rest] = names;
  if (input === undefined) return null;
  if (!inputs.includes(input)) {
    const known = closest(input, inputs.slice(0, 100), 8).join(', ');
    const next = known ? `the inputs are ${known}` : `declare it under inputs:`;
    return `${said(names)} is no input; ${next}`;
  }
  if (rest.length === 0) return null;
  return `${said(names)} looks into an input, which is one value; write {{ inputs.${input} }}`;
}

/** Of an incident and of a run only a few things are known, and each is one text. */
function badKnown(names: string[], of: keyof typeof KNOWN): string | null {
  const [, member, ...rest] = names;
  const known: readonly string[] = KNOWN[of];
  if (member === undefined) return null;
  if (!known.includes(member)) {
    const near = closest(member, known, known.length);
    const next = near.map((name) => `${of}.${name}`).join(', ');
    return `${said(names)} is nothing that is known of the ${of}; write ${next}`;
  }
  return rest.length === 0 ? null : `${said(names)} looks into a text; write {{ ${of}.${member} }}`;
}

/** What a step gives is up to its action. What is within that is known when it runs: lists and mappings of any depth. */
function badOutput(names: string[], action: Action | undefined): string | null {
  const [, id, member] = names;
  if (!action || member === undefined || action.outputs.includes(member)) return null;
  const known = closest(member, action.outputs, 8)
    .map((name) => `steps.${id}.${name}`)
    .join(', ');
  const next = known ? `write ${known}` : 'it gives nothing that can be read, so leave this out';
  return `${said(names)} is nothing that ${action.name} gives; ${next}`;
}

function said(names: string[]): string {
  const path = names.join('.');
  return `{{ ${path.length > 80 ? `${path.slice(0, 80)}…` : path} }}`;
}
