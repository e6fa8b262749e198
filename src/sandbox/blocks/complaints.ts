import type { z } from 'zod';
import { type Fields, isFields } from '../fields.js';

type Issue = z.core.$ZodIssue;

/** One thing that is wrong, in Slack's words. */
export interface Complaint {
  /** json-pointer to it; empty where the whole is meant. */
  readonly pointer: string;
  readonly message: string;
  /** What was expected, as `blocks.validate` tells it. */
  readonly constraint: Fields;
  /** The member that is missing or too many. */
  readonly field?: string;
}

/** The complaint as the other methods give it, in one line. */
export function worded({ message, pointer }: Complaint): string {
  return pointer === '' ? message : `${message} [json-pointer:${pointer}]`;
}

/** A complaint about a rule between members. */
export function complain(pointer: string, message: string, constraint: Fields = { type: 'rule' }): Complaint {
  return { pointer, message, constraint };
}

/**
 * What a schema found, in Slack's words.
 * @param root json-pointer of the checked value, such as `/blocks` or `/view`
 * @param value what was checked, to tell a missing member from one of a wrong kind
 */
export function complaints(issues: readonly Issue[], root: string, value: unknown): Complaint[] {
  return issues.flatMap((issue) => complaintsOf(issue, root, value));
}

function complaintsOf(issue: Issue, root: string, value: unknown): Complaint[] {
  const at = pointerOf(root, issue.path);
  const last = issue.path.at(-1);
  const got = find(value, issue.path);
  const say = (message: string, constraint: Fields): Complaint[] => [{ pointer: at, message, constraint }];
  if (typeof last === 'string' && got === undefined) {
    const message = `missing required field: ${last}`;
    const pointer = pointerOf(root, issue.path.slice(0, -1));
    return [{ pointer, message, constraint: { type: 'required' }, field: last }];
  }
  switch (issue.code) {
    case 'too_big':
      return tooBig(issue, say);
    case 'too_small':
      return tooSmall(issue, say);
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({
        pointer: at,
        message: `invalid additional property: ${key}`,
        constraint: { type: 'additional_properties' },
        field: key,
      }));
    case 'invalid_union': {
      const expected = 'options' in issue ? (issue.options ?? []) : [];
      if (expected.length === 0) return say('failed to match all allowed schemas', { type: 'any_of' });
      return say(`unsupported type: ${String(got)}`, { type: 'enum', expected, got });
    }
    case 'invalid_type': {
      const { expected } = issue;
      const article = /^[aeiou]/.test(expected) ? 'an' : 'a';
      return say(`must provide ${article} ${expected}`, { type: 'type', expected });
    }
    case 'invalid_value':
      return say('must be a valid enum value', { type: 'enum', expected: issue.values, got });
    case 'invalid_format':
      return say(FORMATS[issue.format] ?? 'must match the expected format', {
        type: 'format',
        expected: issue.format,
      });
    default:
      return say('failed to match all allowed schemas', { type: 'any_of' });
  }
}

const FORMATS: Record<string, string> = {
  date: 'must be a date in the format YYYY-MM-DD',
  starts_with: 'must be a valid HTTPS URL',
};

type Say = (message: string, constraint: Fields) => Complaint[];

function tooBig(issue: z.core.$ZodIssueTooBig, say: Say): Complaint[] {
  const max = Number(issue.maximum);
  if (issue.origin === 'string')
    return say(`must be less than ${max + 1} characters`, { type: 'max_length', expected: max });
  if (issue.origin === 'array')
    return say(`no more than ${max} items allowed`, { type: 'max_items', expected: max });
  return say(`must be less than or equal to ${max}`, { type: 'maximum', expected: max });
}

function tooSmall(issue: z.core.$ZodIssueTooSmall, say: Say): Complaint[] {
  const min = Number(issue.minimum);
  if (issue.origin === 'string')
    return say(`must be more than ${min - 1} characters`, { type: 'min_length', expected: min });
  if (issue.origin === 'array')
    return say(`must provide at least ${min} items`, { type: 'min_items', expected: min });
  if (!issue.inclusive)
    return say(`must be greater than ${min}`, { type: 'exclusive_minimum', expected: min });
  return say(`must be greater than or equal to ${min}`, { type: 'minimum', expected: min });
}

function pointerOf(root: string, path: readonly PropertyKey[]): string {
  return [root, ...path.map(String)].join('/');
}

function find(value: unknown, path: readonly PropertyKey[]): unknown {
  let here = value;
  for (const step of path) {
    if (Array.isArray(here)) here = here[Number(step)];
    else if (isFields(here)) here = here[String(step)];
    else return undefined;
  }
  return here;
}
