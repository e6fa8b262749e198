import { closest } from '#domain/closest.js';
import { KNOWN } from '#domain/template.js';
import type { Action } from './action.js';
import type { Path } from './definition-source.js';
import type { Wrong } from './definition-words.js';

/** A template must name an input of the definition, and not look into it. */
export function badInput(path: Path, names: string[], inputs: string[]): Wrong[] {
  const [, input, ...rest] = names;
  if (input === undefined) return [];
  if (!inputs.includes(input)) {
    const known = closest(input, inputs.slice(0, 100), 8).join(', ');
    const next = known ? `the inputs are ${known}` : `declare it under inputs:`;
    return [{ path, text: `${said(names)} is no input; ${next}` }];
  }
  if (rest.length === 0) return [];
  return [
    { path, text: `${said(names)} looks into an input, which is one value; write {{ inputs.${input} }}` },
  ];
}

/** Of an incident and of a run only a few things are known, and each is one text. */
export function badKnown(path: Path, names: string[], of: keyof typeof KNOWN): Wrong[] {
  const [, member, ...rest] = names;
  const known: readonly string[] = KNOWN[of];
  if (member === undefined) return [];
  if (!known.includes(member)) {
    const near = closest(member, known, known.length);
    const next = near.map((name) => `${of}.${name}`).join(', ');
    return [{ path, text: `${said(names)} is nothing that is known of the ${of}; write ${next}` }];
  }
  if (rest.length === 0) return [];
  return [{ path, text: `${said(names)} looks into a text; write {{ ${of}.${member} }}` }];
}

/** What a step gives is up to its action. What is within that is known when it runs: lists and mappings of any depth. */
export function badOutput(path: Path, names: string[], action: Action | undefined): Wrong[] {
  const [, id, member] = names;
  if (!action || member === undefined || action.outputs.includes(member)) return [];
  const known = closest(member, action.outputs, 8)
    .map((name) => `steps.${id}.${name}`)
    .join(', ');
  const next = known ? `write ${known}` : 'it gives nothing that can be read, so leave this out';
  return [{ path, text: `${said(names)} is nothing that ${action.name} gives; ${next}` }];
}

export function said(names: string[]): string {
  const path = names.join('.');
  return `{{ ${path.length > 80 ? `${path.slice(0, 80)}…` : path} }}`;
}
