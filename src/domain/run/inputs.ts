import { closest, isPrintable } from '../text.js';
import { type InputSpec, RUNBOOK_LIMITS, type Runbook } from './runbook.js';
import { fill } from './template.js';

type InputValue = string | number | boolean;

/** Why what was given cannot be used, and what could be written instead. */
export interface InputProblem {
  input: string;
  /** What is wrong, in words that follow the input's name: `must be given`. Never what was typed. */
  why: string;
  /** Where there is no input of that name: those that there are, the likeliest first; null: it is one of them. */
  names: string[] | null;
  /** What that input may be, the likeliest first; empty: whatever is of its type. */
  values: string[];
}

const NUMBER = /^-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,9})?$/;

/**
 * Reads what somebody typed as a runbook's inputs.
 * @param specs as the runbook declares them
 * @param given as typed, by name
 * @returns every input with a value of its type, or the first thing that is wrong
 */
export function readInputs(
  specs: Runbook['inputs'],
  given: Record<string, string>,
): { inputs: Record<string, InputValue> } | { problem: InputProblem } {
  const names = Object.keys(specs);
  for (const input of Object.keys(given)) {
    if (Object.hasOwn(specs, input)) continue;
    const shown = input.length > 40 ? `${input.slice(0, 40)}…` : input;
    const known = closest(input, names, 8);
    return { problem: { input: shown, why: 'is not an input of this runbook', names: known, values: [] } };
  }
  const inputs: Array<[string, InputValue]> = [];
  for (const input of names) {
    const spec = specs[input] as InputSpec;
    const read = readInput(spec, Object.hasOwn(given, input) ? given[input] : undefined);
    if ('why' in read) return { problem: { input, names: null, ...read } };
    inputs.push([input, read.value]);
  }
  return { inputs: Object.fromEntries(inputs) };
}

/** @returns the name of what a run locks: one run at a time per target. @throws TemplateFailed */
export function targetOf(runbook: Runbook, inputs: Record<string, InputValue>): string {
  if (runbook.target === null) return runbook.name;
  const target = fill(runbook.target, { inputs });
  return typeof target === 'object' ? JSON.stringify(target) : String(target);
}

function readInput(
  spec: InputSpec,
  given: string | undefined,
): { value: InputValue } | { why: string; values: string[] } {
  const values = spec.enum?.map(String) ?? (spec.type === 'boolean' ? ['true', 'false'] : []);
  if (given === undefined) {
    return spec.default === undefined ? { why: 'must be given', values } : { value: spec.default };
  }
  if (given.length > RUNBOOK_LIMITS.input) {
    return { why: `is longer than ${RUNBOOK_LIMITS.input} characters`, values };
  }
  if (!isPrintable(given)) return { why: 'holds control characters', values };
  const value = typed(spec.type, given);
  if (value === null) {
    const why = spec.type === 'number' ? 'is not a number such as 3 or 0.5' : 'is neither true nor false';
    return { why, values };
  }
  if (spec.enum && !spec.enum.some((allowed) => allowed === value)) {
    return { why: 'is none of the values allowed', values: closest(given, values, 8) };
  }
  return { value };
}

function typed(type: InputSpec['type'], given: string): InputValue | null {
  if (type === 'string') return given;
  const text = given.trim().toLowerCase();
  if (type === 'number') return NUMBER.test(text) ? Number(text) : null;
  if (['true', 'yes', 'on'].includes(text)) return true;
  return ['false', 'no', 'off'].includes(text) ? false : null;
}
