import type { z } from 'zod';
import { isFields } from '../fields.js';

type Issue = z.core.$ZodIssue;

/**
 * Says what is wrong in Slack's words.
 * @param root json-pointer of the checked value, `/blocks` or `/view`
 * @param value what was checked, to tell a missing member from one of a wrong kind
 */
export function complaints(issues: readonly Issue[], root: string, value: unknown): string[] {
  return issues.flatMap((issue) => complaintsOf(issue, root, value));
}

function complaintsOf(issue: Issue, root: string, value: unknown): string[] {
  const at = `[json-pointer:${pointer(root, issue.path)}]`;
  const last = issue.path.at(-1);
  const parent = `[json-pointer:${pointer(root, issue.path.slice(0, -1))}]`;
  const missing = typeof last === 'string' && find(value, issue.path) === undefined;
  if (missing) return [`missing required field: ${last} ${parent}`];
  switch (issue.code) {
    case 'too_big':
      if (issue.origin === 'string')
        return [`must be less than ${Number(issue.maximum) + 1} characters ${at}`];
      if (issue.origin === 'array') return [`no more than ${issue.maximum} items allowed ${at}`];
      return [`must be less than or equal to ${issue.maximum} ${at}`];
    case 'too_small':
      if (issue.origin === 'string')
        return [`must be more than ${Number(issue.minimum) - 1} characters ${at}`];
      if (issue.origin === 'array') return [`must provide at least ${issue.minimum} items ${at}`];
      return [`must be greater than or equal to ${issue.minimum} ${at}`];
    case 'unrecognized_keys':
      return issue.keys.map((key) => `invalid additional property: ${key} ${at}`);
    case 'invalid_union':
      return [`unsupported type: ${String(find(value, issue.path))} ${at}`];
    case 'invalid_type':
      if (issue.expected === 'object') return [`must provide an object ${at}`];
      return [`must provide a${/^[aeiou]/.test(issue.expected) ? 'n' : ''} ${issue.expected} ${at}`];
    case 'invalid_value':
      return [`must be a valid enum value ${at}`];
    default:
      return [`failed to match all allowed schemas ${at}`];
  }
}

function pointer(root: string, path: readonly PropertyKey[]): string {
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
